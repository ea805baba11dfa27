"""An approved action with an effect outside is held, and until the hold is over the approval can be taken back."""

import re
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from agents import execution, facts, leases, tools
from agents.models import Action, Task, User
from agents.states import Conflict
from approvals import controls, decisions, gate, tasks
from approvals.decisions import Forbidden
from approvals.models import Approval, Decision, Tier
from tests.approvals.test_gate import notice, perform, taken
from tests.cast import Answer, Enter, a_task, a_tool, approve, kinds, proof, propose, question, reject

pytestmark = pytest.mark.django_db
SECONDS = 600


@pytest.fixture(autouse=True)
def holds(cast: dict[str, User]) -> None:
    Tier.objects.update(hold_seconds=SECONDS)
    tools.sync()


def undo(action: Action, person: User, **more: Any) -> Decision:
    approval = question(action)
    decision = decisions.undo(
        approval, person, seen=more.pop("seen", None) or Answer(person).seen(approval), proof=proof()
    )
    action.refresh_from_db()
    return decision


def refuse(action: Action, person: User) -> Decision:
    seen = decisions.Seen(action.version, action.digest, "from-a-held-card", held=True)
    return reject(action, person, seen=seen, look=False)


def over(action: Action) -> None:
    """The hold has ended."""
    Action.objects.filter(pk=action.pk).update(hold_until=Now() - timedelta(seconds=1))


# What is held, and for how long ----------------------------------------------------------------------------------------


def test_an_installation_begins_with_ten_seconds_at_each_tier() -> None:
    Tier.objects.update(hold_seconds=0)
    Tier.objects.filter(level="high").update(hold_seconds=30)
    import_module("approvals.migrations.0016_holds").hold(apps, None)
    assert dict(Tier.objects.values_list("level", "hold_seconds")) == {
        "low": 10,
        "medium": 10,
        "high": 30,
        "critical": 10,
    }


def test_a_worker_hears_of_the_end_of_a_short_hold(
    mara: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(facts, "publish", lambda *_facts: None)
    monkeypatch.setattr(facts, "breaker", facts.Breaker())  # no Redis is asked, so none is found broken
    monkeypatch.setattr(tasks.advance, "apply_async", lambda args, **how: heard.append((*args, how["countdown"])))
    for seconds, then in ((10, [10]), (SECONDS, []), (0, [])):
        Tier.objects.update(hold_seconds=seconds)
        action = propose(arguments={"to": f"anna-{seconds}"})
        with django_capture_on_commit_callbacks(execute=True):
            approve(action, mara)
        assert [after for task, after in heard if after] == then and (action.task_id, None) in heard
        heard.clear()


@pytest.mark.parametrize("flag", ["affects_others", "outside", "spends_money"])
def test_what_reaches_outside_is_held_for_the_seconds_of_its_tier(mara: User, flag: str) -> None:
    action = propose(tool=a_tool("medium", effect={flag: True, "sensitive": True}).name)
    level = question(action).tier.level
    approve(action, mara if level != "high" else User.objects.get(username="ines"))
    assert action.hold_until is not None
    assert timedelta(seconds=SECONDS - 60) < action.hold_until - timezone.now() <= timedelta(seconds=SECONDS)
    assert (action.state, perform(action)) == ("APPROVED", False)


def test_what_stays_in_the_house_is_not_held(mara: User) -> None:
    action = propose(tool=a_tool("medium", effect={}).name)
    approve(action, mara)
    assert (action.state, action.hold_until) == ("APPROVED", None)


def test_what_the_gate_could_not_judge_is_held(cast: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("approvals.risk.assess", lambda *_: 1 / 0)
        action = propose(tool=a_tool("medium", effect={}).name)
    approve(action, cast["ines"])
    approve(action, cast["sami"])
    assert action.state == "APPROVED" and action.hold_until is not None


def test_of_two_that_are_held_the_task_comes_back_for_the_first(mara: User) -> None:
    task = a_task()
    first, second = (propose("medium", task=task, arguments={"to": to}) for to in ("anna", "berta"))
    for action, seconds in ((first, 300), (second, 600)):
        Tier.objects.update(hold_seconds=seconds)
        approve(action, mara)
    stretch = taken(task)
    for action in Action.objects.select_related("tool", "agent").order_by("position"):
        action.task = stretch
        assert not execution.perform(action, gate=gate)
    assert Task.objects.get(pk=task.pk).runnable_at == first.hold_until


# Taking it back --------------------------------------------------------------------------------------------------------


def test_whoever_approved_takes_it_back_and_it_waits_again_as_a_version_nobody_answered(mara: User) -> None:
    action = notice()
    approve(action, mara)
    before = question(action)
    decision = undo(action, mara)
    now = question(action)
    before.refresh_from_db()
    assert (action.state, action.version, action.hold_until) == ("PENDING", 2, None)
    assert (before.state, now.state, now.decisions.count()) == (Approval.State.STALE, Approval.State.OPEN, 0)
    assert bytes(now.asked.body) == bytes(before.asked.body) and now.tier == before.tier
    assert (decision.answer, decision.version, decision.digest) == ("undo", 1, before.asked.digest)
    assert kinds(action)[-3:] == ["action.approved", "decision.undo", "action.pending"]
    last = action.events.latest("pk")
    assert (last.actor_kind, last.actor_id, last.source, last.to) == ("person", mara.pk, "APPROVED", "PENDING")


def test_approved_again_it_is_held_again_and_then_runs_once(mara: User) -> None:
    action = notice()
    approve(action, mara)
    undo(action, mara)
    approve(action, mara)
    assert not perform(action)
    over(action)
    assert perform(action) and action.state == "SUCCEEDED"


@pytest.mark.parametrize(("name", "may"), [("jonas", True), ("ines", True), ("ada", False), ("nobody", False)])
def test_whoever_may_reject_takes_it_back_too_and_nobody_else(cast: dict[str, User], name: str, may: bool) -> None:
    action = notice()
    approve(action, cast["mara"])
    if may:
        undo(action, cast[name])
        assert action.state == "PENDING"
        return
    with pytest.raises(Forbidden, match="This needs: "):
        undo(action, cast[name])
    assert Action.objects.get(pk=action.pk).state == "APPROVED"


def test_whoever_approved_takes_it_back_without_the_role_that_let_them(mara: User) -> None:
    action = notice()
    approve(action, mara)
    mara.roles.clear()
    undo(action, mara)
    assert action.state == "PENDING"


def test_who_asked_for_it_may_take_it_back_at_high(cast: dict[str, User]) -> None:
    action = propose("high", task=a_task(starter=cast["omar"]))
    approve(action, cast["ines"])
    undo(action, cast["omar"])
    assert action.state == "PENDING"


def test_both_voices_of_critical_are_stale_afterwards(cast: dict[str, User]) -> None:
    action = propose("critical")
    approve(action, cast["ines"])
    approve(action, cast["sami"])
    undo(action, cast["sami"])
    approve(action, cast["sami"])
    assert action.state == "PENDING"


def test_the_same_press_twice_is_one_undo_and_the_page_of_the_approval_will_do(mara: User) -> None:
    action = notice()
    approval = question(action)
    seen = decisions.Seen(1, action.digest, "one-page")
    approve(action, mara, seen=seen, look=False)
    first, second = (decisions.undo(approval, mara, seen=seen, proof=proof()) for _press in range(2))
    assert first == second and kinds(action).count("decision.undo") == 1


@pytest.mark.parametrize("ran", [False, True])
def test_after_the_hold_nothing_calls_it_back(mara: User, ran: bool) -> None:
    action = notice()
    approve(action, mara)
    over(action)
    if ran:
        perform(action)
    with pytest.raises(Conflict, match="nothing calls it back") as refused:
        undo(action, mara)
    assert refused.value.kind == "over"
    with pytest.raises(Conflict, match="nothing calls it back"):
        refuse(action, User.objects.get(username="jonas"))


def test_what_was_taken_back_meanwhile_is_told_and_not_taken_back_twice(mara: User, jonas: User) -> None:
    action = notice()
    approve(action, mara)
    approval, seen = question(action), decisions.Seen(1, action.digest, "jonas-page")
    undo(action, mara)
    with pytest.raises(Conflict, match="moved on"):
        decisions.undo(approval, jonas, seen=seen, proof=proof())
    assert action.approvals.count() == 2


def test_taking_it_back_moves_no_trust(mara: User) -> None:
    action = notice()
    approve(action, mara)
    undo(action, mara)
    assert not action.agent.trust.exists() and action.evidence == ""


# Rejecting, and stopping, while it is held -----------------------------------------------------------------------------


def test_it_is_rejected_while_it_is_held_and_never_runs(mara: User, jonas: User) -> None:
    action = notice()
    approve(action, mara)
    refuse(action, jonas)
    assert (action.state, action.reason, question(action).state) == ("REJECTED", "wrong target", "rejected")
    assert action.agent.trust.get().hundredths == -20
    over(action)
    assert not perform(action)


def test_a_late_rejection_of_what_waited_does_not_undo_an_approval(mara: User, jonas: User) -> None:
    action = notice()
    seen = Answer(jonas).seen(question(action))
    approve(action, mara)
    with pytest.raises(Conflict):
        reject(action, jonas, seen=seen, look=False)
    assert Action.objects.get(pk=action.pk).state == "APPROVED"


def test_nothing_that_waits_is_approved_as_if_it_were_held(mara: User) -> None:
    action = notice()
    with pytest.raises(Conflict):
        refuse(action, mara)
    seen = decisions.Seen(1, action.digest, "x", held=True)
    approve(action, mara, seen=seen, look=False)
    with pytest.raises(Conflict):
        approve(action, User.objects.get(username="jonas"), seen=seen, look=False)


def test_a_stop_that_comes_while_it_is_held_wins(mara: User) -> None:
    action = notice()
    approve(action, mara)
    controls.engage(mara, proof(), agent=action.agent)
    over(action)
    assert not perform(action) and action.state == "APPROVED"


def test_a_stopped_task_cancels_what_is_held(mara: User) -> None:
    action = notice()
    approve(action, mara)
    controls.stop_task(action.task, mara, proof())
    with pytest.raises(Conflict):
        undo(action, mara)
    assert Action.objects.get(pk=action.pk).state == "CANCELLED"
    assert leases.take(action.task_id, "worker") is None


# On the screen ---------------------------------------------------------------------------------------------------------


def send(client: Client, html: str, answer: str, **more: str) -> HttpResponse:
    value = re.search(rf'value="({answer}:\d+:\d+:[0-9a-f]{{64}}[^"]*)"', html)
    nonce = re.search(r'name="nonce" value="([^"]+)"', html)
    assert value and nonce
    return client.post("/decide/", {"answer": value[1], "nonce": nonce[1], **more}, follow=True)


def words(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def part(html: str, name: str) -> str:
    return html[html.index(f'id="{name}"') :].split(
        '<section class="card' if name == "recent" else '<article class="card'
    )[0]


def test_a_board_shows_it_held_and_takes_it_back_by_plain_forms(enter: Enter, mara: User, jonas: User) -> None:
    action = propose("medium")
    client = enter(mara)
    send(client, words(client, "/"), "approve")
    for person in (mara, jonas):
        html = words(enter(person), "/")
        feed = part(html, "recent")
        assert feed.count('value="undo:') == 1 and re.search(r"Starts in \d+:\d\d\.</time>", feed)
        assert f'data-approvers="{mara.pk}"' in feed and feed.count("approved") == 1
        assert 'tombstone"' in html and html.count('value="undo:') == 2
    send(client, words(client, "/"), "undo")
    action.refresh_from_db()
    assert action.state == "PENDING"
    html = words(client, "/")
    assert html.count("took back the approval of") == 2 and "undo:" not in html
    assert f'value="approve:{question(action).pk}:2:' in html


def test_what_waits_beside_something_held_is_rejected_as_what_it_is(enter: Enter, mara: User, jonas: User) -> None:
    approve(propose("medium"), jonas)
    waits = propose("medium")
    client = enter(mara)
    send(client, words(client, "/"), "reject")
    waits.refresh_from_db()
    assert waits.state == "REJECTED"


def test_who_may_not_take_it_back_sees_how_long_and_no_button(enter: Enter, cast: dict[str, User]) -> None:
    action = propose("medium")
    approve(action, cast["mara"])
    html = words(enter(cast["ada"]), "/")
    assert "Starts in" in html and "undo:" not in html


@pytest.mark.parametrize(
    ("name", "attributes"), [("mara", " data-may-undo"), ("jonas", " data-may-undo data-may-reject"), ("ada", "")]
)
def test_a_card_offers_what_its_reader_may_do(enter: Enter, cast: dict[str, User], name: str, attributes: str) -> None:
    action = propose("medium")
    approve(action, cast["mara"])
    html = words(enter(cast[name]), f"/actions/{action.pk}/")
    assert f'<div id="card" data-card{attributes} data-version' in html
    assert re.search(r"<b>Approved.</b> <time [^>]*>Starts in \d+:\d\d\.", html)


def test_a_card_takes_it_back(enter: Enter, mara: User) -> None:
    action = propose("medium")
    approve(action, mara)
    client = enter(mara)
    answer = send(client, words(client, f"/actions/{action.pk}/"), "undo", **{"from": "card"})
    assert "Waiting for approval." in answer.content.decode()


def test_a_card_rejects_what_is_held(enter: Enter, mara: User, jonas: User) -> None:
    action = propose("medium")
    approve(action, mara)
    client = enter(jonas)
    answer = send(client, words(client, f"/actions/{action.pk}/"), "reject", **{"from": "card"})
    action.refresh_from_db()
    assert (action.state, action.reason) == ("REJECTED", "Wrong target") and answer.status_code == 200


def test_the_card_says_before_how_long_it_is_held_and_after_that_nothing_calls_it_back(
    enter: Enter, mara: User
) -> None:
    action = notice()
    client = enter(mara)
    assert f"It is held for {SECONDS} seconds first, and until then it can be taken back." in words(
        client, f"/actions/{action.pk}/"
    )
    approve(action, mara)
    assert "Sends in" in words(client, f"/actions/{action.pk}/")
    over(action)
    for _state in ("APPROVED", "SUCCEEDED"):
        html = words(client, f"/actions/{action.pk}/")
        assert "The hold is over, and nothing calls it back." in html and "undo:" not in html
        perform(action)


def test_a_press_that_comes_too_late_is_told_so(enter: Enter, mara: User) -> None:
    action = propose("medium")
    approve(action, mara)
    client = enter(mara)
    html = words(client, f"/actions/{action.pk}/")
    over(action)
    answer = send(client, html, "undo", **{"from": "card"})
    assert answer.status_code == 409 and "Too late to take it back" in answer.content.decode()


@pytest.mark.parametrize("value", ["undo:1:1", "undo:x:1:" + "0" * 64, "reject:1:1:" + "0" * 64 + ":other:later"])
def test_an_answer_that_names_nothing_is_refused(enter: Enter, mara: User, value: str) -> None:
    client = enter(mara)
    propose("medium")
    nonce = re.search(r'name="nonce" value="([^"]+)"', words(client, "/"))
    assert nonce
    assert client.post("/decide/", {"answer": value, "nonce": nonce[1]}).status_code == 422
