"""A verb is one transaction. Where two meet and the database lets one go, that one begins again as a whole."""

import random
import sqlite3
from collections.abc import Callable, Iterable
from functools import wraps
from time import monotonic, sleep
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Model

Given = ParamSpec("Given")
Made = TypeVar("Made")

TRIES = 3
# Nobody is kept waiting for longer: SQLite, which queues for a lock by itself, has then tried often enough.
PATIENCE_SECONDS = 10
PAUSE_SECONDS = 0.05
# PostgreSQL: serialization failure, deadlock, no lock within lock_timeout.
IN_THE_WAY = ("40001", "40P01", "55P03")
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
Kept = list[tuple[Model, dict[str, Any], dict[str, Any], bool]]


def whole(verb: Callable[Given, Made]) -> Callable[Given, Made]:
    """Run a verb in one transaction, up to three times where others were in its way. Raises the last OperationalError.

    Each try finds the rows it was handed as the caller handed them. Within another verb it is a part of that one's try.
    """

    @wraps(verb)
    def tried(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        if connection.in_atomic_block:
            with transaction.atomic():
                return verb(*args, **kwargs)
        given, end = _keep([*args, *kwargs.values()]), monotonic() + PATIENCE_SECONDS
        for left in reversed(range(TRIES)):
            try:
                with transaction.atomic():
                    return verb(*args, **kwargs)
            except OperationalError as error:
                if not left or not was_in_the_way(error) or monotonic() > end:
                    raise
            _give_back(given)
            sleep(random.uniform(0.5, 1.5) * PAUSE_SECONDS)  # noqa: S311 -- so that two do not meet again
        raise AssertionError  # the last try returns or raises

    return tried


def was_in_the_way(error: OperationalError) -> bool:
    """Whether somebody else's lock or write was the reason, so that the same may work a moment later."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in BUSY
    return getattr(cause, "sqlstate", None) in IN_THE_WAY


def _keep(things: Iterable[Any]) -> Kept:
    """What the rows among these hold now, and the rows that hang on them."""
    kept: dict[int, tuple[Model, dict[str, Any], dict[str, Any], bool]] = {}
    waiting = list(things)
    while waiting:
        row = waiting.pop()
        if isinstance(row, Model) and id(row) not in kept:
            related = dict(row._state.fields_cache)
            kept[id(row)] = row, dict(vars(row)), related, row._state.adding
            waiting += related.values()
    return list(kept.values())


def _give_back(kept: Kept) -> None:
    for row, columns, related, adding in kept:
        vars(row).clear()
        vars(row).update(columns)
        row._state.fields_cache, row._state.adding = related.copy(), adding
