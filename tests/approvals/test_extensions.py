"""More time for a question: who may give it, how often, and what everybody reads of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from agents import ledger
from agents.models import Action, Event, User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import extensions, gate
from approvals.decisions import Forbidden
from approvals.models import Approval
from tests.cast import Enter, approve, propose, question, reject

pytestmark = pytest.mark.django_db
TEN = timedelta(minutes=10)


def extend(action: Action, person: User, reason: str = "Waiting for the invoice", times: int | None = None) -> None:
    asked = question(action)
    times = asked.extended if times is None else times
    extensions.extend(asked, person, times=times, reason=reason, by=ledger.person(person))


def press(client: Client, action: Action, **more: Any) -> Any:
    html = client.get(f"/actions/{action.pk}/").content.decode()
    found = re.search(r'name="times" value="(\d+)"', html)
    assert found, "nobody is offered more time"
    return client.post(f"/actions/{action.pk}/extend/", {"times": found[1], "reason": "The invoice comes", **more})


def test_it_ends_ten_minutes_later_and_the_record_says_who_and_why(mara: User) -> None:
    action = propose("medium")
    before = question(action)
    extend(action, mara)
    after = question(action)
    assert (after.deadline - before.deadline, after.urgency - before.urgency, after.extended) == (TEN, TEN, 1)
    event = Event.objects.get(kind="approval.extended")
    assert (event.actor_id, event.reason, event.action_id) == (mara.pk, "Waiting for the invoice", action.pk)
    assert event.detail == {"minutes": 10, "times": 1}
    approve(action, mara)


def test_the_clock_leaves_it_alone_until_then(mara: User) -> None:
    action = propose("medium")
    extend(action, mara)
    Approval.objects.update(deadline=question(action).deadline - timedelta(minutes=61))
    gate.expire(question(action))
    assert question(action).state == "open"
    Approval.objects.update(deadline=question(action).deadline - TEN)
    gate.expire(question(action))
    assert question(action).state == "expired"


def test_the_same_press_twice_is_one(mara: User, jonas: User) -> None:
    action = propose("medium")
    for person in (mara, mara, jonas):
        extend(action, person, times=0)
    assert question(action).extended == 1
    assert Event.objects.filter(kind="approval.extended").count() == 1


def test_a_page_from_before_two_others_says_nothing_untrue(mara: User, jonas: User) -> None:
    action = propose("medium")
    extend(action, jonas)
    extend(action, jonas)
    extend(action, mara, times=0)
    assert question(action).extended == 2
    Approval.objects.update(deadline="2020-01-01T00:00:00Z")
    with pytest.raises(Conflict, match="time to answer is over"):
        extend(action, mara, times=0)


def test_after_ten_times_it_is_decided_or_ends(mara: User) -> None:
    action = propose("medium")
    for _time in range(10):
        extend(action, mara)
    with pytest.raises(Refused, match="10 times"):
        extend(action, mara)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.update(extended=11)


@pytest.mark.parametrize(("reason", "said"), [("", "Say why"), ("  \n", "Say why"), ("x" * 501, "500 characters")])
def test_it_needs_a_reason_of_a_size_to_read(mara: User, reason: str, said: str) -> None:
    action = propose("medium")
    with pytest.raises(Refused, match=said):
        extend(action, mara, reason=reason)
    assert question(action).extended == 0


def test_who_could_not_answer_gives_no_time(mara: User) -> None:
    action = propose("critical")
    with pytest.raises(Forbidden):
        extend(action, mara)


def test_what_is_over_gets_no_time(mara: User) -> None:
    late, decided = propose("medium"), propose("medium")
    Approval.objects.filter(action=late).update(deadline="2020-01-01T00:00:00Z")
    reject(decided, mara)
    for action in (late, decided):
        with pytest.raises(Conflict, match="time to answer is over"):
            extend(action, mara)
    assert not Event.objects.filter(kind="approval.extended").exists()


def test_the_card_offers_it_with_a_reason_and_counts(enter: Enter, mara: User) -> None:
    action, client = propose("medium"), enter(mara)
    assert press(client, action).status_code == 302
    html = client.get(f"/actions/{action.pk}/").content.decode()
    assert "1 of 10 times so far." in html
    assert "gave ten minutes more to" in html
    assert "The invoice comes" in html
    assert 'name="times"' not in client.get(f"/actions/{propose('critical').pk}/").content.decode()


def test_every_open_card_hears_of_it(enter: Enter, mara: User, jonas: User) -> None:
    action, other = propose("medium"), enter(jonas)

    def clock() -> str:
        answer = other.get(f"/actions/{action.pk}/", headers={"HX-Request": "true"})
        return answer.content.decode().split('id="clock"')[1].split("</span></span>")[0]

    before = re.search(r'datetime="([^"]+)"', clock())
    extend(action, mara)
    after = re.search(r'datetime="([^"]+)"', clock())
    assert before
    assert after
    assert before[1] != after[1]


@pytest.mark.parametrize(
    ("sent", "status", "times"),
    [
        ({"reason": ""}, 422, 0),
        ({"reason": "a\x00b"}, 422, 0),
        ({"reason": "<b>\u202e</b>" * 10}, 302, 1),
        ({"times": "-1"}, 302, 1),
        ({"times": "9" * 40}, 302, 1),
        ({"times": "7"}, 422, 0),
    ],
)
def test_odd_forms_get_a_clear_answer(enter: Enter, mara: User, sent: dict[str, str], status: int, times: int) -> None:
    action = propose("medium")
    assert (press(enter(mara), action, **sent).status_code, question(action).extended) == (status, times)


def test_an_action_that_is_over_or_unknown(enter: Enter, mara: User) -> None:
    action, client = propose("medium"), enter(mara)
    reject(action, mara)
    answer = client.post(f"/actions/{action.pk}/extend/", {"times": "0", "reason": "More"})
    assert answer.status_code == 409
    assert client.post("/actions/999999/extend/", {"reason": "More"}).status_code == 404
    assert client.get(f"/actions/{action.pk}/extend/").status_code == 405


@pytest.mark.parametrize(("at_zero", "zero"), [("expire", "Expired"), ("hand_up", "Goes up one tier")])
@pytest.mark.parametrize("address", ["/actions/{}/", "/actions/{}/edit/", "/"])
def test_every_countdown_says_what_happens_at_zero(
    enter: Enter, mara: User, address: str, at_zero: str, zero: str
) -> None:
    action = propose("medium")
    Approval.objects.filter(action=action).update(at_zero=at_zero)
    html = enter(mara).get(address.format(action.pk)).content.decode()
    assert set(re.findall(r'data-due="[^"]+" data-zero="([^"]+)"', html)) == {zero}
