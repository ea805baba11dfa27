"""The live board as a reviewer's browser gets it."""

import gzip
import random
import re
import string

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import User
from approvals.models import Approval
from tests.cast import Enter, a_task, a_tool, approve, propose, question, reject

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> Pay \u202egnp.exe"


def page(client: Client, address: str = "/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def regions(client: Client, address: str = "/") -> str:
    answer = client.get(address, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


def row(html: str, approval: Approval) -> str:
    found = re.search(rf'<li class="item[^"]*" id="approval-{approval.pk}".*?</li>', html, re.S)
    assert found, "the row is not on the board"
    return found[0]


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found
    return found[1]


@pytest.mark.parametrize("level", ["low", "medium"])
def test_a_reviewer_approves_from_the_row_what_the_row_shows(enter: Enter, mara: User, level: str) -> None:
    action = propose(level)
    approval, client = question(action), enter(mara)
    html = page(client)
    answer = f"approve:{approval.pk}:1:{action.digest}"
    assert f'value="{answer}"' in row(html, approval)
    client.post("/decide/", {"answer": answer, "nonce": field(html, "nonce")})
    action.refresh_from_db()
    assert action.state == "APPROVED"


@pytest.mark.parametrize("level", ["high", "critical"])
def test_high_stakes_are_approved_on_the_card_only(enter: Enter, ines: User, level: str) -> None:
    action = propose(level)
    html = row(page(enter(ines)), question(action))
    assert f'href="/actions/{action.pk}/#confirm"' in html
    assert 'value="approve:' not in html
    assert 'value="reject:' in html


def test_a_reason_chip_rejects_and_tells_the_agent(enter: Enter, mara: User) -> None:
    action = propose("medium")
    approval, client = question(action), enter(mara)
    html = page(client)
    chip = re.search(r'value="(reject:\d+:1:[0-9a-f]{64}:wrong_amount)"', row(html, approval))
    assert chip
    client.post("/decide/", {"answer": chip[1], "nonce": field(html, "nonce"), f"note-{approval.pk}": "10 is right"})
    action.refresh_from_db()
    assert (action.state, action.reason) == ("REJECTED", "Wrong amount: 10 is right")


def test_enter_in_a_note_presses_nothing(enter: Enter, mara: User) -> None:
    propose("medium")
    html = page(enter(mara))
    first = re.search(r'<form id="decide".*?<button ([^>]*)>', html, re.S)
    assert first
    assert "disabled" in first[1]


def test_a_junior_sees_who_is_needed_and_no_buttons(enter: Enter, mara: User) -> None:
    approval = question(propose("high"))
    assert "Nothing needs you" in page(enter(mara))
    html = row(page(enter(mara), "/?scope=all"), approval)
    assert "Needs: Senior reviewer" in html
    assert "<button" not in html


def test_hostile_words_are_shown_inert(enter: Enter, mara: User) -> None:
    action = propose("medium", arguments={"to": HOSTILE}, task=a_task(goal=HOSTILE))
    assert HOSTILE in action.title
    html = page(enter(mara))
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert "U+202E RLO" in html


def test_the_regions_hold_no_token_and_nothing_personal(enter: Enter, mara: User, jonas: User) -> None:
    propose("medium")
    reject(propose("medium"), jonas)
    html = regions(enter(mara))
    assert html == regions(enter(jonas))
    assert "csrf" not in html
    assert 'name="nonce"' not in html
    named = re.findall(r'<(\w+) [^>]*id="([\w-]+)"[^>]*hx-swap-oob="morph"', html)
    assert [name for _tag, name in named] == ["stops", "counts", "facts", "scopes", "queue", "running", "recent"]


def test_the_page_carries_the_same_regions_without_the_mark_of_a_push(enter: Enter, mara: User) -> None:
    propose("medium")
    html = page(enter(mara))
    assert "hx-swap-oob" not in html
    for name in ("counts", "facts", "scopes", "queue", "running", "recent", "socket"):
        assert html.count(f'id="{name}"') == 1


def test_a_decided_row_becomes_a_tombstone_that_names_who(enter: Enter, mara: User, jonas: User) -> None:
    action = propose("medium")
    approval = question(action)
    approve(action, jonas)
    html = row(regions(enter(mara)), approval)
    assert "tombstone" in html
    assert re.search(rf'<b data-by="{jonas.pk}">.*Jonas.*</b> approved', html)


def test_the_answer_to_a_click_is_the_board_as_it_is_now(enter: Enter, mara: User) -> None:
    action = propose("medium")
    approval, client = question(action), enter(mara)
    answer = f"approve:{approval.pk}:1:{action.digest}"
    sent = {"answer": answer, "nonce": field(page(client), "nonce")}
    html = client.post("/decide/", sent, headers={"HX-Request": "true"}).content.decode()
    assert "tombstone" in row(html, approval)
    assert 'data-waiting="0"' in html


def test_first_voice_of_two_is_on_the_row(enter: Enter, cast: dict[str, User]) -> None:
    action = propose("critical")
    approve(action, cast["ines"])
    html = row(page(enter(cast["sami"])), question(action))
    assert "1 of 2 · security" in html
    assert "answered as Senior reviewer" in html


def test_who_asked_is_told_to_leave_it_to_others(enter: Enter, ines: User) -> None:
    approval = question(propose("high", task=a_task(starter=ines)))
    assert f'data-requesters="{ines.pk}"' in row(page(enter(ines)), approval)
    below = question(propose("medium", task=a_task(starter=ines)))
    assert "data-requesters" not in row(page(enter(ines)), below)


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(0.41, "Low 41%"), (0.8999, "Medium 89%"), (0.95, "High 95%"), (None, "Not stated")],
)
def test_confidence_is_a_band_in_words(enter: Enter, cast: dict[str, User], confidence: float, words: str) -> None:
    approval = question(propose("medium", confidence=confidence))
    assert words in row(page(enter(cast["ines"]), "/?scope=all"), approval)


def test_filters_live_in_the_address(enter: Enter, cast: dict[str, User]) -> None:
    a_tool("medium", source="built_in")
    medium, high = question(propose("medium")), question(propose("high"))
    client = enter(cast["ines"])
    html = page(client, "/?scope=all&level=high&agent=tester")
    assert f'id="approval-{high.pk}"' in html
    assert f'id="approval-{medium.pk}"' not in html
    assert 'ws-connect="/live/board/?scope=all&amp;level=high&amp;agent=tester"' in html
    assert 'data-poll="/?scope=all&amp;level=high&amp;agent=tester"' in html
    assert "No action fits this filter" in page(client, "/?tool=no.such")


def test_a_running_task_can_be_held_and_ended(enter: Enter, mara: User) -> None:
    task, client = a_task(done=1, total=4, note="reading two shops"), enter(mara)
    html = page(client)
    running = html[html.index('id="running"') : html.index('id="recent"')]
    assert "25%" in running
    assert "reading two shops" in running
    assert f'formaction="/tasks/{task.pk}/pause/"' in running
    client.post(f"/tasks/{task.pk}/pause/")
    assert f'formaction="/tasks/{task.pk}/resume/"' in page(client)


def test_the_feed_says_who_did_what_and_why(enter: Enter, mara: User, jonas: User) -> None:
    action = propose("medium")
    reject(action, jonas, note="wrong environment")
    html = page(enter(mara))
    feed = html[html.index('id="recent"') :]
    assert re.search(rf'data-by="{jonas.pk}">.*Jonas.*</b> rejected', feed)
    assert "wrong environment" in feed
    assert f'href="/actions/{action.pk}/"' in feed


def test_a_long_queue_asks_the_database_no_more_often(enter: Enter, cast: dict[str, User]) -> None:
    client = enter(cast["ines"])

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, "/?scope=all")
        return len(queries)

    task = a_task(starter=cast["jonas"])
    for _n in range(5):
        propose("medium", task=task)
    approve(propose("critical", task=task), cast["ines"])
    asked()
    few = asked()
    for _n in range(45):
        propose("medium", task=task)
    assert asked() == few


def test_a_full_board_stays_under_60_kilobytes_on_the_wire(enter: Enter, mara: User) -> None:
    """Fifty rows whose reasons have nothing in common, which no compression makes short."""
    task, chance = a_task(), random.Random(20_261_201)
    for n in range(50):
        why = " ".join("".join(chance.sample(string.ascii_letters, 7)) for _word in range(20))
        propose("medium", task=task, arguments={"to": f"customer-{n}"}, why=why)
    html = page(enter(mara))
    assert html.count('<li class="item"') == 50
    assert len(gzip.compress(html.encode())) < 60_000


def test_fifty_rows_then_show_more(enter: Enter, mara: User) -> None:
    task = a_task()
    for _n in range(51):
        propose("medium", task=task)
    client = enter(mara)
    html = page(client)
    assert html.count('<li class="item"') == 50
    assert 'href="/?length=100"' in html
    assert page(client, "/?length=100").count('<li class="item"') == 51
