"""Two that meet on one row: who is let go begins again, and nobody notices but by the time it took."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.test import Client

from agents import states, transactions
from agents.ledger import CLOCK
from agents.models import Action, Agent, Task, User
from agents.states import T
from agents.transactions import TRIES, whole
from approvals import controls
from tests.cast import a_task, a_tool, approve, proof, propose, question
from tests.processes.product import Product

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def impatient(product: Product) -> Iterator[None]:
    """Nobody here waits long for a lock."""
    a_tool("medium")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=50" if connection.vendor == "sqlite" else "SET lock_timeout='50ms'")
    yield
    connection.close()


class Holder:
    """Somebody else's transaction, which holds a task until it is told to let go."""

    def __init__(self, task: Task) -> None:
        self.task, self.has, self.lets_go = task, threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.hold)
        self.thread.start()
        assert self.has.wait(10)

    def hold(self) -> None:
        try:
            with transaction.atomic():
                Task.objects.filter(pk=self.task.pk).update(percent=F("percent"))
                self.has.set()
                self.lets_go.wait(20)
        finally:
            connection.close()

    def let_go(self) -> None:
        self.lets_go.set()
        self.thread.join(10)


@contextmanager
def held(task: Task) -> Iterator[Holder]:
    holder = Holder(task)
    try:
        yield holder
    finally:
        holder.let_go()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], list[float]]:
    """What happens in the pause before each next try, and how many pauses there were."""

    def instead(what: Callable[[], None] = lambda: None) -> list[float]:
        made: list[float] = []
        monkeypatch.setattr(transactions, "sleep", lambda seconds: (made.append(seconds), what()))
        return made

    return instead


def test_a_verb_that_meets_a_lock_is_done_a_moment_later(people: dict[str, User], pauses: Any) -> None:
    task = a_task()
    with held(task) as holder:
        made = pauses(holder.let_go)
        controls.pause(task, people["ines"], proof())
    assert len(made) == 1
    assert Task.objects.get(pk=task.pk).state == task.state == "PAUSED"
    assert task.events.filter(to="PAUSED").count() == 1


def test_a_decision_that_meets_a_lock_is_one_decision(people: dict[str, User], pauses: Any) -> None:
    action = propose("medium")
    with held(action.task) as holder:
        made = pauses(holder.let_go)
        approve(action, people["mara"])
    assert len(made) == 1
    assert Action.objects.get(pk=action.pk).state == "APPROVED" and question(action).decisions.count() == 1


def test_after_three_tries_it_is_told_and_nothing_was_done(people: dict[str, User], pauses: Any) -> None:
    task = a_task()
    with held(task):
        made = pauses()
        with pytest.raises(OperationalError):
            controls.pause(task, people["ines"], proof())
    assert len(made) == TRIES - 1
    assert Task.objects.get(pk=task.pk).state == "RUNNING" and not task.events.filter(to="PAUSED").exists()


def test_who_presses_a_button_then_reads_that_it_may_be_tried_again(people: dict[str, User], pauses: Any) -> None:
    task, client = a_task(), Client()
    client.force_login(people["ines"])
    client.get("/tasks/")  # the stamp of the session is a write, too
    with held(task):
        made = pauses()
        answer = client.post(f"/tasks/{task.pk}/pause/")
    assert (answer.status_code, answer["Retry-After"], len(made)) == (503, "2", TRIES - 1)


def test_what_is_no_lock_is_not_tried_again(pauses: Any) -> None:
    made = pauses()

    @whole
    def broken() -> None:
        raise OperationalError("the disk is full")

    with pytest.raises(OperationalError, match="disk"):
        broken()
    assert made == []


def test_within_another_verb_the_whole_of_that_one_is_tried_again(pauses: Any) -> None:
    task, tries = a_task(), []

    @whole
    def outer() -> None:
        tries.append("outer")
        inner()

    @whole
    def inner() -> None:
        tries.append("inner")
        Task.objects.filter(pk=task.pk).update(goal="Done")

    with held(task) as holder:
        pauses(holder.let_go)
        outer()
    begun = 1 if connection.vendor == "sqlite" else 2  # SQLite lets nobody begin while the other is at it
    assert tries == ["outer", "inner"] * begun
    assert Task.objects.get(pk=task.pk).goal == "Done"


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lets one transaction begin at a time: none meets another halfway"
)
def test_of_two_in_a_deadlock_both_get_through_and_the_failed_try_leaves_no_trace() -> None:
    """Rows taken crosswise: the database ends one of the two, halfway, with its object changed and a hook waiting."""
    tasks = [a_task(), a_task()]
    both, hooks, tries = threading.Barrier(2), [], []

    @whole
    def crosswise(mine: Task, other: Task) -> None:
        tries.append((mine.pk, mine.state))
        states.move(mine, T.RUNNING, T.PAUSED, by=CLOCK)
        transaction.on_commit(lambda: hooks.append(mine.pk))
        if len(tries) <= 2:
            both.wait(10)
        Task.objects.filter(pk=other.pk).update(percent=F("percent"))

    def run(mine: Task, other: Task) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout='20s'")
            crosswise(Task.objects.get(pk=mine.pk), other)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in (tasks, tasks[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(tries) == 3 and {state for _pk, state in tries} == {"RUNNING"}
    assert sorted(hooks) == sorted(task.pk for task in tasks)
    assert [task.events.filter(to="PAUSED").count() for task in tasks] == [1, 1]


def test_each_try_finds_its_rows_as_they_were_handed_over(pauses: Any) -> None:
    task, lock, seen = a_task(), met_lock(), []
    agent = task.agent = Agent.objects.get(pk=task.agent_id)
    pauses()

    @whole
    def change(row: Task) -> None:
        seen.append((row.goal, row.agent.name, row.agent is agent))
        row.goal, row.agent.name = "Changed", "Changed"
        row.agent = Agent(name="Another", slug="another")
        if len(seen) < TRIES:
            raise OperationalError from lock

    change(task)
    assert seen == [("Test", "Tester", True)] * TRIES
    assert (task.goal, agent.name, task.agent.name) == ("Changed", "Changed", "Another")


def met_lock() -> BaseException | None:
    """What the driver says when it meets a lock."""
    task = a_task()
    with held(task), pytest.raises(OperationalError) as met:
        Task.objects.filter(pk=task.pk).update(percent=F("percent"))
    return met.value.__cause__
