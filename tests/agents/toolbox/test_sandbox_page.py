"""Where a person counts what really happened."""

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import User
from agents.pages import PAGE
from agents.toolbox.world import happened
from agents.tools import Call
from tests.agents.toolbox.conftest import Caller


@pytest.fixture
def page(client: Client, mara: User) -> Client:
    client.force_login(mara)
    return client


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def effects(count: int, summary: str = "Mail to anna", tool: str = "email.send") -> None:
    for action_id in range(1, count + 1):
        happened(Call(f"{action_id}:1", action_id, 1, lambda _percent, _note="": None), tool, summary)


def test_nobody_looks_without_signing_in(client: Client, db: None) -> None:
    assert client.get("/sandbox/").status_code == 302
    assert client.post("/sandbox/").status_code == 302


def test_it_is_read_and_never_posted_to(page: Client) -> None:
    assert page.post("/sandbox/").status_code == 405


def test_before_anything_it_says_what_would_be_here(page: Client) -> None:
    assert "Go to the board" in text(page, "/sandbox/")
    assert "Show everything" in text(page, "/sandbox/?family=email")


def test_an_effect_links_to_its_action_and_tells_what_was_sent(page: Client, call: Caller) -> None:
    call("email.send", action_id=42, body="It arrives tomorrow.")
    shown = text(page, "/sandbox/?family=email")
    assert 'href="/actions/42/"' in shown and "It arrives tomorrow." in shown
    assert "Mail to anna.13@customers.example" not in text(page, "/sandbox/?family=payments")


def test_the_statement_shows_amounts_and_balances(page: Client, call: Caller) -> None:
    call("payments.refund")
    call("payments.pay_invoice", action_id=8)
    shown = text(page, "/sandbox/?family=payments")
    assert "€6,185.00" in shown and shown.count("€1,240.00") >= 4


def test_the_files_are_those_of_the_workspace(page: Client, office: Path) -> None:
    (office.parent / "secret").write_text("x")
    (office / "link").symlink_to(office.parent / "secret")
    shown = text(page, "/sandbox/?family=files")
    assert "reports/q3-summary.md" in shown and "link" not in re.findall(r"<code>(.*?)</code>", shown)


def test_a_double_run_would_be_seen(page: Client, call: Caller) -> None:
    call("chat.post", action_id=5)
    call("chat.post", action_id=5)
    assert text(page, "/sandbox/?action=5").count('href="/actions/5/">5<') == 2


def test_older_effects_are_a_page_away(page: Client, db: None) -> None:
    effects(2 * PAGE + 1)
    seen, address = [], "/sandbox/?family=email"
    while address:
        shown = text(page, address)
        seen += re.findall(r'href="/actions/(\d+)/"', shown)
        older = re.search(r'rel="next" href="([^"]+)"', shown)
        address = f"/sandbox/{older[1].replace('&amp;', '&')}" if older else ""
    assert seen == [str(number) for number in range(2 * PAGE + 1, 0, -1)]


@pytest.mark.parametrize(
    "query", ["before=x", "before=9999999999999999999", "action=%00", "family=%3Cscript%3E", "action=²"]
)
def test_an_address_that_makes_no_sense_shows_everything(page: Client, db: None, query: str) -> None:
    effects(1)
    shown = text(page, f"/sandbox/?{query}")
    assert "Mail to anna" in shown and "<script>" not in shown


def test_words_of_agents_are_inert(page: Client, db: None) -> None:
    effects(1, "<script>alert(1)</script>\u202egnp")
    shown = text(page, "/sandbox/")
    assert "<script>alert" not in shown and "\u202e" not in shown and "U+202E" in shown


def test_a_long_page_asks_the_database_no_more_often(page: Client, db: None) -> None:
    asked = []
    for more in (1, 30):
        effects(more)
        text(page, "/sandbox/")
        with CaptureQueriesContext(connection) as queries:
            text(page, "/sandbox/")
        asked.append(len(queries))
    assert asked[0] == asked[1]
