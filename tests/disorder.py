"""Rows that nobody ordered come newest first in the tests, on both databases.

A database may return them in any order, and PostgreSQL does once some were updated. Code that counts on the order in which
rows were made would pass by luck and fail on a busy day; here it fails each time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.models.expressions import OrderBy
from django.db.models.sql.compiler import SQLCompiler

Term = tuple[OrderBy, bool]
_asked_for, _compound = SQLCompiler._order_by_pairs, SQLCompiler.get_combinator_sql


@contextmanager
def newest_first() -> Iterator[None]:
    """In here, queries of this process that ask for rows in no order get them backwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLCompiler, "_order_by_pairs", _terms)
        patch.setattr(SQLCompiler, "get_combinator_sql", _of_parts)
        yield


def _terms(compiler: Any) -> Iterator[Term]:
    terms, query = list(_asked_for(compiler)), compiler.query
    yield from terms
    if not terms and query.default_ordering and _reads_rows(query):
        yield OrderBy(query.get_meta().pk.get_col(query.get_initial_alias()), descending=True), False


def _of_parts(compiler: Any, *how: Any) -> Any:
    """SQLite lets no part of a compound statement have an order."""
    for part in compiler.query.combined_queries:
        part.is_part = True
    return _compound(compiler, *how)


def _reads_rows(query: Any) -> bool:
    """Whether each row of the answer is a row of the table, and so has its key to be ordered by."""
    summed = any(column.contains_aggregate for column in query.annotation_select.values())
    joined = query.combinator or getattr(query, "is_part", False)
    return not (query.group_by or query.distinct or joined or summed)
