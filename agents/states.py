"""All legal moves, and the one function that makes them."""

from typing import Any

from django.db import transaction

from agents import ledger
from agents.clock import NOW
from agents.ledger import Actor
from agents.models import Action, Task
from agents.prepared import update

A, T = Action.State, Task.State

ACTION_MOVES: dict[str, set[str]] = {
    A.PROPOSED: {A.PENDING, A.APPROVED, A.BLOCKED, A.CANCELLED},
    # to itself: a new version
    A.PENDING: {A.PENDING, A.APPROVED, A.REJECTED, A.EXPIRED, A.CANCELLED, A.BLOCKED},
    # back: undo, or the final gate found less
    A.APPROVED: {A.EXECUTING, A.PENDING, A.REJECTED, A.EXPIRED, A.CANCELLED, A.BLOCKED},
    # back: the lease is over and the tool may be repeated
    A.EXECUTING: {A.SUCCEEDED, A.FAILED, A.UNKNOWN, A.APPROVED},
    # a person settles it, or a probe of the tool; doing it again is a new action
    A.UNKNOWN: {A.SUCCEEDED, A.FAILED},
}

TASK_MOVES: dict[str, set[str]] = {
    T.QUEUED: {T.RUNNING, T.PAUSED, T.STOPPED},
    T.RUNNING: {T.WAITING_APPROVAL, T.PAUSED, T.SUCCEEDED, T.FAILED, T.STOPPED},
    T.WAITING_APPROVAL: {T.RUNNING, T.PAUSED, T.STOPPED},
    T.PAUSED: {T.RUNNING, T.STOPPED},
}

MOVES: dict[type, dict[str, set[str]]] = {Action: ACTION_MOVES, Task: TASK_MOVES}


class Conflict(Exception):
    """The row is no longer in the state that the caller saw. Nothing was changed."""

    def __init__(self, message: str, *, kind: str = "moved", action: Action | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.action = action


def move(
    row: Action | Task,
    source: str,
    to: str,
    *,
    by: Actor,
    reason: str = "",
    about: dict[str, Any] | None = None,
    where: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Move `row` from the state the caller saw, write the Event, and carry both in one transaction.

    `changes` are columns set with the move, `where` further conditions (a fence), `about` columns of the Event.
    Raises ValueError for a move that no table knows and Conflict when the row has moved on.
    """
    if to not in MOVES[type(row)].get(source, ()):
        raise ValueError(f"no such move: {source} to {to}")
    seen = {"pk": row.pk, "state": source, **(where or {})}
    # No savepoint: a move that finds no row has changed nothing, and one that breaks takes its whole transaction along.
    with transaction.atomic(savepoint=False):
        moved = update(type(row), seen, {"state": to, "moved_at": NOW, "reason": reason, **changes})
        if moved:
            _mirror(row, state=to, reason=reason, **changes)
            subject = {"action": row} if isinstance(row, Action) else {"task": row}
            kind = f"{type(row).__name__.lower()}.{to.lower()}"
            ledger.record(kind, by, source=source, to=to, reason=reason, **subject, **(about or {}))
    if not moved:
        name = type(row).__name__.lower()
        raise Conflict(f"{name} #{row.pk} is no longer {source}", action=row if isinstance(row, Action) else None)


def _mirror(row: Action | Task, **columns: Any) -> None:
    """Let the object in hand say what its row says now; what the database computes is left to be read again."""
    for column, value in columns.items():
        if not hasattr(value, "resolve_expression"):
            setattr(row, column, value)
