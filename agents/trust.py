"""What an agent has earned with a tool: the score, the evidence behind it, and whether it may act alone."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db.models import F, Q, QuerySet, Subquery
from django.db.models.functions import Now

from agents import ledger, reasons
from agents.models import Action, Agent, Autonomy, Tool, TrustScore, User
from agents.prepared import prepared

CLEAN, WRONG = Action.Evidence.CLEAN, Action.Evidence.WRONG
LOWEST, HIGHEST = -50, 100
APPROVED, REJECTED, GOOD, BAD = 10, -20, 5, -5  # hundredths
EARNED = ("hundredths", "clean_since", "wrong_since", "granted_at")
DOUBT = 0.05  # one-sided 95 %
FAR = 1_000_000

# One statement, so that a decision costs one more query and two claims at once lose nothing.
_MOVE = """
INSERT INTO agents_trustscore AS t (agent_id, tool_id, agent_version, tool_version, hundredths,
    clean_ever, wrong_ever, clean_since, wrong_since)
VALUES (%(agent)s, %(tool)s, %(agent_version)s, %(tool_version)s, %(points)s, %(first_clean)s, %(wrong)s,
    %(clean_since)s, %(wrong_since)s)
ON CONFLICT (agent_id, tool_id, agent_version, tool_version) DO UPDATE SET
    hundredths = CASE WHEN t.hundredths + %(points)s < %(lowest)s THEN %(lowest)s
        WHEN t.hundredths + %(points)s > %(highest)s THEN %(highest)s ELSE t.hundredths + %(points)s END,
    clean_ever = t.clean_ever + %(clean)s, wrong_ever = t.wrong_ever + %(wrong)s,
    clean_since = t.clean_since * %(keep)s + %(clean_since)s, wrong_since = t.wrong_since * %(keep)s + %(wrong_since)s
RETURNING id, agent_id, tool_id, hundredths, clean_ever, wrong_ever, clean_since, wrong_since, offered_at, granted_at
"""


def _nothing(_tool: Tool) -> bool:
    return False


@dataclass(frozen=True)
class Terms:
    """What policy says: below which share of wrong actions an agent may act alone, and whether that needs an admin.

    `spares`: whether trust can spare a question about this tool at all. Where nobody says so, nothing is granted.
    """

    limit: float = 0.20
    automatic: bool = True
    spares: Callable[[Tool], bool] = field(default=_nothing, compare=False)

    def reached(self, row: TrustScore, tool: Tool) -> bool:
        """Whether the evidence of a row buys anything with its tool."""
        return bounded(row) < self.limit and self.spares(tool)

    @classmethod
    def of(cls, thresholds: Mapping[str, Any]) -> "Terms":
        """Read from a policy; what cannot be read grants nothing by itself."""
        limit, graduation = thresholds.get("trust_limit", cls.limit), thresholds.get("graduation", "automatic")
        known = isinstance(limit, int | float) and 0 < limit < 1
        return cls(float(limit) if known else 0.0, graduation == "automatic")


@lru_cache(maxsize=4_096)
def bound(wrong: int, total: int) -> float:
    """The share of wrong actions that is exceeded with 5 % doubt at most: Clopper-Pearson, one-sided; 1.0 knows nothing."""
    if wrong >= total:
        return 1.0
    low, high = wrong / total, 1.0
    for _halving in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(wrong, total, middle) > DOUBT else (low, middle)
    return high


def proven(wrong: int, total: int, limit: float) -> bool:
    """Whether the bound lies below the limit."""
    return total > 0 and wrong / total < limit and _at_most(wrong, total, limit) < DOUBT


def missing(row: TrustScore, limit: float) -> int | None:
    """How many more clean actions prove it, none of them wrong; None where no number does."""
    total = row.clean_since + row.wrong_since
    if not proven(row.wrong_since, total + FAR, limit):
        return None
    low, high = -1, FAR
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if proven(row.wrong_since, total + middle, limit) else (middle, high)
    return high


@dataclass(frozen=True)
class Standing:
    """What was earned, and how far an admin lets it go at most."""

    row: TrustScore
    ceiling: int = Autonomy.ACTS


def of(action: Action) -> Standing:
    """Where the versions that proposed this action stand now; nothing where nothing was earned yet. One query."""
    if action.tool_id is None:
        return Standing(TrustScore())
    return read(action, _standing(**_versions(action))[0])


def columns(agent_id: int, tool_id: int, agent_version: str, tool_version: str) -> dict[str, Subquery]:
    """What `read` reads, to come along with another row."""
    mine = {"agent": agent_id, "tool": tool_id, "agent_version": agent_version, "tool_version": tool_version}
    earned = TrustScore.objects.filter(**mine)
    return {
        "of_tool": Subquery(Tool.objects.filter(pk=tool_id).values("ceiling")),
        "of_agent": Subquery(Agent.objects.filter(pk=agent_id).values("ceiling")),
        **{name: Subquery(earned.values(name)) for name in EARNED},
    }


def read(action: Action, row: Any) -> Standing:
    """The standing that the `columns` of a row tell; nothing where no tool is known."""
    if action.tool_id is None:
        return Standing(TrustScore())
    found = {name: value for name in EARNED if (value := getattr(row, name)) is not None}
    return Standing(TrustScore(**_versions(action), **found), min(row.of_tool, row.of_agent))


@prepared
def _standing(agent_id: int, tool_id: int, agent_version: str, tool_version: str) -> QuerySet[Tool]:
    told = columns(agent_id, tool_id, agent_version, tool_version)
    return Tool.objects.filter(pk=tool_id).only("pk").annotate(**told)


def bounded(row: TrustScore) -> float:
    """The bound by the evidence since the last bad action."""
    return bound(row.wrong_since, row.wrong_since + row.clean_since)


def alone(row: TrustScore, terms: Terms) -> bool:
    """Whether evidence lets the agent act alone at medium risk, and whoever has to agree has agreed."""
    return row.granted_at is not None and bounded(row) < terms.limit


# The verbs. Each sets `action.evidence`; the caller, who holds the locks of task and action, writes it with its move.


def claimed(action: Action, terms: Terms) -> None:
    """A person approved the action and it is about to run. Counts once, and not when a person had edited it."""
    if not action.evidence:
        action.evidence = CLEAN
        _move(action, terms, APPROVED, clean=1)


def rejected(action: Action, terms: Terms) -> None:
    _move(action, terms, REJECTED, wrong=_found_wrong(action), restart=True)


def edited(action: Action, terms: Terms) -> None:
    """A person changed the action before it ran: not right yet. It earns nothing and loses nothing."""
    if first := _found_wrong(action):
        _move(action, terms, 0, wrong=first)


def rated(action: Action, terms: Terms, *, good: bool) -> None:
    """A person said of what ran that it was good or bad."""
    if good:
        _move(action, terms, GOOD)
        return
    was_clean = action.evidence == CLEAN
    _move(action, terms, BAD, clean=-1 if was_clean else 0, wrong=_found_wrong(action), restart=True)


def grant(row: TrustScore, terms: Terms, person: User, by: ledger.Actor) -> bool:
    """An admin agrees that the agent acts alone. False: the evidence no longer reaches, or buys nothing here."""
    waiting = TrustScore.objects.select_for_update().select_related("agent", "tool")
    row = waiting.get(pk=row.pk)
    outdated = (row.agent_version, row.tool_version) != (row.agent.version, row.tool.version)
    if row.granted_at or outdated or not terms.reached(row, row.tool):
        return False
    TrustScore.objects.filter(pk=row.pk).update(granted_at=Now(), granted_by=person, offered_at=None)
    _tell("trust.graduated", row, by, terms)
    return True


def weigh(terms: Terms) -> None:
    """Weigh again what today's versions have earned, by terms that just came into force."""
    of_today = Q(agent_version=F("agent__version"), tool_version=F("tool__version"))
    touched = Q(clean_since__gt=0) | Q(granted_at__isnull=False) | Q(offered_at__isnull=False)
    rows = TrustScore.objects.select_for_update(of=("self",)).select_related("agent", "tool")
    for row in rows.filter(of_today, touched).order_by("pk"):
        _settle(row, row.tool, None, terms)


def outgrown(tool: Tool | None = None) -> None:
    """Take back what earlier versions were granted: in the transaction that wrote the new version of a tool or an agent."""
    of_today = Q(agent_version=F("agent__version"), tool_version=F("tool__version"))
    held = Q(granted_at__isnull=False) | Q(offered_at__isnull=False)
    rows = TrustScore.objects.select_for_update(of=("self",)).select_related("agent", "tool").filter(~of_today, held)
    for row in (rows.filter(tool=tool) if tool else rows).order_by("pk"):
        TrustScore.objects.filter(pk=row.pk).update(granted_at=None, granted_by=None, offered_at=None)
        kind = "trust.demoted" if row.granted_at else "trust.withdrawn"
        _tell(kind, row, ledger.GATE, None, reason=_why_outgrown(row))


def _why_outgrown(row: TrustScore) -> str:
    if row.tool_version != row.tool.version:
        return f"{reasons.TOOL_OUTGROWN}: {row.tool_version} → {row.tool.version}"
    return f"{reasons.AGENT_OUTGROWN}: {row.agent_version} → {row.agent.version}"


def _found_wrong(action: Action) -> int:
    """Mark the action wrong; 1 where it was not yet."""
    first = action.evidence != WRONG
    action.evidence = WRONG
    return int(first)


def _versions(action: Action) -> dict[str, Any]:
    return {
        "agent_id": action.agent_id,
        "tool_id": action.tool_id,
        "agent_version": action.task.agent_version,
        "tool_version": action.tool_version,
    }


def _move(action: Action, terms: Terms, points: int, *, clean: int = 0, wrong: int = 0, restart: bool = False) -> None:
    if action.tool is None:
        return  # nobody knows what was called, so nothing can be earned with it
    versions = _versions(action)
    values = {name.removesuffix("_id"): value for name, value in versions.items()}
    # What restarts the count is not part of it.
    since = {"clean_since": 0 if restart else clean, "wrong_since": 0 if restart else wrong, "keep": int(not restart)}
    values |= {"points": points, "clean": clean, "first_clean": max(clean, 0), "wrong": wrong, **since}
    row = next(iter(TrustScore.objects.raw(_MOVE, values | {"lowest": LOWEST, "highest": HIGHEST})))
    _settle(row, action.tool, action, terms)


def _settle(row: TrustScore, tool: Tool, action: Action | None, terms: Terms) -> None:
    """Give or take back autonomy as the evidence now says. Taking back asks nobody."""
    reached, rows = terms.reached(row, tool), TrustScore.objects.filter(pk=row.pk)
    if not reached and (row.granted_at or row.offered_at):
        rows.update(granted_at=None, granted_by=None, offered_at=None)
        _tell("trust.demoted" if row.granted_at else "trust.withdrawn", row, ledger.GATE, terms, action)
    elif not reached or row.granted_at or (action and _outdated(action)):
        return  # what it did before a change grants nothing any more
    elif terms.automatic:
        rows.update(granted_at=Now(), offered_at=None)
        _tell("trust.graduated", row, ledger.GATE, terms, action)
    elif not row.offered_at:
        rows.update(offered_at=Now())
        _tell("trust.offered", row, ledger.GATE, terms, action)


def _outdated(action: Action) -> bool:
    """Whether its agent or its tool is another version by now."""
    tool = action.tool
    return action.task.agent_version != action.agent.version or bool(tool and tool.version != action.tool_version)


def _tell(
    kind: str, row: TrustScore, by: ledger.Actor, terms: Terms | None, action: Action | None = None, reason: str = ""
) -> None:
    """One Event with the evidence as it stood."""
    detail = {
        "agent": row.agent.slug, "tool": row.tool.name, "score": row.score, "clean": row.clean_ever,
        "wrong": row.wrong_ever, "clean_since": row.clean_since, "wrong_since": row.wrong_since,
        "bound": round(bounded(row), 4), **({"limit": terms.limit} if terms else {}),
    }  # fmt: skip
    if kind == "trust.graduated" and (ceiling := min(row.agent.ceiling, row.tool.ceiling)) < Autonomy.ACTS:
        detail["ceiling"] = ceiling  # what was earned holds once an admin lifts it
    ledger.record(kind, by, action=action, reason=reason, detail=detail, whose=row.agent_id)


def _at_most(most: int, total: int, share: float) -> float:
    """The chance of at most `most` hits in `total` tries. `share` is not below most / total: terms fall from the last."""
    if share >= 1.0:
        return 0.0
    ways = math.lgamma(total + 1) - math.lgamma(most + 1) - math.lgamma(total - most + 1)
    term = math.exp(ways + (most * math.log(share) if most else 0.0) + (total - most) * math.log1p(-share))
    found, hits = term, most
    while hits and term > found * 1e-17:
        term *= hits / (total - hits + 1) * (1 - share) / share
        found, hits = found + term, hits - 1
    return found
