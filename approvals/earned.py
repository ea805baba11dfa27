"""What an agent has earned with each of its tools, and what it would have done alone: for its page."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Now

from agents import payloads, trust
from agents.models import Action, ActionVersion, Agent, Autonomy, Event, Tool, TrustScore
from approvals import autonomy, policy, risk, rules, thresholds, trials
from approvals.models import Policy, Verdict
from approvals.rules import Rule
from approvals.vocabulary import Subject, words

DAYS = 30
LOOKED_AT = 2_000
REMEMBERED = 50_000
Key = tuple[int, datetime, int]
TOLD = 10
KINDS = ("trust.graduated", "trust.demoted", "trust.offered", "trust.withdrawn", "autonomy.ceiling")


@dataclass(frozen=True)
class Rung:
    """One tool of an agent: what it has earned with it in the versions of today."""

    tool: Tool
    row: TrustScore
    terms: trust.Terms
    level: Autonomy
    would: int
    asked: int
    capped: bool = False
    always: tuple[str, ...] = ()

    @property
    def bound_percent(self) -> float:
        """The bound now, with one decimal: rounded up, unless that alone would say that the limit is not kept."""
        found = 1_000 * trust.bounded(self.row)
        told = math.ceil(found)
        return (math.floor(found) if found < 1_000 * self.terms.limit <= told else told) / 10

    @property
    def limit_percent(self) -> int | float:
        return thresholds.percent(self.terms.limit)

    @property
    def missing(self) -> int | None:
        return trust.missing(self.row, self.terms.limit)

    @property
    def alone(self) -> bool:
        return trust.alone(self.row, self.terms)

    @property
    def looked_at(self) -> int:
        """How many questions of the agent are judged again at most."""
        return LOOKED_AT

    @property
    def waits_for_admin(self) -> bool:
        """The evidence reaches; whoever has to agree has not yet."""
        return not self.alone and self.missing == 0

    @property
    def ceiling(self) -> Autonomy | None:
        """The ceiling that holds it where it is, if one does."""
        held = min(self.row.agent.ceiling, self.tool.ceiling)
        return Autonomy(held) if held < Autonomy.ACTS else None

    @property
    def up_to(self) -> float:
        return autonomy.alone_up_to(self.row)


def ladder(agent: Agent) -> list[Rung]:
    """Each tool with an effect that this agent has used of late or decided about, the most decided first."""
    active = Policy.objects.get(active=True)
    terms, past = trust.Terms.of(active.thresholds), replayed(agent, active)
    scores = TrustScore.objects.filter(agent=agent, agent_version=agent.version)
    rows = {(row.tool_id, row.tool_version): row for row in scores}
    used = Action.objects.filter(agent=agent, created_at__gte=Now() - timedelta(days=DAYS)).values("tool")
    rungs = []
    decided = [tool for tool, _version in rows]
    for tool in Tool.objects.filter(Q(pk__in=used) | Q(pk__in=decided)).order_by("name"):
        if tool.effect.get("read_only"):
            continue
        row = rows.get((tool.pk, tool.version)) or TrustScore(tool=tool)
        row.agent = agent
        level = autonomy.level(row, terms, min(agent.ceiling, tool.ceiling))
        asked, would, always = past.asked[tool.pk], past.would[tool.pk], autonomy.why_always(tool)
        rungs.append(Rung(tool, row, terms, level, would, asked, past.capped, always))
    return sorted(rungs, key=lambda rung: -(rung.row.clean_ever + rung.row.wrong_ever))


def changes(agent: Agent, rungs: list[Rung]) -> list[Event]:
    """The newest graduations, demotions and ceilings of an agent and of its tools."""
    tools = Q(detail__tool__in=[rung.tool.name for rung in rungs], kind="autonomy.ceiling")
    found = Event.objects.filter(Q(detail__agent=agent.slug) | tools, kind__in=KINDS)
    return list(found.select_related("action").order_by("-pk")[:TOLD])


@dataclass(frozen=True)
class Replay:
    """What a fully trusted agent would not have asked in the last days, by tool. `capped`: the newest of them only."""

    asked: Counter[int]
    would: Counter[int]
    capped: bool


def replayed(agent: Agent, active: Policy) -> Replay:
    """All questions of the last days, counted; those that trust could spare at all, judged again. Four queries at most."""
    since = Now() - timedelta(days=DAYS)
    rows = Verdict.objects.filter(action__agent=agent, outcome=Verdict.Outcome.APPROVE, created_at__gte=since)
    asked = Counter({tool or 0: count for tool, count in rows.values_list("action__tool").annotate(Count("pk"))})
    # The score is that of the action alone, whatever rules lifted it to: above medium nothing is ever spared.
    near = rows.filter(score__lte=autonomy.MEDIUM_ENDS).order_by("-pk")[: LOOKED_AT + 1]
    found = list(near.values_list("pk", "created_at", "action__tool"))
    keys = {pk: (pk, at, active.pk) for pk, at, _tool in found[:LOOKED_AT]}
    known = {pk: _judged[key] for pk, key in keys.items() if key in _judged}
    known |= _judge([pk for pk in keys if pk not in known], agent, active)
    _remember({keys[pk]: spared for pk, spared in known.items()})
    would = Counter(tool or 0 for pk, _at, tool in found[:LOOKED_AT] if known.get(pk))
    return Replay(asked, would, len(found) > LOOKED_AT)


# Verdicts and policies never change, so this process judges none twice: the page is drawn at every news of its agent.
_judged: dict[Key, bool] = {}


def _remember(answers: dict[Key, bool]) -> None:
    if len(_judged) > REMEMBERED:
        _judged.clear()
    _judged.update(answers)


def _judge(missing: list[int], agent: Agent, active: Policy) -> dict[int, bool]:
    """Whether each of these verdicts would be none that asks, were the agent trusted in full."""
    if not missing:
        return {}
    rows = list(Verdict.objects.filter(pk__in=missing).values_list("pk", "action_id", "version", "facts"))
    stored, memory = rules.stored(active.rules), trials.Memory()
    bodies = _bodies([row[1] for row in rows], stored)
    subjects = {row[0]: Subject(agent.slug, bodies.get(row[1:3], {})) for row in rows}
    return {row[0]: _spared(row[3], subjects[row[0]], stored, memory) for row in rows}


def _spared(facts: dict[str, Any], subject: Subject, stored: tuple[Rule, ...], memory: trials.Memory) -> bool:
    assessment = risk.assess(risk.Proposal(**facts))
    if policy.default_outcome(assessment, autonomy.TRUSTED)[0] not in policy.ALONE:
        return False  # no rule makes it milder, so none is asked
    told = words(assessment, subject)
    found = rules.join((rule, memory.ask(rule, told)) for rule in stored)
    return policy.combine(assessment, autonomy.TRUSTED, found).outcome in policy.ALONE


def _bodies(actions: list[int], stored: tuple[Rule, ...]) -> dict[tuple[int, int], dict[str, Any]]:
    """The arguments of those versions, where a rule asks about arguments."""
    if not any("arguments" in rule.when for rule in stored):
        return {}
    versions = ActionVersion.objects.filter(action__in=actions)
    found = versions.values_list("action_id", "version", "body")
    return {(action, version): payloads.arguments(bytes(body)) for action, version, body in found}
