"""Moves a task on, one step at a time, and runs what was approved, once.

A worker takes a task for one stretch (`take`), steps until it has to wait (`advance`) and lets go (`release`).
Whoever makes a task runnable says so in its own transaction (`wake`): `runnable_at` is a flag that no lost message can lose.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from django.db import Error as DatabaseFault
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Least

from agents import facts, ledger, payloads, plans, proposals, reasons, states, stops, tools
from agents.clock import NOW, later
from agents.ledger import Actor
from agents.models import Action, ActionVersion, Guidance, Task
from agents.prepared import prepared, update
from agents.states import A, Conflict, T
from agents.transactions import whole

logger = logging.getLogger(__name__)
LIVE = (T.QUEUED, T.RUNNING, T.WAITING_APPROVAL)
# Renewed before every step and as long as a tool may take before every call: it only has to outlast planning.
STRETCH_LEASE = timedelta(seconds=10)
GRACE = timedelta(seconds=5)
# So many workers in a row may be lost before the next step is done; then the plan is to blame (`reasons.NO_END`).
ATTEMPTS = 3
NOBODY: dict[str, Any] = {"leased_by": "", "leased_until": None, "attempts": 0}
# Of statements that are prepared.
STRETCH_END, ONE_MORE = later(STRETCH_LEASE), F("attempts") + 1
FREE = Q(leased_until=None) | Q(leased_until__lt=NOW)
NOT_STOPPED = ~Q(stops.of_task())
SEEN = Case(When(runnable_at__lte=NOW, then=None), default=F("runnable_at"))
STEP_DONE: dict[str, Any] = {"done": Least(F("done") + 1, F("total"))}


class Gate(Protocol):
    """What stands between an agent and the world."""

    def submit(self, action: Action, asked: ActionVersion) -> object:
        """Judge a proposed action: it leaves PROPOSED in the caller's transaction."""

    def clear(self, action: Action) -> bytes | None:
        """The final gate, in the claim's transaction: the bytes that may run; None has written where it goes instead."""

    def refine(self, action: Action, made: proposals.Draft | None, *, restated: bool, problem: str = "") -> None:
        """Judge the version that the agent made of an answer, in the caller's transaction. `restated`: it says anew
        how sure it is, and is judged by that. None: it made no valid one, for the reason in `problem`."""

    def ended(self, action: Action) -> None:
        """Note in the caller's transaction that an action succeeded: somebody may have to look at it afterwards."""

    def withdraw(self, action: Action, *, by: Actor, reason: str) -> None:
        """Take back an action that did not start, with its question, in the caller's transaction."""

    def settle(self, action: Action) -> None:
        """Ask a person what became of an action whose outcome is unknown, in the caller's transaction."""

    def settled(self, action: Action) -> None:
        """Take that question back, in the caller's transaction: the tool itself could tell."""


@dataclass(frozen=True)
class Outcome:
    """How a call ended: the state it leads to, what came back, and why it failed if it did."""

    state: str
    result: Any = None
    reason: str = ""


def wake(task_id: int) -> None:
    """Say in the caller's transaction that a task may move. A worker that holds it now will look again."""
    update(Task, {"pk": task_id, "state__in": LIVE}, {"runnable_at": NOW})


def lock(task_id: int) -> None:
    """Take the task's row in the caller's transaction, before any of its actions: everybody locks in that order."""
    # SQLite has no row locks and needs none: its transactions are IMMEDIATE, they come one after another.
    Task.objects.select_for_update().only("pk").get(pk=task_id)


def take(task_id: int, worker: str) -> Task | None:
    """Lease a runnable task for one stretch; None when there is nothing to do or another worker has it."""
    due = {"pk": task_id, "state__in": LIVE, "runnable_at__lte": NOW}
    lease = {"leased_by": worker, "leased_until": STRETCH_END, "attempts": ONE_MORE}
    if not update(Task, due, {"runnable_at": None, **lease}, also=FREE):
        return None
    (task,) = _taken(task_id)
    return task


@prepared
def _taken(task_id: int) -> QuerySet[Task]:
    return Task.objects.select_related("agent").filter(pk=task_id)


def release(task: Task, *, again: bool = False) -> bool:
    """End the stretch. True: the task became runnable meanwhile, so somebody should take it now."""
    if again:
        wake(task.pk)
    if task.leased_by:
        update(Task, {"pk": task.pk, **_mine(task)}, NOBODY)
    return bool(_runnable(task.pk))


@prepared
def _runnable(task_id: int) -> QuerySet[Task, Any]:
    return Task.objects.filter(pk=task_id, state__in=LIVE, runnable_at__lte=NOW).values_list("pk")


def advance(task: Task, *, gate: Gate) -> bool:
    """Take one step of a stretch that was just begun or renewed: run what is approved, then propose what comes next.

    True: there is another step to take now. Waiting is returning False. A plan that breaks ends its task, and so does
    one from which no worker comes back.
    """
    if task.attempts > ATTEMPTS:
        logger.error("the plan of task %s came to no end", task.pk)
        _stop(task, reasons.NO_END, gate)
        return False
    try:
        return _step(task, gate)
    except plans.Broken as error:
        logger.exception("the plan of task %s broke", task.pk)
        _stop(task, f"{reasons.PLAN_BROKE}: {error}", gate)
        return False
    except plans.OUTSIDE:
        with suppress(DatabaseFault):  # where even this cannot be written, it counts as an attempt
            update(Task, {"pk": task.pk, **_mine(task)}, {"attempts": 0})
        raise


def _step(task: Task, gate: Gate) -> bool:
    actions: list[Any] = _actions(task.pk)
    for action in actions:
        action.task, action.agent = task, task.agent
    if any(action.state == A.EXECUTING for action in actions):
        return False
    approved = [action for action in actions if action.state == A.APPROVED]
    if any(perform(action, gate=gate) for action in approved) and len(approved) > 1:
        return True
    for action in actions:
        if action.state == A.PENDING and action.answered and not _refine(task, action, gate):
            return False
    return _plan_on(task, actions, gate)


@prepared
def _actions(task_id: int) -> QuerySet[Action]:
    answered = Guidance.objects.filter(action=OuterRef("pk"), version=OuterRef("version"))
    rows = Action.objects.select_related("tool").annotate(answered=Exists(answered))
    return rows.filter(task=task_id).order_by("position")


def perform(action: Action, *, gate: Gate) -> bool:
    """Claim, call, finish. False: the action may not run (now); what holds it back is written."""
    body = _claim(action, gate)
    if body is None:
        return False
    outcome = _call(action, body)
    finish(action, action.fence, outcome, gate=gate)
    probe(action, gate=gate)
    return True


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


def renew(task: Task) -> bool:
    """Keep a task for one step more, its row read again; False when it is paused, over, or another worker's."""
    # The flag goes down before the rows are read: what was committed by now will be seen, what comes later raises it again.
    mine = {"pk": task.pk, "state__in": LIVE, **_mine(task)}
    if not update(Task, mine, {"leased_until": STRETCH_END, "runnable_at": SEEN, "attempts": 1}):
        return False
    task.refresh_from_db(fields=["state", "done", "total"])
    return True


def _plan_on(task: Task, actions: list[Action], gate: Gate) -> bool:
    """Propose the plan's next step, or wait, or end the task."""
    steps = plans.steps_of(task)
    following = _following(task, steps, actions)
    if isinstance(following, plans.Step):
        action = _propose(task, steps, following, actions, gate)
        if action is None:
            return False
        actions.append(action)
        following = _following(task, steps, actions)
        if action.state == A.APPROVED or not isinstance(following, plans.Wait):
            return True
    if isinstance(following, plans.Wait):
        _wait(task)
    else:
        _end(task, following, actions)
    return False


@plans.blamed()
def _following(task: Task, steps: Sequence[plans.Step], actions: list[Action]) -> plans.Step | plans.Wait | plans.Done:
    return plans.next_step(steps, {action.step: str(action.state) for action in actions}, task.mode)


def _propose(
    task: Task, steps: Sequence[plans.Step], step: plans.Step, actions: list[Action], gate: Gate
) -> Action | None:
    """Store the next proposal and let the gate judge it. None ends the stretch."""
    results = {action.step: action.result for action in actions if action.state == A.SUCCEEDED}
    try:
        with plans.blamed():
            wish = _wish(step, results)
            # The rows of this step were read a moment ago, those of their tools with them.
            tool = next((action.tool for action in actions if action.tool and action.tool.name == wish.tool), None)
            made = proposals.draft(task, wish, tool)
    except payloads.Refused as error:
        _refuse(task, step, str(error), gate)
        return None
    return _put(task, wish, made, len(actions), plans.length(steps), gate)


@whole
def _put(
    task: Task, wish: proposals.Wish, made: proposals.Draft, position: int, total: int, gate: Gate
) -> Action | None:
    if not _may_propose(task):
        return None
    _run(task, total)
    action, asked = proposals.add(task, wish, made, position)
    ledger.record("action.proposed", ledger.agent(task.agent), action=action, to=A.PROPOSED)
    gate.submit(action, asked)
    return action


def _may_propose(task: Task) -> bool:
    """Lock the task and keep it. False: stopped, paused or taken by another worker since it was read."""
    mine = {"pk": task.pk, "state__in": LIVE, **_mine(task)}
    return bool(update(Task, mine, {"leased_until": STRETCH_END}, also=NOT_STOPPED))


def _refine(task: Task, action: Action, gate: Gate) -> bool:
    """Make the next version of an action that a person answered, and let the gate judge it. False ends the stretch.

    An answer that makes no valid version leaves the action blocked, with the reason; the plan goes on from there.
    """
    asked = ActionVersion.objects.get(action=action, version=action.version)
    answer = Guidance.objects.get(action=action, version=action.version)
    made, problem, restated = None, "", False
    try:
        with plans.blamed():
            found = plans.refined(plans.steps_of(task), action.step, payloads.arguments(bytes(asked.body)), answer.text)
            made = proposals.redraft(action, asked, found.arguments, confidence=found.confidence)
        restated = found.confidence is not None
    except payloads.Refused as error:
        problem = str(error)
    return _put_again(task, action, made, problem, restated, gate)


@whole
def _put_again(
    task: Task, action: Action, made: proposals.Draft | None, problem: str, restated: bool, gate: Gate
) -> bool:
    if not _may_propose(task):
        return False
    gate.refine(action, made, restated=restated, problem=problem)
    return True


def _wish(step: plans.Step, results: dict[str, Any]) -> proposals.Wish:
    try:
        arguments = step.arguments(results) if callable(step.arguments) else step.arguments
    except (LookupError, TypeError) as error:  # an earlier result is not what the plan counts on
        raise payloads.Refused(f"its arguments cannot be worked out ({type(error).__name__})") from error
    return proposals.Wish(
        step.key, step.tool, arguments, step.why, step.who, step.what, step.confidence, tuple(step.depends_on)
    )


@whole
def _refuse(task: Task, step: plans.Step, problem: str, gate: Gate) -> None:
    """A proposal that breaks the limits is not stored; that it was made is on the record, and the plan ends."""
    ledger.record(
        "action.refused", ledger.agent(task.agent), task=task, reason=problem, detail={"tool": step.tool[:200]}
    )
    _stop(task, f"{step.key[:100]}: {problem}", gate)


@whole
def _stop(task: Task, reason: str, gate: Gate) -> None:
    """End a task that cannot go on, and take back what it has asked: nobody decides what nobody would run."""
    lock(task.pk)
    states.move(
        task, task.state, T.STOPPED, by=ledger.GATE, reason=reason, where=_mine(task), runnable_at=None, **NOBODY
    )
    for action in task.actions.filter(state__in=(A.PROPOSED, A.PENDING, A.APPROVED)).order_by("position"):
        gate.withdraw(action, by=ledger.GATE, reason=reasons.TASK_STOPPED)


def _run(task: Task, total: int) -> None:
    if task.state != T.RUNNING:
        states.move(task, task.state, T.RUNNING, by=ledger.agent(task.agent), where=_mine(task), total=total)


def _wait(task: Task) -> None:
    """Let people go on with it: the stretch ends with this move."""
    if task.state == T.QUEUED:
        _run(task, task.total)
    if task.state == T.RUNNING:
        states.move(task, T.RUNNING, T.WAITING_APPROVAL, by=ledger.agent(task.agent), where=_mine(task), **NOBODY)


def _end(task: Task, done: plans.Done, actions: list[Action]) -> None:
    """Close the task with what came of each step; whoever started it reads why in words."""
    _run(task, task.total)
    result = {"steps": {a.step: a.state for a in actions}, "skipped": list(done.skipped)}
    states.move(
        task, T.RUNNING, done.state, by=ledger.agent(task.agent), reason=_ending(done, actions), result=result,
        where=_mine(task), runnable_at=None, percent=0, note="", **NOBODY,
    )  # fmt: skip


def _ending(done: plans.Done, actions: list[Action]) -> str:
    if done.state == T.SUCCEEDED:
        return ""
    broken = next((a for a in reversed(actions) if a.step == done.because), None)
    return f"{broken.title}: {broken.get_state_display()}. {broken.reason}".strip() if broken else ""


def _mine(task: Task) -> dict[str, Any]:
    return {"leased_by": task.leased_by}


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
    lease: dict[str, Any] = {"leased_until": later(max(STRETCH_LEASE, timeout + 2 * GRACE)), "attempts": 1}
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
    """Whether the hold is over; while it runs, the task comes back when it ends."""
    if action.held:
        Task.objects.filter(pk=action.task_id).update(runnable_at=action.hold_until)
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
    mine = Task.objects.filter(pk=task.pk, **_mine(task))

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


@whole
def start(
    *, agent: Any, goal: str, parameters: dict[str, Any], mode: str, by: Actor, starter: Any = None, script: Any = None
) -> Task:
    """Queue a piece of work; a worker takes it at the next hint or sweep."""
    task = Task(
        agent=agent,
        agent_version=agent.version,
        goal=goal,
        parameters=parameters,
        mode=mode,
        starter=starter,
        script=script,
    )
    task.total = plans.length(plans.steps_of(task))
    task.runnable_at = NOW
    task.save()
    ledger.record("task.queued", by, task=task, to=T.QUEUED)
    return task
