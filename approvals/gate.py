"""Before the human: judge what an agent proposes, ask, and check again at the last moment. Fails closed."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from django.db.models import QuerySet

from agents import leases, ledger, payloads, proposals, reasons, states, tools, trust
from agents.clock import NOW, later
from agents.models import Action, ActionVersion
from agents.prepared import insert, prepared, update
from agents.states import A
from agents.transactions import whole
from approvals import evidence, judgement, policy, precedents, risk, tiers
from approvals.models import Approval, Tier, Verdict
from approvals.thresholds import Thresholds

logger = logging.getLogger(__name__)
ANSWER_MINUTES = 4 * 60
# No agent can tell what of that which ran alone is looked at afterwards.
_random = SystemRandom()


def submit(action: Action, asked: ActionVersion) -> Verdict:
    """Judge a proposed action and put the verdict into force, in the caller's transaction."""
    verdict = judgement.judge(action, asked)
    _enact(action, asked, verdict)
    # Counted when it is asked for: many small ones that wait side by side are one large one, too.
    precedents.count(action.agent, evidence.clock(action), verdict.facts)
    return verdict


def weigh(action: Action, asked: ActionVersion) -> Verdict:
    """Judge a proposed action as `submit` does, and let nothing follow from it."""
    verdict = judgement.judge(action, asked)
    precedents.count(action.agent, evidence.clock(action), verdict.facts)
    return verdict


def resubmit(
    action: Action,
    made: proposals.Draft,
    *,
    by: ledger.Actor,
    editor: Any = None,
    reason: str = "",
    settled: Iterable[str] = (),
) -> Approval | None:
    """Put a next version of an action before people, never under a lower tier or a softer outcome than before.

    `settled`: the doubts that a person has just answered; no later version is a question for them alone.
    None: the new version is blocked, and so the action is.
    """
    floor = action.verdicts.select_related("tier", "policy").latest("version")
    before = action.approvals.select_related("tier").order_by("-pk").first()
    close(action, Approval.State.STALE)
    changes = proposals.columns(action, made)
    states.move(
        action,
        action.state,
        A.PENDING,
        by=by,
        reason=reason,
        about={"detail": {"to_version": changes["version"]}},
        evidence=action.evidence,
        **changes,
    )
    asked = proposals.store(action, made, editor=editor)
    at = evidence.clock(action)
    precedents.discount(action.agent, at, floor.facts)
    verdict = judgement.judge(action, asked, floor, settled)
    precedents.count(action.agent, at, verdict.facts)
    if verdict.outcome == policy.BLOCK:
        _enact(action, asked, verdict)
        leases.wake(action.task_id)
        return None
    return _open(action, asked, verdict, before.tier if before else None)


def refine(action: Action, made: proposals.Draft | None, *, restated: bool, problem: str = "") -> None:
    """Judge what an agent made of a person's answer. Where it says anew how sure it is, that counts; else it is settled."""
    if made is None:
        close(action, Approval.State.CANCELLED)
        states.move(action, A.PENDING, A.BLOCKED, by=ledger.GATE, reason=problem)
        return
    settled = [doubt for doubt in risk.DOUBTS if not (restated and doubt == risk.CONFIDENCE)]
    resubmit(action, made, by=ledger.agent(action.agent), settled=settled)


def redrafted(action: Action, made: proposals.Draft) -> Approval | None:
    """Put another draft before people: a new version as every other, and nobody has settled what is doubtful about it."""
    return resubmit(action, made, by=ledger.agent(action.agent))


def ended(action: Action) -> None:
    """Queue what ran alone for a look afterwards: what the verdict says, and a random sample of the rest."""
    if action.evidence:
        return  # people decided about it before it ran
    verdict = next(iter(_ran_alone(action.pk, action.version)), None)
    if verdict is None:
        return
    share = Thresholds.of(verdict.policy.thresholds).sampled
    if verdict.outcome == policy.REVIEW_AFTER or _random.random() < share:
        asked = ActionVersion.objects.get(action=action, version=action.version)
        Approval.objects.create(
            action=action, asked=asked, verdict=verdict, tier=Tier.objects.get(level=verdict.level),
            kind=Approval.Kind.REVIEW, urgency=NOW,
        )  # fmt: skip


@prepared
def _ran_alone(action_id: int, version: int) -> QuerySet[Verdict]:
    alone = Verdict.objects.filter(action=action_id, version=version, outcome__in=policy.ALONE)
    return alone.select_related("policy")


def clear(action: Action) -> bytes | None:
    """The final gate, inside the claim's transaction: the bytes that may run. None: where it goes instead is written."""
    approval = next(iter(_asked(action.pk, action.version)), None)
    if approval:
        asked, verdict = approval.asked, approval.verdict
    else:
        asked = ActionVersion.objects.get(action=action, version=action.version)
        verdict = Verdict.objects.select_related("policy").get(action=action, version=action.version)
    if payloads.digest(bytes(asked.body)) != action.digest or not _tool_runs(action):
        _block(action, reasons.NOT_WHAT_WAS_APPROVED)
    elif action.tool and action.tool.version != action.tool_version:
        ask_again(action, asked, reasons.TOOL_CHANGED)
    elif judgement.stricter_now(action, asked, verdict):
        ask_again(action, asked, _why_again(verdict))
    elif verdict.outcome not in (Verdict.Outcome.APPROVE, Verdict.Outcome.INPUT):
        precedents.ran(action, verdict)
        return bytes(asked.body)
    elif _voices_hold(action, approval):
        precedents.ran(action, verdict)
        trust.claimed(action, judgement.terms(verdict))
        return bytes(asked.body)
    return None


@prepared
def _asked(action_id: int, version: int) -> QuerySet[Approval]:
    """Of the kinds that a version is asked about before it runs; one that ran alone was never asked about."""
    questions = Approval.objects.select_related("asked", "tier", "verdict__policy")
    return questions.filter(action=action_id, asked__version=version, kind=Approval.Kind.APPROVE)


def _why_again(verdict: Verdict) -> str:
    if verdict.outcome in policy.ALONE and verdict.policy.active:
        return reasons.TRUST_LOST
    return reasons.POLICY_STRICTER


@whole
def recount(action_id: int) -> None:
    """Count the voices of an approved action again: without enough of them it goes back to people at once."""
    leases.lock(Action.objects.values_list("task_id", flat=True).get(pk=action_id))
    action = Action.objects.select_related("task", "agent", "tool").filter(pk=action_id, state=A.APPROVED).first()
    if action and (approval := action.approvals.filter(state=Approval.State.SATISFIED).first()):
        _voices_hold(action, approval)


def ask_again(action: Action, asked: ActionVersion, reason: str, *, by: ledger.Actor = ledger.GATE) -> None:
    """Back to people under a new version of the same arguments, in the caller's transaction; every earlier voice is stale."""
    try:
        made = replace(proposals.redraft(action, asked, payloads.arguments(bytes(asked.body))), question=asked.question)
    except payloads.Refused as refusal:  # the tool changed so far that these arguments can no longer be asked about
        _block(action, f"{reason}: {refusal}")
        return
    resubmit(action, made, by=by, editor=asked.editor, reason=reason)


def settle(action: Action) -> None:
    """Ask people what became of an action whose outcome nobody knows: at least a senior, at critical two people."""
    asked = ActionVersion.objects.get(action=action, version=action.version)
    verdict = Verdict.objects.get(action=action, version=action.version)
    level = policy.stricter(risk.LEVELS, risk.HIGH, verdict.level)
    close(action, Approval.State.SATISFIED)
    Approval.objects.create(
        action=action, asked=asked, verdict=verdict, tier=Tier.objects.get(level=level),
        kind=Approval.Kind.SETTLE, urgency=NOW,
    )  # fmt: skip


def settled(action: Action) -> None:
    """Take back the question what became of an action: its tool could tell."""
    close(action, Approval.State.CANCELLED)
    if action.state == A.SUCCEEDED:
        ended(action)


@whole
def expire(approval: Approval) -> None:
    """Let the clock decide: up one tier where the tier says so, else the end. Never an approval."""
    action = approval.action
    # The parent rows first: the locks that a voice coming in at this moment takes, too.
    leases.lock(action.task_id)
    due = Approval.objects.filter(pk=approval.pk, state=approval.state, deadline__lte=NOW)
    if not due.exists():
        return
    answered = approval.state == Approval.State.ANSWERED
    if not answered and approval.at_zero == Tier.AtZero.HAND_UP and (above := tier_above(approval.tier)):
        time = _time(above, approval.verdict)
        _up(approval, above, by=ledger.CLOCK, deadline=later(time), urgency=later(time / above.weight))
        return
    due.update(state=Approval.State.EXPIRED, closed_at=NOW)
    # Not FAILED: nothing ran, so nothing has to be repaired.
    reason = reasons.NOTHING_MADE if answered else reasons.NOBODY_ANSWERED
    states.move(action, A.PENDING, A.EXPIRED, by=ledger.CLOCK, reason=reason, about=_about(approval))
    leases.wake(action.task_id)


def hand_up(approval: Approval, above: Tier, *, at: datetime, by: ledger.Actor, note: str) -> None:
    """Let a higher tier answer, in the caller's transaction. The deadline stays; `at` is now."""
    left = approval.deadline - at if approval.deadline else timedelta()
    _up(approval, above, by=by, note=note, urgency=at + left / above.weight)


def _up(approval: Approval, above: Tier, *, by: ledger.Actor, note: str = "", **times: Any) -> None:
    changes = {"tier": above.pk, "handed_to": None, "at_zero": approval.verdict.at_zero or above.at_zero, **times}
    update(Approval, {"pk": approval.pk}, changes)
    ledger.record("approval.handed_up", by, action=approval.action, tier=above.level, reason=note)


def withdraw(action: Action, *, by: ledger.Actor, reason: str) -> None:
    """Take back an action that did not start, together with its question, in the caller's transaction."""
    close(action, Approval.State.CANCELLED)
    states.move(action, action.state, A.CANCELLED, by=by, reason=reason)


def close(action: Action, state: str) -> None:
    """End whatever question is open or answered about this action, together with the action."""
    live = (Approval.State.OPEN, Approval.State.SATISFIED, Approval.State.ANSWERED)
    update(Approval, {"action": action.pk, "state__in": live}, {"state": state, "closed_at": NOW})


def _enact(action: Action, asked: ActionVersion, verdict: Verdict) -> None:
    about = {"policy_version": verdict.policy.version, "tier": verdict.level, "detail": {"outcome": verdict.outcome}}
    level = verdict.level
    if verdict.outcome == policy.BLOCK:
        reason = "; ".join(verdict.facts["problems"]) or reasons.FORBIDDEN
        states.move(action, action.state, A.BLOCKED, by=ledger.GATE, reason=reason, about=about, level=level)
    elif verdict.outcome in (policy.AUTO, policy.REVIEW_AFTER):
        held: dict[str, Any] = (
            {"hold_until": later(timedelta(seconds=verdict.hold_seconds))} if verdict.hold_seconds else {}
        )
        states.move(action, action.state, A.APPROVED, by=ledger.GATE, about=about, level=level, **held)
    else:
        states.move(action, action.state, A.PENDING, by=ledger.GATE, about=about, level=level)
        _open(action, asked, verdict)


def _open(action: Action, asked: ActionVersion, verdict: Verdict, least: Tier | None = None) -> Approval:
    """Ask people. `least`: the tier that was asked about the version before, which may have been handed up."""
    kind = Approval.Kind.INPUT if verdict.outcome == policy.INPUT else Approval.Kind.APPROVE
    tier = verdict.tier or Tier.objects.get(level=verdict.level)
    if least and least.weight > tier.weight:
        tier = least
    if action.level != verdict.level:
        update(Action, {"pk": action.pk}, {"level": verdict.level})
    time = _time(tier, verdict)
    # The urgency is stored, so that the queue sorts by an index: higher stakes come up sooner within their time.
    question = Approval(
        action=action, asked=asked, verdict=verdict, tier=tier, kind=kind,
        deadline=later(time), at_zero=verdict.at_zero or tier.at_zero, urgency=later(time / tier.weight),
    )  # fmt: skip
    return insert(question)


def _time(tier: Tier, verdict: Verdict) -> timedelta:
    """The time to answer: a question's, or else the tier's, or a rule's where that is shorter."""
    own = ANSWER_MINUTES if verdict.outcome == policy.INPUT else tier.deadline_minutes
    return timedelta(minutes=min(own, verdict.deadline_minutes or own))


def tier_above(tier: Tier) -> Tier | None:
    """The next higher tier; None at the top."""
    return Tier.objects.filter(weight__gt=tier.weight).order_by("weight").first()


def _about(approval: Approval) -> dict[str, Any]:
    return {"tier": approval.tier.level}


def _tool_runs(action: Action) -> bool:
    return bool(action.tool and action.tool.enabled and tools.runs(action.tool))


def _block(action: Action, reason: str) -> None:
    close(action, Approval.State.CANCELLED)
    states.move(action, A.APPROVED, A.BLOCKED, by=ledger.GATE, reason=reason)
    leases.wake(action.task_id)


def _voices_hold(action: Action, approval: Approval | None) -> bool:
    """Count again: the voices of people who are eligible at this moment, none of them too old."""
    if approval is None:
        _block(action, reasons.NEVER_ASKED)
        return False
    agreed, fresh = tiers.agreed(approval)
    if tiers.filled(approval, fresh):
        return True
    if tiers.filled(approval, agreed):
        close(action, Approval.State.EXPIRED)
        states.move(action, A.APPROVED, A.EXPIRED, by=ledger.GATE, reason=reasons.VOICES_OLD, about=_about(approval))
        leases.wake(action.task_id)
    else:
        ask_again(action, approval.asked, reasons.VOICE_LOST)
    return False
