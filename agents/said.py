"""Sentences of ours that rows keep: the English words and what fills them, so that each reader gets them in their own language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext

from agents import amounts


@dataclass(frozen=True)
class Said:
    """`text` with `values` in their places. With `many` it counts: `text` is for one, and values hold the count.

    Whole numbers and amounts of money stay such until the sentence is told.
    """

    text: str
    values: Mapping[str, Any]
    many: str = ""

    def __str__(self) -> str:
        words = ngettext(self.text, self.many, self.values["count"]) if self.many else gettext(self.text)
        return words % {name: _told(value) for name, value in self.values.items()}

    def stored(self) -> dict[str, Any]:
        """As a JSON column keeps it."""
        return {"text": self.text, "values": dict(self.values), **({"many": self.many} if self.many else {})}


def said(text: str, **values: Any) -> Said:
    """A sentence of ours. makemessages looks for its words here, too."""
    return Said(text, values)


def counted(one: str, many: str, count: int, **values: Any) -> Said:
    """A sentence of ours about so many of something."""
    return Said(one, {"count": count, **values}, many)


def amount(minor: int, currency: str) -> dict[str, Any]:
    """Money inside of a sentence."""
    return {"minor": minor, "currency": currency}


def told(stored: Mapping[str, Any], otherwise: str) -> str:
    """What a row keeps, in the language of this moment; `otherwise` where it keeps nothing."""
    return str(Said(**stored)) if stored else otherwise


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return amounts.money(value["minor"], value["currency"])
    return amounts.count(value) if isinstance(value, int) else value
