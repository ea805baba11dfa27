"""Options: offered in the server's words, chosen as an ordinary version with its voice, refused with why."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from agents import payloads, tools
from agents.models import Action, Agent, Event, Guidance, Task, User
from agents.payloads import Refused
from agents.plans import Answer, Step, find
from agents.states import Conflict
from agents.toolbox import flights
from approvals import decisions
from approvals.models import Approval, Decision
from tests.cast import Answer as AsPerson
from tests.cast import a_task, a_tool, approve, choose, go_on, kinds, proof, propose, question, respond

pytestmark = pytest.mark.django_db


def offer(*names: str, why: str = "") -> dict[str, Any]:
    return {"ask": "Who gets it?", "options": [{"arguments": {"to": name}, "why": why} for name in names]}


def offered(level: str = "medium", *, arguments: dict[str, Any] | None = None, **wish: Any) -> Action:
    return propose(level, arguments=arguments or {"to": "berta"}, question=offer("anna", "berta", "carla"), **wish)


def said(action: Action) -> dict[str, Any]:
    return payloads.arguments(bytes(question(action).asked.body))


def post(client: Client, action: Action, answer: str, extra: str = "", **more: str) -> HttpResponse:
    page = client.get(f"/actions/{action.pk}/").content.decode()
    asked, nonce = question(action), re.search(r'name="nonce" value="([^"]*)"', page)
    assert nonce
    value = f"{answer}:{asked.pk}:{asked.asked.version}:{asked.asked.digest}{extra}"
    return client.post("/decide/", {"answer": value, "nonce": nonce[1], "from": "card", **more})


def test_one_click_takes_an_option_as_it_was_offered(client: Client, mara: User) -> None:
    action = offered()
    first = question(action)
    assert first.kind == Approval.Kind.INPUT
    client.force_login(mara)
    assert post(client, action, "choose", ":3").status_code == 302
    action.refresh_from_db()
    again = question(action)
    assert (action.state, action.version, said(action)) == ("APPROVED", 2, {"to": "carla"})
    assert again.asked.digest != first.asked.digest and again.asked.editor is None, "who chooses wrote nothing"
    given = Decision.objects.order_by("pk").values_list("answer", "version")
    assert list(given) == [("choose", 1), ("approve", 2)]
    assert action.evidence != Action.Evidence.WRONG, "no edit"
    assert "decision.choose" in kinds(action)


def test_the_card_preselects_nothing_and_marks_the_favourite_by_a_word(client: Client, mara: User) -> None:
    action = offered()
    client.force_login(mara)
    page = client.get(f"/actions/{action.pk}/").content.decode()
    assert "Who gets it?" in page and 'value="approve:' not in page
    rows = re.findall(r"<li>\s*<kbd.*?</li>", page, re.S)
    assert [bool(re.search(">suggested<", row)) for row in rows] == [False, True, False]
    assert re.findall(r'data-key="([123])"', page) == ["1", "2", "3"]
    with pytest.raises(Refused, match="question"):
        approve(action, mara)
    board = client.get("/").content.decode()
    assert "3 options" in board and "Who gets it?" in board


def test_what_can_be_undone_comes_first_and_only_what_differs_is_told() -> None:
    tools.sync()
    agent = find("traveller")
    assert agent
    booking = {"start": "Hamburg", "to": "Paris", "day": "2027-01-12", "traveller": "Lena Brandt"}
    book = agent.steps(booking)[1]
    assert callable(book.arguments) and callable(book.question)
    results = {"search": {"options": flights.options("Hamburg", "Paris", "2027-01-12")}}
    made = propose(tool="flights.book", arguments=book.arguments(results), question=book.question(results))
    options = question(made).asked.question["options"]
    assert [option["reversible"] for option in options] == [True, False, False]
    assert [[name for name, _value in option["facts"]] for option in options] == [
        ["Price", "Airline", "Stops", "Times"]
    ] * 3
    assert [option["suggested"] for option in options].count(True) == 1 and not options[0]["suggested"]


def test_above_medium_it_waits_on_the_card_to_be_approved(client: Client, ines: User) -> None:
    action = offered("high")
    client.force_login(ines)
    assert "Choosing one loads it into this card" in client.get(f"/actions/{action.pk}/").content.decode()
    again = choose(action, ines, 1)
    assert (action.state, again.kind, again.state) == ("PENDING", Approval.Kind.APPROVE, Approval.State.OPEN)
    page = client.get(f"/actions/{action.pk}/").content.decode()
    assert "The other options" in page and "on this card" in page and 'value="approve:' in page
    choose(action, ines, 3)
    approve(action, ines)
    assert (action.state, said(action)) == ("APPROVED", {"to": "carla"})


def test_what_an_earlier_voice_said_is_stale_and_the_tier_stays(cast: dict[str, User]) -> None:
    action = offered("critical")
    choose(action, cast["ines"], 1)
    approve(action, cast["ines"])
    choose(action, cast["sami"], 2)
    assert question(action).decisions.count() == 0 and question(action).tier.level == "critical"


def test_choosing_by_hand_is_an_edit(client: Client, mara: User) -> None:
    action = offered()
    client.force_login(mara)
    page = client.get(f"/actions/{action.pk}/edit/").content.decode()
    own = dict(re.findall(r'name="(nonce|version|digest)" value="([^"]*)"', page))
    shown = client.post(f"/actions/{action.pk}/edit/", {**own, "f-to": "dora", "save": "approve"}).content.decode()
    mark = re.search(r'name="shown" value="([^"]*)"', shown)
    assert mark
    sent = {**own, "f-to": "dora", "save": "approve", "shown": mark[1]}
    assert client.post(f"/actions/{action.pk}/edit/", sent).status_code == 302
    action.refresh_from_db()
    assert (action.state, said(action), question(action).asked.editor) == ("APPROVED", {"to": "dora"}, mara)
    assert action.evidence == Action.Evidence.WRONG


def test_none_of_these_goes_back_with_why_and_the_agent_offers_others(client: Client, cast: dict[str, User]) -> None:
    tools.sync()
    agent = Agent.objects.create(slug="traveller", name="Travel agent", kind="plan")
    to = {"start": "Hamburg", "to": "Paris", "day": "2027-01-12", "traveller": "Lena Brandt"}
    task = a_task(agent=agent, parameters=to, total=3, runnable_at=timezone.now())
    go_on(task)
    action = task.actions.get(step="book")
    assert (question(action).kind, len(question(action).asked.question["options"])) == (Approval.Kind.INPUT, 3)
    client.force_login(cast["ines"])
    assert post(client, action, "respond").status_code == 422
    assert post(client, action, "respond", note="Direct, on 2027-01-20.").status_code == 302
    go_on(action)
    again = question(action)
    (option,) = again.asked.question["options"]
    assert (again.kind, again.asked.version, Guidance.objects.get().text) == ("input", 2, "Direct, on 2027-01-20.")
    assert option["arguments"]["day"] == "2027-01-20" and dict(option["facts"])["Stops"] == "direct"
    choose(action, cast["ines"], 1)
    assert question(action).kind == Approval.Kind.APPROVE and said(action)["day"] == "2027-01-20"


@pytest.mark.parametrize(
    ("text", "day", "most"),
    [
        ("A day later", "2027-01-13", 3),
        ("one day earlier please", "2027-01-11", 3),
        ("no stops", "2027-01-13", 1),
        ("under 1 euro", "2027-01-13", 3),
        ("2027-99-99 \U0001f600 \u202e" * 40, "2027-01-13", 3),
    ],
)
def test_the_agent_looks_again_by_what_was_said(text: str, day: str, most: int) -> None:
    book = find("traveller").steps({"start": "a", "to": "b", "day": "2027-01-12", "traveller": "c"})[1]  # type: ignore[union-attr]
    before = {"start": "a", "to": "b", "day": "2027-01-12", "traveller": "c", "flight": "AI100"}
    assert book.refine
    found = book.refine(before, Answer(text))
    assert found.question and found.arguments["day"] == day and len(found.question["options"]) == most


def test_cancelling_the_task_ends_both(client: Client, mara: User) -> None:
    action = offered()
    client.force_login(mara)
    assert f'action="/tasks/{action.task_id}/stop/"' in client.get(f"/actions/{action.pk}/").content.decode()
    assert client.post(f"/tasks/{action.task_id}/stop/").status_code == 302
    action.refresh_from_db()
    assert (action.state, Task.objects.get().state) == ("CANCELLED", "STOPPED")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (offer(*(f"p{at}" for at in range(500)))["options"], "500 options"),
        ([{"arguments": {"to": f"p{at}"}} for at in range(21)], "21 options"),
        ([], "not accepted"),
        ([{"arguments": {"to": 5}}], "not accepted"),
        ([{"arguments": {"to": "anna"}}] * 2, "the same"),
        ([{"arguments": {"to": "anna"}, "undo": "Free of charge"}], "not accepted"),
        ([{"arguments": {"to": "a", "text": "x" * 9_000 + str(at)}} for at in range(20)], "longer than 64 KiB"),
    ],
)
def test_options_beyond_the_limits_end_the_step_with_a_clear_reason(
    options: Any, said: str, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    tool, task = a_tool("medium"), a_task(runnable_at=timezone.now())
    asks = {"ask": "Who gets it?", "options": options}
    monkeypatch.setattr("agents.plans.steps_of", lambda _task: [Step("one", tool.name, {"to": "anna"}, question=asks)])
    go_on(task)
    assert (task.state, task.actions.count()) == ("STOPPED", 0)
    assert said in task.reason and said in Event.objects.get(kind="action.refused").reason


@pytest.mark.parametrize("extra", [":0", ":4", ":x", "", ":99999999999"])
def test_an_option_that_is_not_there_is_told(client: Client, mara: User, extra: str) -> None:
    action = offered()
    client.force_login(mara)
    assert post(client, action, "choose", extra).status_code == 422
    action.refresh_from_db()
    assert action.version == 1 and not Decision.objects.exists()


def test_the_same_page_chooses_once_and_another_one_comes_too_late(mara: User, jonas: User) -> None:
    action = offered()
    asked = question(action)
    seen = AsPerson(mara).seen(asked, "once")
    first = decisions.choose(asked, mara, option=1, seen=seen, proof=proof())
    assert decisions.choose(asked, mara, option=2, seen=seen, proof=proof()) == first
    with pytest.raises(Conflict):
        decisions.choose(asked, jonas, option=2, seen=AsPerson(jonas).seen(asked), proof=proof())
    assert said(action) == {"to": "anna"}


def test_who_may_not_decide_may_not_choose(mara: User) -> None:
    with pytest.raises(decisions.Forbidden):
        choose(offered("high"), mara, 1)


def test_agents_words_stay_words(client: Client, mara: User) -> None:
    action = propose("medium", question=offer("<img src=x>", "anna", why="<script>1</script>"))
    client.force_login(mara)
    page = client.get(f"/actions/{action.pk}/").content.decode()
    assert "&lt;script&gt;" in page and "<script>1" not in page and "<img src=x>" not in page


def test_twenty_options_cost_no_more_queries_than_two(
    client: Client, mara: User, django_assert_max_num_queries: Any
) -> None:
    few = propose("medium", question=offer("anna", "berta"))
    many = propose("medium", question=offer(*(f"p{at}" for at in range(20))))
    client.force_login(mara)
    counts = []
    for action in (few, few, many):
        with django_assert_max_num_queries(60) as held:
            assert client.get(f"/actions/{action.pk}/").status_code == 200
        counts.append(len(held))
    assert counts[1] == counts[2]


def test_an_answer_in_words_to_options_is_guidance(mara: User) -> None:
    action = offered()
    respond(action, mara, "Somebody else.")
    assert Guidance.objects.get().text == "Somebody else."
