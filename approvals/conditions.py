"""When a rule applies: a CEL expression, compiled and checked once, asked about one action at a time."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.payloads import Refused
from approvals.expressions import cel
from approvals.tokens import OPENING, Mark, Marks
from approvals.vocabulary import COUNT, FLAG, LIST, MAP, NUMBER, TEXT, WORDS

TEXT_LIMIT, LIST_LIMIT, NESTING = 2_000, 1_000, 12
PATTERN_LIMIT, MATCHES, LOOPS = 200, 5, 5
CPU_LIMIT_SECONDS = 0.05
FUNCTIONS = (
    "size", "contains", "startsWith", "endsWith", "matches", "has", "all", "exists", "exists_one", "int",
    "double", "string",
)  # fmt: skip
NAME_LIMIT = 50
_LACKS = re.compile(r"missing '([^']+)' at ")
_CALLED = re.compile(r"'(\w+)'")
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?(.*)")


class Wrong(Refused):
    """A condition that cannot be taken: where, and what to do about it. Line and column count from 1."""

    def __init__(self, text: str, line: int = 1, column: int = 1) -> None:
        super().__init__(_("Line %(line)d, column %(column)d: %(text)s") % locals())
        self.text, self.line, self.column = text, line, column


@dataclass(frozen=True)
class Answer:
    """What a condition says about one action; a problem means that it could not say, or took too long."""

    holds: bool
    problem: str = ""
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Condition:
    """A checked expression. `members`: the arguments that it reads by name; None: it may read any of them."""

    text: str
    names: frozenset[str]
    members: frozenset[str] | None
    program: cel.Program

    def ask(self, words: Mapping[str, Any], clock: Callable[[], float] = time.thread_time) -> Answer:
        """Whether it holds. Never raises: what goes wrong is a problem of the answer."""
        begun = clock()
        try:
            found = self.program.execute(self._seen(words))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 -- a panic of the library is no Exception, and no answer either
            return Answer(False, _said(error), clock() - begun)
        taken = clock() - begun
        if not isinstance(found, bool):
            return Answer(False, _("it is not answered by yes or no"), taken)
        slow = taken > CPU_LIMIT_SECONDS
        return Answer(found, _("it took %d ms") % (taken * 1_000) if slow else "", taken)

    def _seen(self, words: Mapping[str, Any]) -> dict[str, Any]:
        seen = {name: words[name] for name in self.names}
        if "arguments" in seen:
            given = seen["arguments"]
            read = given if self.members is None else {key: given[key] for key in self.members if key in given}
            _within_limits(read)
            seen["arguments"] = dict(read)
        return seen


@lru_cache(maxsize=2_000)
def compiled(text: str) -> Condition:
    """The condition that a text says. Raises Wrong with the place where it does not."""
    marks = _bounded(text)
    program = _parsed(text, marks)
    _functions(marks)
    loops = _loops(marks)
    names = _names(marks, [(loop.first, loop.last, loop.bound) for loop in loops])
    if unseen := set(program.variables()) - names - {loop.bound for loop in loops} - {"@result"}:
        raise Wrong(_("“%s” cannot be checked here. Write it more plainly.") % short(min(unseen)))
    reads = [marks.member(index) for index, mark in marks.variables() if mark.text == "arguments"]
    members = None if None in reads else frozenset(str(read) for read in reads)
    return Condition(text, frozenset(names), members, program)


@lru_cache(maxsize=2_000)
def checked(text: str) -> tuple[Condition, tuple[str, ...]]:
    """The condition, tried on the largest facts there can be, and what its author should know. Raises Wrong."""
    condition = compiled(text)
    answers = {name: condition.ask(facts) for name, facts in _probes(condition)}
    if any(answer.cpu_seconds > CPU_LIMIT_SECONDS for answer in answers.values()) and any(
        condition.ask(facts).cpu_seconds > CPU_LIMIT_SECONDS for _name, facts in _probes(condition)
    ):
        raise Wrong(_("This costs too much time on large facts: over 50 ms. Ask for less."))
    if all(answer.problem for answer in answers.values()):
        raise Wrong(_("This can never be answered: %s.") % answers["large"].problem, *_where(text))
    return condition, tuple(_notes(condition, answers))


def short(name: str) -> str:
    """A name that somebody wrote, as a message repeats it."""
    return name if len(name) <= NAME_LIMIT else f"{name[: NAME_LIMIT - 1]}…"


def _where(text: str) -> tuple[int, int]:
    """The place of the first part of a condition that can never be answered by itself; else where it begins."""
    marks = Marks(text)
    for at, part in marks.parts():
        with suppress(Wrong):  # half of a question with “?”
            condition = compiled(part)
            if all(condition.ask(facts).problem for _name, facts in _probes(condition)):
                return marks.place(at)
    return 1, 1


def _bounded(text: str) -> Marks:
    if not text.strip():
        raise Wrong(_("A condition is missing. Write true for every action."))
    if len(text) > TEXT_LIMIT:
        raise Wrong(_("A condition has at most %d characters. Make two rules of it.") % TEXT_LIMIT)
    if odd := re.search(r"[^\S \n\t\r]|[\x00-\x08\x0b-\x1f\x7f]", text):
        raise Wrong(_("There is a character that cannot be seen. Leave it out."), *Marks(text).place(odd.start()))
    marks = Marks(text)
    if marks.depth() > NESTING:
        raise Wrong(_("This nests deeper than %d. Make two rules of it.") % NESTING)
    return marks


def _parsed(text: str, marks: Marks) -> cel.Program:
    try:
        return cel.compile(text)
    except ValueError as error:
        if found := _ERROR.search(str(error)):
            place = int(found[1]), int(found[2])
            raise Wrong(_misread(marks.at(*place), found[3]), *place) from None
        raise Wrong(_("This is not understood.")) from None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001 -- a panic of the library is no Exception
        raise Wrong(_("This is not understood.")) from None


def _misread(mark: Mark | None, said: str) -> str:
    """What is wrong at a place that the library does not understand, by what stands there."""
    if found := _LACKS.match(said):
        return _("“%s” is missing here.") % found[1]
    if mark is None:
        return _("It ends too soon: something is missing here.")
    if not mark.text.isprintable():
        return _("There is a character that cannot be seen. Leave it out.")
    if said.startswith("invalid argument to has()"):
        return _("has asks whether there is a member: has(arguments.name).")
    if mark.kind == "number":
        return _("This number does not fit here, or it is too large.")
    if mark.kind == "text" and "\\" in mark.text and said.startswith("token recognition"):
        return _(
            "In this text a backslash stands before something that it does not go with. Write \\\\ for a backslash."
        )
    if known := _INSTEAD.get(mark.text):
        return str(known)
    if mark.text in OPENING.values():
        return _("Nothing opens this “%s”.") % mark.text
    return _("“%s” does not fit here.") % short(mark.text)


_INSTEAD = {
    "=": gettext_lazy("Write == to compare."),
    "and": gettext_lazy("Write && for and."),
    "or": gettext_lazy("Write || for or."),
    "not": gettext_lazy("Write ! for not."),
    **dict.fromkeys("'\"", gettext_lazy("A text begins here and does not end: close its quotes on the same line.")),
    **dict.fromkeys("“”‘’„«»`", gettext_lazy('Write a text in straight quotes: "text".')),
}


def _functions(marks: Marks) -> None:
    patterns = 0
    for index, mark in marks.calls():
        place = marks.place(mark.at)
        if mark.text not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise Wrong(
                _("There is no function “%(name)s”. There are %(known)s.") % {"name": short(mark.text), "known": known},
                *place,
            )
        if mark.text == "matches":
            patterns += 1
            given = marks.all[index + 2 : index + 3]
            if (
                not given
                or given[0].kind != "text"
                or marks.text(index + 3) != ")"
                or len(given[0].text) > PATTERN_LIMIT
            ):
                raise Wrong(_("A pattern is one plain text of at most %d characters.") % PATTERN_LIMIT, *place)
    if patterns > MATCHES:
        raise Wrong(_("At most %d patterns. Make two rules of it.") % MATCHES)


def _loops(marks: Marks) -> list[Any]:
    loops = marks.macros()
    if len(loops) > LOOPS:
        raise Wrong(_("At most %d of all, exists and exists_one. Make two rules of it.") % LOOPS)
    for loop in loops:
        place = marks.place(marks.all[loop.first].at)
        if loop.bound in WORDS or not re.fullmatch(r"[A-Za-z_]\w*", loop.bound) or marks.text(loop.first + 1) != ",":
            raise Wrong(_("Name the entry by a word of its own: list.%s(entry, …).") % loop.name, *place)
        inside = range(loop.first, loop.last)
        if any(other.first in inside for other in loops if other is not loop):
            raise Wrong(_("all, exists and exists_one do not nest. Make two rules of it."), *place)
        if any(index in inside and mark.text == "matches" for index, mark in marks.calls()):
            raise Wrong(
                _("A pattern inside of %s costs too much. Use contains, startsWith or endsWith.") % loop.name, *place
            )
    return loops


def _names(marks: Marks, bound: list[tuple[int, int, str]]) -> set[str]:
    names = set()
    for index, mark in marks.variables():
        if mark.text in WORDS:
            names.add(mark.text)
        elif not any(first <= index < last and mark.text == name for first, last, name in bound):
            known = ", ".join(WORDS)
            raise Wrong(
                _("Nothing is called “%(name)s”. There are %(known)s.") % {"name": short(mark.text), "known": known},
                *marks.place(mark.at),
            )
    return names


def _probes(condition: Condition) -> Iterator[tuple[str, dict[str, Any]]]:
    """Facts of the largest size and of the smallest, with arguments of every kind."""
    text, entries = "x" * TEXT_LIMIT, [f"entry {n}" for n in range(LIST_LIMIT)]
    plain = {TEXT: text, COUNT: 1, NUMBER: 1.5, FLAG: True, LIST: entries, MAP: {}}
    large = {name: plain[word.kind] for name, word in WORDS.items()}
    small = {
        name: {TEXT: "", COUNT: 0, NUMBER: 0.0, FLAG: False, LIST: [], MAP: {}}[word.kind]
        for name, word in WORDS.items()
    }
    # A payload holds 5,000 values and 256 KB at most.
    whole = {"large": range(4), "text": range(100), "number": range(LIST_LIMIT), "flag": range(LIST_LIMIT)}
    kinds: dict[str, Any] = {"large": entries, "text": text, "number": 7, "flag": True}
    for name, value in kinds.items():
        members = condition.members if condition.members is not None else [f"argument {n}" for n in whole[name]]
        yield name, {**large, "arguments": dict.fromkeys(members, value)}
    yield "no arguments", large
    yield "small", small
    yield "not stated", {**large, "arguments": dict.fromkeys(condition.members or (), text), "confidence": None}


def _notes(condition: Condition, answers: Mapping[str, Answer]) -> Iterator[str]:
    if "confidence" in condition.names and answers["not stated"].problem:
        yield _(
            "Where an agent states no confidence this cannot be answered, and the action becomes critical. Ask for “confidence != null &&” first, if that is not meant."
        )
    if "arguments" in condition.names and answers["no arguments"].problem:
        yield _(
            "Where an action lacks the argument this cannot be answered, and the action becomes critical. Name the tool, too, or ask has(…) first, if that is not meant."
        )


def _within_limits(value: Any) -> None:
    if isinstance(value, str) and len(value) > TEXT_LIMIT:
        raise Refused(_("an argument has more than %d characters") % TEXT_LIMIT)
    if isinstance(value, list | dict):
        if len(value) > LIST_LIMIT:
            raise Refused(_("an argument has more than %d entries") % LIST_LIMIT)
        for entry in value.values() if isinstance(value, dict) else value:
            _within_limits(entry)


def _said(error: BaseException) -> str:
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, KeyError):
        return _("the action has no “%s”") % short(str(error.args[0]))
    for kind, sentence in _FAILURES.items():
        if isinstance(error, kind):
            return str(sentence)
    if (found := _CALLED.search(str(error))) and found[1] in FUNCTIONS:
        return _("“%s” cannot work with what it is given") % found[1]
    return _("it cannot be worked out")


_FAILURES = {
    TypeError: gettext_lazy("it compares or combines values of different kinds"),
    ZeroDivisionError: gettext_lazy("it divides by zero"),
    IndexError: gettext_lazy("a list has no entry at that place"),
    OverflowError: gettext_lazy("a number becomes too large"),
}
