"""A rule in words: “When tool is email.send and recipients over 500, approve by the high tier, hold 30 s”."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.inputs import TWO_WAYS, two_ways
from approvals.models import Level, Tier, Verdict
from approvals.rules import Rule
from approvals.tokens import OPENING, Mark, Marks
from approvals.vocabulary import FLAG, LIST, MAP, TEXT, WORDS

OPERATORS = {
    "==": gettext_lazy("is"),
    "!=": gettext_lazy("is not"),
    ">": gettext_lazy("over"),
    ">=": gettext_lazy("at least"),
    "<": gettext_lazy("under"),
    "<=": gettext_lazy("at most"),
    "startsWith": gettext_lazy("begins with"),
    "endsWith": gettext_lazy("ends with"),
    "contains": gettext_lazy("contains"),
}
CALLED = ("startsWith", "endsWith", "contains")
CONFIDENCE = ("confidence", "!=", "null")


@dataclass(frozen=True)
class Part:
    """One part of a sentence: plain words, or a condition as it is written where no words are known for it."""

    text: str
    code: bool = False


def when(text: str) -> list[Part]:
    """The parts of a condition that are joined by “and”."""
    if text.strip() == "true":
        return [Part(_("anything is proposed"))]
    marks = Marks(text)
    parts = _conjunction(marks)
    if parts is None:
        return [Part(text, code=True)]
    return [_worded(text, part) for part in parts]


def then(rule: Rule) -> list[str]:
    """What the rule asks for."""
    return list(_asked(rule))


def clause(word: str, operator: str, value: str) -> str:
    """A comparison as CEL. Raises ValueError with what is wrong."""
    kind = WORDS[word].kind if word in WORDS else ""
    if kind == FLAG:
        return f"!{word}" if operator == "!=" else word
    if kind and not value:
        raise ValueError(_("Write what to compare with."))
    if kind == LIST and operator == "contains":
        return f"{json.dumps(value, ensure_ascii=False)} in {word}"
    if kind in ("", MAP, LIST) or operator not in OPERATORS:
        raise ValueError(_("Choose a word and a comparison."))
    if kind == TEXT:
        if operator not in ("==", "!=", *CALLED):
            raise ValueError(_("Text is compared by is, is not, begins, ends or contains."))
        told = json.dumps(value, ensure_ascii=False)
        return f"{word}.{operator}({told})" if operator in CALLED else f"{word} {operator} {told}"
    if TWO_WAYS.fullmatch(value):
        raise ValueError(two_ways(value))
    try:
        number = float(value) if "." in value else int(value)
    except ValueError:
        raise ValueError(_("Write a number to compare with.")) from None
    if operator in CALLED or number != number or abs(number) > 2**53:
        raise ValueError(_("Compare a number by over, under, is, at least or at most."))
    comparison = f"{word} {operator} {number}"
    return f"confidence != null && {comparison}" if word == "confidence" else comparison


def _conjunction(marks: Marks) -> list[list[Mark]] | None:
    """The marks between the && of the outermost level; None where there is more than &&."""
    depth, parts = 0, [list[Mark]()]
    for mark in marks.all:
        if mark.kind == "sign":
            depth += 1 if mark.text in OPENING else -1 if mark.text in OPENING.values() else 0
            if depth == 0 and mark.text in ("||", "?"):
                return None
            if depth == 0 and mark.text == "&&":
                parts.append([])
                continue
        parts[-1].append(mark)
    return [part for part in parts if tuple(mark.text for mark in part) != CONFIDENCE] or None


def _worded(source: str, part: list[Mark]) -> Part:
    texts = [mark.text for mark in part]
    if len(part) == 1 and texts[0] in WORDS and WORDS[texts[0]].kind == FLAG:
        return Part(str(WORDS[texts[0]].label))
    if len(part) == 2 and texts[0] == "!" and texts[1] in WORDS and WORDS[texts[1]].kind == FLAG:
        return Part(_("not: %s") % WORDS[texts[1]].label)
    if len(part) == 3 and texts[0] in WORDS and texts[1] in OPERATORS and part[2].kind in ("text", "number"):
        return Part(f"{WORDS[texts[0]].label} {OPERATORS[texts[1]]} {_value(part[2])}")
    if len(part) == 3 and texts[1] == "in" and part[0].kind == "text" and texts[2] in WORDS:
        return Part(f"{WORDS[texts[2]].label} {OPERATORS['contains']} {_value(part[0])}")
    called = len(part) == 6 and texts[1] == "." and texts[2] in CALLED and texts[3] == "(" and part[4].kind == "text"
    if called and texts[0] in WORDS:
        return Part(f"{WORDS[texts[0]].label} {OPERATORS[texts[2]]} {_value(part[4])}")
    return Part(source[part[0].at : part[-1].at + len(part[-1].text)] if part else "", code=True)


def _value(mark: Mark) -> str:
    return mark.text.strip("'\"") if mark.kind == "text" else mark.text


def _asked(rule: Rule) -> Iterator[str]:
    demand = rule.demand
    labels: dict[str, Any] = {
        "review_after": _("review it after it ran"),
        "approve": _("ask for approval"),
        "input": _("ask for an answer"),
        Verdict.Outcome.BLOCK: _("block it"),
    }
    if demand.outcome:
        yield str(labels.get(demand.outcome, demand.outcome))
    if demand.floor:
        yield _("rate it “%s” or higher") % _level(demand.floor)
    if demand.tier:
        yield _("ask the people of the tier “%s”") % _level(demand.tier)
    if demand.deadline_minutes:
        yield _("within %d min") % demand.deadline_minutes
    if demand.at_zero:
        yield str(Tier.AtZero(demand.at_zero).label)
    if demand.hold_seconds:
        yield _("hold it %d s before it runs") % demand.hold_seconds


def _level(level: str) -> str:
    return str(Level(level).label) if level in Level.values else level
