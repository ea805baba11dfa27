"""The judgement of one version: what the rows say, what the policy in force makes of it, kept as a verdict."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet

from agents import ledger, payloads, trust
from agents.models import Action, ActionVersion
from agents.prepared import insert, prepared
from agents.reasons import in_english
from approvals import autonomy, evidence, policy, risk, rules
from approvals.models import Policy, Tier, Verdict
from approvals.vocabulary import Subject

logger = logging.getLogger(__name__)


@in_english
def judge(action: Action, asked: ActionVersion, floor: Verdict | None = None, settled: Iterable[str] = ()) -> Verdict:
    """Assess and route one version and keep what was seen; an error in here is critical, never less."""
    (active,) = _in_force(action.agent_id, action.tool_id or 0, action.task.agent_version, action.tool_version)
    try:
        earned_now = _earned(trust.read(action, active), active)
        known: dict[str, Any] = {"settled": _settled(floor, settled), "trust": earned_now}
        proposal = replace(evidence.proposal(action, asked), **known)
        assessment, earned = risk.assess(proposal), policy.Trust.of(proposal)
        ruling = policy.route(assessment, earned, rules.stored(active.rules), _subject(action, asked))
        score = assessment.score
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 -- judgement that fails in any way is critical, never less
        logger.warning("the gate could not judge action %s: %s", action.pk, type(error).__name__)
        proposal = risk.Proposal(action.tool_name, known=False, confidence=action.confidence)
        ruling, score = policy.broken(type(error).__name__), 1.0
    if floor:
        answered = floor.outcome == policy.INPUT and settled
        outcome = policy.APPROVE if answered else floor.outcome
        ruling = ruling.not_below(floor.level, outcome, floor.tier.level if floor.tier else "")
    _tell_admins(action, active, ruling)
    asks = ruling.outcome in (policy.APPROVE, policy.INPUT)
    return insert(
        Verdict(
            action=action,
            version=asked.version,
            facts=proposal.facts(),
            score=score,
            level=ruling.level,
            reasons=[{"text": reason.text, "values": reason.values} for reason in ruling.reasons],
            outcome=ruling.outcome,
            tier=_tier(ruling.tier)[0] if asks else None,
            deadline_minutes=ruling.demand.deadline_minutes,
            at_zero=ruling.demand.at_zero,
            hold_seconds=ruling.demand.hold_seconds or 0,
            policy=active,
        )
    )


def terms(verdict: Verdict) -> trust.Terms:
    """What the policy in force asks of trust, whichever made the verdict."""
    return autonomy.terms(_today(verdict).thresholds)


def stricter_now(action: Action, asked: ActionVersion, verdict: Verdict) -> bool:
    """Whether the active policy gives the stored facts a higher level, outcome or tier than was ruled.

    What runs alone is ruled by the trust of this moment; what people approved needs none.
    """
    alone, facts = verdict.outcome in policy.ALONE, verdict.facts
    if verdict.policy.active and not alone:
        return False
    active = _today(verdict)
    earned = _earned(trust.of(action), active) if alone else facts.get("trust", {})
    if verdict.policy.active and earned == facts.get("trust"):
        return False
    proposal = risk.Proposal(**facts | {"trust": earned})
    assessment, weighed = risk.assess(proposal), policy.Trust.of(proposal)
    ruling = policy.route(assessment, weighed, rules.stored(active.rules), _subject(action, asked))
    tier = verdict.tier.level if verdict.tier else ""
    raised = ruling.not_below(verdict.level, verdict.outcome, tier)
    asks = raised.outcome in (policy.APPROVE, policy.INPUT)
    return (raised.level, raised.outcome) != (verdict.level, verdict.outcome) or (asks and raised.tier != tier)


def _today(verdict: Verdict) -> Policy:
    return verdict.policy if verdict.policy.active else _active()[0]


@prepared
def _active() -> QuerySet[Policy]:
    return Policy.objects.filter(active=True)


@prepared
def _in_force(agent_id: int, tool_id: int, agent_version: str, tool_version: str) -> QuerySet[Policy]:
    """The active policy, and what was earned under it: both are asked about every proposal."""
    return Policy.objects.filter(active=True).annotate(**trust.columns(agent_id, tool_id, agent_version, tool_version))


@prepared
def _tier(level: str) -> QuerySet[Tier]:
    return Tier.objects.filter(level=level)


def _earned(standing: trust.Standing, active: Policy) -> dict[str, Any]:
    """The trust that judgement weighs. Evidence that nobody granted, where policy wants that, is no evidence."""
    row, asked = standing.row, trust.Terms.of(active.thresholds)
    bound = trust.bounded(row) if trust.alone(row, asked) else 1.0
    counts = {"clean": row.clean_since, "wrong": row.wrong_since}
    return {
        "score": row.score, **counts, "bound": round(bound, 4), "limit": asked.limit, "ceiling": standing.ceiling,
    }  # fmt: skip


def _settled(floor: Verdict | None, settled: Iterable[str]) -> list[str]:
    """Doubts that a person has answered, now or about an earlier version."""
    return sorted({*(floor.facts.get("settled", []) if floor else ()), *settled})


def _tell_admins(action: Action, active: Policy, ruling: policy.Ruling) -> None:
    """Keep which rules gave no answer, or took too long for one."""
    for trouble in ruling.found.troubles:
        detail = {"rule": trouble.rule, "problem": trouble.problem, "cpu_ms": round(trouble.cpu_seconds * 1_000, 1)}
        ledger.record("policy.rule_failed", ledger.GATE, action=action, policy_version=active.version, detail=detail)


def _subject(action: Action, asked: ActionVersion) -> Subject:
    return Subject(action.agent.slug, payloads.arguments(bytes(asked.body)))
