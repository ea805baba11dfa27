"""Celery: hints that carry an id. One may come twice, late or never; the rows decide, and `sweep` finds what is left."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from agents import execution, facts, leases, ledger, runner
from agents.models import Action, Heartbeat, Task
from agents.states import A, Conflict
from approvals import company, drafts, gate, trials
from approvals.models import Approval

logger = logging.getLogger(__name__)
SHARE = 25
_leaving = threading.Event()
BATCH = 200


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def hint(task_id: int, seconds: int = 0) -> None:
    """Tell a worker, once the caller's transaction is committed, that a task may move, now or so many seconds later.
    Losing it costs only time."""
    send(advance, task_id, seconds)


def send(what: Any, row_id: int, seconds: int = 0) -> None:
    """Hint at one row, once the caller's transaction is committed. Losing it costs only time."""
    transaction.on_commit(lambda: _send(what, row_id, seconds), robust=True)


def _send(what: Any, row_id: int, seconds: int) -> None:
    if not facts.breaker.open:
        return
    try:
        what.apply_async((row_id,), retry=False, countdown=seconds or None)
    except (OperationalError, OSError) as error:
        facts.breaker.trip()
        logger.warning("hints are not sent for a while: %s", type(error).__name__)


@worker_shutting_down.connect
def leave_after_this_step(**kwargs: Any) -> None:
    """A worker that is told to stop finishes the step in hand; the next worker takes the rest of the stretch."""
    _leaving.set()


@shared_task
def advance(task_id: int) -> None:
    """Take one stretch of a task: step after step until it must wait, ends, or has used its share."""
    task = leases.take(task_id, f"{worker_name()}:{os.urandom(4).hex()}")
    if task is None:
        return
    more = True
    with suppress(Conflict):  # a person or another worker moved the row; it is read again at the next hint
        more = False
        for _step in range(SHARE):
            more = runner.advance(task, gate=gate)
            if not more or _leaving.is_set() or not leases.renew(task):
                break
    if leases.release(task, again=more):
        hint(task_id)


@shared_task
def try_out(trial_id: int) -> None:
    """Judge one more share of the past by candidate rules."""
    if trials.step(trial_id):
        send(try_out, trial_id)


@shared_task
def probe(action_id: int) -> None:
    """Ask a tool once what became of a call whose worker was lost. Where this hint is lost, people say."""
    action = Action.objects.select_related("tool", "task").filter(pk=action_id).first()
    if action:
        execution.probe(action, gate=gate)
        hint(action.task_id)


@shared_task
def sweep() -> None:
    """Find what lost hints, dead workers and the clock have left behind."""
    _each(_overdue(), gate.expire)
    dead = Action.objects.filter(state=A.EXECUTING, leased_until__lt=Now()).select_related("tool")
    _each(dead.order_by("leased_until")[:BATCH], _recover)
    lost = Task.objects.filter(state__in=leases.LIVE, leased_until__lt=Now())
    lost.update(leased_by="", leased_until=None, runnable_at=Now())
    for task_id in runnable()[:BATCH]:
        hint(task_id)
    for trial_id in trials.left_behind()[:BATCH]:
        send(try_out, trial_id)
    drafts.outlived().delete()
    company.lapse()
    ledger.seal()


def _recover(action: Action) -> None:
    execution.recover(action, gate=gate)
    if action.state == A.UNKNOWN and action.tool and action.tool.may_be_probed:
        send(probe, action.pk)


def _each(rows: Iterable[Any], settle: Callable[[Any], None]) -> None:
    """Settle row after row: one that cannot be settled is logged and keeps none of the others waiting."""
    for row in rows:
        try:
            settle(row)
        except Conflict:  # somebody was faster
            continue
        except Exception:
            logger.exception("%s %s could not be settled", type(row).__name__, row.pk)


@shared_task
def heartbeat() -> None:
    """Say that this worker lives, by the database's clock."""
    Heartbeat.objects.update_or_create(worker=worker_name(), defaults={"at": Now()})


def runnable() -> Any:
    """Ids of tasks that somebody could take now, the longest waiting first."""
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    rows = Task.objects.filter(free, state__in=leases.LIVE, runnable_at__lte=Now())
    return rows.order_by("runnable_at").values_list("pk", flat=True)


def _overdue() -> Any:
    """Questions whose time is over, unanswered or answered to an agent that made nothing of it."""
    rows = Approval.objects.filter(state__in=(Approval.State.OPEN, Approval.State.ANSWERED), deadline__lte=Now())
    return rows.select_related("action", "tier", "verdict").order_by("deadline")[:BATCH]
