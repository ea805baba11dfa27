"""Changes between two sets of arguments, put onto a third or taken one by one. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agents.schemas import Path, where
from approvals import diffs
from approvals.fields import ABSENT
from approvals.forms import differences

MOST_PICKED = 100  # of one text; where more changed, it is taken or left whole


@dataclass(frozen=True)
class Change:
    """One place where two sets of arguments differ: a text in pieces, each with its key, or a value as a whole."""

    number: int
    path: Path
    old: Any
    new: Any

    @property
    def place(self) -> str:
        return where(self.path)

    @property
    def is_text(self) -> bool:
        return isinstance(self.old, str) and isinstance(self.new, str)

    @cached_property
    def pieces(self) -> list[tuple[str, diffs.Piece]]:
        """Of a text all of it, with the key of each piece that differs."""
        found = diffs.words(self.old, self.new)
        if sum(not piece.same for piece in found) > MOST_PICKED:
            found = [diffs.Piece(self.old, self.new)]
        return list(self._keyed(found))

    def _keyed(self, pieces: Collection[diffs.Piece]) -> Iterator[tuple[str, diffs.Piece]]:
        at = -1
        for piece in pieces:
            at += not piece.same
            yield "" if piece.same else f"{self.number}.{at}", piece

    @property
    def key(self) -> str:
        """Of a value that is taken or left whole."""
        return f"{self.number}"

    def chosen(self, keys: Collection[str]) -> Any:
        """The value with the changes of these keys taken, and all others left."""
        if not self.is_text:
            return self.new if self.key in keys else self.old
        return "".join(piece.new if piece.same or key in keys else piece.old for key, piece in self.pieces)


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """What the new arguments have otherwise than the old, place by place."""
    return [Change(number, *found) for number, found in enumerate(differences(old, new))]


def chosen(new: dict[str, Any], some: Collection[Change], keys: Collection[str]) -> dict[str, Any]:
    """The new arguments, but with what they had before wherever a change is not among the keys."""
    found: Any = new
    for change in some:
        found = put(found, change.path, change.chosen(set(keys)))
    return dict(found)


def rebased(began: dict[str, Any], typed: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What somebody made of `began`, made of `now`; where that has another shape by now, what they made as it is."""
    found: Any = now
    try:
        for path, _old, new in differences(began, typed):
            found = put(found, path, new)
    except LookupError:
        return typed
    return dict(found)


def put(value: Any, path: Path, new: Any) -> Any:
    """The value with another one at this place, ABSENT for none. Raises LookupError where there is no such place."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and isinstance(step, str):
        inner = put(value.get(step, {} if rest else ABSENT), rest, new)
        kept = {**value, step: inner}
        return {name: member for name, member in kept.items() if member is not ABSENT}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], put(value[step], rest, new), *value[step + 1 :]]
    raise LookupError(step)
