"""Long lists by falling id, one page at a time."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

PAGE = 50


@dataclass(frozen=True)
class Page:
    """Rows by falling id, and the address of the rows before them; nothing is counted."""

    rows: list[Any]
    older: str


def page(rows: QuerySet[Any], wanted: QueryDict, length: int = PAGE) -> Page:
    """The page that `before=<id>` names, newest first."""
    if before := row_id(wanted.get("before", "")):
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: length + 1])
    if len(found) <= length:
        return Page(found, "")
    address = wanted.copy()
    address["before"] = str(found[length - 1].pk)
    return Page(found[:length], "?" + address.urlencode())


def row_id(text: str) -> int:
    """An id of an address, no longer than what both databases can compare; 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0
