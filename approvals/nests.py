"""Fields that hold fields: groups, and lists with rows that come and go."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.schemas import Path
from approvals.fields import ABSENT, Data, Field


@dataclass(eq=False)
class Group(Field):
    """Fields that belong together, and below them what the schema does not name."""

    members: dict[str, Field] = field(default_factory=dict)
    rest: Field | None = None

    def drawn(self) -> str:
        return ""

    def read(self, data: Data) -> Any:
        """As for every field; an optional group without any value is none."""
        read = {name: member.read(data) for name, member in self.members.items()}
        found = {name: value for name, value in read.items() if value is not ABSENT}
        others = self.rest.read(data) if self.rest else ABSENT
        if others is not ABSENT:
            found = self._joined(found, others)
        was_none = self.base is None or (self.base is ABSENT and not self.required)
        self.value = self.base if was_none and not found else found
        return self.value

    def _joined(self, found: dict[str, Any], others: Any) -> dict[str, Any]:
        if isinstance(others, dict) and not set(others) & set(self.members):
            return {**found, **others}
        if self.rest and not self.rest.errors:
            self.rest.errors.append(_("Write a JSON object with names that have no field of their own above."))
        return found

    def find(self, path: Path) -> tuple[Field, Path]:
        if path and path[0] in self.members:
            return self.members[str(path[0])].find(path[1:])
        return (self.rest, path) if path and self.rest else (self, path)

    def walk(self) -> Iterator[Field]:
        yield self
        for member in self.inner:
            yield from member.walk()

    def places(self, labels: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Field]]:
        for member in self.inner:
            yield from member.places((*labels, member.label))

    @property
    def inner(self) -> list[Field]:
        return [*self.members.values(), *([self.rest] if self.rest else [])]


@dataclass(eq=False)
class Row:
    """An entry of a list, or an empty row for a new one."""

    field: Field
    new: bool
    removed: bool = False

    @property
    def tick(self) -> str:
        return f"{self.field.name}--off"


@dataclass(eq=False)
class Rows(Field):
    """A list: a row for each entry, with a tick to remove it, and empty rows for more."""

    entries: list[Row] = field(default_factory=list)
    kept: list[Field] = field(default_factory=list)

    def drawn(self) -> str:
        return ""

    def read(self, data: Data) -> Any:
        """As for every field; rows that are ticked or empty are left out."""
        for row in self.entries:
            row.removed = bool(data.get(row.tick))
        read = [(row.field, row.field.read(data)) for row in self.entries if not row.removed]
        self.kept = [field for field, value in read if value is not ABSENT]
        found = [field.value for field in self.kept]
        self.value = self.base if not found and not isinstance(self.base, list) else found
        return self.value

    def find(self, path: Path) -> tuple[Field, Path]:
        if path and isinstance(path[0], int) and path[0] < len(self.kept):
            return self.kept[path[0]].find(path[1:])
        return self, path

    def walk(self) -> Iterator[Field]:
        yield self
        for row in self.entries:
            yield from row.field.walk()

    def places(self, labels: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Field]]:
        *above, own = labels or (self.label,)
        for number, row in enumerate(self.entries, start=1):
            entry = _("%(list)s, entry %(number)s") % {"list": own, "number": number}
            yield from row.field.places((*above, entry))

    @property
    def limits(self) -> str:
        if isinstance(most := self.schema.get("maxItems"), int):
            return ngettext("Up to %(count)s entry.", "Up to %(count)s entries.", most) % {"count": most}
        return ""
