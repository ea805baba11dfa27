"""A prepared query finds what the same query finds without preparing and asks the database as often."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, connections, models, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from agents.clock import NOW, later
from agents.models import Action, Event, Task, User
from agents.prepared import insert, prepared, update
from approvals.models import Approval, Role, Tier
from tests.cast import a_task, propose

pytestmark = pytest.mark.django_db


def wide(pk: int, state: str) -> models.QuerySet[Action]:
    rows = Action.objects.select_related("task__agent", "tool").filter(pk=pk, state=state)
    return rows.defer("task__script", "result").annotate(many=models.Count("versions"))


def holders(people: list[int], slug: str) -> models.QuerySet[User, Any]:
    rows = User.objects.filter(pk__in=people, roles__slug=slug, is_active=True)
    return rows.order_by("pk").values_list("pk", "roles__slug")


def test_it_finds_the_same_rows_with_all_that_belongs_to_them(cast: Any) -> None:
    run = prepared(wide)
    first, second = propose(task=a_task()), propose(task=a_task())
    for action in (first, second, first):
        with CaptureQueriesContext(connection) as asked:
            (found,) = run(action.pk, state="PENDING")
            seen = found.task.agent.slug, found.tool.name
        assert seen == (action.task.agent.slug, action.tool_name)
        assert found == wide(action.pk, "PENDING").get()
        assert found.many == 1
        assert found.get_deferred_fields() == {"result"}
        assert len(asked) == 1
    assert run(first.pk, "APPROVED") == []


def test_lists_of_every_length_and_columns_alone(cast: Any) -> None:
    run = prepared(holders)
    people = [person.pk for person in User.objects.order_by("pk")]
    for count in (1, 3, 2, len(people)):
        for slug in ("junior", "senior"):
            assert run(people[:count], slug) == list(holders(people[:count], slug))
    with CaptureQueriesContext(connection) as asked:
        assert run([], "junior") == []
    assert not len(asked)


def test_rows_that_hang_on_what_was_found_come_along(cast: Any) -> None:
    @prepared
    def tiers(level: str) -> models.QuerySet[Tier]:
        return Tier.objects.filter(level=level).prefetch_related("requirements__role")

    for level in ("high", "critical", "high"):
        with CaptureQueriesContext(connection) as asked:
            (tier,) = tiers(level)
            roles = [need.role.slug for need in tier.requirements.all()]
        assert roles == [need.role.slug for need in Tier.objects.get(level=level).requirements.all()]
        assert len(asked) == 2


def test_what_changed_between_two_runs_is_seen(cast: Any) -> None:
    run = prepared(holders)
    person, role = User.objects.get(username="mara"), Role.objects.get(slug="junior")
    assert run([person.pk], "junior") == [(person.pk, "junior")]
    role.members.remove(person)
    assert run([person.pk], "junior") == []


def test_moments_are_compared_as_the_database_keeps_them(cast: Any) -> None:
    @prepared
    def since(at: datetime) -> models.QuerySet[Task]:
        return Task.objects.filter(created_at__gte=at)

    task = a_task()
    task.refresh_from_db()
    assert since(task.created_at - timedelta(seconds=1)) == [task]
    assert since(task.created_at + timedelta(seconds=1)) == []


@pytest.mark.parametrize("value", [None, 1.5, b"1", [None], object()])
def test_values_that_would_have_made_another_query_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="a prepared query takes no"):
        prepared(wide)(value, "PENDING")


def test_locks_need_a_transaction_at_every_run(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    @prepared
    def locked(pk: int) -> models.QuerySet[Task]:
        return Task.objects.select_for_update().filter(pk=pk)

    task = a_task()
    assert locked(task.pk) == [task]
    monkeypatch.setattr(connections[DEFAULT_DB_ALIAS], "in_atomic_block", False)
    with pytest.raises(TransactionManagementError):
        locked(task.pk)


def test_a_row_is_stored_with_all_that_the_database_adds(cast: Any) -> None:
    task = a_task()
    for number in (1, 2):
        about = {"task": task, "kind": f"task.seen_{number}", "actor_kind": "clock", "detail": {"list": [number, None]}}
        with CaptureQueriesContext(connection) as asked:
            event = insert(Event(**about))
        assert len(asked) == 1
        found = Event.objects.get(pk=event.pk)
        assert (found.detail, found.task_id, found.action_id) == (about["detail"], task.pk, None)
        assert event.at == found.at
        assert not event._state.adding


def test_a_stored_row_may_hold_moments_of_the_database(cast: Any) -> None:
    (model,) = Approval.objects.filter(action=propose(task=a_task()))
    fields = {name: getattr(model, name) for name in ("action", "asked", "verdict", "tier")}
    for kind, minutes in ((Approval.Kind.REVIEW, 5), (Approval.Kind.SETTLE, 9)):
        row = Approval(
            **fields, kind=kind, state=Approval.State.CANCELLED, deadline=later(timedelta(minutes=minutes)), urgency=NOW
        )
        found = Approval.objects.get(pk=insert(row).pk)
        assert found.deadline - found.urgency == timedelta(minutes=minutes)


def test_what_breaks_a_rule_takes_its_transaction_along(cast: Any) -> None:
    (model,) = Approval.objects.filter(action=propose(task=a_task()))
    again = Approval(
        **{f.attname: getattr(model, f.attname) for f in Approval._meta.concrete_fields if not f.primary_key}
    )
    for break_it in (lambda: insert(again), lambda: update(Task, {"pk": model.action.task_id}, {"percent": -1})):
        with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
            with suppress(IntegrityError):
                break_it()
            Task.objects.exists()


def test_rows_are_changed_and_counted(cast: Any) -> None:
    first, second = a_task(), a_task()
    for task, percent in ((first, 10), (second, 20)):
        with CaptureQueriesContext(connection) as asked:
            assert (
                update(Task, {"pk": task.pk, "state__in": ("QUEUED", "RUNNING")}, {"percent": percent, "note": "On it"})
                == 1
            )
        assert len(asked) == 1
    assert list(Task.objects.order_by("pk").values_list("percent", "note")) == [(10, "On it"), (20, "On it")]
    assert update(Task, {"pk": first.pk, "leased_until__lt": NOW}, {"percent": 50}) == 0
    assert update(Task, {"pk": first.pk}, {"percent": F("percent") + 5, "result": {"a": [1]}, "runnable_at": None}) == 1
    assert update(Task, {"pk": second.pk}, {"result": None, "leased_until": later(timedelta(minutes=1))}) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.percent, first.result, first.runnable_at) == (15, {"a": [1]}, None)
    assert (second.percent, second.result) == (20, None)
    assert second.leased_until is not None
