"""Several people at one question: who reads it, who is to decide it."""

import re
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
from agents.payloads import Refused
from agents.states import Conflict
from approvals import company, consumers, decisions, queries
from approvals.models import Approval, Attention, Decision
from approvals.tasks import sweep
from tests.cast import Answer, Enter, a_task, approve, proof, propose, question, reject

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


def hand(action: Action, by: User, to: User | None, note: str = "You know them.", **more: Any) -> Decision:
    asked = question(action)
    seen = more.pop("seen", None) or Answer(by).seen(asked)
    return decisions.hand_over(asked, by, to=to, note=note, seen=seen, proof=proof())


def press(client: Client, action: Action, answer: str, **more: Any) -> Any:
    html, asked = drawn(client, f"/actions/{action.pk}/"), question(action)
    nonce = re.search(r'name="nonce" value="([^"]*)"', html)
    assert nonce
    value = f"{answer}:{asked.pk}:{asked.asked.version}:{asked.asked.digest}"
    return client.post("/decide/", {"answer": value, "nonce": nonce[1], "from": "card", **more})


def titles(html: str) -> list[str]:
    return re.findall(r'<h3><a href="/actions/(\d+)/', html)


def test_what_is_handed_over_leads_the_queue_of_one_person_with_its_note(
    enter: Enter, mara: User, jonas: User, ines: User
) -> None:
    urgent, action = propose("medium"), propose("medium")
    Approval.objects.filter(action=urgent).update(urgency=timezone.now())
    before = question(action)
    hers, his = enter(mara), enter(jonas)
    assert press(hers, action, "hand_over", **{"up-note": "You know them.", "to": str(jonas.pk)}).status_code == 302
    after = question(action)
    kept = ("tier_id", "state", "deadline", "at_zero", "urgency")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert (action.events.latest("pk").kind, action.events.latest("pk").reason) == (
        "decision.hand_over",
        "You know them.",
    )
    assert action.events.latest("pk").detail["name"] == "Jonas"
    assert titles(drawn(his, "/")) == [str(action.pk), str(urgent.pk)]
    assert "Handed to you" in drawn(his, "/")
    assert "handed to you by Mara" in said(his, "/")
    assert "handed to you by Mara" in said(his, f"/actions/{action.pk}/")
    assert "You know them." in drawn(his, f"/actions/{action.pk}/")
    others = enter(ines)
    assert titles(drawn(others, "/")) == [str(urgent.pk), str(action.pk)]
    assert "handed to Jonas by Mara" in said(others, "/")
    beside = drawn(his, f"/actions/{urgent.pk}/").partition('class="next"')[2].partition("</li>")[0]
    assert f'href="/actions/{action.pk}/' in beside
    approve(action, mara)
    assert action.state == "APPROVED", "whoever could decide it still can"


@pytest.mark.parametrize("who", ["mara", "ada", "nobody", "sami"])
def test_it_goes_to_nobody_who_could_not_decide_it(cast: dict[str, User], enter: Enter, who: str) -> None:
    """To oneself, to who has no seat there, to who is disabled."""
    action = propose("medium")
    User.objects.filter(pk=cast["sami"].pk).update(is_active=False)
    answer = press(enter(cast["mara"]), action, "hand_over", **{"up-note": "Look.", "to": str(cast[who].pk)})
    assert answer.status_code == 422
    assert "Look." in answer.content.decode(), "what was typed is kept"
    assert question(action).handed_to is None
    assert not Decision.objects.exists()


def test_handing_over_gives_no_right_and_counts_as_no_voice(cast: dict[str, User]) -> None:
    ines, omar, sami = cast["ines"], cast["omar"], cast["sami"]
    action = propose("critical")
    approve(action, ines)
    for taken in (omar, ines):
        with pytest.raises(Refused):
            hand(action, sami, taken)  # the one has no seat left, the other has answered
    hand(action, ines, sami)
    assert action.state == "PENDING"
    with pytest.raises(decisions.Forbidden):
        hand(action, cast["mara"], sami)
    with pytest.raises(Conflict):
        approve(action, omar)
    approve(action, sami)
    assert action.state == "APPROVED"


def test_who_asked_for_it_is_offered_to_nobody(enter: Enter, cast: dict[str, User]) -> None:
    action = propose("high", task=a_task(starter=cast["omar"]))
    html = drawn(enter(cast["ines"]), f"/actions/{action.pk}/")
    assert "Hand it over" not in html, "the only other senior asked for it"
    assert "Hand it up: Critical" in html
    with pytest.raises(Refused):
        hand(action, cast["ines"], cast["omar"])


def test_up_a_tier_it_leads_nobodys_queue_and_a_voice_still_counts(enter: Enter, cast: dict[str, User]) -> None:
    action = propose("high")
    hand(action, cast["ines"], cast["omar"])
    deadline = question(action).deadline
    assert press(enter(cast["omar"]), action, "hand_up", **{"up-note": "Two should look."}).status_code == 302
    after = question(action)
    assert (after.level, after.handed_to, after.deadline) == ("critical", None, deadline)
    approve(action, cast["ines"])
    assert action.state == "PENDING"
    approve(action, cast["sami"])
    assert action.state == "APPROVED"


def test_once_from_one_page_and_not_for_what_has_moved_on(mara: User, jonas: User) -> None:
    action = propose("medium")
    seen = Answer(mara).seen(question(action), "once")
    assert hand(action, mara, jonas, seen=seen) == hand(action, mara, jonas, seen=seen)
    reject(action, jonas)
    with pytest.raises(Conflict):
        hand(action, mara, jonas)


@pytest.mark.parametrize("sent", [{}, {"to": ""}, {"to": "x"}, {"to": "9" * 30}, {"to": "\0"}])
def test_it_needs_a_person_and_a_note(enter: Enter, mara: User, jonas: User, sent: dict[str, str]) -> None:
    action = propose("medium")
    assert press(enter(mara), action, "hand_over", **{"up-note": "Look.", **sent}).status_code == 422
    assert press(enter(mara), action, "hand_over", to=str(jonas.pk)).status_code == 422
    long = press(enter(mara), action, "hand_over", **{"up-note": "x" * 2_001, "to": str(jonas.pk)})
    assert (long.status_code, question(action).handed_to) == (422, None)


def test_whose_queue_changed_looks_again(mara: User, jonas: User, ines: User, monkeypatch: pytest.MonkeyPatch) -> None:
    action = propose("medium")
    hand(action, mara, ines)
    heard: list[int] = []
    monkeypatch.setattr(facts, "tell", lambda **fact: heard.append(fact.get("person", 0)))
    hand(action, ines, jonas)
    assert {jonas.pk, ines.pk} <= set(heard)
    assert queries.audience(ines, queries.Filter()).handed == frozenset()
    assert queries.audience(jonas, queries.Filter()).handed == {question(action).pk}


SECRET = "Trust me, I called them"


def test_at_critical_the_earlier_voice_is_seen_and_its_note_read_after_the_own_one(
    enter: Enter, cast: dict[str, User]
) -> None:
    ines, sami = cast["ines"], cast["sami"]
    action = propose("critical")
    approve(action, ines, note=SECRET)
    pages = ("/", "/?scope=all", f"/actions/{action.pk}/", f"/actions/{action.pk}/edit/", f"/tasks/{action.task_id}/",
        "/decisions/", "/audit/", "/actions/", "/find/?q=called")  # fmt: skip
    hers, his = enter(ines), enter(sami)
    card = said(his, f"/actions/{action.pk}/")
    assert "Ines approved" in card and "the note opens after you decide" in card
    assert [address for address in pages if SECRET in drawn(his, address)] == []
    live = {"HX-Request": "true"}
    assert SECRET not in pushed(action) + his.get(f"/actions/{action.pk}/", headers=live).content.decode()
    assert SECRET in drawn(hers, "/decisions/"), "to whoever wrote it, it is no secret"
    approve(action, sami)
    assert [address for address in pages[5:7] if SECRET in drawn(his, address)] == ["/decisions/", "/audit/"]
    assert SECRET in drawn(his, f"/actions/{action.pk}/")


def test_each_reads_who_is_needed_after_them(enter: Enter, cast: dict[str, User]) -> None:
    action = propose("critical")
    card = f"/actions/{action.pk}/"
    assert "Still needed after you: Security reviewer." in said(enter(cast["ines"]), card)
    assert "Still needed after you: Senior reviewer." in said(enter(cast["sami"]), card)
    approve(action, cast["ines"])
    assert "Yours is the last approval." in said(enter(cast["sami"]), card)
    assert "Yours is the last approval." in said(enter(cast["mara"]), f"/actions/{propose('low').pk}/")


def test_what_others_answered_waits_on_the_card_for_who_is_writing(cast: dict[str, User]) -> None:
    action = propose("critical")
    assert "data-meanwhile" not in pushed(action)
    decision = approve(action, cast["ines"], note=SECRET)
    html = pushed(action)
    assert f'data-last="{decision.pk}"' in html
    assert "Ines approved version 1 while you were writing. Your text is kept." in strip_tags(html)


def snooze(client: Client, action: Action, minutes: Any = 60) -> int:
    return client.post(f"/actions/{action.pk}/snooze/", {"minutes": str(minutes)}).status_code


def test_a_snoozed_action_leaves_one_queue_is_listed_there_and_comes_back_by_itself(
    enter: Enter, mara: User, jonas: User
) -> None:
    action, other = propose("medium"), propose("medium")
    deadline = question(action).deadline
    hers, his = enter(mara), enter(jonas)
    assert snooze(hers, action) == 302
    for address in ("/", "/?scope=all"):
        assert titles(drawn(hers, address)) == [str(other.pk)]
        assert len(titles(drawn(his, address))) == 2, "it hides for nobody else"
    assert titles(drawn(hers, "/?scope=snoozed")) == [str(action.pk)]
    assert "Snoozed 1" in said(hers, "/") and "Snoozed" not in said(his, "/")
    assert (queries.waiting_for(mara), queries.waiting_for(jonas)) == (1, 2)
    assert f"/actions/{action.pk}/" not in drawn(hers, f"/actions/{other.pk}/").partition('class="next"')[2].partition("</section>")[0]  # fmt: skip
    assert question(action).deadline == deadline
    Attention.objects.update(snoozed_until=timezone.now() - MOMENT)
    assert len(titles(drawn(hers, "/"))) == 2
    snooze(hers, action)
    assert snooze(hers, action, 0) == 302
    assert len(titles(drawn(hers, "/"))) == 2
    snooze(hers, action)
    approve(action, mara)
    assert "Snoozed" not in said(hers, "/"), "what is decided waits for nobody"


def test_no_snooze_outlasts_the_time_to_answer(enter: Enter, mara: User) -> None:
    action, client = propose("medium"), enter(mara)
    assert snooze(client, action, 240) == 302
    deadline = question(action).deadline
    assert deadline is not None
    assert Attention.objects.get().snoozed_until == deadline - timedelta(minutes=5)
    Approval.objects.update(deadline=timezone.now() + timedelta(minutes=4))
    assert snooze(client, action, 15) == 422
    for wrong in ("", "x", "-1", "7", "9" * 30, "\0"):
        assert snooze(client, action, wrong) == 422
    assert client.post("/actions/999999/snooze/", {"minutes": "15"}).status_code == 404
    reject(action, mara)
    assert snooze(client, action, 15) == 409


def test_who_snoozes_draws_for_themselves_again(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    action = propose("medium")
    heard: list[Any] = []
    monkeypatch.setattr(facts, "tell", lambda **fact: heard.append(fact.get("person")))
    before = queries.audience(mara, queries.Filter())
    company.snooze(action.pk, mara, 60)
    assert mara.pk in heard
    during = queries.audience(mara, queries.Filter())
    assert before != during
    Attention.objects.update(snoozed_until=timezone.now() - MOMENT)
    assert queries.audience(mara, queries.Filter()) == before, "a socket that asks again finds another drawing"
