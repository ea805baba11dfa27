"""The agent page tells what was earned; people say how it went; admins set ceilings and agree."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents import trust
from agents.models import Action, Agent, Autonomy, Event, Feedback, Tool, TrustScore, User
from approvals import autonomy, earned, grants
from approvals.models import Policy, Verdict
from approvals.tiers import Forbidden
from tests.approvals.test_trust import run
from tests.cast import Enter, a_task, approve, proof, propose

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]
LABEL = {"segment": "trial-users", "label": "quiet"}


def keeper() -> Agent:
    return Agent.objects.get(slug="records")


def label(arguments: dict[str, str] = LABEL) -> Action:
    return propose(tool="crm.label", arguments=dict(arguments), task=a_task(agent=keeper()), confidence=0.9)


def labelled(person: User, times: int = 1) -> Action:
    for _time in range(times):
        action = label()
        approve(action, person)
        run(action)
    return action


def words(client: Client, address: str = "/agents/records/") -> str:
    return " ".join(client.get(address).content.decode().split())


def test_the_page_says_how_many_more_it_takes(mara: User, enter: Enter) -> None:
    labelled(mara, 5)
    page = words(enter(mara))
    assert "9 more clean approvals until it may run alone" in page
    assert "Level 2 of 4: Acts when it is sure" in page
    assert "45.1% (must be under 20%)" in page
    assert "5 of 5 questions" in page
    assert "How far at most" not in page


def test_what_only_reads_has_no_place_on_the_ladder(mara: User) -> None:
    run(propose(tool="web.search", arguments={"query": "labels"}, task=a_task(agent=keeper())))
    assert earned.ladder(keeper()) == []


def test_after_fourteen_it_says_that_it_acts_and_who_made_it_so(mara: User, enter: Enter) -> None:
    labelled(mara, 14)
    page = words(enter(mara))
    assert "Level 4 of 4: Acts, and reports later" in page
    assert "May now act alone" in page and "14 clean, 0 edited" in page


def test_a_new_version_of_the_tool_starts_at_the_bottom(mara: User, enter: Enter) -> None:
    labelled(mara, 2)
    rung = earned.ladder(keeper())[0]
    rung.tool.version = "2"
    rung.tool.save()
    assert "14 more clean approvals" in words(enter(mara))


def test_at_fourteen_it_reads_as_being_under_the_limit(mara: User, enter: Enter) -> None:
    labelled(mara, 14)
    assert "19.3% (must be under 20%)" in words(enter(mara))


@pytest.mark.parametrize("limit", [0.05, 0.1, 0.192, 0.1927, 0.193, 0.2, 0.201])
def test_what_is_read_never_says_otherwise_than_the_rule(limit: float) -> None:
    for clean in range(60):
        rung = earned.Rung(Tool(), TrustScore(clean_since=clean), trust.Terms(limit), Autonomy.SURE, 0, 0)
        assert (rung.bound_percent < 100 * limit) == (trust.bounded(rung.row) < limit)


def mailed(person: User, times: int) -> None:
    """So many mails that somebody approved: nothing ever lets an agent send one alone."""
    mail = {"to": "anna.13@customers.example", "subject": "Your parcel", "body": "It arrives tomorrow."}
    support = Agent.objects.get(slug="support")
    for _time in range(times):
        action = propose(tool="email.send", arguments=mail, task=a_task(agent=support), confidence=0.97)
        approve(action, person)
        run(action)


def test_a_tool_that_always_asks_says_so_and_counts_nothing_down(mara: User, enter: Enter) -> None:
    mailed(mara, 14)
    page = words(enter(mara), "/agents/support/").split('id="trust"')[1].split("</section>")[0]
    assert "Always asks a person" in page and "Cannot be undone · Affects other people · Leaves the company" in page
    for promise in ("Level", "more clean", "acts alone up to", "May now act alone", "must be under", "if trusted"):
        assert promise not in page


@pytest.mark.parametrize(
    ("effect", "always"),
    [
        ({"reversible": True}, ()),
        ({"reversible": True, "outside": True}, ()),
        ({"reversible": True, "affects_others": True}, ("Affects other people",)),
        ({"reversible": True, "spends_money": True}, ("Moves money",)),
        ({}, ("Cannot be undone",)),
    ],
)
def test_which_effects_no_trust_spares(effect: dict[str, bool], always: tuple[str, ...]) -> None:
    assert autonomy.why_always(Tool(name="t", effect=effect)) == always


def test_what_declares_nothing_and_says_nothing_always_asks() -> None:
    assert autonomy.why_always(Tool(name="zzz", declared=False))


@pytest.mark.parametrize(
    ("name", "keys", "always"),
    [
        ("bash", ["command"], False),
        ("bash", [], False),
        ("execute_trade", ["symbol"], True),
        ("run_database_query", ["query"], False),
    ],
)
def test_what_each_call_tells_a_tool_to_do_decides_whether_it_asks(name: str, keys: list[str], always: bool) -> None:
    tool = Tool(name=name, declared=False, schema={"type": "object", "properties": {key: {} for key in keys}})
    assert bool(autonomy.why_always(tool)) is always


def test_an_admin_sets_a_ceiling_with_a_reason(mara: User, cast: dict[str, User], enter: Enter) -> None:
    labelled(mara, 14)
    ada = enter(cast["ada"])
    assert "How far at most" in words(ada)
    post = {"what": "crm.label", "level": "2", "reason": ""}
    refused = ada.post("/agents/records/ceiling/", post)
    assert refused.status_code == 422 and "Say why" in refused.content.decode()
    for level in ("9", "-1", "x", ""):
        assert ada.post("/agents/records/ceiling/", {**post, "level": level, "reason": "no"}).status_code == 422
    assert ada.post("/agents/records/ceiling/", {**post, "reason": "Until spring."}).status_code == 302
    page = words(ada)
    assert "Level 2 of 4" in page and "ceiling holds it at “Acts when it is sure”" in page and "Until spring." in page
    event = Event.objects.get(kind="autonomy.ceiling")
    assert (event.actor_id, event.detail) == (cast["ada"].pk, {"tool": "crm.label", "from": 4, "to": 2})


def test_nobody_else_sets_one(mara: User, enter: Enter) -> None:
    assert enter(mara).post("/agents/records/ceiling/", {"level": "4", "reason": "mine"}).status_code == 403
    with pytest.raises(Forbidden):
        grants.set_ceiling(keeper(), 0, mara, proof(), reason="no")
    assert keeper().ceiling == 4


def test_where_policy_proposes_an_admin_agrees(mara: User, cast: dict[str, User], enter: Enter) -> None:
    Policy.objects.filter(active=True).update(active=False)
    Policy.objects.create(version=9, active=True, thresholds={"graduation": "proposed"})
    labelled(mara, 14)
    row = TrustScore.objects.get()
    assert "an admin has to agree" in words(enter(mara)) and "Let it run alone" not in words(enter(mara))
    assert enter(mara).post("/agents/records/grant/", {"row": row.pk}).status_code == 403
    ada = enter(cast["ada"])
    assert "Let it run alone" in words(ada)
    assert ada.post("/agents/records/grant/", {"row": row.pk}).status_code == 302
    row.refresh_from_db()
    assert trust.alone(row, trust.Terms()) and row.granted_by == cast["ada"]
    assert Event.objects.get(kind="trust.graduated").actor_name == "Ada"
    assert ada.post("/agents/records/grant/", {"row": row.pk}).status_code == 409
    assert ada.post("/agents/records/grant/", {"row": "nonsense"}).status_code == 404


def test_people_say_on_the_card_how_it_went(mara: User, enter: Enter) -> None:
    action = labelled(mara)
    client = enter(mara)
    address = f"/actions/{action.pk}/feedback/"
    assert "How did it go?" in words(client, f"/actions/{action.pk}/")
    assert client.post(address, {"word": "perhaps"}).status_code == 422
    assert client.post(address, {"word": "bad", "comment-bad": "<b>wrong</b> ones"}).status_code == 302
    page = words(client, f"/actions/{action.pk}/")
    assert "&lt;b&gt;wrong&lt;/b&gt; ones" in page
    assert client.post(address, {"word": "good"}).status_code == 409
    assert Feedback.objects.get().good is False


def test_people_say_it_in_the_list_too_and_stay_there(mara: User, enter: Enter) -> None:
    action = labelled(mara)
    client = enter(mara)
    assert f"/actions/{action.pk}/feedback/" in words(client, "/actions/?agent=records")
    posted = client.post(f"/actions/{action.pk}/feedback/", {"word": "good", "next": "/actions/?agent=records"})
    assert posted["Location"] == "/actions/?agent=records"
    away = client.post(f"/actions/{action.pk}/feedback/", {"word": "good", "next": "https://evil.example/"})
    assert away["Location"] == f"/actions/{action.pk}/"


def test_what_waits_has_no_place_for_it(mara: User, enter: Enter) -> None:
    action = label()
    assert "How did it go?" not in words(enter(mara), f"/actions/{action.pk}/").split("feedback-card")[0]
    assert 'name="word"' not in words(enter(mara), f"/actions/{action.pk}/")


def asked_before(times: int, days: int = 1) -> None:
    """So many more questions of the records agent, each as its newest, so many days ago."""
    action, verdict = label(), Verdict.objects.latest("pk")
    for at in range(times):
        action.pk, action.position, action.step = None, 1_000 + at, f"past-{at}"
        action.save(force_insert=True)
        verdict.pk, verdict.action, verdict.created_at = None, action, timezone.now() - timedelta(days=days)
        verdict.save(force_insert=True)


def test_all_questions_of_thirty_days_are_counted(mara: User, enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_before(230)
    assert "231 of 231 questions" in words(enter(mara))
    monkeypatch.setattr(earned, "LOOKED_AT", 100)
    page = words(enter(mara))
    assert "100 of 231 questions" in page
    assert "at least: only the newest 100 that trust could spare were judged again" in page


def test_what_is_older_than_thirty_days_is_not(mara: User) -> None:
    asked_before(3, days=31)
    assert earned.ladder(keeper())[0].asked == 1


def test_a_rule_of_today_that_asks_always_spares_none_of_the_past(mara: User) -> None:
    asked_before(2)
    Policy.objects.filter(active=True).update(active=False)
    always = {"name": "Ask", "when": 'arguments.segment == "trial-users"', "outcome": "approve"}
    Policy.objects.create(version=9, active=True, rules=[always])
    assert [(rung.would, rung.asked) for rung in earned.ladder(keeper())] == [(0, 3)]


def test_the_page_asks_as_much_for_many_questions_as_for_few(mara: User) -> None:
    label()
    with CaptureQueriesContext(connection) as few:
        earned.ladder(keeper())
    asked_before(20)
    with CaptureQueriesContext(connection) as many:
        earned.ladder(keeper())
    assert len(many) == len(few) <= 9
    with CaptureQueriesContext(connection) as again:
        assert earned.ladder(keeper())[0].would == 22
    assert len(again) == len(many) - 1  # nothing is judged twice
