"""What a person does to work itself: start, pause, resume, stop, and the brake."""

import logging
from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from agents import leases, ledger, payloads, plans, reasons, runner, schemas, states, stops
from agents.models import Action, Agent, Feedback, StopSwitch, Task, Tool, User
from agents.payloads import Refused
from agents.states import A, Conflict, T
from agents.transactions import whole
from approvals import feedback, gate
from approvals.decisions import Forbidden, Proof, ProofNeeded
from approvals.tasks import hint

logger = logging.getLogger(__name__)
Scope = StopSwitch.Scope
SENIOR = "senior"


def start(
    agent: Agent,
    parameters: dict[str, Any],
    *,
    by: ledger.Actor,
    starter: User | None = None,
    again: Feedback | None = None,
    renews: Action | None = None,
    mode: str = "",
) -> Task:
    """Start a task of a built-in agent, in the mode of its plan unless told otherwise. Raises Refused when the parameters
    do not fit its form or its plan breaks."""
    plan = plans.find(agent.slug)
    if plan is None:
        raise Refused(_("This agent has no plan that could be started here."))
    if problems := schemas.fits(plan.parameters, payloads.check(parameters)):
        raise Refused("; ".join(problems))
    mode = mode or plan.mode
    if mode not in Task.Mode:
        raise Refused(_("A task waits at each gated step, or goes on with what does not depend on it: choose one."))
    if held := stops.engaged().filter(Q(scope=Scope.EVERYTHING) | Q(agent=agent)).order_by("pause").first():
        paused, stopped = (
            _("This agent is paused. Resume it first."),
            _("This agent is stopped. A senior can lift the stop."),
        )
        raise Refused(paused if held.pause else stopped)
    try:
        with plans.blamed():
            goal = plan.goal(parameters)
        goal = f"Again: {goal}" if again or renews else goal
        task = runner.start(
            agent=agent, goal=goal, parameters=parameters, mode=mode, by=by, starter=starter, again=again, renews=renews
        )
    except plans.Broken as error:
        logger.exception("the plan of %s broke", agent.slug)
        raise Refused(_("The plan of this agent breaks (%(error)s): it needs mending.") % {"error": error}) from error
    hint(task.pk)
    return task


@whole
def try_again(action: Action, person: User, by: ledger.Actor, *, reasons: Collection[str], comment: str) -> Task:
    """Call what an action did bad, and let its agent do it anew by these reasons and words. Once for each person and
    action: the second time finds the task of the first."""
    mark = feedback.give(action, person, good=False, reasons=reasons, comment=comment, by=by)
    if earlier := Task.objects.filter(again=mark).first():
        return earlier
    if not mark.told:
        raise Refused(_("Say what to do otherwise: choose a reason, or write it."))
    _repeatable(action)
    task = start(mark.agent, action.task.parameters, by=by, starter=person, again=mark)
    ledger.record("feedback.retried", by, action=action, reason=mark.told, detail={"task": task.pk})
    return task


@whole
def renew(action: Action, person: User, proof: Proof) -> Task:
    """Let the agent ask once more about an action whose time ran out: a new task proposes that step anew, and the gate
    judges it. The expired one never runs. The second time finds the task of the first."""
    _reviewer(person)
    _locked(action.task)
    action.refresh_from_db(fields=["state"])
    if earlier := Task.objects.filter(renews=action).first():
        return earlier
    if action.state != Action.State.EXPIRED:
        raise Conflict(_("This action did not expire."), kind="decided", action=action)
    _repeatable(action)
    by = ledger.person(person, proof.session_hash)
    task = start(action.agent, action.task.parameters, by=by, starter=person, renews=action)
    ledger.record("action.renewed", by, action=action, detail={"task": task.pk})
    return task


def _repeatable(action: Action) -> None:
    """Refuse where nobody is there who could do the step of this action anew."""
    if action.task.script is not None:
        raise Refused(_("This run is only played again: nobody is there who could do it anew."))
    try:
        known = any(step.key == action.step for step in plans.steps_of(action.task))
    except plans.Broken:
        known = False
    if not known:
        raise Refused(_("The plan of this agent has no such step any more."))


@whole
def pause(task: Task, person: User, proof: Proof) -> None:
    """Hold a task: nothing new of it is proposed or claimed. Decisions and deadlines go on."""
    _reviewer(person)
    _locked(task)
    if task.state not in leases.LIVE:
        raise Conflict(_("This task is no longer running."), kind="task")
    states.move(task, task.state, T.PAUSED, by=ledger.person(person, proof.session_hash), runnable_at=None)


@whole
def resume(task: Task, person: User, proof: Proof) -> None:
    """Let a paused task go on."""
    _reviewer(person)
    _locked(task)
    if task.state != T.PAUSED:
        raise Conflict(_("This task is not paused."), kind="task")
    states.move(task, T.PAUSED, T.RUNNING, by=ledger.person(person, proof.session_hash))
    leases.wake(task.pk)
    hint(task.pk)


@whole
def stop_task(task: Task, person: User, proof: Proof, note: str = "") -> None:
    """End a task. Its open actions are cancelled; one that runs at this moment runs to its end."""
    _reviewer(person)
    _locked(task)
    if task.ended:
        raise Conflict(_("This task is already over."), kind="task")
    by = ledger.person(person, proof.session_hash)
    states.move(
        task, task.state, T.STOPPED, by=by, reason=note or f"{reasons.PERSON_STOPPED}: {person}", runnable_at=None
    )
    for action in task.actions.filter(state__in=(A.PROPOSED, A.PENDING, A.APPROVED)).order_by("position"):
        gate.withdraw(action, by=by, reason=reasons.TASK_STOPPED)


def engage(
    person: User, proof: Proof, *, agent: Agent | None = None, tool: Tool | None = None, reason: str = ""
) -> list[Action]:
    """Pull the brake, on everything or on one agent or tool; the actions that are in mid-flight at this moment.

    Once this returns, nothing in scope can become EXECUTING: claims share the lock that is taken here.
    """
    _reviewer(person)
    return brake(ledger.person(person, proof.session_hash), person, agent=agent, tool=tool, reason=reason)


@whole
def brake(
    by: ledger.Actor,
    person: User | None = None,
    *,
    agent: Agent | None = None,
    tool: Tool | None = None,
    reason: str = "",
) -> list[Action]:
    """Pull the brake for whoever may: a reviewer (`engage`), or the server's shell. A stop takes the place of a pause."""
    stops.take()
    scope = Scope.AGENT if agent else Scope.TOOL if tool else Scope.EVERYTHING
    if not stops.engaged().filter(scope=scope, agent=agent, tool=tool, pause=False).exists():
        if agent:
            _lift(agent.stops.filter(lifted_at=None), person)
        StopSwitch.objects.create(scope=scope, agent=agent, tool=tool, reason=reason, engaged_by=person)
        about = {"scope": scope, "agent": agent and agent.slug, "tool": tool and tool.name}
        ledger.record("stop.engaged", by, reason=reason, detail=about)
    return in_flight(agent, tool)


@whole
def pause_agent(agent: Agent, person: User, proof: Proof) -> None:
    """Let an agent propose and start nothing new until somebody resumes it. Decisions and deadlines go on."""
    _reviewer(person)
    stops.take()
    if agent.stops.filter(lifted_at=None).exists():
        raise Conflict(_("This agent is paused or stopped already."), kind="stop")
    StopSwitch.objects.create(scope=Scope.AGENT, agent=agent, pause=True, engaged_by=person)
    ledger.record("agent.paused", ledger.person(person, proof.session_hash), detail={"agent": agent.slug})


@whole
def resume_agent(agent: Agent, person: User, proof: Proof) -> None:
    """Let a paused agent go on. A stop is lifted by a senior instead."""
    _reviewer(person)
    stops.take()
    if not _lift(agent.stops.filter(lifted_at=None, pause=True), person):
        raise Conflict(_("This agent is not paused."), kind="stop")
    ledger.record("agent.resumed", ledger.person(person, proof.session_hash), detail={"agent": agent.slug})
    _go_on()


def waiting_behind(agent: Agent | None = None, tool: Tool | None = None) -> int:
    """How many actions are free to run but would not start under such a stop."""
    approved = Action.objects.filter(state=A.APPROVED)
    return (approved.filter(agent=agent) if agent else approved.filter(tool=tool) if tool else approved).count()


def in_flight(agent: Agent | None = None, tool: Tool | None = None) -> list[Action]:
    """What is being carried out at this moment, by an agent, through a tool, or at all."""
    running = Action.objects.filter(state=A.EXECUTING).select_related("agent", "tool").order_by("pk")
    return list(running.filter(agent=agent) if agent else running.filter(tool=tool) if tool else running)


@whole
def lift(stop: StopSwitch, person: User, proof: Proof) -> bool:
    """Release the brake. True: it is off. A stop of everything needs two people; the first voice returns False."""
    if not person.roles.filter(slug=SENIOR).exists():
        raise Forbidden(_("Only a senior can lift a stop."))
    if not proof.fresh:
        raise ProofNeeded(_("Enter your password again to lift a stop."))
    stops.take()
    stop = StopSwitch.objects.select_related("agent", "tool").get(pk=stop.pk)
    if stop.lifted_at or stop.pause:
        raise Conflict(_("This stop was already lifted."), kind="stop")
    by = ledger.person(person, proof.session_hash)
    if stop.scope == Scope.EVERYTHING and stop.lift_asked_by_id in (None, person.pk):
        StopSwitch.objects.filter(pk=stop.pk).update(lift_asked_by=person)
        ledger.record("stop.lift_asked", by, detail={"stop": stop.pk})
        return False
    _lift(StopSwitch.objects.filter(pk=stop.pk), person)
    ledger.record("stop.lifted", by, detail={"stop": stop.pk})
    _go_on()
    return True


def _lift(engaged: QuerySet[StopSwitch], person: User | None) -> int:
    return engaged.update(lifted_by=person, lifted_at=Now())


def _go_on() -> None:
    """Whatever stood still may move; what is still held back is left alone by its claim."""
    Task.objects.filter(state__in=leases.LIVE).update(runnable_at=Now())


def _reviewer(person: User) -> None:
    if not person.roles.exists():
        raise Forbidden(_("This needs any reviewer role. An admin can give you one."))


def _locked(task: Task) -> None:
    """Lock the task first, then read it: whatever is decided next is decided about the row as it is."""
    leases.lock(task.pk)
    task.refresh_from_db()
