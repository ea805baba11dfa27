"""The database's clock: the only one that every process agrees on."""

from typing import Any

from django.db.models.functions import Now


class Moment(Now):
    """The time at which a row is read. `Now` stands still while a statement waits for a lock; this does not."""

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="CLOCK_TIMESTAMP()", **more)
