"""A plan with a bug in it: its task ends with a reason, what it asked is withdrawn, and nobody waits for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django.db.models.functions import Now

from agents import leases, plans, reasons, runner
from agents.models import Event, Task, User
from agents.plans import Plan, Refined, Step
from approvals import controls, queries, tasks
from approvals.models import Approval, Policy
from tests.cast import Enter, a_task, a_tool, kinds, proof, question, respond

pytestmark = pytest.mark.django_db

ASKS = Step("ask", "test.medium", {"to": "anna"})
Lists = Callable[[dict[str, Any]], list[Step]]


def fails(*_given: object) -> Any:
    raise AttributeError("secret")


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Task]:
    """A task of an agent in this process, whose plan is what the test says."""

    def made(steps: Lists | list[Step], **task: Any) -> Task:
        a_tool("medium")
        form = {"type": "object", "properties": {}}
        lists = steps if callable(steps) else lambda _parameters: steps
        plan = Plan("tester", "Tester", "", "1", "queue", form, lambda _parameters: "Test", lists)
        monkeypatch.setitem(plans.registry(), "tester", plan)  # type: ignore[arg-type]
        return a_task(**{"mode": "queue", "runnable_at": Now(), **task})

    return made


def stretch(task: Task) -> Task:
    Task.objects.filter(pk=task.pk).update(runnable_at=Now())
    tasks.advance(task.pk)
    task.refresh_from_db()
    return task


@pytest.mark.parametrize(
    "steps",
    [fails, [None], [replace(ASKS, arguments=fails)], [replace(ASKS, why=7)]],
    ids=["listing", "choosing", "working out arguments", "wording"],
)
def test_the_task_stops_and_says_why(task: Any, steps: Any) -> None:
    broken = stretch(task(steps))
    assert (broken.state, broken.runnable_at, broken.leased_by) == ("STOPPED", None, "")
    assert "its plan broke" in broken.reason and "secret" not in broken.reason
    told = Event.objects.get(kind="task.stopped", task=broken)
    assert (told.actor_kind, told.reason, told.to) == ("gate", broken.reason, "STOPPED")


def test_what_it_had_asked_is_withdrawn(task: Any, mara: User) -> None:
    lists = [ASKS]
    waits = stretch(task(lambda _parameters: lists))
    action = waits.actions.get()
    assert (waits.state, action.state) == ("WAITING_APPROVAL", "PENDING")
    lists.append(replace(ASKS, key="next", arguments=fails))
    assert stretch(waits).state == "STOPPED"
    action.refresh_from_db()
    assert (action.state, question(action).state) == ("CANCELLED", Approval.State.CANCELLED)
    assert kinds(action)[-1] == "action.cancelled"
    assert queries.waiting_for(mara) == 0


def test_its_page_says_why(task: Any, enter: Enter, mara: User) -> None:
    broken = stretch(task([replace(ASKS, arguments=fails)]))
    assert "its plan broke" in enter(mara).get(f"/tasks/{broken.pk}/").content.decode()


def test_its_page_shows_what_it_proposed_when_its_steps_are_not_to_be_had(
    task: Any, enter: Enter, mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = stretch(task([ASKS]))
    monkeypatch.setitem(plans.registry(), "tester", replace(plans.registry()["tester"], steps=fails))  # type: ignore[arg-type]
    page = enter(mara).get(f"/tasks/{waits.pk}/").content.decode()
    assert f"/actions/{waits.actions.get().pk}/" in page and "test.medium" in page


def test_a_plan_that_breaks_on_an_answer(task: Any, mara: User) -> None:
    Policy.objects.update(active=False)
    Policy.objects.create(version=2, active=True, rules=[{"name": "Ask about all", "when": "true", "outcome": "input"}])
    asks = stretch(task([replace(ASKS, refine=fails)]))
    action = asks.actions.get()
    respond(action, mara)
    assert stretch(asks).state == "STOPPED"
    action.refresh_from_db()
    assert (action.state, action.version, question(action).state) == ("CANCELLED", 1, Approval.State.CANCELLED)


def test_what_people_still_have_to_settle_stays_with_them(task: Any, mara: User) -> None:
    lists = [ASKS]
    lost = stretch(task(lambda _parameters: lists))
    action = lost.actions.get()
    Approval.objects.update(kind=Approval.Kind.SETTLE)
    type(action).objects.update(state="UNKNOWN")
    lists.append(replace(ASKS, key="next", arguments=fails))
    assert stretch(lost).state == "STOPPED"
    action.refresh_from_db()
    assert (action.state, question(action).state) == ("UNKNOWN", Approval.State.OPEN)


def raises(error: Exception, times: int = 100) -> Callable[..., dict[str, str]]:
    """Arguments of a step that cannot be worked out so many times."""
    left = [error] * times

    def arguments(_results: object) -> dict[str, str]:
        if left:
            raise left.pop()
        return {"to": "anna"}

    return arguments


def lost(task: Task, error: type[Exception] | None) -> None:
    """A worker takes the task and is stopped by this error, or killed; the sweep finds what it left."""
    if error:
        with pytest.raises(error):
            tasks.advance(task.pk)
    else:
        leases.take(task.pk, "killed")
    task.refresh_from_db()
    assert task.leased_by and not task.ended
    Task.objects.update(leased_until=Now() - timedelta(seconds=1))
    tasks.sweep()


@pytest.mark.parametrize("error", [OperationalError, ConnectionError])
def test_a_fault_of_what_a_plan_stands_on_is_not_its_own(task: Any, error: type[Exception]) -> None:
    often = runner.ATTEMPTS + 2
    tried = task([replace(ASKS, arguments=raises(error("gone away"), often))])
    for _worker in range(often):
        lost(tried, error)
    tasks.advance(tried.pk)
    assert tried.actions.get().state == "PENDING"


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded, MemoryError, None])
def test_a_plan_from_which_no_worker_comes_back_is_given_up(
    task: Any, enter: Enter, mara: User, error: type[Exception] | None
) -> None:
    lists = [ASKS]
    endless = stretch(task(lambda _parameters: lists))
    action = endless.actions.get()
    lists.append(replace(ASKS, key="next", arguments=raises((error or AttributeError)())))
    leases.wake(endless.pk)
    for _worker in range(runner.ATTEMPTS):
        lost(endless, error)
    tasks.advance(endless.pk)
    endless.refresh_from_db()
    assert (endless.state, endless.reason) == ("STOPPED", reasons.NO_END)
    assert (endless.runnable_at, endless.leased_by) == (None, "")
    told = Event.objects.get(kind="task.stopped", task=endless)
    assert (told.actor_kind, told.reason, told.to) == ("gate", reasons.NO_END, "STOPPED")
    action.refresh_from_db()
    assert (action.state, question(action).state) == ("CANCELLED", Approval.State.CANCELLED)
    assert reasons.NO_END in enter(mara).get(f"/tasks/{endless.pk}/").content.decode()


def test_every_step_that_is_done_begins_the_count_anew(task: Any) -> None:
    steps = [replace(ASKS, key=key, arguments=raises(SoftTimeLimitExceeded(), 2)) for key in ("one", "two", "three")]
    slow = task(steps)
    for _worker in range(2 * len(steps)):
        lost(slow, SoftTimeLimitExceeded)
    tasks.advance(slow.pk)
    slow.refresh_from_db()
    assert (slow.actions.count(), slow.state, slow.attempts) == (3, "WAITING_APPROVAL", 0)


def test_a_task_that_was_paused_in_this_moment_stays_paused(task: Any, mara: User) -> None:
    def arguments(_results: object) -> dict[str, str]:
        controls.pause(Task.objects.get(), mara, proof())
        return fails()

    assert stretch(task([replace(ASKS, arguments=arguments)])).state == "PAUSED"


@pytest.mark.parametrize("steps", [fails, lambda _parameters: None])
def test_who_starts_it_hears_that_it_breaks(task: Any, enter: Enter, mara: User, steps: Lists) -> None:
    task(steps, state="SUCCEEDED")
    answer = enter(mara).post("/agents/tester/start/", {"save": "start"})
    assert answer.status_code == 422 and "needs mending" in answer.content.decode()
    assert Task.objects.count() == 1


@pytest.mark.parametrize(
    ("wish", "problem"),
    [({"key": "k" * 101}, "longer than 100"), ({"tool": "t" * 201}, "longer than 200"), ({"confidence": 1.2}, "1.2")],
)
def test_what_no_row_could_hold_is_refused_once(task: Any, wish: Any, problem: str) -> None:
    refused = stretch(task([replace(ASKS, **wish)]))
    assert refused.state == "STOPPED" and problem in refused.reason
    told = Event.objects.filter(task=refused).order_by("pk")
    assert list(told.values_list("kind", flat=True)) == ["action.refused", "task.stopped"]


def test_a_confidence_that_no_row_could_hold_blocks_the_answer(task: Any, mara: User) -> None:
    Policy.objects.update(active=False)
    Policy.objects.create(version=2, active=True, rules=[{"name": "Ask about all", "when": "true", "outcome": "input"}])
    asks = stretch(task([replace(ASKS, refine=lambda given, _answer: Refined(given, float("nan")))]))
    respond(asks.actions.get(), mara)
    stretch(asks)
    assert asks.actions.get().state == "BLOCKED"
