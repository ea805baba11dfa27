"""The database's clock: the only one that every process agrees on."""

from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Expression
from django.db.models.functions import Now

# One object, since statements that are prepared are found again by the expressions in them.
NOW = Now()


@lru_cache(maxsize=512)
def later(time: timedelta) -> Expression:
    """The moment that comes so much later than now."""
    return NOW + time


class Moment(Now):
    """The time at which a row is read. `Now` stands still while a statement waits for a lock; this does not."""

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="CLOCK_TIMESTAMP()", **more)
