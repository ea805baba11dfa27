"""Moves a task on, one step at a time: runs what is approved, then proposes what its plan says next.

A worker takes a task for one stretch (`leases.take`), steps until it has to wait (`advance`) and lets go.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.db import Error as DatabaseFault
from django.db.models import Exists, OuterRef, Q, QuerySet

from agents import edits, ledger, lessons, payloads, plans, proposals, reasons, states, stops
from agents.clock import NOW
from agents.execution import perform
from agents.gate import Gate
from agents.leases import LIVE, NOBODY, STRETCH_END, held, lock
from agents.ledger import Actor
from agents.models import Action, ActionVersion, Feedback, Guidance, Task
from agents.prepared import prepared, update
from agents.states import A, T
from agents.transactions import whole

logger = logging.getLogger(__name__)
# So many workers in a row may be lost before the next step is done; then the plan is to blame (`reasons.NO_END`).
ATTEMPTS = 3
NOT_STOPPED = ~Q(stops.of_task())


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
            update(Task, {"pk": task.pk, **held(task)}, {"attempts": 0})
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
    results = edits.with_results([action for action in actions if action.state == A.SUCCEEDED])
    try:
        with plans.blamed():
            results, kept = lessons.within_price(task, step.tool, results)
            wish = _wish(step, results)
            wish = replace(wish, why=f"{kept}\n{wish.why}") if kept else wish
            # The rows of this step were read a moment ago, those of their tools with them.
            tool = next((action.tool for action in actions if action.tool and action.tool.name == wish.tool), None)
            wish = lessons.follow(task, wish, tool)
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
    mine = {"pk": task.pk, "state__in": LIVE, **held(task)}
    return bool(update(Task, mine, {"leased_until": STRETCH_END}, also=NOT_STOPPED))


def _refine(task: Task, action: Action, gate: Gate) -> bool:
    """Make the next version of an action that a person answered, and let the gate judge it. False ends the stretch.

    An answer that makes no valid version leaves the action blocked, with the reason; the plan goes on from there.
    """
    asked = ActionVersion.objects.get(action=action, version=action.version)
    answer = Guidance.objects.get(action=action, version=action.version)
    if answer.kind == Guidance.Kind.REDRAFT:
        return _put_redraft(task, action, _redraft(action, asked, answer), gate)
    made, problem, restated = None, "", False
    try:
        with plans.blamed():
            said, before = plans.Answer(answer.text, answer.fields), payloads.arguments(bytes(asked.body))
            found = plans.refined(plans.steps_of(task), action.step, before, said)
            made = proposals.redraft(
                action, asked, found.arguments, confidence=found.confidence, why=found.why, question=found.question
            )
        restated = found.confidence is not None
    except payloads.Refused as error:
        problem = str(error)
    return _put_again(task, action, made, problem, restated, gate)


def _redraft(action: Action, asked: ActionVersion, wanted: Guidance) -> proposals.Draft:
    """The next draft, as a person asked for it. One that its tool would not take is not made: the old one comes again."""
    first = ActionVersion.objects.get(action=action, version=1)
    before = payloads.arguments(bytes(asked.body))
    with plans.blamed():
        found = plans.redraft(before, wanted.asks, wanted.text)
    try:
        if problems := payloads.problems(action.tool.schema if action.tool else {}, found.arguments):
            raise payloads.Refused(str(problems[0]))
        return proposals.redraft(action, asked, found.arguments, why=f"{found.why}\n{first.why}")
    except payloads.Refused as refusal:
        return proposals.redraft(action, asked, before, why=f"What you asked for does not fit: {refusal}\n{first.why}")


@whole
def _put_redraft(task: Task, action: Action, made: proposals.Draft, gate: Gate) -> bool:
    if not _may_propose(task):
        return False
    gate.redrafted(action, made)
    return True


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
        question = step.question(results) if callable(step.question) else step.question
    except (LookupError, TypeError) as error:  # an earlier result is not what the plan counts on
        raise payloads.Refused(f"its arguments cannot be worked out ({type(error).__name__})") from error
    return proposals.Wish(
        step.key,
        step.tool,
        arguments,
        step.why,
        step.who,
        step.what,
        step.confidence,
        tuple(step.depends_on),
        question=question,
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
        task, task.state, T.STOPPED, by=ledger.GATE, reason=reason, where=held(task), runnable_at=None, **NOBODY
    )
    for action in task.actions.filter(state__in=(A.PROPOSED, A.PENDING, A.APPROVED)).order_by("position"):
        gate.withdraw(action, by=ledger.GATE, reason=reasons.TASK_STOPPED)


def _run(task: Task, total: int) -> None:
    if task.state != T.RUNNING:
        states.move(task, task.state, T.RUNNING, by=ledger.agent(task.agent), where=held(task), total=total)


def _wait(task: Task) -> None:
    """Let people go on with it: the stretch ends with this move."""
    if task.state == T.QUEUED:
        _run(task, task.total)
    if task.state == T.RUNNING:
        states.move(task, T.RUNNING, T.WAITING_APPROVAL, by=ledger.agent(task.agent), where=held(task), **NOBODY)


def _end(task: Task, done: plans.Done, actions: list[Action]) -> None:
    """Close the task with what came of each step; whoever started it reads why in words."""
    _run(task, task.total)
    result = {"steps": {a.step: a.state for a in actions}, "skipped": list(done.skipped)}
    states.move(
        task, T.RUNNING, done.state, by=ledger.agent(task.agent), reason=_ending(done, actions), result=result,
        where=held(task), runnable_at=None, percent=0, note="", **NOBODY,
    )  # fmt: skip


def _ending(done: plans.Done, actions: list[Action]) -> str:
    if done.state == T.SUCCEEDED:
        return ""
    broken = next((a for a in reversed(actions) if a.step == done.because), None)
    return f"{broken.title}: {broken.get_state_display()}. {broken.reason}".strip() if broken else ""


@whole
def start(
    *,
    agent: Any,
    goal: str,
    parameters: dict[str, Any],
    mode: str,
    by: Actor,
    starter: Any = None,
    script: Any = None,
    again: Feedback | None = None,
    renews: Action | None = None,
) -> Task:
    """Queue a piece of work; a worker takes it at the next hint or sweep. `again`: the mark that it tries to do better
    than; `renews`: the expired action that it asks about once more."""
    task = Task(
        agent=agent,
        agent_version=agent.version,
        goal=goal,
        parameters=parameters,
        mode=mode,
        starter=starter,
        script=script,
        again=again,
        renews=renews,
    )
    task.total = plans.length(plans.steps_of(task))
    task.runnable_at = NOW
    task.save()
    about = {"again": task.anew.pk} if task.anew else {}
    ledger.record("task.queued", by, task=task, to=T.QUEUED, detail=about)
    return task
