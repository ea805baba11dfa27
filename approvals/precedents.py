"""What an agent did before, kept so that asking costs the same after a thousand decisions and after a million."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum, Value
from django.db.models.functions import Greatest

from agents import payloads
from agents.models import Action, Agent
from agents.prepared import prepared
from approvals.models import Precedent, Tally, Verdict

_COUNT = """
INSERT INTO approvals_tally AS t (agent_id, slot, currency, recipients, amount_minor, rows)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (agent_id, slot, currency) DO UPDATE SET recipients = t.recipients + excluded.recipients,
    amount_minor = t.amount_minor + excluded.amount_minor, rows = t.rows + excluded.rows
"""
SLOT = timedelta(minutes=10)
SIZES = ("recipients", "amount_minor", "rows")
SUMMED = ""  # in place of a mark: the row that holds the sums
MOST_ASKED = 40  # targets of one call that are looked up; a call with more has new ones in any case
Kind = Precedent.Kind


@dataclass(frozen=True)
class Known:
    """Which of the asked marks there are, and the largest amount so far with how many there were."""

    marks: frozenset[str] = frozenset()
    largest_minor: int = 0
    amounts: int = 0


@dataclass(frozen=True)
class Sums:
    """Recipients, amount and rows that an agent asked for in the last hour and day."""

    hour: dict[str, int] = field(default_factory=dict)
    day: dict[str, int] = field(default_factory=dict)


def mark(kind: str, *words: str) -> str:
    """The name of a precedent. Different words never share one, however they are cut."""
    return hashlib.sha256(payloads.canonical([kind, *words])).hexdigest()[:32]


def of_call(tool: str, arguments: Mapping[str, Any]) -> str:
    return mark(Kind.REFUSED, tool, payloads.canonical(dict(arguments)).decode())


def known(agent: Agent, marks: Iterable[str]) -> Known:
    """Which of these marks the agent has. One query."""
    return _known(_of(agent.pk, list(marks)))


def known_and_sums(agent: Agent, marks: Iterable[str], at: datetime, currency: str) -> tuple[Known, Sums]:
    """The same, and what the agent asked for until then, in slots that began no more than an hour and a day ago. One query."""
    hour, day = at - timedelta(hours=1) - SLOT, at - timedelta(days=1) - SLOT
    # A list without marks would be no query at all.
    rows = _of_and_summed(agent.pk, list(marks) or [SUMMED], day, hour, at, currency)
    told = next((row[2:] for row in rows if row[0] == SUMMED), (0,) * 2 * len(SIZES))
    parts = (told[: len(SIZES)], told[len(SIZES) :])
    sums = Sums(*(dict(zip(SIZES, map(int, part), strict=True)) for part in parts))
    return _known(row for row in rows if row[0] != SUMMED), sums


def _known(rows: Iterable[tuple[Any, ...]]) -> Known:
    # Beside sums the database gives numbers of another kind.
    found = {mark: (kind, int(largest), int(count)) for mark, kind, largest, count, *_zeros in rows}
    largest, count = next(((of, so_many) for kind, of, so_many in found.values() if kind == Kind.AMOUNT), (0, 0))
    return Known(frozenset(found), largest, count)


@prepared
def _of(agent_id: int, marks: list[str]) -> QuerySet[Precedent, Any]:
    return _marked(agent_id, marks).values_list("mark", "kind", "largest_minor", "count")


@prepared
def _of_and_summed(
    agent_id: int, marks: list[str], day: datetime, hour: datetime, at: datetime, currency: str
) -> QuerySet[Any, Any]:
    zeros = {f"zero_{number}": Value(0) for number in range(2 * len(SIZES) - 2)}
    precedents = _marked(agent_id, marks).annotate(**zeros)
    same = Q(currency=currency)
    told = {
        f"{span}_{name}": Sum(name, filter=within & (same if name == "amount_minor" else Q()), default=0)
        for span, within in (("hour", Q(slot__gt=hour)), ("day", Q())) for name in SIZES
    }  # fmt: skip
    tallies = Tally.objects.filter(agent=agent_id, slot__gt=day, slot__lte=at).values("agent").order_by()
    sums = tallies.annotate(mark=Value(SUMMED), kind=Value(SUMMED), **told).values_list("mark", "kind", *told)
    return precedents.values_list("mark", "kind", "largest_minor", "count", *zeros).union(sums, all=True)


def _marked(agent_id: int, marks: list[str]) -> QuerySet[Precedent]:
    return Precedent.objects.filter(agent=agent_id, mark__in=marks)


def count(agent: Agent, at: datetime, facts: Mapping[str, Any]) -> None:
    """Add what an agent asks for to its tally, whatever people will say to it. One statement, so two at once lose nothing."""
    sizes = [facts.get(name, 0) for name in SIZES]
    if any(sizes):
        slot = connection.ops.adapt_datetimefield_value(_slot(at))
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [agent.pk, slot, facts.get("currency", "")[:3], *sizes])


def discount(agent: Agent, at: datetime, facts: Mapping[str, Any]) -> None:
    """Take what was counted for an earlier version out again: an action counts once, as it is now."""
    row = {"agent": agent, "slot": _slot(at), "currency": facts.get("currency", "")[:3]}
    less = {name: Greatest(F(name) - facts.get(name, 0), 0) for name in SIZES}
    Tally.objects.filter(**row).update(**less)


def _slot(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 10 * 10, second=0, microsecond=0)


def ran(action: Action, verdict: Verdict) -> None:
    """Remember what a cleared action did for the first time, in the transaction of its claim."""
    facts = verdict.facts
    new = [one for one in facts.get("new", ()) if one.get("mark") and one["kind"] != Kind.AMOUNT]
    Precedent.objects.bulk_create(
        [Precedent(agent=action.agent, kind=one["kind"], mark=one["mark"]) for one in new], ignore_conflicts=True
    )
    if any(one["kind"] == "rejected" for one in facts.get("conflicts", ())):
        Precedent.objects.filter(agent=action.agent, mark=facts["mark"]).delete()
    if facts.get("amount_minor"):
        _amount(action, facts)


def refused(action: Action, verdict: Verdict) -> None:
    """Remember that a person rejected this very call, in the transaction of the rejection."""
    if marked := verdict.facts.get("mark"):
        row = Precedent(agent=action.agent, kind=Kind.REFUSED, mark=marked)
        Precedent.objects.bulk_create([row], ignore_conflicts=True)


def of_amount(tool: str, currency: str) -> str:
    return mark(Kind.AMOUNT, tool, currency)


def _amount(action: Action, facts: Mapping[str, Any]) -> None:
    amount, row = facts["amount_minor"], {"agent": action.agent, "mark": of_amount(facts["tool"], facts["currency"])}
    largest = {"largest_minor": Greatest(F("largest_minor"), amount), "count": F("count") + 1}
    if not Precedent.objects.filter(**row).update(**largest):
        Precedent.objects.get_or_create(**row, defaults={"kind": Kind.AMOUNT, "largest_minor": amount})
