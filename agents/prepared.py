"""Statements of the hot path: their SQL is worked out once in a process, then run with other values each time.

Django builds the SQL of a statement anew for every run, and for a wide row that costs more than the database's answer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime
from functools import cache, lru_cache
from inspect import signature
from itertools import count
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction
from django.db.models import Expression, Model, Q, QuerySet
from django.db.models.expressions import DatabaseDefault
from django.db.models.query import ValuesListIterable
from django.db.models.sql import InsertQuery, UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")
Stored = TypeVar("Stored", bound=Model)
Values = ParamSpec("Values")
Shape = tuple[int | None, ...]
Params = tuple[Any, ...]
KNOWN = 512  # statements of each kind that are remembered
ALWAYS = Q()


class Given(Expression):
    """Stands in a prepared statement for a value that each run brings along."""

    def __init__(self, position: int, index: int | None = None) -> None:
        super().__init__()
        self.position, self.index = position, index

    def as_sql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        return "%s", (self,)

    def of(self, values: Sequence[Any]) -> Any:
        value = values[self.position] if self.index is None else values[self.position][self.index]
        return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _filled(params: Params, values: Sequence[Any]) -> list[Any]:
    return [param.of(values) if isinstance(param, Given) else param for param in params]


def prepared(build: Callable[Values, QuerySet[Any, Row]]) -> Callable[Values, list[Row]]:
    """Let a function that makes a query of its arguments run it instead: a list of its rows.

    Arguments are whole numbers, texts, moments, or lists of numbers or texts for `__in`. Anything else, None included,
    raises TypeError: the query would have been another one. Beyond its arguments the function must depend on nothing.
    """
    names = list(signature(build).parameters)
    known: dict[Shape, _Query] = {}

    def run(*args: Values.args, **kwargs: Values.kwargs) -> list[Row]:
        values = [*args, *(kwargs[name] for name in names[len(args) :])]
        shape = tuple(_length(value) for value in values)
        if 0 in shape:
            return []  # nothing is in an empty list
        if shape not in known:
            made: Any = build  # of stand-ins in place of its values
            known[shape] = _Query(made(*_stand_ins(shape)))
        return known[shape].rows(values)

    return run


def _length(value: Any) -> int | None:
    if isinstance(value, list) and all(isinstance(one, int | str) for one in value):
        return len(value)
    if not isinstance(value, int | str | datetime):
        raise TypeError(f"a prepared query takes no {type(value).__name__}")
    return None


def _stand_ins(shape: Shape) -> Iterator[Any]:
    for position, length in enumerate(shape):
        yield Given(position) if length is None else [Given(position, index) for index in range(length)]


class _Query:
    """A query whose SQL is known, and how Django turns its columns into values."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self.queryset = queryset
        self.compiler: SQLCompiler = queryset.query.get_compiler(connection=connection)
        sql, params = self.compiler.as_sql()
        self.sql, self.params = sql, tuple(params)
        self.converters = self.compiler.get_converters(expression for expression, *_named in self.compiler.select)
        self.tuples = queryset._iterable_class is ValuesListIterable

    def rows(self, values: Sequence[Any]) -> list[Any]:
        """The rows as Django would find them, on this thread's connection, without working out the SQL."""
        if self.queryset.query.select_for_update and not connection.in_atomic_block:
            raise transaction.TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        params = _filled(self.params, values)
        if self.tuples:
            return self._columns(params)
        mine: Any = copy(self.compiler)
        mine.connection = connection
        mine.as_sql = lambda *args, **kwargs: (self.sql, params)
        mine.get_converters = lambda _expressions: self.converters
        runs: Any = self.queryset.all()
        runs.query.get_compiler = lambda *args, **kwargs: mine
        return list(runs)

    def _columns(self, params: list[Any]) -> list[Any]:
        """What Django does for `values_list` comes down to this."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        width = self.compiler.col_count  # behind it stands what the rows are only sorted by
        rows = [row[:width] for row in rows]
        if self.converters:
            rows = [tuple(row) for row in self.compiler.apply_converters(rows, self.converters)]
        return rows


def insert(row: Stored) -> Stored:
    """Store a new row, as `row.save(force_insert=True)` does but for signals, and fill in what the database gave it.

    Expressions and None belong to the statement, as with `update`.
    """
    fields = _fields(type(row))
    columns = [getattr(row, field.attname) for field in fields]
    fixed = tuple(_fixed(column) for column in columns)
    sql, params, returned = _insertion(type(row), fixed)
    given = zip(fields, columns, fixed, strict=True)
    values = [field.get_db_prep_save(column, connection) for field, column, one in given if one is Given]
    with transaction.mark_for_rollback_on_error(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(sql, _filled(params, values))
        found = cursor.fetchone()
    for (field, converters), value in zip(returned, found, strict=True):
        for convert in converters:
            value = convert(value, field, connection)
        setattr(row, field.attname, value)
    row._state.adding, row._state.db = False, connection.alias
    return row


@cache
def _fields(model: type[Model]) -> list[Any]:
    auto = model._meta.auto_field
    return [field for field in model._meta.local_concrete_fields if field is not auto and not field.generated]


@lru_cache(KNOWN)
def _insertion(model: type[Model], fixed: tuple[Any, ...]) -> tuple[str, Params, list[Any]]:
    """The statement, what goes into it, and each column that comes back with what makes a value of it."""
    position, row = count(), model()
    for field, one in zip(_fields(model), fixed, strict=True):
        if one is not DatabaseDefault:
            setattr(row, field.attname, Given(next(position)) if one is Given else one)
    query = InsertQuery(model)
    query.insert_values(_fields(model), [row])
    compiler: Any = query.get_compiler(connection=connection)
    compiler.returning_fields = back = model._meta.db_returning_fields
    ((sql, params),) = compiler.as_sql()
    converters = compiler.get_converters(field.get_col(model._meta.db_table) for field in back)
    return sql, tuple(params), [(field, converters[at][0] if at in converters else ()) for at, field in enumerate(back)]


def update(
    model: type[Model], where: Mapping[str, Any], changes: Mapping[str, Any], *, also: Q | Expression = ALWAYS
) -> int:
    """Run `model.objects.filter(also, **where).update(**changes)`; how many rows it changed.

    Expressions, tuples and None belong to the statement, so there must be few of them, and `also` is always the same
    object. Any other value is brought along by each run.
    """
    conditions = tuple((name, _fixed(value)) for name, value in where.items())
    columns = tuple((name, _fixed(value)) for name, value in changes.items())
    sql, params, fields = _change(model, conditions, columns, also)
    given = [value for value in where.values() if _fixed(value) is Given]
    given += [
        field.get_db_prep_save(value, connection)
        for field, value in zip(fields, changes.values(), strict=True)
        if _fixed(value) is Given
    ]
    with transaction.mark_for_rollback_on_error(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(sql, _filled(params, given))
        return int(cursor.rowcount)


def _fixed(value: Any) -> Any:
    """What of a value belongs to the statement itself; `Given` where all of it is brought along."""
    if isinstance(value, DatabaseDefault):
        return DatabaseDefault  # every row of a model has the same ones
    belongs = value is None or isinstance(value, tuple) or hasattr(value, "resolve_expression")
    return value if belongs else Given


@lru_cache(KNOWN)
def _change(
    model: type[Model], where: tuple[tuple[str, Any], ...], columns: tuple[tuple[str, Any], ...], also: Q | Expression
) -> tuple[str, Params, list[Any]]:
    position = count()
    conditions, changes = (
        {name: Given(next(position)) if fixed is Given else fixed for name, fixed in named}
        for named in (where, columns)
    )
    query: Any = model._default_manager.filter(also, **conditions).query.chain(UpdateQuery)
    query.add_update_values(changes)
    sql, params = query.get_compiler(connection=connection).as_sql()
    return sql, tuple(params), [field for field, _model, _value in query.values]
