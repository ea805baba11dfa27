"""The people and the work that are measured, and what a figure needs to see of them."""

import time
from collections.abc import Sequence
from typing import Any

from django.db import connection

from agents import ledger, plans, runner, tools
from agents.models import Action, ActionVersion, Agent, Event, Task, User
from agents.toolbox.models import Effect
from approvals import tasks
from approvals.models import Approval, Role, Tier, Verdict
from bench.browser import PASSWORD

BY = ledger.Actor("bench", name="Bench")
Asked = tuple[int, int, str]


def prepare() -> None:
    """The agent, its tool and two juniors, whose approvals are not held."""
    tools.sync()
    plans.sync()
    Tier.objects.update(hold_seconds=0)
    for name in ("first", "second"):
        if not User.objects.filter(username=name).exists():
            User.objects.create_user(name, password=PASSWORD).roles.set([Role.objects.get(slug="junior")])


def begin(count: int) -> list[int]:
    """Start tasks of the bench agent and wait until each of them asks its first question."""
    agent = Agent.objects.get(slug="bench")
    started = [
        runner.start(agent=agent, goal="Send notes", parameters={}, mode=Task.Mode.BLOCKING, by=BY).pk
        for _ in range(count)
    ]
    for pk in started:
        tasks.hint(pk)
    waiting = Task.objects.filter(pk__in=started, state=Task.State.WAITING_APPROVAL)
    until(lambda: waiting.count() == count, 60)
    return started


def asked(task_ids: Sequence[int]) -> dict[int, Asked]:
    """The open question of each task: (approval, version, digest)."""
    rows = Approval.objects.filter(state=Approval.State.OPEN, action__task__in=task_ids)
    return {row[0]: row[1:] for row in rows.values_list("action__task_id", "pk", "asked__version", "asked__digest")}


def settled(task_id: int, done: int) -> bool:
    """Whether that many steps of a task are done and no worker is at it."""
    return (
        Task.objects.filter(pk=task_id, done=done, leased_by="", runnable_at=None)
        .exclude(state=Task.State.RUNNING)
        .exists()
    )


def effect_times(approvals: Sequence[int]) -> list[float]:
    """When the effects of these questions happened, in their order, by the clock that both sides share."""
    actions = dict(Approval.objects.filter(pk__in=approvals).values_list("pk", "action_id"))
    until(lambda: Effect.objects.filter(action_id__in=actions.values()).count() == len(actions), 30)
    at = dict(Effect.objects.filter(action_id__in=actions.values()).values_list("action_id", "at"))
    return [at[actions[pk]].timestamp() for pk in approvals]


def until(holds: Any, seconds: float, pause_seconds: float = 0.005) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(pause_seconds)


def fill(waiting: int) -> None:
    """Let that many questions wait in all, copies of one that an agent asked, with the rows that belong to them."""
    model = (
        Approval.objects.filter(state=Approval.State.OPEN).select_related("action__task", "asked", "verdict").first()
    )
    assert model is not None, "something must wait that can be copied"
    missing = waiting - Approval.objects.filter(state=Approval.State.OPEN).count()
    for start in range(0, missing, 1_000):
        _copy(model, min(1_000, missing - start))
    while ledger.seal():
        pass
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def past(count: int) -> None:
    """Let the gate have judged that many actions in all, copies of one that an agent proposed."""
    if not Verdict.objects.exists():
        begin(1)
    model = Verdict.objects.select_related("action__task").latest("pk")
    asked_for = ActionVersion.objects.get(action=model.action, version=model.version)
    ended = Action.objects.get(pk=model.action_id)
    ended.state = Action.State.CANCELLED
    missing = count - Verdict.objects.count()
    for start in range(0, missing, 1_000):
        some = min(1_000, missing - start)
        actions = Action.objects.bulk_create(
            _copies(ended, some, task=Task.objects.bulk_create(_copies(_over(), some)))
        )
        ActionVersion.objects.bulk_create(_copies(asked_for, some, action=actions))
        Verdict.objects.bulk_create(_copies(model, some, action=actions))


def _over() -> Task:
    task = Task.objects.latest("pk")
    task.state, task.runnable_at = Task.State.STOPPED, None
    return task


def _copy(model: Approval, count: int) -> None:
    tasks_made = Task.objects.bulk_create(_copies(model.action.task, count))
    actions = Action.objects.bulk_create(_copies(model.action, count, task=tasks_made))
    asked_for = ActionVersion.objects.bulk_create(_copies(model.asked, count, action=actions))
    verdicts = Verdict.objects.bulk_create(_copies(model.verdict, count, action=actions))
    Approval.objects.bulk_create(_copies(model, count, action=actions, asked=asked_for, verdict=verdicts))
    Event.objects.bulk_create(
        Event(kind="action.pending", actor_kind="gate", task=a.task, action=a, version=1, digest=a.digest, to="PENDING")
        for a in actions
    )


def _copies(row: Any, count: int, **related: list[Any]) -> list[Any]:
    """Copies of a row that point to the copies of what it points to."""
    fields = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    pointing = ({f"{name}_id": rows[n].pk for name, rows in related.items()} for n in range(count))
    return [type(row)(**{**fields, **pointers}) for pointers in pointing]
