"""Queries of the hot path: their SQL is worked out once in a process, then run with other values each time.

Django builds the SQL of a query anew for every run, and for a wide one that costs more than the database's answer.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from datetime import datetime
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from django.db import connection
from django.db.models import Expression, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row")
Values = ParamSpec("Values")
Shape = tuple[int | None, ...]


class Given(Expression):
    """Stands in a prepared query for a value that each run brings along."""

    def __init__(self, place: tuple[int, int | None]) -> None:
        super().__init__()
        self.place = place

    def as_sql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        return "%s", (self,)

    def of(self, values: Sequence[Any]) -> Any:
        position, index = self.place
        value = values[position] if index is None else values[position][index]
        return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def prepared(build: Callable[Values, QuerySet[Any, Row]]) -> Callable[Values, list[Row]]:
    """Let a function that makes a query of its arguments run it instead: a list of its rows.

    Arguments are whole numbers, texts, moments, or lists of numbers or texts for `__in`. Anything else, None included, raises TypeError: the
    query would have been another one. Beyond its arguments the function must depend on nothing.
    """
    names = list(signature(build).parameters)
    known: dict[Shape, tuple[QuerySet[Any, Row], SQLCompiler, str, tuple[Any, ...]]] = {}

    def run(*args: Values.args, **kwargs: Values.kwargs) -> list[Row]:
        values = [*args, *(kwargs[name] for name in names[len(args) :])]
        shape = tuple(_length(value) for value in values)
        if 0 in shape:
            return []  # nothing is in an empty list
        if shape not in known:
            made: Any = build  # of stand-ins in place of its values
            known[shape] = _compiled(made(*_stand_ins(shape)))
        queryset, compiler, sql, params = known[shape]
        return list(_bound(queryset, compiler, sql, [p.of(values) if isinstance(p, Given) else p for p in params]))

    return run


def _length(value: Any) -> int | None:
    if isinstance(value, list) and all(isinstance(one, int | str) for one in value):
        return len(value)
    if not isinstance(value, int | str | datetime):
        raise TypeError(f"a prepared query takes no {type(value).__name__}")
    return None


def _stand_ins(shape: Shape) -> Iterator[Any]:
    for position, length in enumerate(shape):
        yield Given((position, None)) if length is None else [Given((position, index)) for index in range(length)]


def _compiled(queryset: QuerySet[Any, Row]) -> tuple[QuerySet[Any, Row], SQLCompiler, str, tuple[Any, ...]]:
    compiler = queryset.query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    return queryset, compiler, sql, tuple(params)


def _bound(queryset: QuerySet[Any, Row], compiler: SQLCompiler, sql: str, params: list[Any]) -> QuerySet[Any, Row]:
    """The query as Django would run it, on this thread's connection, without working out its SQL."""
    if queryset.query.select_for_update and not connection.in_atomic_block:
        raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
    mine: Any = copy(compiler)
    mine.connection = connection
    mine.as_sql = lambda *args, **kwargs: (sql, params)
    runs: Any = queryset.all()
    runs.query.get_compiler = lambda *args, **kwargs: mine
    return runs
