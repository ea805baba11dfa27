"""The rules and numbers of a policy as a YAML document: read with the place of every fault, and written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.payloads import Refused
from approvals import conditions, rules, thresholds
from approvals.conditions import Wrong
from approvals.rules import Faulty, Rule
from approvals.thresholds import Thresholds, Unfit

SIZE_LIMIT = 256 * 1024
DEFAULTS = Thresholds()
_TOP = ("rules", "trust")
_NO_RULES = gettext_lazy("begin with “rules:” and a list of rules below it.")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, with its line and column from 1."""

    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return _("Line %(line)d, column %(column)d: %(text)s") % vars(self)


class Unread(Refused):
    """A document that cannot be taken. The message lists every fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (fault.line, fault.column))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Document(NamedTuple):
    """What a document says; without numbers it leaves those in force."""

    rules: tuple[Rule, ...]
    thresholds: Thresholds | None = None


class _Loader(yaml.SafeLoader):
    """The safe loader without aliases: what a document says stands where it says it, once."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem=_("write it out: & and * are not taken"), problem_mark=event.start_mark)
        return super().compose_node(parent, index)


def read(text: str, kept: Thresholds = DEFAULTS) -> Document:
    """What a document says; a number that it leaves out stays as in `kept`. Raises Unread."""
    top = _composed(text)
    if not isinstance(top, yaml.MappingNode):
        raise Unread([Fault(1, 1, str(_NO_RULES))])
    places: dict[tuple[Any, ...], yaml.Node] = {}
    try:
        data = _plain(top, (), places)
    except yaml.MarkedYAMLError as error:
        raise Unread([_marked(error)]) from None
    faults = [_at(places[(key,)], _("there is only “rules” and “trust” here.")) for key in data if key not in _TOP]
    some: tuple[Rule, ...] = ()
    numbers = None
    if "rules" not in data:
        faults.append(Fault(1, 1, str(_NO_RULES)))
    try:
        some = rules.read(data.get("rules", []))
    except Faulty as error:
        faults += _located(data.get("rules"), error, places)
    try:
        numbers = thresholds.read(data["trust"], kept) if "trust" in data else None
    except Unfit as error:
        faults += [_at(places.get(("trust", name)) or places[("trust",)], text) for name, text in error.faults]
    if faults:
        raise Unread(faults)
    return Document(some, numbers)


def write(some: Iterable[Rule], numbers: Thresholds | None = None) -> str:
    """The document that says these rules, and these numbers."""
    data: dict[str, Any] = {"trust": numbers.data()} if numbers else {}
    data["rules"] = [rule.data() for rule in some]
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


def _composed(text: str) -> yaml.Node | None:
    if len(text.encode("utf-8", "replace")) > SIZE_LIMIT:
        raise Unread([Fault(1, 1, _("a document has at most 256 KB."))])
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise Unread([_marked(error)]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unread([Fault(line, 1, _("there is a character that YAML does not take."))]) from None
    except RecursionError:
        raise Unread([Fault(1, 1, _("this nests too deep."))]) from None


def _plain(node: yaml.Node, path: tuple[Any, ...], places: dict[tuple[Any, ...], yaml.Node]) -> Any:
    """The plain data of a node; where each part stands is kept."""
    places[path] = node
    if isinstance(node, yaml.SequenceNode):
        return [_plain(entry, (*path, at), places) for at, entry in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not name or name in found:
                said = _("“%s” stands here twice.") % conditions.short(name) if name else _("a name is one word.")
                raise yaml.MarkedYAMLError(problem=said, problem_mark=key.start_mark)
            found[name] = _plain(value, (*path, name), places)
        return found
    return yaml.constructor.SafeConstructor().construct_object(node)


def _located(rows: Any, error: Faulty, places: dict[tuple[Any, ...], yaml.Node]) -> Iterator[Fault]:
    for at, field, text in error.faults:
        node = places.get(("rules", at, field)) or places.get(("rules", at)) or places.get(("rules",)) or places[()]
        wrong = _condition(rows[at]["when"]) if field == "when" and ("rules", at, "when") in places else None
        yield _inside(node, wrong) if wrong else _at(node, text)


def _condition(text: Any) -> Wrong | None:
    try:
        conditions.checked(text if isinstance(text, str) else "")
    except Wrong as wrong:
        return wrong
    return None


def _inside(node: yaml.Node, wrong: Wrong) -> Fault:
    """The place inside of a condition, as a place of the document. In a folded text only the line where it begins."""
    mark, style = node.start_mark, getattr(node, "style", None)
    if style == "|":
        first = (mark.buffer or "").split("\n")[mark.line + 1 :][:1]
        indent = len(first[0]) - len(first[0].lstrip()) if first else 0
        return Fault(mark.line + 1 + wrong.line, indent + wrong.column, wrong.text)
    if wrong.line == 1 and style != ">":
        return Fault(mark.line + 1, mark.column + wrong.column + (style in ("'", '"')), wrong.text)
    return _at(node, str(wrong))


def _at(node: yaml.Node, text: str) -> Fault:
    return Fault(node.start_mark.line + 1, node.start_mark.column + 1, text)


def _marked(error: yaml.MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    said = (error.problem or error.context or _("this is no YAML")).rstrip(".") + "."
    return Fault(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, said)
