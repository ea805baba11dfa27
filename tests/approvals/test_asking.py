"""The card of a question: what the agent knows, lacks and tried, fields to answer in, and the way up for who cannot tell."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from agents import payloads, tools
from agents.models import Action, Agent, Event, Guidance, Message, Task, User
from agents.payloads import Refused
from agents.plans import Answer, Refined, Step, find
from agents.states import Conflict
from approvals import decisions, policy, risk
from approvals.models import Approval, Decision
from approvals.vocabulary import Subject
from tests.cast import Answer as AsPerson
from tests.cast import a_task, a_tool, approve, go_on, proof, propose, question, respond

pytestmark = pytest.mark.django_db
ASKS: dict[str, Any] = {
    "ask": "Which <b>day</b> may I promise?",
    "knows": ["It left on Monday."],
    "lacks": ["Nobody names a day."],
    "tried": ["I looked twice."],
    "tentative": "Tomorrow before noon.",
    "fields": {
        "day": {"type": "string", "format": "date", "title": "Day"},
        "parts": {"type": "integer", "minimum": 1, "title": "Parcels"},
    },
}


def post(client: Client, action: Action, answer: str, **more: str) -> HttpResponse:
    page = client.get(f"/actions/{action.pk}/").content.decode()
    asked, nonce = question(action), re.search(r'name="nonce" value="([^"]*)"', page)
    assert nonce
    value = f"{answer}:{asked.pk}:{asked.asked.version}:{asked.asked.digest}"
    return client.post("/decide/", {"answer": value, "nonce": nonce[1], "from": "card", **more})


def up(action: Action, person: User, note: str = "I do not know them.") -> Decision:
    asked = question(action)
    return decisions.hand_over(asked, person, note=note, seen=AsPerson(person).seen(asked), proof=proof())


@pytest.mark.parametrize(
    "effect", [{"reversible": True}, {"read_only": True}, {"affects_others": True, "spends_money": True}]
)
def test_an_agent_that_asks_gets_an_answer_whatever_is_at_stake(effect: dict[str, bool]) -> None:
    proposal = risk.Proposal("t", known=True, declared=True, effect=effect, confidence=0.99, asks=True)
    assert policy.route(risk.assess(proposal), policy.Trust(), (), Subject("a")).outcome == policy.INPUT


def test_its_card_says_what_the_agent_knows_and_takes_no_yes(client: Client, mara: User) -> None:
    action = propose("auto", question=ASKS, confidence=0.9)
    client.force_login(mara)
    page = client.get(f"/actions/{action.pk}/").content.decode()
    assert "Which &lt;b&gt;day&lt;/b&gt; may I promise?" in page and "<b>day</b>" not in page
    for said in ("It left on Monday.", "Nobody names a day.", "I looked twice.", "Tomorrow before noon."):
        assert said in page
    assert 'name="q-day"' in page and 'value="approve:' not in page
    with pytest.raises(Refused, match="question"):
        approve(action, mara)
    assert "&lt;b&gt;day&lt;/b&gt;" in client.get("/").content.decode(), "the board tells what is asked, too"


def test_the_fields_go_back_to_the_agent_and_its_next_version_is_judged_again(
    client: Client, mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def promise(arguments: dict[str, Any], answer: Answer) -> Refined:
        return Refined({**arguments, "text": f"On {answer.fields['day']}. {answer.text}"}, 0.9, "You named the day.")

    steps = [Step("step-0", "test.medium", {"to": "anna"}, refine=promise)]
    monkeypatch.setattr("agents.plans.steps_of", lambda _task: steps)
    action = propose("medium", question=ASKS, confidence=0.9)
    client.force_login(mara)
    assert post(client, action, "respond", **{"q-day": "2027-03-01", "note": "Sorry."}).status_code == 302
    kept = Guidance.objects.get()
    assert (kept.fields, kept.text) == ({"day": "2027-03-01"}, "Sorry.")
    assert Decision.objects.get().note == "Day: 2027-03-01; Sorry."
    go_on(action)
    again = question(action)
    assert payloads.arguments(bytes(again.asked.body))["text"] == "On 2027-03-01. Sorry."
    assert (again.kind, again.asked.why, again.asked.question) == (Approval.Kind.APPROVE, "You named the day.", {})
    approve(action, mara)
    assert action.state == "APPROVED"


def test_an_agent_may_ask_again(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [Step("step-0", "test.medium", {}, refine=lambda a, _t: Refined(a, 0.9, question={"ask": "And when?"}))]
    monkeypatch.setattr("agents.plans.steps_of", lambda _task: steps)
    action = propose("medium", question=ASKS)
    respond(action, mara)
    go_on(action)
    again = question(action)
    assert (again.kind, again.asked.question) == (Approval.Kind.INPUT, {"ask": "And when?"})


@pytest.mark.parametrize("sent", [{"q-day": "soon"}, {"q-parts": "0"}, {"q-parts": "two"}, {}])
def test_what_does_not_fit_is_told_and_nothing_typed_is_lost(client: Client, mara: User, sent: dict[str, str]) -> None:
    action = propose("medium", question=ASKS)
    client.force_login(mara)
    words = {"note": "As I said."} if sent else {}
    answer = post(client, action, "respond", **sent, **words)
    page = answer.content.decode()
    assert answer.status_code == 422 and "Write an answer, or fill in its fields" in page
    assert all(value in page for value in (*sent.values(), *words.values()))
    assert not Guidance.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"ask": ""},
        {"ask": "x" * 301},
        {"ask": "?", "knows": ["x"] * 9},
        {"ask": "?", "tried": "often"},
        {"ask": "?", "approve": True},
        {"ask": "?", "fields": {"a": {"type": "object"}}},
        {"ask": "?", "fields": {"a--raw": {"type": "string"}}},
        {"ask": "?", "fields": {chr(97 + at): {"type": "string"} for at in range(7)}},
        {"ask": "half \ud800"},
        ["?"],
    ],
)
def test_a_question_that_breaks_its_form_is_refused_before_it_is_stored(broken: Any) -> None:
    with pytest.raises(Refused):
        propose("medium", question=broken)
    assert not Action.objects.exists()


def test_who_cannot_tell_hands_it_up_with_a_note_and_the_time_stays(client: Client, mara: User, ines: User) -> None:
    action = propose("medium", question=ASKS)
    before = question(action)
    client.force_login(mara)
    assert post(client, action, "hand_up").status_code == 422, "a note is needed"
    assert post(client, action, "hand_up", **{"up-note": "I do not know them."}).status_code == 302
    after = question(action)
    assert (after.pk, after.tier.level, after.state, after.deadline) == (before.pk, "high", "open", before.deadline)
    assert after.urgency < before.urgency, "higher stakes come up sooner"
    handed = Event.objects.get(kind="approval.handed_up")
    assert (handed.actor_id, handed.tier, handed.reason) == (mara.pk, "high", "I do not know them.")
    assert Decision.objects.get().answer == Decision.Answer.HAND_UP
    with pytest.raises(decisions.Forbidden):
        respond(action, mara)
    client.force_login(ines)
    assert "I do not know them." in client.get(f"/actions/{action.pk}/").content.decode(), (
        "the note is for who comes next"
    )


def test_what_was_handed_up_never_comes_back_down(mara: User, ines: User) -> None:
    action = propose("medium", question=ASKS)
    up(action, mara)
    respond(action, ines)
    go_on(action)
    again = question(action)
    assert (again.kind, again.tier.level) == (Approval.Kind.APPROVE, "high")
    with pytest.raises(decisions.Forbidden):
        approve(action, mara)
    approve(action, ines)
    assert action.state == "APPROVED"


def test_at_the_top_nobody_stands_above(client: Client, ines: User) -> None:
    action = propose("critical", question=ASKS)
    with pytest.raises(Refused, match="highest tier"):
        up(action, ines)
    client.force_login(ines)
    assert "This is the highest tier already" in client.get(f"/actions/{action.pk}/").content.decode()


def test_two_hands_lift_it_once(mara: User, jonas: User) -> None:
    action = propose("medium", question=ASKS)
    asked = question(action)
    seen = AsPerson(mara).seen(asked, "once")
    first = decisions.hand_over(asked, mara, note="?", seen=seen, proof=proof())
    assert decisions.hand_over(asked, mara, note="?", seen=seen, proof=proof()) == first
    with pytest.raises(decisions.Forbidden):
        up(action, jonas)
    assert question(action).tier.level == "high"


def test_what_two_sources_say_stands_side_by_side(client: Client, mara: User) -> None:
    agent = Agent.objects.create(slug="played", name="Played", kind=Agent.Kind.RECORDED)
    task = a_task(agent=agent)
    for tool, account in (("books.read", "DE-11"), ("mail.read", "DE-22")):
        said = f"invoice INV-2043 account: {account}"
        Message.objects.create(task=task, position=0, role=Message.Role.TOOL, tool=tool, text=said)
    schema = {"type": "object", "properties": {"invoice": {"type": "string"}, "account": {"type": "string"}}}
    tool = a_tool("medium", schema=schema)
    action = propose(tool=tool.name, task=task, arguments={"invoice": "INV-2043", "account": "DE-22"}, confidence=0.9)
    assert question(action).kind == Approval.Kind.INPUT
    client.force_login(mara)
    page = client.get(f"/actions/{action.pk}/").content.decode()
    (sides,) = re.findall(r'<section class="sides".*?</section>', page, re.S)
    assert re.findall(r"(books\.read|mail\.read|DE-11|DE-22)", sides) == ["books.read", "DE-11", "mail.read", "DE-22"]


def test_the_agents_of_the_demo_ask_for_real() -> None:
    tools.sync()
    support, press = find("support"), find("publisher")
    assert support and press
    reply = next(step for step in support.steps({"ticket": 5120, "replies": 3}) if step.question)
    export = next(
        step for step in press.steps({"slug": "news-1", "title": "News", "finished": True}) if step.key == "export"
    )
    assert isinstance(reply.arguments, dict) and isinstance(export.arguments, dict)
    assert reply.refine and export.refine
    said = reply.refine(reply.arguments, Answer("Leave it with the neighbour.", {"arrives": "2027-03-01"}))
    assert "arrives on 2027-03-01" in said.arguments["body"] and "neighbour" in said.arguments["body"]
    sent = export.refine(export.arguments, Answer("", {"segment": "trial-users", "to": "anna@partner.example"}))
    assert sent.arguments == {"segment": "trial-users", "to": "anna@partner.example"}
    for step in (reply, export):
        made = propose(tool=step.tool, arguments=step.arguments, task=a_task(), question=step.question)
        assert question(made).kind == Approval.Kind.INPUT


def test_no_conflict_is_left_when_another_has_answered(mara: User, jonas: User) -> None:
    action = propose("medium", question=ASKS)
    seen = AsPerson(jonas).seen(question(action))
    respond(action, mara)
    with pytest.raises(Conflict):
        decisions.hand_over(question(action), jonas, note="?", seen=seen, proof=proof())
    assert Task.objects.get().actions.get().state == "PENDING"
