"""A place of a typed form: what it shows, and what comes back from there.

Whatever a person did not touch keeps its value to the byte: a field compares what came back with what it showed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from agents import labels, payloads
from agents.payloads import Refused
from agents.schemas import Path
from approvals.visible import escaped, is_plain


class Absent:
    """No value at all, which is not null."""

    def __str__(self) -> str:
        return _("not set")


ABSENT: Any = Absent()
Data = Mapping[str, Any]


class Wrong(ValueError):
    """What was typed means nothing here. The message is for people."""


@dataclass(eq=False)
class Field:
    """A place of the form. base: the value it was drawn from; first: the value before anybody edited."""

    schema: dict[str, Any]
    name: str
    label: str
    required: bool
    nullable: bool
    base: Any
    first: Any
    kind: str = "text"
    sent: str | None = None
    value: Any = ABSENT
    misread: bool = False
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.value = self.base

    # What the template reads

    @property
    def shown(self) -> str:
        return self.drawn() if self.sent is None else self.sent

    @property
    def dirty(self) -> bool:
        return self.misread or not same(self.value, self.first)

    @property
    def was(self) -> str:
        """What stood here before the edit, in one line."""
        return words(self.first) or _("empty")

    @property
    def hidden_characters(self) -> str:
        """The current text with its hidden characters shown, if there are any: an input box would hide them."""
        return "" if is_plain(unbroken(self.shown) or "") else self.shown

    @property
    def described_by(self) -> str:
        """The ids of what explains the control, errors first."""
        there = {"errors": self.errors, "help": self.description or self.limits, "hidden": self.hidden_characters}
        return " ".join(f"{self.name}--{part}" for part, filled in there.items() if filled)

    @property
    def description(self) -> str:
        text = self.schema.get("description")
        return labels.told(text) if isinstance(text, str) else ""

    @property
    def limits(self) -> str:
        return ""

    @property
    def rows(self) -> int:
        return 1

    # What the form calls

    def drawn(self) -> str:
        """The text that the control shows for the base value."""
        return "" if is_nothing(self.base) else str(self.base)

    def read(self, data: Data) -> Any:
        """The value after an edit, ABSENT for none. A text that means nothing becomes an error of the field."""
        self.sent = unbroken(data.get(self.name))
        try:
            read = self._read(data)
            self.value = read if read is ABSENT else payloads.check(read)
        except (Wrong, Refused) as error:
            self.misread = True
            self.errors.append(capfirst(str(error).removeprefix("$: ")))
        return self.value

    def find(self, path: Path) -> tuple["Field", Path]:
        """The field nearest to a path, and what is left of the path below it."""
        return self, path

    def walk(self) -> Iterator["Field"]:
        """This field and all below it."""
        yield self

    def places(self, labels: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], "Field"]]:
        """This field, to which these labels lead, and all below it."""
        yield labels, self

    def typed(self, data: Data) -> Iterator[tuple[str, str, str]]:
        """What came back in each of its controls: the control's name, its own label if it has one, and the words."""
        if sent := data.get(self.name):
            yield self.name, "", self.told(str(sent))

    def told(self, sent: str) -> str:
        """The words that a person chose or typed where this was sent."""
        return sent

    def untouched(self, data: Data) -> bool:
        return self.sent is None or self.sent == unbroken(self.drawn())

    def _read(self, data: Data) -> Any:
        if self.untouched(data):
            return self.base
        if not (self.sent or "").strip() and (blank := self._blank()) is not None:
            return blank[0]
        return self.meaning(self.sent or "")

    def _blank(self) -> tuple[Any] | None:
        """What an emptied control means, in a one-tuple; None when the blanks themselves are the value."""
        return (None,) if self.nullable else (ABSENT,)

    def meaning(self, text: str) -> Any:
        """The value of a text. Raises Wrong."""
        return text


def same(one: Any, other: Any) -> bool:
    """Equal to the byte in canonical form; so 1 is 1.0, and is not true."""
    if one is ABSENT or other is ABSENT:
        return one is other
    return payloads.canonical(one) == payloads.canonical(other)


def code(value: Any) -> str:
    """The value as canonical JSON."""
    return payloads.canonical(value).decode()


def pretty(value: Any) -> str:
    """The value as JSON to read and edit, with hidden characters written as escapes."""
    return escaped(json.dumps(value, indent=2, ensure_ascii=False))


def words(value: Any) -> str:
    """The value as a person says it."""
    if value is None:
        return _("no value (null)")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value) if isinstance(value, (str, Absent)) else code(value)


def values_of(schema: dict[str, Any]) -> list[Any]:
    """The only values that a schema allows, if it lists them."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return values if isinstance(values, list) else []


def is_nothing(value: Any) -> bool:
    return value is ABSENT or value is None


def unbroken(text: Any) -> str | None:
    """A text as it is before a browser turns its line breaks into CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else None
