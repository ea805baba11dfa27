"""What a card folds has to be opened before a high or critical approval counts, and the server knows whether it was."""

import re

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from agents import proposals
from agents.models import Action, Event, User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import decisions, openings
from approvals.models import Approval, CardOpening, CardView, Decision
from tests.cast import Answer, approve, proof, propose, question, reject

pytestmark = pytest.mark.django_db
LONG = {"to": "anna", "text": "word " * 200}


def look(action: Action, person: User, nonce: str = "looked") -> Approval:
    """Open the card."""
    approval = question(action)
    decisions.show(approval, person, nonce)
    return approval


def read(action: Action, person: User, nonce: str = "looked") -> None:
    """Open the card and every part that it folds."""
    openings.keep(action.pk, person, nonce, openings.parts(look(action, person, nonce)))


def test_an_approval_is_refused_until_the_long_part_was_opened(ines: User) -> None:
    action = propose("high", arguments=LONG)
    look(action, ines)
    events = Event.objects.count()
    with pytest.raises(Conflict, match=r"before you approve: \$\.text\.") as refused:
        approve(action, ines, nonce="looked")
    assert refused.value.kind == "unopened"
    assert (Event.objects.count(), Decision.objects.count()) == (events, 0)
    openings.keep(action.pk, ines, "looked", openings.parts(question(action)))
    approve(action, ines, nonce="looked")
    assert action.state == "APPROVED"


def test_medium_and_a_rejection_ask_for_no_opening(mara: User, ines: User) -> None:
    medium, high = propose("medium", arguments=LONG), propose("high", arguments=LONG)
    approve(medium, mara)
    reject(high, ines)
    assert (medium.state, high.state) == ("APPROVED", "REJECTED")


def test_each_of_two_people_opens_it(ines: User, sami: User) -> None:
    action = propose("critical", arguments=LONG)
    read(action, ines)
    approve(action, ines, nonce="looked")
    with pytest.raises(Conflict, match="in full"):
        approve(action, sami)
    read(action, sami, "sami")
    approve(action, sami, nonce="sami")
    assert action.state == "APPROVED"


def test_what_was_opened_once_is_known_on_a_card_that_is_loaded_again(ines: User) -> None:
    action = propose("high", arguments=LONG)
    read(action, ines, "first")
    approve(action, ines, nonce="second")
    assert action.state == "APPROVED"


def test_an_opening_does_not_count_for_the_next_version(ines: User, cast: dict[str, User]) -> None:
    action = propose("high", arguments=LONG)
    read(action, ines)
    old = question(action)
    made = proposals.redraft(old.action, old.asked, {**LONG, "text": "other " * 200})
    decisions.edit(old, cast["omar"], made=made, seen=Answer(cast["omar"]).seen(old), proof=proof())
    with pytest.raises(Conflict, match="in full"):
        approve(action, ines)


def test_parts_in_parts_are_each_opened_and_the_refusal_names_a_few(ines: User) -> None:
    tool = propose("high").tool
    tool.schema = {"type": "object"}
    tool.save()
    action = propose(tool=tool.name, arguments={"rows": ["x" * 700, *range(60)], "more": ["y" * 700] * 3})
    approval = look(action, ines)
    assert sorted(openings.parts(approval).values()) == [
        "$.more[0]", "$.more[1]", "$.more[2]", "$.rows", "$.rows[0]",
    ]  # fmt: skip
    with pytest.raises(Conflict, match=r"\$\.more\[0\], \$\.more\[1\], \$\.more\[2\] and 2 more\."):
        approve(action, ines, nonce="looked")
    first, *rest = openings.parts(approval)
    openings.keep(action.pk, ines, "looked", rest)
    with pytest.raises(Conflict, match="in full"):
        approve(action, ines, nonce="looked")
    openings.keep(action.pk, ines, "looked", [first])
    approve(action, ines, nonce="looked")


def test_two_names_that_only_differ_at_their_end_are_two_parts(ines: User) -> None:
    tool = propose("high").tool
    tool.schema = {"type": "object"}
    tool.save()
    action = propose(tool=tool.name, arguments={"n" * 100 + end: "x" * 700 for end in "ab"})
    found = openings.parts(look(action, ines))
    assert (len(found), len(set(found.values()))) == (2, 1)
    openings.keep(action.pk, ines, "looked", list(found)[:1])
    with pytest.raises(Conflict, match="in full"):
        approve(action, ines, nonce="looked")


def test_only_the_card_that_was_loaded_can_say_that_its_parts_were_opened(ines: User, sami: User) -> None:
    action, other = propose("high", arguments=LONG), propose("high", arguments=LONG)
    approval = look(action, ines)
    parts = openings.parts(approval)
    for number, person, nonce in ((action, sami, "looked"), (action, ines, "made up"), (other, ines, "looked")):
        with pytest.raises(Conflict, match="again"):
            openings.keep(number.pk, person, nonce, parts)
    with pytest.raises(Refused, match="no such part"):
        openings.keep(action.pk, ines, "looked", [*parts, "0" * 64])
    assert not CardOpening.objects.exists()


def test_a_row_of_the_board_opens_nothing(mara: User) -> None:
    action = propose("medium", arguments=LONG)
    approval = question(action)
    seen = Answer(mara).seen(approval, "board")
    decisions.decide(approval, mara, answer="reject", seen=seen, proof=proof(), note="no")
    assert CardView.objects.get().surface == CardView.Surface.BOARD
    with pytest.raises(Conflict):
        openings.keep(action.pk, mara, "board", openings.parts(approval))


def test_an_opening_is_one_row_that_nobody_changes(ines: User) -> None:
    action = propose("high", arguments=LONG)
    read(action, ines)
    openings.keep(action.pk, ines, "looked", openings.parts(question(action)))
    assert CardOpening.objects.count() == 1
    for change in (lambda: CardOpening.objects.update(part="x"), lambda: CardOpening.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


# --- as a browser without scripts meets it


@pytest.fixture
def browser(client: Client, ines: User) -> Client:
    client.force_login(ines)
    return client


def fields(html: str, form: str) -> dict[str, list[str]]:
    inside = re.search(rf'<form id="{form}".*?</form>', html, re.S)
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', inside[0] if inside else ""):
        found.setdefault(name, []).append(value)
    return found


def test_without_scripts_one_button_opens_what_is_folded_and_then_it_is_approved(browser: Client) -> None:
    action = propose("high", arguments=LONG)
    address = f"/actions/{action.pk}/"
    html = browser.get(address).content.decode()
    assert "Show 1 folded part in full" in html
    answer = re.findall(r'value="(approve:[^"]+)"', html)[0]
    refused = browser.post("/decide/", {**fields(html, "answer"), "answer": answer})
    assert refused.status_code == 422
    html = refused.content.decode()
    assert "Open these parts in full before you approve: $.text." in html
    html = browser.post(f"{address}opened/", fields(html, "opening"), follow=True).content.decode()
    assert re.search(r'<details class="part" data-must-open="\w{64}" data-read open>', html)
    assert "in full" not in html
    browser.post("/decide/", {**fields(html, "answer"), "answer": answer})
    action.refresh_from_db()
    assert action.state == "APPROVED"


def test_scripts_are_answered_without_a_page_and_others_with_a_reason(browser: Client, sami: User) -> None:
    action = propose("high", arguments=LONG)
    address = f"/actions/{action.pk}/opened/"
    sent = fields(browser.get(f"/actions/{action.pk}/").content.decode(), "opening")
    assert browser.get(address).status_code == 405
    assert browser.post(address, {**sent, "part": "nonsense"}).status_code == 422
    assert browser.post(address, {"part": sent["part"], "nonce": "made up"}).status_code == 422
    assert browser.post("/actions/999/opened/", sent).status_code == 409
    assert browser.post(address, sent, headers={"HX-Request": "true"}).status_code == 204
    browser.force_login(sami)
    assert browser.post(address, sent).status_code == 422
    browser.logout()
    assert "login" in browser.post(address, sent)["Location"]
    assert [row.view.person.username for row in CardOpening.objects.all()] == ["ines"]


def test_a_card_that_nobody_has_to_answer_makes_nobody_open_anything(browser: Client, ines: User) -> None:
    action = propose("high", arguments=LONG)
    reject(action, ines)
    html = browser.get(f"/actions/{action.pk}/").content.decode()
    assert '<details class="part"><summary>' in html
    assert "data-must-open" not in html
