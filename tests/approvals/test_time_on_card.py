"""The least time that a card must be open before an approval counts."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import decisions, queries
from approvals.models import CardView, Tier
from approvals.openings import nonce_hash
from tests.cast import Answer, Enter, approve, propose, question, reject


@pytest.fixture(autouse=True)
def ten_seconds(cast: dict[str, User]) -> Iterator[None]:
    Tier.objects.update(card_seconds=10)
    yield


def opened(person: User, approval: object, *, ago: int, nonce: str) -> None:
    """A card that this person opened some seconds ago."""
    found = question(approval.action)  # type: ignore[attr-defined]
    CardView.objects.create(
        person=person, approval=found, version=found.asked.version, digest=found.asked.digest, template_version="card-1",
        surface="card", nonce_hash=nonce_hash(nonce), at=timezone.now() - timedelta(seconds=ago),
    )  # fmt: skip


@pytest.mark.parametrize("level", ["medium", "high", "critical"])
def test_an_approval_that_comes_too_soon_is_refused_and_keeps_nothing(level: str, cast: dict[str, User]) -> None:
    action = propose(level)
    with pytest.raises(Refused, match="Read it for 10 seconds before you approve it: 10 to go"):
        approve(action, cast["ines"])
    assert not question(action).decisions.exists()


def test_once_the_time_is_over_it_counts_even_from_the_card_that_the_refusal_drew(cast: dict[str, User]) -> None:
    action = propose("high")
    opened(cast["ines"], question(action), ago=11, nonce="first")
    approve(action, cast["ines"], nonce="drawn again")
    assert action.state == "APPROVED"


def test_time_on_another_version_or_of_another_person_does_not_count(cast: dict[str, User]) -> None:
    action = propose("high")
    opened(cast["omar"], question(action), ago=60, nonce="his")
    with pytest.raises(Refused, match="to go"):
        approve(action, cast["ines"])


def test_rejecting_needs_no_time(cast: dict[str, User]) -> None:
    action = propose("high")
    reject(action, cast["ines"])
    assert action.state == "REJECTED"


def test_a_row_of_the_board_cannot_approve_where_time_is_asked_for(mara: User) -> None:
    action = propose("medium")
    assert not queries.row(question(action)).one_click
    with pytest.raises(Conflict, match="Open the card"):
        Answer(mara).give(action, "approve", look=False)


def test_the_card_says_how_long_and_answers_with_itself(cast: dict[str, User], enter: Enter) -> None:
    action = propose("high")
    asked = question(action)
    assert 'data-read-for="10"' in enter(cast["ines"]).get(f"/actions/{action.pk}/").content.decode()
    opened(cast["omar"], asked, ago=4, nonce="his")
    assert decisions.seconds_left(asked, cast["omar"], timezone.now()) == 6
