"""Several people at one question: who reads it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from agents import facts
from agents.models import Action, User
from approvals import company, consumers, queries
from approvals.models import Attention
from approvals.tasks import sweep
from tests.cast import Enter, approve, propose, question

pytestmark = pytest.mark.django_db
MOMENT = timedelta(seconds=1)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The actions of which everybody was told that somebody came or left."""
    heard: list[int] = []
    monkeypatch.setattr(
        facts, "tell", lambda **fact: heard.append(fact["action"]) if fact["kind"] == "reading" else None
    )
    return heard


def reads(client: Client, action: Action, **more: Any) -> None:
    assert client.post(f"/actions/{action.pk}/reading/", more).status_code == 204


def drawn(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def said(client: Client, address: str) -> str:
    """The words of a page; a name in them is an element of its own."""
    return strip_tags(drawn(client, address))


def pushed(action: Action) -> str:
    """What the sockets of everybody get: the board of seniors, and the card."""
    region = consumers.ActionRegion()
    region.action_id, region.version, region.regions = action.pk, 1, "approvals/review.html#live"
    board = consumers.BoardRegion()
    board.audience = queries.Audience(frozenset({"senior", "junior"}))
    return board.render() + region.render()


def test_who_reads_a_card_is_named_on_board_and_card_for_everybody_else(enter: Enter, mara: User, jonas: User) -> None:
    action = propose("medium")
    hers, his = enter(mara), enter(jonas)
    reads(his, action)
    for address in ("/", f"/actions/{action.pk}/", f"/actions/{action.pk}/edit/"):
        assert "Jonas is reading" in said(hers, address)
        assert "is reading" not in drawn(his, address), "nobody is told of themselves"
    # One drawing is for everybody: each browser takes the mark of its own reader out.
    assert pushed(action).count(f'data-reader="{jonas.pk}"') == 2
    approve(action, mara)
    assert action.state == "APPROVED", "nobody is locked out"
    assert "is reading" not in drawn(hers, "/") + drawn(hers, f"/actions/{action.pk}/")


def test_a_lease_is_renewed_told_once_and_ended_when_the_page_is_left(
    enter: Enter, jonas: User, told: list[int]
) -> None:
    action = propose("medium")
    his = enter(jonas)
    reads(his, action)
    Attention.objects.update(reading_until=timezone.now() + MOMENT)
    reads(his, action)
    until = Attention.objects.get().reading_until
    assert until is not None
    assert until - timezone.now() > timedelta(seconds=60)
    assert told == [action.pk], "a board is drawn when somebody comes or leaves, not for each renewal"
    reads(his, action, left="1")
    reads(his, action, left="1")
    assert (told, Attention.objects.get().reading_until) == ([action.pk] * 2, None)


def test_a_page_that_is_heard_of_no_more_has_left(enter: Enter, mara: User, jonas: User, told: list[int]) -> None:
    gone, here = propose("medium"), propose("medium")
    company.read(gone.pk, jonas)
    company.read(here.pk, jonas)
    Attention.objects.filter(approval__action=gone).update(reading_until=timezone.now() - MOMENT)
    assert said(enter(mara), "/").count("Jonas is reading") == 1
    told.clear()
    sweep()
    sweep()
    assert told == [gone.pk]
    assert said(enter(mara), "/").count("Jonas is reading") == 1


def test_nobody_reads_what_no_longer_waits(enter: Enter, mara: User, jonas: User) -> None:
    action = propose("medium")
    approve(action, mara)
    reads(enter(jonas), action)
    reads(enter(jonas), action, left="1")
    assert not Attention.objects.exists()


def test_a_page_that_only_stands_there_does_not_keep_its_session(enter: Enter, jonas: User) -> None:
    action, his = propose("medium"), enter(jonas)
    his.get("/")
    session = his.session
    session["seen_at"] -= 600
    session.save()
    his.post(f"/actions/{action.pk}/reading/", headers={"X-Background": "1"})
    assert his.session["seen_at"] == session["seen_at"]
    assert Attention.objects.get().person == jonas
    his.get("/")
    assert his.session["seen_at"] > session["seen_at"]


def test_names_are_no_markup(enter: Enter, mara: User, jonas: User) -> None:
    User.objects.filter(pk=jonas.pk).update(first_name="<img src=x> \u202eJo")
    action = propose("medium")
    company.read(action.pk, jonas)
    html = drawn(enter(mara), "/") + drawn(enter(mara), f"/actions/{action.pk}/") + pushed(action)
    assert "is reading" in html
    assert "<img" not in html
    assert "\u202e" not in html


def test_many_readers_ask_the_database_no_more_often(enter: Enter, cast: dict[str, User]) -> None:
    actions, client = [propose("medium") for _n in range(4)], enter(cast["mara"])

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            drawn(client, "/")
        return len(queries)

    company.read(actions[0].pk, cast["jonas"])
    asked()
    few = asked()
    for person in cast.values():
        for action in actions:
            company.read(action.pk, person)
    assert asked() == few
    assert len(queries.row(question(actions[0])).readers) == queries.READERS
