"""Runs what was approved, once: claim, call outside any transaction, outcome under the fence of the claim.

What became of a call whose worker was lost is settled by the tool itself where it can tell, else by people.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Coalesce, Least

from agents import facts, ledger, payloads, plans, reasons, states, stops, tools
from agents.clock import NOW, later
from agents.gate import Gate
from agents.leases import LIVE, ONE_MORE, STRETCH, held, lock, wake
from agents.ledger import Actor
from agents.models import Action, ActionVersion, Task
from agents.prepared import prepared, update
from agents.states import A, Conflict, T
from agents.transactions import whole

logger = logging.getLogger(__name__)
GRACE = timedelta(seconds=5)
STEP_DONE: dict[str, Any] = {"done": Least(F("done") + 1, F("total"))}


@dataclass(frozen=True)
class Outcome:
    """How a call ended: the state it leads to, what came back, and why it failed if it did."""

    state: str
    result: Any = None
    reason: str = ""


def perform(action: Action, *, gate: Gate) -> bool:
    """Claim, call, finish. False: the action may not run (now); what holds it back is written."""
    body = _claim(action, gate)
    if body is None:
        return False
    outcome = _call(action, body)
    finish(action, action.fence, outcome, gate=gate)
    probe(action, gate=gate)
    return True


@whole
def _claim(action: Action, gate: Gate) -> bytes | None:
    """APPROVED → EXECUTING under a new fence, and the bytes to run; None with what stood in the way written."""
    task = action.task
    epoch = stops.share()
    now = _claimable(action)
    if now is None or now.stopped or not _due(now):
        return None
    now.task.agent = now.agent = task.agent
    body = gate.clear(now)
    action.state, action.reason, action.tool = now.state, now.reason, now.tool
    if body is None:
        return None
    timeout = timedelta(seconds=now.tool.timeout_seconds if now.tool else 0)
    # What becomes of this worker from here on says nothing about the plan.
    lease: dict[str, Any] = {"leased_until": later(max(STRETCH, timeout + 2 * GRACE)), "attempts": 1}
    if now.task.state == T.RUNNING:
        update(Task, {"pk": task.pk}, lease)
    else:
        states.move(task, now.task.state, T.RUNNING, by=ledger.agent(task.agent), **lease)
    states.move(
        action, A.APPROVED, A.EXECUTING, by=ledger.worker(task.leased_by), where={"fence": action.fence},
        fence=action.fence + 1, epoch=epoch, attempts=ONE_MORE, leased_by=task.leased_by,
        leased_until=later(timeout + GRACE), evidence=now.evidence,
    )  # fmt: skip
    return body


def _claimable(action: Action) -> Any:
    """The row as it is now, with its task and tool, both locked: still approved, still this worker's, or None."""
    return next(iter(_approved(action.pk, action.fence, action.digest, action.task.leased_by)), None)


@prepared
def _approved(pk: int, fence: int, digest: str, worker: str) -> QuerySet[Action]:
    rows = Action.objects.select_related("task", "tool").select_for_update(of=("task", "self"))
    return (
        rows.filter(pk=pk, state=A.APPROVED, fence=fence, digest=digest)
        .filter(task__leased_by=worker, task__state__in=LIVE)
        .defer("task__script", "task__result", "result")
        .annotate(stopped=stops.of_action(), held=Case(When(hold_until__gt=NOW, then=True), default=False))
    )


def _due(action: Any) -> bool:
    """Whether the hold is over; while it runs, the task comes back when the first of its holds ends."""
    if action.held:
        end = Value(action.hold_until)
        Task.objects.filter(pk=action.task_id).update(runnable_at=Least(Coalesce("runnable_at", end), end))
    return not action.held


def _call(action: Action, body: bytes) -> Outcome:
    """Run the tool on the cleared bytes, outside any transaction."""
    call = tools.Call(f"{action.pk}:{action.version}", action.pk, action.version, _reporter(action.task))
    try:
        if action.tool and action.tool.source == action.tool.Source.RECORDED:
            result = plans.recorded_result(action.task, action.step)
        else:
            result = tools.run(action.tool_name, payloads.arguments(body), call)
        return Outcome(A.SUCCEEDED, payloads.check(result))
    except tools.ToolFailed as error:
        return Outcome(A.FAILED, reason=str(error)[:2_000])
    except Exception as error:  # noqa: BLE001 -- whatever else a tool raises, the effect may have happened
        return Outcome(A.UNKNOWN, reason=f"{type(error).__name__}: {error}"[:2_000])


def _reporter(task: Task) -> Callable[[int, str], None]:
    """Progress is a column and a fact, no Event. Who lost the task to another worker reports none."""
    mine = Task.objects.filter(pk=task.pk, **held(task))

    def report(percent: int, note: str = "") -> None:
        if mine.update(percent=max(0, min(100, percent)), note=note[:300]):
            facts.publish({"kind": "task.progress", "task": task.pk})

    return report


def finish(action: Action, fence: int, outcome: Outcome, *, gate: Gate) -> None:
    """Write the outcome if this worker still holds the fence. A late report is kept as evidence and changes nothing."""
    by = ledger.worker(action.leased_by)
    try:
        _write_down(action, fence, outcome, gate, by)
    except Conflict:
        _late(action, by, fence, outcome)


def _late(action: Action, by: Actor, fence: int, outcome: Outcome) -> None:
    late = {"fence": fence, "state": outcome.state, "result": outcome.result}
    ledger.record("action.late_report", by, action=action, reason=outcome.reason, detail=late)


@whole
def _write_down(action: Action, fence: int, outcome: Outcome, gate: Gate, by: Actor) -> None:
    count(action, outcome.state)
    states.move(
        action, A.EXECUTING, outcome.state, by=by, reason=outcome.reason, result=outcome.result,
        where={"fence": fence, "epoch": action.epoch}, leased_until=None,
    )  # fmt: skip
    if outcome.state == A.UNKNOWN:
        gate.settle(action)
    elif outcome.state == A.SUCCEEDED:
        gate.ended(action)


def count(action: Action, state: str) -> None:
    """Take the task's row in the caller's transaction: one step may be done, and the next begins at nothing."""
    task, step = {"pk": action.task_id}, {"percent": 0, "note": "", **(STEP_DONE if state == A.SUCCEEDED else {})}
    if not update(Task, {**task, "leased_by": action.leased_by}, step):
        # Nobody goes on from here by itself: the stretch was lost while the tool ran.
        update(Task, task, step)
        wake(action.task_id)


def probe(action: Action, *, gate: Gate) -> None:
    """Look up, outside any transaction, what became of an action of unknown outcome; people are asked where that fails."""
    tool = action.tool
    if action.state != A.UNKNOWN or tool is None or not tool.may_be_probed or tool.version != action.tool_version:
        return
    if found := _found(action):
        try:
            _settle(action, found, gate)
        except Conflict:  # a person was faster
            state = _ending_of(found)
            _late(action, ledger.PROBE, action.fence, Outcome(state, found.result, found.evidence))


def _found(action: Action) -> tools.Finding | None:
    """What the tool says became of the call, if it can say so for certain."""
    call = tools.Call(f"{action.pk}:{action.version}", action.pk, action.version, _nothing)
    try:
        asked = ActionVersion.objects.get(action=action, version=action.version)
        found = tools.probe(action.tool_name, payloads.arguments(bytes(asked.body)), call)
        if found is None or not found.evidence.strip():
            return None
        found = replace(found, result=payloads.check(found.result), evidence=payloads.check(found.evidence)[:2_000])
    except Exception as error:  # noqa: BLE001 -- whatever a probe raises, people are asked anyway
        logger.warning("the probe of action %s failed: %s", action.pk, type(error).__name__)
        return None
    # A worker that was lost may still be at it: that nothing is there now is no proof.
    return None if action.reason == reasons.WORKER_LOST and not found.happened else found


def _nothing(percent: int, note: str = "") -> None:
    """A probe is no step of the task: it reports no progress."""


def _ending_of(found: tools.Finding) -> str:
    return A.SUCCEEDED if found.happened else A.FAILED


@whole
def _settle(action: Action, found: tools.Finding, gate: Gate) -> None:
    state = _ending_of(found)
    count(action, state)
    states.move(
        action, A.UNKNOWN, state, by=ledger.PROBE, reason=found.evidence, result=found.result,
        where={"fence": action.fence},
    )  # fmt: skip
    gate.settled(action)


@whole
def recover(action: Action, *, gate: Gate) -> None:
    """Settle an execution whose lease is over: back to APPROVED where the tool may be repeated, else UNKNOWN."""
    again = bool(action.tool and action.tool.may_repeat and action.attempts < 3)
    dead = {"fence": action.fence, "leased_until__lt": NOW}
    lock(action.task_id)
    wake(action.task_id)
    states.move(
        action, A.EXECUTING, A.APPROVED if again else A.UNKNOWN, by=ledger.CLOCK, where=dead, leased_until=None,
        reason=reasons.WORKER_LOST, fence=action.fence + 1,
    )  # fmt: skip
    if not again:
        gate.settle(action)
