"""When a rule applies: a CEL expression, compiled and checked once, asked about one action at a time."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cel
from django.utils.translation import gettext as _

from agents.payloads import Refused
from approvals.tokens import Marks
from approvals.vocabulary import COUNT, FLAG, LIST, MAP, NUMBER, TEXT, WORDS

TEXT_LIMIT, LIST_LIMIT, NESTING = 2_000, 1_000, 12
PATTERN_LIMIT, MATCHES, LOOPS = 200, 5, 5
CPU_LIMIT_SECONDS = 0.05
FUNCTIONS = (
    "size", "contains", "startsWith", "endsWith", "matches", "has", "all", "exists", "exists_one", "int",
    "double", "string",
)  # fmt: skip
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
    program = _parsed(text)
    _functions(marks)
    loops = _loops(marks)
    names = _names(marks, [(loop.first, loop.last, loop.bound) for loop in loops])
    if unseen := set(program.variables()) - names - {loop.bound for loop in loops} - {"@result"}:
        raise Wrong(_("“%s” cannot be checked here. Write it more plainly.") % min(unseen))
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
        problem = answers["large"].problem or next(iter(answers.values())).problem
        raise Wrong(_("This can never be answered: %s.") % problem)
    return condition, tuple(_notes(condition, answers))


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


def _parsed(text: str) -> cel.Program:
    try:
        return cel.compile(text)
    except ValueError as error:
        if found := _ERROR.search(str(error)):
            line, column, said = int(found[1]), int(found[2]), found[3].split(" expecting ")[0]
            raise Wrong(_("This is not understood (%s).") % said.replace("<EOF>", _("the end")), line, column) from None
        raise Wrong(_("This is not understood.")) from None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001 -- a panic of the library is no Exception
        raise Wrong(_("This is not understood.")) from None


def _functions(marks: Marks) -> None:
    patterns = 0
    for index, mark in marks.calls():
        place = marks.place(mark.at)
        if mark.text not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise Wrong(
                _("There is no function “%(name)s”. There are %(known)s.") % {"name": mark.text, "known": known}, *place
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
                _("Nothing is called “%(name)s”. There are %(known)s.") % {"name": mark.text, "known": known},
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
        return _("the action has no “%s”") % str(error.args[0])[:100]
    if isinstance(error, TypeError):
        return _("it compares or combines values of different kinds")
    return _("it failed (%s)") % type(error).__name__
