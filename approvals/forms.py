"""A typed form for the arguments of a tool or the parameters of an agent, drawn from its JSON Schema."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from agents import payloads
from agents.payloads import Refused
from agents.schemas import Path, where
from approvals.fields import ABSENT, Data, Field, pretty, same
from approvals.nests import Group
from approvals.trees import Tree

FIELDS, RAW = "fields", "raw"


class SchemaForm:
    """The arguments as fields, or as JSON in a second view.

    arguments holds the result: what nobody touched is as it was, to the byte. Names of controls: the prefix, the
    path joined by "-"; after "--" stands what belongs to a control (a tick, a zone, the number of rows).
    """

    PREFIX: ClassVar[str] = "f"

    def __init__(self, schema: Any, arguments: dict[str, Any], data: Data | None = None, prefix: str = PREFIX) -> None:
        self.schema, self.first, self.prefix = schema, arguments, prefix
        self.is_bound = data is not None
        self.data: Data = data if data is not None else {}
        self.view = RAW if self.data.get(self.raw_name) is not None else FIELDS
        self.asks_again = False
        self.arguments = arguments
        self.errors: dict[str, list[str]] = {}
        self.base = self._base()
        self.root = self._grow(self.data)
        self.raw = pretty(arguments)
        if self.is_bound:
            self._read()

    @property
    def raw_name(self) -> str:
        return f"{self.prefix}--raw"

    @property
    def fields(self) -> list[Field]:
        """The top of the tree, for the template."""
        return self.root.inner if isinstance(self.root, Group) else [self.root]

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """Of each error: the id of its control, its label, the message."""
        labels = {field.name: field.label for field in self.root.walk()}
        return [(name, labels.get(name, ""), text) for name, texts in self.errors.items() for text in texts]

    @property
    def written(self) -> dict[str, tuple[tuple[str, ...], str]]:
        """By the name of each control that came back filled: the labels on the way to it, and the words in it."""
        if self.view == RAW:
            return {self.raw_name: ((_("All arguments as JSON"),), self.raw)}
        found = ((labels, field.typed(self.data)) for labels, field in self.root.places(()))
        return {name: ((*labels, own) if own else labels, words) for labels, some in found for name, own, words in some}

    @property
    def base_text(self) -> str:
        """What the fields were drawn from, where that is no longer what the form began with."""
        return "" if same(self.base, self.first) else payloads.canonical(self.base).decode()

    def is_valid(self) -> bool:
        """Something was sent to be kept, and it fits."""
        return self.is_bound and not self.errors and not self.asks_again

    @cached_property
    def changed(self) -> list[tuple[str, Any, Any]]:
        """Where the result differs from what the form began with: JSON path, old, new; ABSENT for none."""
        return [(where(path), old, new) for path, old, new in differences(self.first, self.arguments)]

    def _base(self) -> dict[str, Any]:
        try:
            sent = payloads.parse(self.data.get(f"{self.prefix}--base") or "null")
        except Refused:
            return self.first
        return sent if isinstance(sent, dict) else self.first

    def _grow(self, data: Data) -> Field:
        return Tree(self.schema, data, self.prefix).grow(self.base, self.first)

    def _read(self) -> None:
        found = self._read_raw() if self.view == RAW else self._read_fields()
        wish = self.data.get(f"{self.prefix}--show")
        if wish in (FIELDS, RAW) and wish != self.view and found is not None:
            self._show(wish, found)
        elif self.data.get(f"{self.prefix}--add"):
            self._ask_again()
        elif found is not None:
            self._judge(found)

    def _read_fields(self) -> dict[str, Any] | None:
        found = self.root.read(self.data)
        self._collect()
        if not self.errors and not isinstance(found, dict):
            self._say(self.prefix, _("Write a JSON object: names with values, in braces."))
        return None if self.errors else self._kept(found)

    def _read_raw(self) -> dict[str, Any] | None:
        self.raw = str(self.data.get(self.raw_name))
        try:
            found = payloads.parse(self.raw)
        except Refused as error:
            self._say(self.raw_name, str(error))
            return None
        if not isinstance(found, dict):
            self._say(self.raw_name, _("Write a JSON object: names with values, in braces."))
            return None
        return self._kept(found)

    def _kept(self, found: dict[str, Any]) -> dict[str, Any] | None:
        try:
            self.arguments = payloads.parse(payloads.canonical(payloads.check(found)))
        except Refused as error:
            self._say(self.prefix, str(error))
            return None
        return self.arguments

    def _judge(self, found: dict[str, Any]) -> None:
        for problem in payloads.problems(self.schema, found):
            text = _("fill this in.") if problem.rule == "required" else problem.text
            if self.view == RAW:
                self._say(self.raw_name, f"{where(problem.path)}: {text}")
                continue
            field, below = self.root.find(problem.path)
            field.errors.append(f"{where(below)}: {text}" if below else capfirst(text))
        self._collect()

    def _show(self, view: str, found: dict[str, Any]) -> None:
        """Draw the other view from what was just read."""
        self.view, self.raw = view, pretty(found)
        if view == FIELDS:
            self.base = found
            self.root = self._grow({})
        self._ask_again()

    def _ask_again(self) -> None:
        self.asks_again = True
        self.errors = {}
        for field in self.root.walk():
            field.errors = []

    def _collect(self) -> None:
        for field in self.root.walk():
            if field.errors:
                self.errors[field.name] = field.errors

    def _say(self, name: str, text: str) -> None:
        self.errors.setdefault(name, []).append(text)


def differences(old: Any, new: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """The smallest places where two checked values differ; lists of another length are one place."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, after, (*path, at))
    elif not same(old, new):
        yield path, old, new
