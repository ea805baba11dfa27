"""Rules of a policy: each a sentence in data. All that match apply, and the strictest wins in each field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

from agents.payloads import Refused
from approvals import conditions
from approvals.conditions import Answer
from approvals.risk import CRITICAL, LEVELS

AUTO, REVIEW_AFTER, APPROVE, INPUT, BLOCK = OUTCOMES = ("auto", "review_after", "approve", "input", "block")
EXPIRE, HAND_UP = "expire", "hand_up"
AT_ZERO = (HAND_UP, EXPIRE)  # grows stricter
RULES_LIMIT, NAME_LIMIT = 200, 120
MINUTES, SECONDS = (1, 7 * 24 * 60), (0, 24 * 60 * 60)


def stricter(order: Sequence[str], one: str, other: str) -> str:
    """The later of two words in an order that grows stricter. An unknown word is stricter than all."""
    return max(one, other, key=lambda word: order.index(word) if word in order else len(order))


@dataclass(frozen=True)
class Demand:
    """What rules ask for; an empty field asks for nothing. `|` joins two demands, the stricter in each field."""

    outcome: str = ""
    floor: str = ""
    tier: str = ""
    deadline_minutes: int | None = None
    at_zero: str = ""
    hold_seconds: int | None = None

    def __or__(self, other: "Demand") -> "Demand":
        return Demand(
            outcome=stricter(("", *OUTCOMES), self.outcome, other.outcome),
            floor=stricter(("", *LEVELS), self.floor, other.floor),
            tier=stricter(("", *LEVELS), self.tier, other.tier),
            deadline_minutes=_of(min, self.deadline_minutes, other.deadline_minutes),
            at_zero=stricter(("", *AT_ZERO), self.at_zero, other.at_zero),
            hold_seconds=_of(max, self.hold_seconds, other.hold_seconds),
        )

    def said(self) -> dict[str, Any]:
        """Only what is asked for."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}


CAUTION = Demand(outcome=APPROVE, floor=CRITICAL)


@dataclass(frozen=True)
class Rule:
    """When the condition holds, the demand applies."""

    name: str
    when: str
    demand: Demand

    def data(self) -> dict[str, Any]:
        return {"name": self.name, "when": self.when, **self.demand.said()}

    def ask(self, words: Mapping[str, Any]) -> Answer:
        """Whether it applies. A stored condition that cannot be compiled any more is a problem, not an exception."""
        try:
            condition = conditions.compiled(self.when)
        except Refused as error:
            return Answer(False, str(error))
        return condition.ask(words)


@dataclass(frozen=True)
class Trouble:
    """A rule that could not be answered, or took too long: what an admin has to see."""

    rule: str
    problem: str
    cpu_seconds: float


@dataclass(frozen=True)
class Found:
    """What the rules say about one action: their joint demand, which of them matched, and which failed."""

    demand: Demand = Demand()
    matched: tuple[Rule, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def apply(rules: Iterable[Rule], words: Mapping[str, Any]) -> Found:
    """Ask every rule about one action. One that fails makes the action critical."""
    return join((rule, rule.ask(words)) for rule in rules)


def join(answers: Iterable[tuple[Rule, Answer]]) -> Found:
    """The joint demand of rules that were asked."""
    demand, matched, troubles = Demand(), [], []
    for rule, answer in answers:
        if answer.problem:
            demand |= CAUTION
            troubles.append(Trouble(rule.name, answer.problem, answer.cpu_seconds))
        if answer.holds:
            demand |= rule.demand
            matched.append(rule)
    return Found(demand, tuple(matched), tuple(troubles))


def stored(rows: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules of a saved policy: checked when they were saved, so they are only read."""
    asks = {field.name for field in fields(Demand)}
    return tuple(
        Rule(row["name"], row["when"], Demand(**{key: value for key, value in row.items() if key in asks}))
        for row in rows
    )


class Faulty(Refused):
    """Rules that cannot be taken: for each fault the rule's place in the list, its field, and what to do."""

    def __init__(self, faults: Sequence[tuple[int, str, str]]) -> None:
        super().__init__("; ".join(_("Rule %d: %s") % (at + 1, text) for at, _field, text in faults))
        self.faults = tuple(faults)


def read(rows: Any) -> tuple[Rule, ...]:
    """Rules from plain data, each checked in full. Raises Faulty with everything that is wrong."""
    if not isinstance(rows, list) or len(rows) > RULES_LIMIT:
        raise Faulty([(0, "", _("write a list of at most %d rules.") % RULES_LIMIT)])
    found: list[Rule] = []
    faults: list[tuple[int, str, str]] = []
    for at, row in enumerate(rows):
        wrong = [(at, field, text) for field, text in _faults(row)]
        faults += wrong
        if not wrong:
            found += stored([row])
    names = [row.get("name") for row in rows if isinstance(row, dict)]
    faults += [(at, "name", _("another rule has this name.")) for at, name in enumerate(names) if name in names[:at]]
    if faults:
        raise Faulty(faults)
    return tuple(found)


def _faults(row: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(row, dict):
        yield "", _("write a rule as names with values.")
        return
    known = ("name", "when", *(field.name for field in fields(Demand)))
    for key in row:
        if key not in known:
            yield (
                str(key)[:50],
                _("there is no field “%(name)s”. There are %(known)s.")
                % {"name": str(key)[:50], "known": ", ".join(known)},
            )
    name = row.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
        yield "name", _("give it a name of at most %d characters, on one line.") % NAME_LIMIT
    if not any(row.get(field.name) not in ("", None) for field in fields(Demand)):
        yield "", _("it asks for nothing. Say an outcome, a floor, a tier, a deadline or a hold.")
    yield from _values(row)
    try:
        conditions.checked(row["when"] if isinstance(row.get("when"), str) else "")
    except Refused as error:
        yield "when", str(error)


def _values(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    choices = {"outcome": OUTCOMES[1:], "floor": LEVELS, "tier": LEVELS, "at_zero": AT_ZERO}
    for key, allowed in choices.items():
        if (value := row.get(key)) is not None and value not in ("", *allowed):
            yield (
                key,
                _("“%(value)s” is none of %(allowed)s.") % {"value": str(value)[:50], "allowed": ", ".join(allowed)},
            )
    for key, (least, most) in {"deadline_minutes": MINUTES, "hold_seconds": SECONDS}.items():
        value = row.get(key)
        if value is not None and (type(value) is not int or not least <= value <= most):
            yield key, _("write a whole number from %(least)d to %(most)d.") % {"least": least, "most": most}


def looser(before: Iterable[Rule], after: Iterable[Rule]) -> bool:
    """Whether a change is anything else than adding rules and raising outcomes."""
    kept = {rule.name: rule for rule in after}
    for rule in before:
        other = kept.get(rule.name)
        if other is None or other.when != rule.when or not _raised(rule.demand, other.demand):
            return True
    return False


def _raised(before: Demand, after: Demand) -> bool:
    """Whether nothing differs but an outcome that went up."""
    same = before.said() | {"outcome": ""} == after.said() | {"outcome": ""}
    return same and stricter(("", *OUTCOMES), before.outcome, after.outcome) == after.outcome


def _of(pick: Any, one: int | None, other: int | None) -> int | None:
    given = [value for value in (one, other) if value is not None]
    return pick(given) if given else None
