"""Rows that many tests begin with, made once for a module: each test's own transaction begins after them, and ends before."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from agents import plans, tools
from agents.toolbox.seed import seed


@contextmanager
def kept(blocker: DjangoDbBlocker) -> Iterator[None]:
    """What is made in here is there until the end of it. For modules whose tests all stay within one transaction."""
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def office(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The tools and agents of the demo, its customers, accounts and invoices."""
    with kept(django_db_blocker):
        tools.sync()
        plans.sync()
        seed()
        yield
