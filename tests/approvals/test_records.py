"""What an operator reads afterwards: actions, decisions and the ledger."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents import ledger
from agents.models import Action, Event, User
from tests.cast import a_task, approve, propose, reject

PAGES = ("/actions/", "/decisions/", "/audit/")


@pytest.fixture
def page(client: Client, mara: User) -> Client:
    client.force_login(mara)
    return client


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("address", PAGES)
def test_nobody_reads_the_record_without_signing_in(client: Client, db: None, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 302
    assert "login" in answer["Location"]


@pytest.mark.parametrize("address", PAGES)
def test_the_record_is_read_and_never_posted_to(page: Client, address: str) -> None:
    assert page.post(address).status_code == 405


@pytest.mark.parametrize(
    ("address", "advice"),
    [("/actions/", "Choose an agent"), ("/decisions/", "Go to the board"), ("/audit/", "Choose an agent")],
)
def test_an_empty_record_says_what_to_do(page: Client, address: str, advice: str) -> None:
    shown = text(page, address)
    assert advice in shown
    assert "<table" not in shown


def test_actions_are_told_in_the_words_of_the_screen(page: Client, mara: User) -> None:
    waiting, refused = propose("low"), propose("medium")
    reject(refused, mara, note="not this week")
    shown = text(page, "/actions/")
    assert f"/actions/{waiting.pk}/" in shown
    assert f"/actions/{refused.pk}/" in shown
    assert "Waiting for approval" in shown
    assert "Rejected" in shown
    assert "not this week" in shown


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ("state=REJECTED", {"medium"}),
        ("level=low", {"low"}),
        ("tool=test.medium", {"medium"}),
        ("agent=tester", {"low", "medium"}),
        ("agent=somebody-else", set()),
        ("q=TEST.LOW", {"low"}),
        ("q=nowhere", set()),
    ],
)
def test_actions_are_found_by_what_somebody_remembers(page: Client, mara: User, wanted: str, left: set[str]) -> None:
    made = {level: propose(level) for level in ("low", "medium")}
    reject(made["medium"], mara)
    shown = text(page, f"/actions/?{wanted}")
    assert {level for level, action in made.items() if f'href="/actions/{action.pk}/"' in shown} == left
    assert ("No action fits this filter" in shown) == (not left)


def test_older_actions_are_one_click_away_and_the_filter_stays(page: Client) -> None:
    task = a_task()
    made = [propose("low", task=task) for _ in range(52)]
    first = page.get("/actions/?level=low")
    assert len(first.context["page"].rows) == 50
    older = page.get("/actions/" + first.context["page"].older)
    assert [action.pk for action in older.context["page"].rows] == [made[1].pk, made[0].pk]
    assert "level=low" in first.context["page"].older
    assert 'rel="next"' not in older.content.decode()
    assert 'href="?level=low"' in older.content.decode()


def test_an_agents_text_is_shown_and_never_obeyed(page: Client) -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}"
    action = propose("medium", arguments={"to": hostile})
    Action.objects.filter(pk=action.pk).update(title=hostile, reason='"><img src=x>')
    shown = text(page, "/actions/") + text(page, "/audit/")
    assert "<script>alert" not in shown
    assert "<img src=x>" not in shown
    assert "&lt;script&gt;" in shown
    assert "{{ 7*7 }}" in shown


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize(
    "wanted",
    [
        "before=x",
        "before=99999999999999999999",
        "q=%00",
        "state=%00",
        "kind=%00&actor=%F0%9F",
        "action=१२",
        "person=%00",
        "answer=x",
    ],
)
def test_a_senseless_address_is_no_error(page: Client, address: str, wanted: str) -> None:
    propose("low")
    assert page.get(f"{address}?{wanted}").status_code == 200


def test_decisions_say_who_answered_what_and_why(page: Client, mara: User, ines: User) -> None:
    yes, no = propose("low"), propose("high")
    approve(yes, mara)
    reject(no, ines, note="the account is wrong")
    shown = text(page, "/decisions/")
    for words in ("Mara", "Ines", "approved", "rejected", "the account is wrong", "as junior", "as senior", "Card"):
        assert words in shown
    assert f"/actions/{yes.pk}/" in shown


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ("answer=approve", {"mara"}),
        ("person=ines", {"ines"}),
        ("answer=reject&person=mara", set()),
        ("", {"mara", "ines"}),
    ],
)
def test_decisions_are_filtered_by_answer_and_person(
    page: Client, mara: User, ines: User, wanted: str, left: set[str]
) -> None:
    approve(propose("low"), mara)
    reject(propose("high"), ines)
    answer = page.get(f"/decisions/?{wanted}")
    assert {decision.person.username for decision in answer.context["page"].rows} == left


def test_the_audit_page_shows_where_an_event_is_sealed(page: Client) -> None:
    action = propose("medium")
    assert "not yet" in text(page, "/audit/")
    ledger.seal()
    shown = text(page, "/audit/")
    assert "not yet" not in shown
    newest = Event.objects.latest("pk")
    assert f'id="event-{newest.pk}"' in shown
    assert f">{newest.seal.position}</td>" in shown
    assert action.digest[:12] in shown
    assert "action.proposed" in shown


@pytest.mark.parametrize(
    ("wanted", "kinds"), [("kind=decision", {"decision.approve"}), ("actor=mara", {"decision.approve"})]
)
def test_events_are_found_by_kind_and_by_who(page: Client, mara: User, wanted: str, kinds: set[str]) -> None:
    approve(propose("low"), mara)
    found = {event.kind for event in page.get(f"/audit/?{wanted}").context["page"].rows}
    assert kinds <= found
    assert "action.proposed" not in found


def test_all_events_of_one_action_stand_together(page: Client) -> None:
    action, _other = propose("low"), propose("low")
    rows = page.get(f"/audit/?action={action.pk}").context["page"].rows
    assert {event.action_id for event in rows} == {action.pk}
    assert len(rows) >= 2


@pytest.mark.parametrize("address", PAGES)
def test_a_longer_page_asks_the_database_no_more_often(page: Client, mara: User, address: str) -> None:
    task, asked = a_task(), []
    page.get(address)  # the first page of a session also writes down that it is in use
    for more in (1, 12):
        for _ in range(more):
            approve(propose("low", task=task), mara)
        with CaptureQueriesContext(connection) as queries:
            page.get(address)
        asked.append(len(queries))
    assert asked[0] == asked[1] < 12


def test_events_without_an_action_say_what_they_are_about(page: Client, mara: User) -> None:
    by = ledger.person(mara)
    ledger.record("policy.activated", by, policy_version=7, reason="Deploys are routine.")
    evidence = {
        "agent": "records",
        "tool": "crm.label",
        "score": 0.9,
        "clean_since": 14,
        "wrong_since": 0,
        "bound": 0.1926,
    }
    ledger.record("trust.graduated", by, detail=evidence)
    told = page.get("/audit/").content.decode()
    assert "Policy in force" in told and "policy 7" in told
    assert "crm.label" in told and "14 clean, 0 not right; share of wrong at most 0.1926" in told
