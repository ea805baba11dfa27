from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from agents import leases, plans, runner, tools
from agents.ledger import Actor
from agents.models import Action, Agent, Task, User
from agents.toolbox.models import Effect
from approvals.models import Role
from tests.cast import NAMES, at_a_glance
from tests.processes.product import Product, database, rows_of, until

BY = Actor("test", name="Test")


@pytest.fixture(scope="package")
def prepared(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Product]:
    """An installation with people, agents and tools, of which nothing runs yet."""
    product = Product(tmp_path_factory.mktemp("product"), application="tests.processes.worker")
    with database(product):
        with rows_of(product, django_db_blocker):
            _people()
            at_a_glance()
            plans.sync()
            _tools()
        yield product
        product.end()


@pytest.fixture
def product(prepared: Product, django_db_blocker: Any) -> Iterator[Product]:
    """The installation, its rows within reach; whatever a test started has ended after it, and no work is left."""
    with rows_of(prepared, django_db_blocker):
        yield prepared
        prepared.end()
        Task.objects.filter(state__in=leases.LIVE).update(state="STOPPED", runnable_at=None)


@pytest.fixture
def people(product: Product) -> dict[str, User]:
    return {person.username: person for person in User.objects.all()}


def _people() -> None:
    roles = {role.slug: role for role in Role.objects.all()}
    for name, slugs in NAMES.items():
        person = User.objects.create_user(name, password="secret", first_name=name.title())
        person.roles.set([roles[slug] for slug in slugs])


def _tools() -> None:
    before = tools.FAMILIES
    tools.FAMILIES = (*before, "tests.processes.toolbox")
    try:
        tools.sync()
    finally:
        tools.FAMILIES = before


def work(*calls: tuple[str, dict[str, Any]], agent: str = "support", **more: Any) -> Task:
    """A task of an agent that proposes these calls of tools, each independent of the others."""
    script = [{"tool": tool, "arguments": arguments, "why": more.get("why", "Because.")} for tool, arguments in calls]
    chosen = Agent.objects.get(slug=agent)
    return runner.start(agent=chosen, goal=more.get("goal", "Test"), parameters={}, mode="queue", by=BY, script=script)


def effects(action: Action) -> int:
    return Effect.objects.filter(action_id=action.pk).count()


def reached(action: Action, *states: str, seconds: float = 90) -> str:
    """The state of the action, once it is one of these."""

    def look() -> str:
        state = Action.objects.values_list("state", flat=True).get(pk=action.pk)
        return state if state in states else ""

    return until(look, seconds, f"{action.pk} in {states}")


def lease_is_over(action: Action) -> None:
    """As if the minutes had passed that a dead worker's lease runs on."""
    with connection.cursor() as cursor:
        for table, key in (("agents_task", action.task_id), ("agents_action", action.pk)):
            cursor.execute(f"UPDATE {table} SET leased_until = %s WHERE id = %s", ["2020-01-01 00:00:00+00:00", key])
