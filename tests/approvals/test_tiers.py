import pytest

from agents.models import User
from approvals import tiers

SENIOR, JUNIOR, SECURITY = {"senior", "junior"}, {"junior"}, {"security", "junior"}


@pytest.mark.parametrize(
    ("voices", "seats", "filled"),
    [
        ({}, ["junior"], 0),
        ({1: JUNIOR}, ["junior"], 1),
        ({1: JUNIOR}, ["senior"], 0),
        ({1: SENIOR}, ["junior"], 1),
        ({1: SENIOR, 2: SENIOR}, ["senior", "security"], 1),
        ({1: SENIOR, 2: SECURITY}, ["senior", "security"], 2),
        ({1: SENIOR | SECURITY}, ["senior", "security"], 1),
        ({1: SENIOR | SECURITY, 2: SENIOR}, ["senior", "security"], 2),
        ({1: SENIOR, 2: JUNIOR}, ["junior", "senior"], 2),
        ({2: JUNIOR, 1: SENIOR}, ["junior", "senior"], 2),
        ({1: set()}, ["junior"], 0),
    ],
)
def test_distinct_people_fill_distinct_seats(voices: dict[int, set[str]], seats: list[str], filled: int) -> None:
    assert len(tiers.seated(voices, seats)) == filled


def test_what_each_role_may_fill(cast: dict[str, User]) -> None:
    able = tiers.powers(person.pk for person in cast.values())
    assert {name: able.get(person.pk, set()) for name, person in cast.items()} == {
        "mara": JUNIOR, "jonas": JUNIOR, "ines": SENIOR, "omar": SENIOR, "sami": SECURITY, "ada": set(), "nobody": set(),
    }  # fmt: skip


def test_who_is_disabled_fills_nothing(mara: User) -> None:
    User.objects.filter(pk=mara.pk).update(is_active=False)
    assert tiers.powers([mara.pk]) == {}
