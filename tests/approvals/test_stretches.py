"""The lease of a stretch: who let it run out leaves the task to others, and who lost it to another changes nothing."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from agents import execution, leases, plans, runner, tools
from agents.models import Action, Event, Task, User
from agents.plans import Plan, Refined, Step
from agents.states import Conflict
from agents.toolbox.models import Effect
from approvals import gate, tasks
from approvals.models import Policy
from tests.cast import a_task, approve, kinds, propose, respond

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]

NOTICE = {"team": "platform", "text": "Meeting at two."}
ASKS = Step("notify", "chat.post", NOTICE)


Plans = Callable[..., None]


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Plans:
    """Gives the agent of the tests these steps; `first` happens whenever its plan is asked for them."""

    def given(*steps: Step, first: Callable[[], object] = lambda: None) -> None:
        def listed(_parameters: dict[str, Any]) -> list[Step]:
            first()
            return [*steps]

        form = {"type": "object", "properties": {}}
        made = Plan("tester", "Tester", "", "1", "queue", form, lambda _parameters: "Test", listed)
        monkeypatch.setitem(plans.registry(), "tester", made)  # type: ignore[arg-type]

    return given


def taken(task: Task, worker: str = "slow") -> Task:
    leases.wake(task.pk)
    mine = leases.take(task.pk, worker)
    assert mine is not None
    return mine


def seconds_left(task: Task) -> float:
    return float((Task.objects.get(pk=task.pk).leased_until - timezone.now()).total_seconds())


def oversleep(task: Task) -> None:
    """The worker is away until its lease is over: planning took too long, the machine stood still, or it died."""
    Task.objects.filter(pk=task.pk).update(leased_until=Now() - timedelta(seconds=1))


def lose(task: Task) -> None:
    """It oversleeps, and another worker takes the task."""
    oversleep(task)
    tasks.sweep()
    taken(task, "other")


def loses_and(task: Task, outcome: Any) -> Callable[..., Any]:
    """Code of a plan or a tool in which the worker loses the task before it comes back with this, or raises it."""

    def code(*_given: object) -> Any:
        lose(task)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return code


def belongs_to_the_other(task: Task) -> bool:
    """Nothing of the task was written but by who holds it now."""
    now = Task.objects.get(pk=task.pk)
    return now.leased_by == "other" and now.state == task.state and not now.events.exists()


def test_a_lease_holds_others_off_for_ten_seconds_and_no_longer(plan: Plans) -> None:
    plan(ASKS)
    task = taken(a_task())
    assert 5 < seconds_left(task) <= 10
    leases.wake(task.pk)
    assert leases.take(task.pk, "other") is None
    oversleep(task)
    assert leases.take(task.pk, "other") is not None


def test_each_step_and_each_proposal_renew_it(plan: Plans) -> None:
    plan(ASKS)
    task = taken(a_task())
    for renews in (leases.renew, lambda task: runner.advance(task, gate=gate) or task.actions.get()):
        Task.objects.filter(pk=task.pk).update(leased_until=Now() + timedelta(seconds=1))
        assert renews(task)
        left = Task.objects.get(pk=task.pk)
        assert left.leased_until is None or seconds_left(task) > 5


def test_a_worker_that_died_in_a_stretch_leaves_its_task_to_the_sweep(plan: Plans) -> None:
    plan(ASKS)
    task = taken(a_task())
    tasks.sweep()
    assert Task.objects.get(pk=task.pk).leased_by == "slow", "its lease still runs"
    assert task.pk not in tasks.runnable()
    oversleep(task)
    tasks.sweep()
    left = Task.objects.get(pk=task.pk)
    assert (left.leased_by, left.leased_until, left.state) == ("", None, "RUNNING")
    assert list(tasks.runnable()) == [task.pk]
    tasks.advance(task.pk)
    assert task.actions.get().state == "PENDING"


def test_who_overslept_while_nobody_took_the_task_goes_on(plan: Plans) -> None:
    task = a_task()
    plan(Step("notify", "chat.post", lambda _results: oversleep(task) or NOTICE))
    runner.advance(taken(task), gate=gate)
    assert task.actions.get().state == "PENDING"


@pytest.mark.parametrize("outcome", [NOTICE, KeyError("no result"), AttributeError("a bug")])
def test_who_lost_the_task_proposes_refuses_and_stops_nothing(plan: Plans, outcome: Any) -> None:
    task = a_task()
    plan(Step("notify", "chat.post", loses_and(task, outcome)))
    with suppress(Conflict):
        assert not runner.advance(taken(task), gate=gate)
    assert belongs_to_the_other(task) and not task.actions.exists()


@pytest.mark.parametrize("state", ["QUEUED", "RUNNING"])
def test_who_lost_the_task_ends_it_no_more(plan: Plans, state: str) -> None:
    task = a_task(state=state)
    plan(first=lambda: lose(task))
    with pytest.raises(Conflict):
        runner.advance(taken(task), gate=gate)
    assert belongs_to_the_other(task)


@pytest.mark.parametrize("state", ["QUEUED", "RUNNING"])
def test_who_lost_the_task_leaves_it_to_no_person(plan: Plans, state: str) -> None:
    task = a_task(state=state)
    propose("medium", task=task)
    plan(Step("step-0", "test.medium", {"to": "anna"}), first=lambda: lose(task))
    with pytest.raises(Conflict):
        runner.advance(taken(task), gate=gate)
    now = Task.objects.get(pk=task.pk)
    assert (now.leased_by, now.state) == ("other", state)


def test_who_lost_the_task_makes_no_version_of_an_answer(plan: Plans, mara: User) -> None:
    Policy.objects.update(active=False)
    Policy.objects.create(version=2, active=True, rules=[{"name": "Ask", "when": "true", "outcome": "input"}])
    action = propose("medium", task=(task := a_task()))
    respond(action, mara)
    plan(Step("step-0", "test.medium", {}, refine=loses_and(task, Refined({"to": "berta"}))))
    assert not runner.advance(taken(task), gate=gate)
    action.refresh_from_db()
    assert (action.version, action.approvals.count()) == (1, 1)


def test_who_lost_the_task_claims_nothing(plan: Plans, mara: User) -> None:
    action = propose(tool="chat.post", arguments=NOTICE, task=(task := a_task()))
    approve(action, mara)
    mine = taken(task)
    fresh = Action.objects.select_related("tool", "task", "agent").get(pk=action.pk)
    fresh.task = mine
    lose(task)
    assert not execution.perform(fresh, gate=gate)
    action.refresh_from_db()
    assert (action.state, action.fence, Effect.objects.count()) == ("APPROVED", 0, 0)
    assert not leases.renew(mine)
    leases.release(mine)
    assert Task.objects.get(pk=task.pk).leased_by == "other", "what it lets go of is not its own"


def test_a_claim_holds_the_task_as_long_as_its_tool_may_take(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    action = propose(tool="chat.post", arguments=NOTICE, task=(task := a_task()))
    approve(action, mara)
    seen = []
    called(monkeypatch, lambda _call: seen.append(seconds_left(task)))
    runner.advance(taken(task), gate=gate)
    assert action.tool.timeout_seconds < seen[0] <= action.tool.timeout_seconds + 10


def called(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[tools.Call], object]) -> None:
    """Let this happen while the tool runs."""
    tool = tools.find("chat.post")
    assert tool

    def run(arguments: dict[str, Any], call: tools.Call) -> dict[str, Any]:
        meanwhile(call)
        return tool.run(arguments, call)

    monkeypatch.setitem(tools._registry(), "chat.post", replace(tool, run=run))


def test_who_lost_the_task_while_the_tool_ran_reports_what_came_of_it_and_no_progress(
    plan: Plans, mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = propose(tool="chat.post", arguments=NOTICE, task=(task := a_task()))
    approve(action, mara)

    def meanwhile(call: tools.Call) -> None:
        lose(task)
        call.progress(70, "half way")
        assert Task.objects.get(pk=task.pk).percent == 0, "what is shown is the other's"

    called(monkeypatch, meanwhile)
    plan(Step("step-0", "chat.post", NOTICE))
    with suppress(Conflict):
        runner.advance(taken(task), gate=gate)
    action.refresh_from_db()
    now = Task.objects.get(pk=task.pk)
    assert (action.state, Effect.objects.count()) == ("SUCCEEDED", 1), "the claim was its own, and the fence still is"
    assert (now.leased_by, now.done, now.percent, now.note) == ("other", 1, 0, "")
    assert now.runnable_at is not None, "the other looks again"


def test_an_outcome_that_comes_after_the_claim_was_lost_is_evidence_and_no_more(
    mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = propose(tool="chat.post", arguments=NOTICE, task=(task := a_task()))
    approve(action, mara)

    def meanwhile(_call: tools.Call) -> None:
        Action.objects.update(leased_until=Now() - timedelta(seconds=1))
        lose(task)

    called(monkeypatch, meanwhile)
    with suppress(Conflict):
        runner.advance(taken(task), gate=gate)
    action.refresh_from_db()
    assert (action.state, Effect.objects.count()) == ("UNKNOWN", 1)
    assert kinds(action)[-2:] == ["action.unknown", "action.late_report"]
    assert Event.objects.get(kind="action.late_report").detail["state"] == "SUCCEEDED"


def test_a_worker_that_is_lost_while_a_tool_runs_says_nothing_about_the_plan(
    plan: Plans, mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = propose(tool="chat.post", arguments=NOTICE, task=(task := a_task()))
    approve(action, mara)
    plan(Step("step-0", "chat.post", NOTICE))

    def killed(_call: tools.Call) -> None:
        raise SystemExit

    called(monkeypatch, killed)
    Task.objects.filter(pk=task.pk).update(attempts=runner.ATTEMPTS - 1, runnable_at=Now())
    with pytest.raises(SystemExit):
        tasks.advance(task.pk)
    Action.objects.update(leased_until=Now() - timedelta(seconds=1))
    oversleep(task)
    tasks.sweep()
    tasks.advance(task.pk)
    action.refresh_from_db()
    assert (action.state, Task.objects.get(pk=task.pk).state) == ("UNKNOWN", "WAITING_APPROVAL")
