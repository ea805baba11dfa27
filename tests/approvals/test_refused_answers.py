"""An answer that was refused comes back with everything that was typed and ticked, so that nothing is typed twice."""

import re
from html import unescape

import pytest
from django.db import transaction
from django.test import Client

from agents import plans, tools
from agents.models import Action, Agent, StopSwitch, User
from agents.toolbox.models import Customer
from approvals import gate
from approvals.models import Decision, Policy
from tests.approvals.test_card_page import button, card, edited, field, press
from tests.cast import Enter, a_task, propose, question, reject

LONG = "Not <b>now</b>. " + "x" * 2_000
SHOWN = "Not &lt;b&gt;now&lt;/b&gt;. xxx"


def ruled(outcome: str = "approve", floor: str = "medium") -> None:
    Policy.objects.update(active=False)
    rule = {"name": "All", "when": "true", "outcome": outcome, "floor": floor}
    Policy.objects.create(version=Policy.objects.count() + 1, active=True, rules=[rule])


@pytest.fixture
def campaign(office: None, db: None) -> Action:
    """An email to thousands with two failed checks, which only two people with a fresh password may approve."""
    ruled(floor="critical")
    arguments = {"segment": "contracts-ending-may", "subject": "Your offer", "body": "Hello."}
    return propose(tool="email.send_campaign", arguments=arguments)


def ticks(html: str, checked: str = "") -> list[str]:
    return re.findall(rf'name="ack" value="(\w+)" form="answer" data-ack required{checked}>', html)


def note(action: Action) -> str:
    return f"note-{question(action).pk}"


def test_ticks_and_target_come_back_and_the_password_does_not(enter: Enter, ines: User, campaign: Action) -> None:
    client = enter(ines)
    html = card(client, campaign)
    first, *others = ticks(html)
    assert others and "data-open" not in html and '<details class="pop">' in html
    again = press(client, html, "approve", ack=first, typed='may"><i>', password="guess")
    page = again.content.decode()
    assert again.status_code == 422
    assert (ticks(page, " checked"), ticks(page)) == ([first], others)
    assert 'required value="may&quot;&gt;&lt;i&gt;"' in page
    assert 'id="confirm" data-confirm data-open' in page, "the panel in which it was typed is open"
    assert "guess" not in page
    target = question(campaign).asked.target
    press(client, page, "approve", ack=[first, *others], typed=target, password="secret")
    assert Decision.objects.get().person == ines


def test_a_check_that_finds_something_else_is_ticked_again(enter: Enter, ines: User, campaign: Action) -> None:
    client = enter(ines)
    html = card(client, campaign)
    Customer.objects.filter(segment="contracts-ending-may").update(mails_this_week=2)
    again = press(client, html, "approve", ack=ticks(html), typed=question(campaign).asked.target, password="secret")
    page = again.content.decode()
    assert "Tick each failed check first: 1 left." in page
    assert len(ticks(page)) == 1 and len(ticks(page, " checked")) == len(ticks(html)) - 1


def test_what_confirmed_another_version_does_not_confirm_this_one(enter: Enter, ines: User, campaign: Action) -> None:
    client = enter(ines)
    html = card(client, campaign)
    with transaction.atomic():
        made = gate.proposals.redraft(
            campaign, question(campaign).asked, {"segment": "all", "subject": "x", "body": "y"}
        )
        gate.resubmit(campaign, made, by=gate.ledger.GATE)
    again = press(client, html, "approve", ack=ticks(html)[:1], typed="contracts-ending-may")
    page = again.content.decode()
    assert again.status_code == 422 and "version 2" in page
    assert not ticks(page, " checked") and 'required value="' not in page


@pytest.mark.parametrize("from_card", [True, False], ids=["from the card", "from the board"])
def test_the_reason_of_a_rejection_comes_back(enter: Enter, mara: User, from_card: bool) -> None:
    action, client = propose("medium"), enter(mara)
    html = card(client, action) if from_card else client.get("/").content.decode()
    sent = {"from": "card"} if from_card else {"from": ""}
    again = press(client, html, "reject", **{note(action): LONG}, **sent)
    page = again.content.decode()
    assert again.status_code == 422 and "A note may have 2000 characters" in page
    assert f'value="{SHOWN}' in page and '<details class="pop" open>' in page
    press(client, page, "reject", **{note(action): "Not now."})
    action.refresh_from_db()
    assert action.reason.endswith("Not now.")


def test_on_a_board_with_scripts_the_row_itself_keeps_it(enter: Enter, mara: User) -> None:
    action, client = propose("medium"), enter(mara)
    html = client.get("/").content.decode()
    sent = {"answer": button(html, "reject"), "nonce": field(html, "nonce"), note(action): LONG}
    again = client.post("/decide/", sent, headers={"HX-Request": "true"})
    assert again.status_code == 422 and 'id="notes"' in again.content.decode() and "<main" not in again.content.decode()


def test_the_evidence_of_a_settlement_comes_back(enter: Enter, ines: User) -> None:
    action, client = propose("high"), enter(ines)
    Action.objects.update(state="UNKNOWN")
    gate.settle(action)
    again = press(client, card(client, action), "happened", **{note(action): LONG})
    assert again.status_code == 422 and f"required>{SHOWN}" in again.content.decode()


def test_the_words_about_what_ran_come_back(enter: Enter, mara: User) -> None:
    ruled("review_after", "low")
    action, client = propose("auto"), enter(mara)
    Action.objects.update(state="SUCCEEDED")
    gate.ended(action)
    again = press(client, card(client, action), "wrong", **{note(action): LONG})
    page = again.content.decode()
    assert again.status_code == 422 and f'value="{SHOWN}' in page and '<details class="pop" open>' in page


def test_an_answer_and_a_reason_beside_it_both_come_back(enter: Enter, mara: User) -> None:
    ruled("input")
    action, client = propose("medium"), enter(mara)
    html = card(client, action)
    page = press(client, html, "respond", note=LONG, **{note(action): "Or not at all."}).content.decode()
    assert f">{SHOWN}" in page and 'value="Or not at all."' in page
    press(client, page, "respond", note="To Berta.", **{note(action): "Or not at all."})
    assert Decision.objects.get().note == "To Berta."


def test_who_comes_too_late_gets_their_words_back(enter: Enter, mara: User, jonas: User) -> None:
    action, client = propose("medium"), enter(mara)
    html = card(client, action)
    press(enter(jonas), card(enter(jonas), action), "reject")
    late = press(client, html, "reject", **{note(action): "Wrong <i>team</i>."})
    assert late.status_code == 409
    assert "What you had written" in late.content.decode() and "Wrong &lt;i&gt;team&lt;/i&gt;." in late.content.decode()


def edit_page(client: Client, action: Action) -> dict[str, str]:
    """What the page of an edit sends by itself."""
    html = client.get(f"/actions/{action.pk}/edit/").content.decode()
    return {name: field(html, name) for name in ("nonce", "version", "digest")}


def written(html: str) -> dict[str, str]:
    """What a refusal gives back, by what it says where that stood."""
    found = re.findall(r"What you had written: ([^<]*)</label><textarea[^>]* readonly>\n([^<]*)</textarea>", html)
    return {unescape(place): unescape(words) for place, words in found}


@pytest.fixture
def notice(db: None) -> Action:
    tools.sync()
    ruled(floor="medium")
    return propose(tool="chat.post", arguments={"team": "platform", "text": "At two."}, task=a_task())


def test_an_edit_that_meets_a_newer_version_goes_on_from_it(
    enter: Enter, mara: User, jonas: User, notice: Action
) -> None:
    client, typed = enter(mara), {"f-team": '"platform"', "f-text": "</textarea><i>At five.</i>"}
    page = edit_page(client, notice)
    edited(enter(jonas), notice, team="platform", text="At six.")
    late = client.post(f"/actions/{notice.pk}/edit/", {**page, **typed, "save": "approve"})
    html = late.content.decode()
    assert late.status_code == 409 and "<i>At five." not in html
    assert written(html) == {"Team": "platform", "Message": "</textarea><i>At five.</i>"}
    kept = dict(re.findall(r'<textarea name="(f-[^"]+)" hidden>\n([^<]*)</textarea>', html))
    again = client.post(f"/actions/{notice.pk}/edit/", {name: unescape(words) for name, words in kept.items()})
    page_again = again.content.decode()
    assert again.status_code == 200 and field(page_again, "version") == "2" and "&lt;i&gt;At five." in page_again
    assert Action.objects.get(pk=notice.pk).version == 2, "it is shown, not saved"


def test_an_edit_of_what_was_decided_meanwhile_is_not_lost(
    enter: Enter, mara: User, jonas: User, notice: Action
) -> None:
    client = enter(mara)
    page = edit_page(client, notice)
    reject(notice, jonas)
    for typed in ({"f-text": "At <b>five."}, {"f--raw": '{"text": "At <b>five."}'}):
        late = client.post(f"/actions/{notice.pk}/edit/", {**page, **typed, "save": "save"})
        html = late.content.decode()
        assert late.status_code == 409 and "At &lt;b&gt;five." in html
        assert "newer version with" not in html, "nothing waits that could be edited"


def test_what_was_written_is_given_back_in_the_words_of_its_form(enter: Enter, mara: User, jonas: User) -> None:
    tools.sync()
    ruled(floor="medium")
    entry = {"title": "Talk", "day": "2027-03-31", "minutes": 30, "place": {"room": "Oak", "online": False}}
    action, client = propose(tool="calendar.create", arguments=entry), enter(mara)
    page = edit_page(client, action)
    reject(action, jonas)
    typed = {
        "f-title": "Long talk", "f-minutes": "ninety", "f-place-online": "true", "f-guests--rows": "1",
        "f-guests-0": "anna@acme.example", "f-gone-by": "What no field of the form holds",
    }  # fmt: skip
    late = client.post(f"/actions/{action.pk}/edit/", {**page, **typed, "save": "save"})
    assert late.status_code == 409 and written(late.content.decode()) == {
        "Title": "Long talk", "Minutes": "ninety", "Where → With a video link": "yes",
        "Guests, entry 1": "anna@acme.example", "gone → by": "What no field of the form holds",
    }  # fmt: skip


def test_a_start_that_is_refused_gives_its_form_back_in_the_same_words(enter: Enter, mara: User) -> None:
    plans.sync()
    StopSwitch.objects.create(scope="agent", agent=Agent.objects.get(slug="records"))
    typed = {"f-segment": '"trial-users"', "f-label": '"follow-up"', "save": "start"}
    refused = enter(mara).post("/agents/records/start/", typed)
    assert refused.status_code == 422
    assert written(refused.content.decode()) == {"Segment": "trial-users", "Label": "follow-up"}
