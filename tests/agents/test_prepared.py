"""A prepared query finds what the same query finds without preparing and asks the database as often."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from agents.models import Action, Task, User
from agents.prepared import prepared
from approvals.models import Role, Tier
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
