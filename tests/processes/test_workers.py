"""A worker that dies, hints that come too often or never: an approved action has one effect, or a person is asked."""

import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db.models.functions import Now

from agents.models import Action, Task, User
from approvals.models import Tier
from tests.cast import approve, at_a_glance
from tests.processes.conftest import effects, lease_is_over, reached, work
from tests.processes.product import Product, until

pytestmark = pytest.mark.processes
Ask = Callable[..., Action]


@pytest.fixture
def ask(product: Product) -> Ask:
    """An action that waits for people, proposed by the running worker."""

    def asked(tool: str, **arguments: Any) -> Action:
        task = work((tool, arguments))
        product.hint(task.pk)
        return until(lambda: Action.objects.filter(task=task, state="PENDING").first(), 90, "the question")

    product.start("redis", "worker")
    return asked


def test_an_approved_action_runs_once(product: Product, ask: Ask, people: dict[str, User]) -> None:
    action = ask("test.once")
    approve(action, people["mara"])
    product.hint(action.task_id)
    assert reached(action, "SUCCEEDED") and effects(action) == 1


def test_what_is_held_waits_across_a_restart_and_runs_once_when_the_hold_is_over(
    product: Product, ask: Ask, people: dict[str, User]
) -> None:
    action = ask("test.once")
    Tier.objects.update(hold_seconds=3_600)
    approve(action, people["mara"])
    at_a_glance()
    looked = partial(Task.objects.filter(pk=action.task_id, runnable_at=action.hold_until).first)
    product.hint(action.task_id)
    until(looked, 90, "the first worker to leave it")
    product.end()
    Task.objects.filter(pk=action.task_id).update(runnable_at=Now())
    product.start("redis", "worker")
    until(looked, 90, "the next worker to leave it")
    assert Action.objects.get(pk=action.pk).state == "APPROVED" and effects(action) == 0
    Action.objects.filter(pk=action.pk).update(hold_until=Now())
    Task.objects.filter(pk=action.task_id).update(runnable_at=Now())
    assert reached(action, "SUCCEEDED") and effects(action) == 1


def test_the_same_message_five_times_has_one_effect(product: Product, ask: Ask, people: dict[str, User]) -> None:
    action = ask("test.once", before=0.3)
    approve(action, people["mara"])
    product.hint(action.task_id, times=5)
    assert reached(action, "SUCCEEDED")
    product.hint(action.task_id, times=5)
    until(lambda: not product.broker.llen("celery"), what="the queue empty")
    assert effects(action) == 1
    assert action.events.filter(to="EXECUTING").count() == 1


def test_a_worker_killed_before_the_call_leaves_the_action_to_the_next_one(
    product: Product, ask: Ask, people: dict[str, User]
) -> None:
    action = ask("test.once")
    product.kill("worker")
    lease_is_over(action)
    approve(action, people["mara"])
    product.hint(action.task_id)
    product.start("worker")
    assert reached(action, "SUCCEEDED") and effects(action) == 1


@pytest.mark.parametrize("tool", ["test.idempotent", "test.read_only"])
def test_killed_in_the_call_a_tool_that_may_be_repeated_is_called_again(
    product: Product, ask: Ask, people: dict[str, User], tool: str
) -> None:
    action = killed(product, ask(tool, before=4), people["mara"])
    product.start("worker")
    assert reached(action, "SUCCEEDED")
    assert action.events.filter(to="EXECUTING").count() == 2
    assert effects(action) == (tool == "test.idempotent")


def test_killed_after_the_effect_a_tool_that_honours_its_key_acts_once(
    product: Product, ask: Ask, people: dict[str, User]
) -> None:
    action = ask("test.idempotent", after=5)
    killed(product, action, people["mara"], when=lambda: effects(action))
    product.start("worker")
    assert reached(action, "SUCCEEDED") and effects(action) == 1


def test_killed_in_the_call_nobody_knows_and_a_person_is_asked(
    product: Product, ask: Ask, people: dict[str, User]
) -> None:
    action = killed(product, ask("test.once", before=60), people["mara"])
    stays_unknown(product, action)
    assert effects(action) == 0
    question = action.approvals.get(kind="settle", state="open")
    assert [need.role.slug for need in question.tier.requirements.all()] == ["senior"]


def test_killed_after_the_effect_it_is_never_repeated(product: Product, ask: Ask, people: dict[str, User]) -> None:
    action = ask("test.once", after=5)
    killed(product, action, people["mara"], when=lambda: effects(action))
    stays_unknown(product, action)
    assert effects(action) == 1


def test_killed_after_the_effect_a_tool_that_can_look_it_up_says_so(
    product: Product, ask: Ask, people: dict[str, User]
) -> None:
    action = ask("test.probeable", after=5)
    killed(product, action, people["mara"], when=lambda: effects(action))
    product.start("worker")
    assert reached(action, "SUCCEEDED") and effects(action) == 1
    assert action.events.get(to="SUCCEEDED").actor_kind == "probe"
    assert not action.approvals.filter(state="open").exists()


def test_killed_before_the_effect_nothing_that_is_there_proves_nothing(
    product: Product, ask: Ask, people: dict[str, User]
) -> None:
    action = killed(product, ask("test.probeable", before=60), people["mara"])
    stays_unknown(product, action)
    assert action.approvals.filter(kind="settle", state="open").exists()


def test_a_worker_that_slept_through_its_lease_changes_nothing(
    product: Product, ask: Ask, people: dict[str, User]
) -> None:
    action = ask("test.once", before=12)
    approve(action, people["mara"])
    product.hint(action.task_id)
    reached(action, "EXECUTING")
    lease_is_over(action)
    assert reached(action, "UNKNOWN")
    until(lambda: effects(action), what="the late effect")
    until(lambda: action.events.filter(kind="action.late_report").exists(), what="the late report")
    assert reached(action, "UNKNOWN") and effects(action) == 1


def killed(product: Product, action: Action, person: User, *, when: Callable[[], Any] = lambda: True) -> Action:
    """Approve, kill the worker in the call at the moment that `when` tells, and let its lease run out."""
    approve(action, person)
    product.hint(action.task_id)
    reached(action, "EXECUTING")
    until(when, what="the moment of the kill")
    product.kill("worker")
    lease_is_over(action)
    return action


def stays_unknown(product: Product, action: Action) -> None:
    """The next worker gives it to people; no hint brings it back."""
    product.start("worker")
    assert reached(action, "UNKNOWN")
    product.hint(action.task_id, times=5)
    until(lambda: not product.broker.llen("celery"), what="the queue empty")
    product.kill("worker", signal.SIGTERM)
    assert reached(action, "UNKNOWN") and action.events.filter(to="EXECUTING").count() == 1


def test_a_worker_that_is_told_to_stop_finishes_the_step_in_hand_and_no_other(
    product: Product, people: dict[str, User]
) -> None:
    task = work(("test.idempotent", {"before": 4}), ("test.idempotent", {}))
    steps = Action.objects.filter(task=task)
    product.start("redis", "worker")
    product.hint(task.pk)
    until(lambda: steps.filter(state="PENDING").count() == 2, 90, "both questions")
    product.kill("worker", signal.SIGTERM)
    for step in steps:
        approve(step, people["mara"])
    product.start("worker")
    product.hint(task.pk)
    until(lambda: steps.filter(state="EXECUTING").exists(), 90, "the first step")
    product.kill("worker", signal.SIGTERM)
    assert sorted(steps.values_list("state", flat=True)) == ["APPROVED", "SUCCEEDED"]
    product.start("worker")
    until(lambda: steps.filter(state="SUCCEEDED").count() == 2, 90, "the rest of the stretch")
