"""Who works on a task. One worker at a time takes it for a stretch, renews that before every step, and lets go.

Whoever makes a task runnable says so in its own transaction (`wake`): `runnable_at` is a flag that no lost message can lose.
"""

from datetime import timedelta
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When

from agents.clock import NOW, later
from agents.models import Task
from agents.prepared import prepared, update
from agents.states import T

LIVE = (T.QUEUED, T.RUNNING, T.WAITING_APPROVAL)
# Renewed before every step and as long as a tool may take before every call: it only has to outlast planning.
STRETCH = timedelta(seconds=10)
NOBODY: dict[str, Any] = {"leased_by": "", "leased_until": None, "attempts": 0}
# Of statements that are prepared.
STRETCH_END, ONE_MORE = later(STRETCH), F("attempts") + 1
FREE = Q(leased_until=None) | Q(leased_until__lt=NOW)
SEEN = Case(When(runnable_at__lte=NOW, then=None), default=F("runnable_at"))


def wake(task_id: int) -> None:
    """Say in the caller's transaction that a task may move. A worker that holds it now will look again."""
    update(Task, {"pk": task_id, "state__in": LIVE}, {"runnable_at": NOW})


def lock(task_id: int) -> None:
    """Take the task's row in the caller's transaction, before any of its actions: everybody locks in that order."""
    # SQLite has no row locks and needs none: its transactions are IMMEDIATE, they come one after another.
    Task.objects.select_for_update().only("pk").get(pk=task_id)


def take(task_id: int, worker: str) -> Task | None:
    """Lease a runnable task for one stretch; None when there is nothing to do or another worker has it."""
    due = {"pk": task_id, "state__in": LIVE, "runnable_at__lte": NOW}
    lease = {"leased_by": worker, "leased_until": STRETCH_END, "attempts": ONE_MORE}
    if not update(Task, due, {"runnable_at": None, **lease}, also=FREE):
        return None
    (task,) = _taken(task_id)
    return task


@prepared
def _taken(task_id: int) -> QuerySet[Task]:
    return Task.objects.select_related("agent").filter(pk=task_id)


def renew(task: Task) -> bool:
    """Keep a task for one step more, its row read again; False when it is paused, over, or another worker's."""
    # The flag goes down before the rows are read: what was committed by now will be seen, what comes later raises it again.
    mine = {"pk": task.pk, "state__in": LIVE, **held(task)}
    if not update(Task, mine, {"leased_until": STRETCH_END, "runnable_at": SEEN, "attempts": 1}):
        return False
    task.refresh_from_db(fields=["state", "done", "total"])
    return True


def release(task: Task, *, again: bool = False) -> bool:
    """End the stretch. True: the task became runnable meanwhile, so somebody should take it now."""
    if again:
        wake(task.pk)
    if task.leased_by:
        update(Task, {"pk": task.pk, **held(task)}, NOBODY)
    return bool(_runnable(task.pk))


@prepared
def _runnable(task_id: int) -> QuerySet[Task, Any]:
    return Task.objects.filter(pk=task_id, state__in=LIVE, runnable_at__lte=NOW).values_list("pk")


def held(task: Task) -> dict[str, Any]:
    """In a condition: that the worker which took the task has it still."""
    return {"leased_by": task.leased_by}
