"""The words that a condition may use about an assessed action, and what each of them holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from babel.core import UnknownLocaleError
from babel.numbers import get_currency_precision
from django.utils.translation import gettext_lazy as _

from approvals.risk import Assessment

TEXT, COUNT, NUMBER, FLAG, LIST, MAP = "text", "count", "number", "flag", "list", "map"


@dataclass(frozen=True)
class Subject:
    """What a condition may ask beyond the assessment: who proposes, and with which arguments."""

    agent: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Word:
    """One name of the vocabulary: its kind, what it says in a sentence, and where it is found."""

    kind: str
    label: Any
    find: Callable[[Assessment, Subject], Any]


def _kinds(name: str, label: Any) -> Word:
    """The kinds of what the assessment found, each once."""
    return Word(LIST, label, lambda a, _s: list(dict.fromkeys(one["kind"] for one in getattr(a.proposal, name))))


def _summed(name: str, span: str, kind: str, label: Any) -> Word:
    """The size of this action with what the same agent did just before."""

    def find(assessment: Assessment, _subject: Subject) -> Any:
        proposal = assessment.proposal
        size = int(getattr(proposal, name)) + int(getattr(proposal, span).get(name, 0))
        return _major(size, proposal.currency) if name == "amount_minor" else size

    return Word(kind, label, find)


def _flag(name: str, label: Any) -> Word:
    return Word(FLAG, label, lambda assessment, _subject: bool(assessment.proposal.effect.get(name)))


WORDS: dict[str, Word] = {
    "tool": Word(TEXT, _("tool"), lambda a, _s: a.proposal.tool),
    "agent": Word(TEXT, _("agent"), lambda _a, s: s.agent),
    "level": Word(TEXT, _("assessed level"), lambda a, _s: a.level),
    "score": Word(NUMBER, _("risk score"), lambda a, _s: a.score),
    "recipients": Word(COUNT, _("recipients"), lambda a, _s: a.proposal.recipients),
    "amount": Word(NUMBER, _("amount"), lambda a, _s: _major(a.proposal.amount_minor, a.proposal.currency)),
    "currency": Word(TEXT, _("currency"), lambda a, _s: a.proposal.currency),
    "rows": Word(COUNT, _("records changed"), lambda a, _s: a.proposal.rows),
    # null where the agent states none: comparing that with a number is an error, and an error is critical.
    "confidence": Word(NUMBER, _("stated confidence"), lambda a, _s: a.proposal.confidence),
    "known": Word(FLAG, _("the tool is registered"), lambda a, _s: a.proposal.known),
    "declared": Word(FLAG, _("the tool declares its effect"), lambda a, _s: a.proposal.declared),
    "read_only": _flag("read_only", _("only reads")),
    "reversible": _flag("reversible", _("can be undone")),
    "affects_others": _flag("affects_others", _("affects others")),
    "spends_money": _flag("spends_money", _("moves money")),
    "sensitive": _flag("sensitive", _("touches sensitive data")),
    "outside": _flag("outside", _("leaves the company")),
    "draft": _flag("draft", _("only drafts")),
    "inferred": Word(FLAG, _("its effect is inferred"), lambda a, _s: bool(a.proposal.guess)),
    "unusual": Word(FLAG, _("its amount is far from usual"), lambda a, _s: a.proposal.unusual),
    "recipients_hour": _summed("recipients", "hour", COUNT, _("recipients asked for in an hour")),
    "recipients_day": _summed("recipients", "day", COUNT, _("recipients asked for in a day")),
    "amount_hour": _summed("amount_minor", "hour", NUMBER, _("amount asked for in an hour")),
    "amount_day": _summed("amount_minor", "day", NUMBER, _("amount asked for in a day")),
    "rows_hour": _summed("rows", "hour", COUNT, _("records to change asked for in an hour")),
    "rows_day": _summed("rows", "day", COUNT, _("records to change asked for in a day")),
    "new": _kinds("new", _("what is new for the agent")),
    "findings": _kinds("findings", _("values that no person named")),
    "conflicts": _kinds("conflicts", _("what disagrees")),
    "secrets": Word(LIST, _("secrets in the arguments"), lambda a, _s: list(a.proposal.secrets)),
    "domains": Word(LIST, _("high-stakes domains"), lambda a, _s: list(a.proposal.fields)),
    "trust": Word(NUMBER, _("trust in agent and tool"), lambda a, _s: float(a.proposal.trust.get("score", 0.0))),
    "arguments": Word(MAP, _("arguments"), lambda _a, s: s.arguments),
}


def words(assessment: Assessment, subject: Subject) -> dict[str, Any]:
    """Every word about one action. Amounts are in whole units of their currency."""
    return {name: word.find(assessment, subject) for name, word in WORDS.items()}


def _major(amount_minor: int, currency: str) -> float:
    return amount_minor / _minor_units(currency)


@cache
def _minor_units(currency: str) -> int:
    try:
        return int(10 ** get_currency_precision(currency))
    except (UnknownLocaleError, LookupError, ValueError):
        return 100
