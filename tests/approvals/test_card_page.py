"""The review card, the editor and the task page as people meet them in the browser."""

import json
import re

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents import leases, ledger, runner, states, tools
from agents.models import Action, Task, User
from agents.toolbox.models import Customer
from approvals import gate
from approvals.models import Approval, Policy
from tests.cast import Enter, a_task, a_tool, approve, propose, question, reject

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> Pay \u202egnp.exe"


@pytest.fixture
def campaign(office: None, db: None) -> Action:
    """An email to 2,451 people, 38 of whom already got two this week."""
    arguments = {"segment": "contracts-ending-may", "subject": "Your offer", "body": "Hello. To unsubscribe, say so."}
    return propose(tool="email.send_campaign", arguments=arguments, confidence=0.71)


def card(client: Client, action: Action) -> str:
    answer = client.get(f"/actions/{action.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found
    return found[1]


def button(html: str, verdict: str) -> str:
    """The value of the button that gives this answer."""
    found = re.search(rf'value="({verdict}:\d+:\d+:[0-9a-f]{{64}}[^"]*)"', html)
    assert found, f"no button says {verdict}"
    return found[1]


def press(client: Client, html: str, verdict: str, **more: object) -> HttpResponse:
    """Send the form of the card as a browser without scripts does."""
    sent = {"answer": button(html, verdict), "nonce": field(html, "nonce"), "from": "card", **more}
    return client.post("/decide/", sent, follow=True)


def bar(html: str) -> str:
    return html[html.index('class="bar"') : html.index("</main>")] if 'class="bar"' in html else ""


def part(html: str, name: str) -> str:
    found = re.search(rf'<(div|article) id="{name}".*?\n</\1>', html, re.S)
    assert found
    return found[0]


def test_a_medium_action_is_approved_and_the_card_says_so(enter: Enter, mara: User) -> None:
    action, client = propose("medium"), enter(mara)
    html = press(client, card(client, action), "approve").content.decode()
    action.refresh_from_db()
    assert action.state == "APPROVED"
    assert "It runs as soon as a worker is free." in part(html, "standing")
    assert not bar(html)


def test_what_will_happen_is_told_in_counts_of_the_server(enter: Enter, ines: User, campaign: Action) -> None:
    html = card(enter(ines), campaign)
    assert "2,451 emails leave from" in html
    assert "Delivered mail cannot be called back." in html
    assert 'Written by <bdi class="value">Tester</bdi>, not verified' in html
    assert 'data-confirms="confirm"' in bar(html)
    assert "send to 2,451" in bar(html)


def test_a_failed_check_is_ticked_before_a_high_risk_is_approved(enter: Enter, ines: User, campaign: Action) -> None:
    client = enter(ines)
    html = card(client, campaign)
    ticks = re.findall(r'name="ack" value="(\w+)" form="answer" data-ack required>', html)
    refused = press(client, html, "approve")
    assert refused.status_code == 422
    assert "Tick each failed check first" in refused.content.decode()
    campaign.refresh_from_db()
    assert campaign.state == "PENDING"
    press(client, refused.content.decode(), "approve", ack=ticks)
    campaign.refresh_from_db()
    assert campaign.state == "APPROVED"


def test_rejecting_needs_no_tick_and_no_password(enter: Enter, ines: User, campaign: Action) -> None:
    client = enter(ines)
    html = press(client, card(client, campaign), "reject").content.decode()
    assert "The agent has been told." in part(html, "standing")
    assert "Wrong target" in part(html, "standing")


def test_critical_asks_for_the_target_and_the_password(enter: Enter, ines: User) -> None:
    action, client = propose("critical"), enter(ines)
    html = card(client, action)
    target = question(action).asked.target
    assert f'data-target="{target}"' in html
    assert 'type="password" name="password"' in html
    no_proof = press(client, html, "approve", typed=target)
    assert no_proof.status_code == 422
    assert "Enter your password again" in no_proof.content.decode()
    wrong = press(client, html, "approve", typed="prod", password="secret")
    assert wrong.status_code == 422
    assert "Type the target exactly" in wrong.content.decode()
    assert 'name="password"' not in wrong.content.decode()
    done = press(client, wrong.content.decode(), "approve", typed=target).content.decode()
    assert re.search(rf'data-by="{ines.pk}">.*Ines.*</b>, Senior reviewer', part(done, "seats"))
    assert "1 of 2 have approved" in part(done, "standing")


def test_own_voice_takes_the_buttons_away(enter: Enter, ines: User) -> None:
    action = propose("critical")
    approve(action, ines)
    html = bar(card(enter(ines), action))
    assert "Your answer to this version: approved." in html
    assert "Still needed: Security reviewer." in html
    assert "<button" not in html


def test_a_junior_reads_who_may_decide(enter: Enter, mara: User) -> None:
    html = bar(card(enter(mara), propose("high")))
    assert "This needs: Senior reviewer" in html
    assert "<button" not in html


def test_who_asked_may_reject_but_not_approve(enter: Enter, ines: User) -> None:
    html = bar(card(enter(ines), propose("high", task=a_task(starter=ines))))
    assert "You asked for this action" in html
    assert 'value="reject:' in html
    assert 'value="approve:' not in html


def test_the_next_reviewer_reads_a_note_after_deciding(enter: Enter, ines: User, sami: User) -> None:
    action = propose("critical")
    approve(action, ines, note="agreed with sales")
    html = card(enter(sami), action)
    assert "the note opens after you decide" in html
    assert "agreed with sales" not in html
    approve(action, sami)
    assert "agreed with sales" in card(enter(sami), action)


def test_hostile_text_is_inert_everywhere_on_the_card(enter: Enter, mara: User) -> None:
    action = propose("medium", arguments={"to": HOSTILE, "text": HOSTILE}, task=a_task(goal=HOSTILE))
    html = card(enter(mara), action)
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert html.count("U+202E RLO") >= 3


def test_every_argument_and_the_reasons_are_on_the_card(enter: Enter, mara: User) -> None:
    html = card(enter(mara), propose("medium", arguments={"to": "anna", "text": "three words here", "count": 7}))
    for words in ("three words here", ">7<", "Affects other people", "Leaves the company", "by policy 1."):
        assert words in html


def test_enter_in_a_field_of_the_card_presses_nothing(enter: Enter, ines: User) -> None:
    html = card(enter(ines), propose("critical"))
    first = re.search(r'<form id="answer".*?<button ([^>]*)>', html, re.S)
    assert first
    assert "disabled" in first[1]
    assert html.index('id="answer"') < html.index('form="answer"')


def edited(client: Client, action: Action, **arguments: object) -> HttpResponse:
    """Save an edit as a browser without scripts does: from medium risk on the change is shown first."""
    html = client.get(f"/actions/{action.pk}/edit/").content.decode()
    sent = {name: field(html, name) for name in ("nonce", "version", "digest")}
    post = {**sent, "f--raw": json.dumps(arguments), "save": "save"}
    answer = client.post(f"/actions/{action.pk}/edit/", post, follow=True)
    if 'name="shown"' not in (html := answer.content.decode()):
        return answer
    return client.post(f"/actions/{action.pk}/edit/", {**post, "shown": field(html, "shown")}, follow=True)


def test_an_edit_makes_a_version_and_the_old_voice_hollow(enter: Enter, cast: dict[str, User]) -> None:
    action = propose("critical", arguments={"to": "anna", "count": 1})
    approve(action, cast["ines"])
    answer = edited(enter(cast["omar"]), action, to="anna", count=2, text="new")
    assert answer.status_code == 200
    html = card(enter(cast["sami"]), action)
    assert "What version 2 changed" in html
    assert re.search(r"<del>.*1.*</del>.*<ins>.*2.*</ins>", html)
    assert re.search(r"<del>.*nothing.*</del>.*<ins>.*new.*</ins>", html)
    assert "approved v1, which no longer counts" in html
    assert "0 of 2 have approved" in part(html, "standing")


@pytest.mark.parametrize(("level", "saves"), [("medium", ["approve", "save"]), ("high", ["save"])])
def test_saving_approves_in_one_act_only_at_low_and_medium(
    enter: Enter, ines: User, level: str, saves: list[str]
) -> None:
    html = enter(ines).get(f"/actions/{propose(level).pk}/edit/").content.decode()
    assert re.findall(r'name="save" value="(\w+)"', html) == saves
    assert ('value="approve" data-arm' in html) == ("approve" in saves)
    assert re.search(r"data-card[^>]*>.*data-edit", html, re.S)


def test_a_wrong_edit_keeps_what_was_typed_and_says_what_is_wrong(enter: Enter, mara: User) -> None:
    action = propose("medium", arguments={"to": "anna", "count": 1})
    answer = edited(enter(mara), action, to="anna", count=0)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    action.refresh_from_db()
    assert action.version == 1


def test_the_editor_hears_of_a_newer_version_while_it_is_open(enter: Enter, mara: User) -> None:
    action = propose("medium")
    html = enter(mara).get(f"/actions/{action.pk}/edit/").content.decode()
    assert f'ws-connect="/live/actions/{action.pk}/?version=1&amp;page=edit"' in html
    for name in ("standing", "outcome", "seats"):
        assert html.count(f'id="{name}"') == 1


def live(client: Client, action: Action, version: int = 1) -> str:
    address = f"/actions/{action.pk}/?version={version}"
    return client.get(address, headers={"HX-Request": "true"}).content.decode()


def test_the_live_regions_hold_no_token_and_nothing_personal(enter: Enter, mara: User, ines: User) -> None:
    action = propose("high")
    html, other = (re.sub(r"(<time[^>]*>)[^<]*", r"\1", live(enter(person), action)) for person in (mara, ines))
    assert html == other
    assert "csrf" not in html
    assert "nonce" not in html
    assert re.findall(r'id="(\w+)"[^>]*hx-swap-oob="morph"', html) == [
        "stops",
        "standing",
        "outcome",
        "seats",
        "clock",
        "present",
    ]


def test_an_open_card_hears_of_a_newer_version_and_is_frozen(enter: Enter, mara: User, jonas: User) -> None:
    action = propose("medium", arguments={"to": "anna", "count": 1})
    before = live(enter(mara), action)
    assert "due zero" not in before
    edited(enter(jonas), action, to="anna", count=2)
    html = part(live(enter(mara), action), "standing")
    assert "This changed while you were reading." in html
    assert f'href="/actions/{action.pk}/">Load v2</a>' in html
    assert "due zero" in html


def test_an_open_card_hears_who_decided_and_why(enter: Enter, mara: User, jonas: User) -> None:
    action = propose("medium")
    reject(action, jonas, note="wrong environment")
    html = part(live(enter(mara), action), "standing")
    assert re.search(rf'data-by="{jonas.pk}">.*Jonas.*</b> rejected', html)
    assert "wrong environment" in html
    assert "due zero" in html


def test_a_late_answer_is_refused_and_says_what_happened(enter: Enter, mara: User, jonas: User) -> None:
    action, client = propose("medium"), enter(mara)
    html = card(client, action)
    reject(action, jonas)
    answer = press(client, html, "approve")
    assert answer.status_code == 409
    assert "Your decision was not counted." in answer.content.decode()


def test_the_clock_ends_it_and_nothing_ran(enter: Enter, mara: User) -> None:
    action = propose("medium")
    Approval.objects.filter(action=action).update(deadline=Now())
    gate.expire(question(action))
    html = card(enter(mara), action)
    assert "was not run." in part(html, "standing")
    assert not bar(html)


def ran(action: Action, state: str, **changes: object) -> None:
    """What a worker writes: started under a lease, and then how it ended."""
    leased = {"leased_until": timezone.now(), "fence": 1}
    states.move(action, "APPROVED", "EXECUTING", by=ledger.worker("w1"), **leased)
    if state != "EXECUTING":
        states.move(action, "EXECUTING", state, by=ledger.worker("w1"), leased_until=None, **changes)


@pytest.mark.parametrize(
    ("state", "changes", "words"),
    [
        ("EXECUTING", {}, "In progress."),
        ("SUCCEEDED", {"result": {"sent": 2451}}, "Succeeded"),
        ("FAILED", {"reason": "mailbox full"}, "mailbox full"),
    ],
)
def test_after_approval_the_card_follows_the_action(
    enter: Enter, mara: User, state: str, changes: dict[str, object], words: str
) -> None:
    action = propose("medium")
    approve(action, mara)
    ran(action, state, **changes)
    html = live(enter(mara), action)
    assert words in part(html, "standing")
    assert ("2451" in part(html, "outcome")) == ("result" in changes)


def test_a_closed_card_shows_what_was_asked_and_not_the_world_of_today(
    enter: Enter, ines: User, campaign: Action
) -> None:
    client = enter(ines)
    assert "38 recipients already got two emails" in card(client, campaign)
    reject(campaign, ines)
    Customer.objects.update(mails_this_week=2)
    html = card(client, campaign)
    assert "recipients already got two emails" not in html
    assert "contracts-ending-may" in html
    assert "Your offer" in html


def test_an_unknown_outcome_is_settled_on_evidence(enter: Enter, mara: User, ines: User) -> None:
    action = propose("high")
    approve(action, ines)
    ran(action, "UNKNOWN", reason="the worker was lost")
    gate.settle(action)
    client = enter(ines)
    html = card(client, action)
    assert "nobody knows whether it happened" in part(html, "standing")
    assert not bar(html)
    assert 'value="happened:' not in card(enter(mara), action)
    note = f"note-{question(action).pk}"
    assert press(client, html, "happened").status_code == 422
    open_still = press(client, html, "cannot_tell", **{note: "the log is gone"})
    assert "nobody knows whether it happened" in part(open_still.content.decode(), "standing")
    press(client, card(client, action), "did_not_happen", **{note: "the mailbox is empty"})
    action.refresh_from_db()
    assert action.state == "FAILED"


def test_up_next_walks_the_queue(enter: Enter, mara: User) -> None:
    first, second, third = (propose("medium") for _n in range(3))
    html = card(enter(mara), second)
    assert re.search(rf'href="/actions/{first.pk}/" data-walk="previous"', html)
    assert re.search(rf'href="/actions/{second.pk}/" aria-current="true"', html)
    assert re.search(rf'href="/actions/{third.pk}/" data-walk="next"', html)


def test_a_card_asks_the_database_no_more_often_in_a_long_queue(enter: Enter, mara: User) -> None:
    task, client = a_task(), enter(mara)
    actions = [propose("medium", task=task) for _n in range(5)]
    card(client, actions[0])

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            card(client, actions[0])
        return len(queries)

    few = asked()
    for _n in range(45):
        propose("medium", task=task)
    assert asked() == few


def test_a_task_shows_its_plan_and_what_each_step_waits_for(enter: Enter, mara: User) -> None:
    tool = a_tool("medium").name
    calls = [{"tool": tool, "arguments": {"to": "anna"}}, {"tool": tool, "arguments": {"to": HOSTILE}}]
    task = a_task(script=calls, state="QUEUED", total=2, goal=HOSTILE)
    Task.objects.filter(pk=task.pk).update(runnable_at=Now())
    taken = leases.take(task.pk, "w1")
    assert taken
    while runner.advance(taken, gate=gate) and leases.renew(taken):
        pass
    client = enter(mara)
    html = client.get(f"/tasks/{task.pk}/").content.decode()
    assert "<script>alert" not in html
    plan = html[html.index('id="plan-title"') :]
    assert plan.index("Waiting for approval") < plan.index("Waits for step 1, which needs: Junior reviewer.")
    pushed = client.get(f"/tasks/{task.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert re.findall(r'id="(\w+)"[^>]*hx-swap-oob="morph"', pushed) == ["stops", "task"]
    assert "csrf" not in pushed


def test_a_long_text_is_shown_whole_before_it_is_written(client: Client, ines: User) -> None:
    tools.sync()
    Policy.objects.update(active=False)
    Policy.objects.create(
        version=2, active=True, rules=[{"name": "Ask", "when": "true", "outcome": "approve", "floor": "high"}]
    )
    text = "word " * 11_000 + "the very end"
    client.force_login(ines)
    shown = card(client, propose(tool="files.write", arguments={"path": "report.md", "text": text}))
    preview = shown.split("data-preview-end")[0]
    assert "A file of 55,012 characters is written." in preview and preview.count("the very end") == 1
    assert shown.count("the very end") == 2, "among all arguments, too"
