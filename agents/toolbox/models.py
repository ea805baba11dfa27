"""The world outside, as far as the demo needs one. Nothing here belongs to the control plane."""

import json
from typing import Any

from django.db import models
from django.db.models.functions import Now

from agents.amounts import money


class Effect(models.Model):
    """One thing that really happened. Not unique by key on purpose: whoever acted twice shows up twice.

    Targets that honour a key leave it as the receipt, which is unique: that is how they know.
    """

    action_id = models.BigIntegerField()
    version = models.PositiveIntegerField()
    key = models.CharField(max_length=100)
    receipt = models.CharField(max_length=100, null=True, blank=True, unique=True)
    tool = models.CharField(max_length=100)
    family = models.CharField(max_length=40)
    summary = models.TextField()
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["family", "-id"], name="effect_by_family"),
            models.Index(fields=["tool", "key"], name="effect_by_key"),
            models.Index(fields=["action_id"], name="effect_by_action"),
        ]

    def __str__(self) -> str:
        return self.summary

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What was sent, written or moved, by name; amounts as people write them."""
        currency = str(self.detail.get("currency", ""))
        return [(name, _told(name, value, currency)) for name, value in self.detail.items()]


def _told(name: str, value: Any, currency: str) -> str:
    if name.endswith("_minor") and isinstance(value, int) and currency:
        return money(value, currency)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class Customer(models.Model):
    """Somebody the company may write to."""

    name = models.CharField(max_length=100)
    email = models.EmailField(unique=True)
    segment = models.CharField(max_length=40)
    consents = models.BooleanField(default=True)
    mails_this_week = models.PositiveSmallIntegerField(default=0)
    city = models.CharField(max_length=60, default="")
    plan = models.CharField(max_length=40, default="basic")

    class Meta:
        indexes = [models.Index(fields=["segment"], name="customer_by_segment")]

    def __str__(self) -> str:
        return self.email


class Account(models.Model):
    """An account of the company, in whole minor units."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3, default="EUR")
    balance_minor = models.BigIntegerField()

    def __str__(self) -> str:
        return self.slug

    @property
    def balance(self) -> str:
        return money(self.balance_minor, self.currency)


class Invoice(models.Model):
    """Somebody's bill, in whole minor units."""

    number = models.CharField(max_length=20, unique=True)
    party = models.CharField(max_length=100)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    incoming = models.BooleanField(default=True)
    settled = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.number
