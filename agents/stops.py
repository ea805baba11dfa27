"""The brake: what is stopped now, and the lock that makes a stop hold against claims already under way."""

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from agents.models import Installation, StopSwitch


def share() -> int:
    """Take the installation's lock together with other claims, and read the epoch.

    A stop waits for the claims that came before it, so once it has returned none of them can still commit.
    """
    # SQLite needs no lock here: IMMEDIATE transactions come one after another.
    lock = " FOR SHARE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT epoch FROM {Installation._meta.db_table} WHERE id = 1{lock}")  # noqa: S608 -- no text of anybody's
        return cursor.fetchone()[0]


def take() -> None:
    """Take the installation's lock alone."""
    Installation.objects.select_for_update().get(pk=1)


def engaged() -> QuerySet[StopSwitch]:
    """What holds something back now: stops, and pauses of agents."""
    return StopSwitch.objects.filter(lifted_at=None)


def of_action() -> Exists:
    """In a query of actions: whether a stop holds the action back."""
    scope = Q(scope=StopSwitch.Scope.EVERYTHING) | Q(agent=OuterRef("agent")) | Q(tool=OuterRef("tool"))
    return Exists(engaged().filter(scope))


def of_task() -> Exists:
    """In a query of tasks: whether a stop keeps the task's agent from proposing."""
    return Exists(engaged().filter(Q(scope=StopSwitch.Scope.EVERYTHING) | Q(agent=OuterRef("agent"))))
