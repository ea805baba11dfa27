"""How much a call of an undeclared tool touches, read from its arguments. Pure."""

import math
import re
from collections.abc import Mapping
from typing import Any

from agents.tools import Impact
from approvals import provenance, sightings

_PEOPLE = re.compile(
    r"(?i)(^|_)(to|cc|bcc|recipients?|receivers?|participants?|attendees?|guests?|invitees?|users?|members?|emails?|"
    r"addresses|user_?names?|contacts?)$"
)
# Where something travels, “to” says where it goes and not to whom.
_TO = re.compile(r"(?i)(^|_)to$")
_JOURNEY = re.compile(
    r"(?i)(^|_)(origin|departures?|flights?|trains?|airports?|stations?|passengers?|travell?ers?)(_|$)"
)
_AMOUNT = re.compile(r"(?i)(^|_)(amount|total|price|sum|cost|budget|value)(_(usd|eur|gbp|chf|minor|cents))?$")
_NO_MONEY = re.compile(r"(?i)(gb|fuel|data|quantity|count|percent|number|weight|volume|temperature|min|max)")
_MANY = re.compile(r"(?i)(ids|items|rows|records|files|paths|entries|orders|messages)$")
_CURRENCY = re.compile(r"[A-Z]{3}")


def read(arguments: Mapping[str, Any], *, spends: bool) -> Impact:
    """Recipients, money and rows as the names of the arguments tell. Amounts only where the tool moves money."""
    rows = max(
        (len(value) for key, value in arguments.items() if isinstance(value, list) and _MANY.search(key)), default=0
    )
    return Impact(
        recipients=len(people(arguments)),
        amount_minor=_amount(arguments) if spends else 0,
        currency=_currency(arguments),
        rows=rows,
    )


def people(arguments: Mapping[str, Any]) -> set[str]:
    """Whom a call names in the places for people: addresses where there are some, else what stands there."""
    found: set[str] = set()
    leaves = list(provenance.leaves(arguments))
    travels = any(_JOURNEY.search(_plain(place)) for place, _text in leaves)
    for place, text in leaves:
        if _PEOPLE.search(_plain(place)) and text.strip():
            addresses = set(sightings.addresses(text))
            if addresses or not (travels and _TO.search(_plain(place)) and _is_a_place(text)):
                found |= addresses or {text.strip().casefold()}
    return found


def _is_a_place(text: str) -> bool:
    """Whether what stands under “to” can be a city: neither an address, which was asked before, nor an account."""
    return not sightings.accounts(text) and not sightings.numbers(text)


def _amount(arguments: Mapping[str, Any]) -> int:
    sums = [
        _minor(text, place)
        for place, text in provenance.leaves(arguments)
        if _AMOUNT.search(_plain(place)) and not _NO_MONEY.search(place)
    ]
    return max(sums, default=0)


def _minor(text: str, place: str) -> int:
    found = re.search(r"\d+(?:\.\d+)?(?:e\d{1,2})?", text.replace(",", ""))
    value = float(found.group()) if found else 0.0
    whole = re.search(r"(?i)(minor|cents)$", place)
    return int(min(value if whole else math.ceil(value * 100), 2**53 - 1))


def _currency(arguments: Mapping[str, Any]) -> str:
    said = arguments.get("currency")
    return said if isinstance(said, str) and _CURRENCY.fullmatch(said) else "USD"


def _plain(place: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", place.rsplit(".", 1)[-1])
