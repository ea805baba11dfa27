"""The tests' own promise: whatever is read without an order comes in the one that nobody expects."""

import pytest
from django.db.models import Count

from agents.models import User
from approvals.models import Role

pytestmark = pytest.mark.django_db
NAMES = ["anna", "berta", "carla"]


@pytest.fixture(autouse=True)
def people() -> None:
    for name in NAMES:
        User.objects.create(username=name)


def names(rows: object) -> list[str]:
    return [person.username for person in rows]  # type: ignore[attr-defined]


def test_rows_without_an_order_come_newest_first() -> None:
    everybody = User.objects.all()
    assert names(everybody) == names(everybody.iterator()) == NAMES[::-1]
    assert list(everybody.values_list("username", flat=True)) == NAMES[::-1]
    assert everybody[0].username == "carla"
    role = Role.objects.get(slug="junior")
    role.members.set(everybody)
    assert names(role.members.all()) == names(Role.objects.prefetch_related("members").get(pk=role.pk).members.all())
    assert names(role.members.all()) == NAMES[::-1]


def test_an_order_that_is_asked_for_is_kept() -> None:
    assert names(User.objects.order_by("pk")) == NAMES
    assert User.objects.first() == User.objects.get(username="anna")
    slugs = list(Role.objects.values_list("slug", flat=True))
    assert slugs == list(Role.objects.order_by("pk").values_list("slug", flat=True)), "its model says which"


def test_sums_and_sets_are_left_alone() -> None:
    assert User.objects.count() == User.objects.aggregate(all=Count("pk"))["all"] == 3
    assert dict(User.objects.values_list("is_active").annotate(Count("pk"))) == {True: 3}
    assert list(User.objects.values_list("is_active", flat=True).distinct()) == [True]
    anna, others = User.objects.filter(username="anna"), User.objects.exclude(username="anna")
    assert set(names(anna.union(others))) == set(NAMES)
    assert User.objects.filter(pk__in=User.objects.all()).update(is_active=False) == 3
