"""What the query string of a page means."""

from collections.abc import Mapping

from agents.models import Action
from agents.pages import PAGE
from approvals.models import Approval
from approvals.queries import Filter

LONGEST = 1_000


def filter_from(wanted: Mapping[str, str]) -> Filter:
    """The board's filter from its address; whatever makes no sense is left out."""
    level = wanted.get("level", "")
    length = wanted.get("length", "")
    return Filter(
        scope=wanted["scope"] if wanted.get("scope") in ("all", "review", "snoozed") else "me",
        needs=Approval.Kind.INPUT.value if wanted.get("needs") == Approval.Kind.INPUT else "",
        level=level if level in Action.Level.values else "",
        agent=plain(wanted.get("agent", "")),
        tool=plain(wanted.get("tool", "")),
        text=plain(wanted.get("q", "")),
        length=min(int(length), LONGEST) if length.isascii() and length.isdecimal() and 0 < len(length) < 6 else PAGE,
    )


def plain(text: str, longest: int = 200) -> str:
    """Text that a database can compare: PostgreSQL refuses the null character."""
    return text.replace("\0", "")[:longest].encode("utf-8", "ignore").decode()


def number(text: str) -> int:
    """A version or another small number of an address; 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
