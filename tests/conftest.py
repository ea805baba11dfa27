from collections.abc import Iterator

import pytest
from django.test import override_settings
from hypothesis import settings

from tests import disorder

# How long one example takes says more about the machine's load than about the code.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Most tests meet no row, and pytest-django lets none of them reach one: they run beside SQLite only."""
    for item in items:
        meets_rows = item.get_closest_marker("django_db") or "db" in getattr(item, "fixturenames", ())
        if not (meets_rows or item.get_closest_marker("processes") or item.get_closest_marker("browser")):
            item.add_marker("once")


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hundreds of people are made in these tests; none of them needs a hash that takes a tenth of a second."""
    with override_settings(PASSWORD_HASHERS=["tests.hashers.QuickArgon2"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def rows_come_as_they_please() -> Iterator[None]:
    """What is read without an order must not be counted on to come in the one in which it was made."""
    with disorder.newest_first():
        yield
