"""The fields of a policy's numbers."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from approvals import thresholds
from approvals.thresholds import AUTOMATIC, PROPOSED, Thresholds, Unfit

PREFIX = "trust-"
CHOICES = ((AUTOMATIC, _("automatic: the evidence is enough")), (PROPOSED, _("an admin agrees, agent by agent")))
LABELS = {
    "limit_percent": _("Limit of the bound"),
    "graduation": _("How it graduates"),
    "sampled_percent": _("Looked at afterwards"),
    "second_admin": _("Looser changes"),
}
SECOND = (("yes", _("a second admin agrees")), ("no", _("in force at once, one admin is enough")))
_NUMBER = re.compile(r"[0-9]{1,3}([.,][0-9]{1,4})?")


def said(name: str, value: Any) -> str:
    """A number in words, also one that was typed wrong."""
    if name == "second_admin":
        value = {True: "yes", False: "no"}.get(value, value)
    words = {"graduation": dict(CHOICES), "second_admin": dict(SECOND)}.get(name, {})
    return str(words.get(value) or (f"{value:g} %" if isinstance(value, int | float) else value))


class ThresholdsForm:
    """Numbers as they are typed. `found` holds them when everything fits."""

    choices, second = CHOICES, SECOND

    def __init__(self, first: Thresholds, data: Mapping[str, str] | None = None) -> None:
        self.first, self.told = first, first.data()
        self.values: dict[str, Any] = _typed(self.told)
        self.errors: dict[str, str] = {}
        self.found: Thresholds | None = first
        typed = {name: text.strip() for name in self.values if (text := (data or {}).get(PREFIX + name)) is not None}
        if typed:
            self.values |= typed
            self._read({name: _value(name, text) for name, text in typed.items()})

    def take(self, some: dict[str, Any]) -> None:
        """Put these numbers in the place of what was typed."""
        self.values |= _typed(some)
        self._read(self.told | some)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Of each error: the id of its control, and what to do."""
        return [(PREFIX + name, f"{LABELS[name]}: {text}") for name, text in self.errors.items()]

    def _read(self, typed: dict[str, Any]) -> None:
        self.told |= typed
        try:
            self.found, self.errors = thresholds.read(typed, self.first), {}
        except Unfit as unfit:
            self.found, self.errors = None, dict(unfit.faults)


def _typed(some: dict[str, Any]) -> dict[str, Any]:
    """As their fields hold them."""
    return {
        name: {True: "yes", False: "no"}.get(value, value) if name == "second_admin" else value
        for name, value in some.items()
    }


def _value(name: str, text: str) -> Any:
    if name == "second_admin":
        return {"yes": True, "no": False}.get(text, text)
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else text
