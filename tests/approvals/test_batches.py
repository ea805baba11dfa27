"""Actions that are alike are decided from one table, and each of them by a decision of its own."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents import tools
from agents.models import Action, Agent, Event, User
from approvals import batches, gate, precedents
from approvals.models import Approval, Decision, Precedent, Role, Tier
from tests.cast import Enter, a_task, a_tool, approve, propose, question, reject

pytestmark = pytest.mark.django_db
NAMES = [f"person-{number}" for number in range(30)]


def alike(
    count: int = 3,
    *,
    first: int = 0,
    agent: str = "tester",
    to: str = "",
    text: str = "Thanks.",
    number: int = 0,
    **wish: Any,
) -> list[Action]:
    """Actions of one agent and one tool that differ in their count and in whom they reach: people it has reached before."""
    known = Agent.objects.get_or_create(slug=agent, defaults={"name": agent.title(), "kind": "plan"})[0]
    marks = [precedents.mark("recipient", name) for name in NAMES]
    Precedent.objects.bulk_create(
        [Precedent(agent=known, kind="recipient", mark=mark) for mark in marks], ignore_conflicts=True
    )
    task = a_task(agent=known, total=count)
    wish = {"level": "low", "confidence": 0.95, **wish}
    numbers = range(first, first + count)
    sent = [{"to": to or NAMES[n], "text": text, "count": number or n + 1} for n in numbers]
    return [propose(task=task, arguments=arguments, **wish) for arguments in sent]


def address(action: Action) -> str:
    return f"/batches/?{batches.Alike.of(question(action)).query}"


def page(client: Client, action: Action) -> str:
    answer = client.get(address(action))
    assert answer.status_code == 200
    return answer.content.decode()


def nonce(html: str) -> str:
    found = re.search(r'name="nonce" value="([^"]*)"', html)
    assert found
    return found[1]


def rows(html: str) -> list[str]:
    return re.findall(r'name="row" value="([^"]*)"', html)


def named(action: Action, **other: Any) -> str:
    told = {"approval": question(action).pk, "version": action.version, "digest": action.digest, **other}
    return f"{told['approval']}:{told['version']}:{told['digest']}"


def post(client: Client, actions: list[Action], answer: str = "approve", **more: Any) -> Any:
    """Answer from the table what is named, as its form does."""
    html = more.pop("html", "") or page(client, actions[0])
    same = batches.Alike.of(question(actions[0]))
    sent = {
        "answer": answer, "nonce": nonce(html), "row": [named(action) for action in actions],
        "agent": same.agent, "tool": same.tool, "version": same.version, **more,
    }  # fmt: skip
    return client.post("/batches/", sent)


def states(actions: list[Action]) -> list[str]:
    found = dict(Action.objects.filter(pk__in=[action.pk for action in actions]).values_list("pk", "state"))
    return [found[action.pk] for action in actions]


def out(answer: Any) -> dict[int, str]:
    """What a page says was left out: by the action, why."""
    found = re.findall(r'<li><svg[^>]*><use[^>]*/></svg><span><a href="/actions/(\d+)/">.*?</a><br>(.*?)</span></li>', answer.content.decode(), re.S)  # fmt: skip
    return {int(action): plain(why) for action, why in found}


def plain(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


# The table -------------------------------------------------------------------------------------------------------------


def test_the_table_shows_what_differs_and_says_the_rest_once(enter: Enter, mara: User) -> None:
    actions = alike(3)
    html = page(enter(mara), actions[0])
    heads = re.findall(r'<th scope="col"><code>(.*?)</code></th>', html)
    assert sorted(map(plain, heads)) == ["count", "to"]
    same = plain(html[html.index('<div class="args">') : html.index("<table")])
    assert "Thanks." in same
    assert "person-" not in same
    assert rows(html) == [named(action) for action in actions]
    assert (html.count(" data-preset>"), html.count(" checked>")) == (3, 0), (
        "without scripts each row is ticked by hand"
    )
    assert "3 similar actions" in html


def test_a_table_of_twenty_asks_the_database_no_more_often(enter: Enter, mara: User) -> None:
    client, first = enter(mara), alike(3)[0]

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, first)
        return len(queries)

    asked()
    few = asked()
    alike(20, first=3)
    assert asked() == few
    html = page(client, first)
    assert len(rows(html)) == batches.MOST
    assert "3 more wait" in html


@pytest.fixture
def paid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls move as much money as their count says, in the currency that their text names."""

    def impact(_tool: Any, arguments: dict[str, Any]) -> tools.Impact:
        return tools.Impact(amount_minor=arguments.get("count", 0), currency=arguments["text"])

    monkeypatch.setattr(tools, "impact", impact)


@pytest.mark.usefixtures("paid")
def test_what_stands_out_is_not_in_the_table_but_beside_it_with_why(enter: Enter, mara: User) -> None:
    same = [alike(1, number=100, text="EUR")[0] for _n in range(5)]
    other = [
        *alike(1, number=201, text="EUR"),
        *alike(1, number=90, text="JPY"),
        *alike(1, number=100, text="EUR", to="<b>eve</b>"),
        *alike(1, number=100, text="EUR", confidence=0.89),
    ]
    twice = alike(1, number=200, text="EUR")
    client = enter(mara)
    answer = client.get(address(same[0]))
    assert rows(answer.content.decode()) == [named(action) for action in [*same, *twice]]
    assert out(answer) == {
        other[0].pk: "Its amount is more than twice the usual one here.",
        other[1].pk: "Its amount is in another currency than the others.",
        other[2].pk: "New recipient: &lt;b&gt;eve&lt;/b&gt;.",
        other[3].pk: "The agent is not confident enough.",
    }
    left = post(client, [*same, *other], note="They are fine.")
    assert set(out(left)) == {action.pk for action in other}
    assert states([*same, *other]) == ["APPROVED"] * 5 + ["PENDING"] * 4


def test_a_text_that_a_card_folds_is_read_on_its_card(enter: Enter, mara: User) -> None:
    actions = [*alike(3), *alike(1, text="Long. " * 200)]
    assert out(enter(mara).get(address(actions[0]))) == {actions[3].pk: "A part of it is too long for a table."}


def test_a_failed_check_is_read_on_its_card(enter: Enter, mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    actions, client, plainly = alike(4), enter(mara), tools.preview

    def preview(tool: Any, name: str, arguments: dict[str, Any]) -> tools.Preview:
        check = tools.Check(arguments["count"] != 2, "Known to the house")
        return replace(plainly(tool, name, arguments), checks=(check,))

    monkeypatch.setattr(tools, "preview", preview)
    assert out(client.get(address(actions[0]))) == {actions[1].pk: "A check failed: Known to the house."}
    assert out(post(client, actions)) == {actions[1].pk: "A check failed: Known to the house."}


# Each its own decision -------------------------------------------------------------------------------------------------


def test_each_gets_a_decision_of_its_own_under_one_name(enter: Enter, mara: User) -> None:
    actions = alike(3)
    assert post(enter(mara), actions).status_code == 200
    assert states(actions) == ["APPROVED"] * 3
    given = list(Decision.objects.order_by("pk"))
    assert {(one.approval.action_id, one.version, one.digest) for one in given} == {
        (action.pk, action.version, action.digest) for action in actions
    }
    (batch,) = {one.batch for one in given}
    assert batch
    assert {one.view.surface for one in given} == {"board"}
    told = Event.objects.filter(kind="decision.approve").order_by("pk")
    assert [event.detail["batch"] for event in told] == [batch] * 3


def test_a_page_that_is_sent_twice_answers_once(enter: Enter, mara: User) -> None:
    actions, client = alike(3), enter(mara)
    html = page(client, actions[0])
    first, again = (post(client, actions, html=html) for _time in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert Decision.objects.count() == 3


@pytest.mark.parametrize(("answer", "state"), [("approve", "APPROVED"), ("reject", "REJECTED")])
def test_a_reason_is_asked_for_above_five_and_for_every_rejection(
    enter: Enter, mara: User, answer: str, state: str
) -> None:
    actions, client = alike(6), enter(mara)
    refused = post(client, actions, answer)
    assert refused.status_code == 422
    assert "Nothing was decided." in refused.content.decode()
    assert states(actions) == ["PENDING"] * 6
    assert post(client, actions, answer, note="All are known customers.").status_code == 200
    assert states(actions) == [state] * 6
    assert set(Decision.objects.values_list("note", flat=True)) == {"All are known customers."}


def test_a_refused_table_keeps_what_was_ticked_and_typed(enter: Enter, mara: User) -> None:
    actions = alike(3)
    html = post(enter(mara), actions[:2], "reject", note="  ").content.decode()
    assert html.count(" checked>") == 2
    assert len(rows(html)) == 3


def expire(action: Action) -> None:
    Approval.objects.filter(action=action).update(deadline=Now() - timedelta(seconds=1))
    gate.expire(question(action))


def test_what_moved_on_meanwhile_drops_out_and_the_others_go_on(enter: Enter, mara: User, jonas: User) -> None:
    actions, client = alike(5), enter(mara)
    html = page(client, actions[0])
    values = [named(action) for action in actions]
    approve(actions[0], jonas)
    reject(actions[1], jonas)
    expire(actions[2])
    values[3] = values[3][:-64] + "0" * 64
    answer = post(client, actions, html=html, row=values)
    assert answer.status_code == 200
    assert out(answer) == {
        actions[0].pk: "It was decided or ended meanwhile: Approved.",
        actions[1].pk: "It was decided or ended meanwhile: Rejected.",
        actions[2].pk: "Its time was over.",
        actions[3].pk: "It changed meanwhile: its newest version has to be read.",
    }
    assert states(actions) == ["APPROVED", "REJECTED", "EXPIRED", "PENDING", "APPROVED"]


def test_where_nothing_was_decided_the_answer_says_so(enter: Enter, mara: User, jonas: User) -> None:
    actions, client = alike(3), enter(mara)
    html = page(client, actions[0])
    for action in actions:
        reject(action, jonas)
    answer = post(client, actions, html=html)
    assert answer.status_code == 409
    assert len(out(answer)) == 3


# Forged forms ----------------------------------------------------------------------------------------------------------


def test_a_form_that_names_what_is_not_alike_decides_nothing(enter: Enter, mara: User) -> None:
    actions, client = alike(2), enter(mara)
    strangers = [alike(1, agent="other")[0], propose("high", confidence=0.95), propose("medium", confidence=0.95)]
    for stranger in strangers:
        assert post(client, [*actions, stranger]).status_code == 422
    assert set(states([*actions, *strangers])) == {"PENDING"}


@pytest.mark.parametrize("level", ["medium", "high", "critical"])
@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_nothing_above_low_risk_is_decided_so_even_beside_its_like(
    enter: Enter, cast: dict[str, User], level: str, answer: str
) -> None:
    actions, client = alike(3), enter(cast["ines"])
    raised = actions[2]
    Approval.objects.filter(action=raised).update(tier=Tier.objects.get(level=level))
    html = page(client, actions[0])
    left = post(client, actions, answer, html=html, note="They are fine.")
    assert out(left) == {raised.pk: "It is not of low risk."}
    assert question(raised).state == "open"
    only = post(client, [raised], answer, html=html, note="It is fine.")
    assert only.status_code == 409
    assert question(raised).state == "open"


def test_twenty_one_rows_are_too_many(enter: Enter, mara: User) -> None:
    actions = alike(21)
    assert post(enter(mara), actions, note="All known.").status_code == 422
    assert set(states(actions)) == {"PENDING"}


def test_a_row_that_comes_twice_counts_once_and_two_versions_of_one_are_refused(enter: Enter, mara: User) -> None:
    actions, client = alike(2), enter(mara)
    twice = [named(actions[0]), named(actions[0], digest="0" * 64)]
    assert post(client, actions, row=twice).status_code == 422
    assert post(client, actions, row=[named(actions[0])] * 30).status_code == 200
    assert states(actions) == ["APPROVED", "PENDING"]
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    "row", ["", "1", "1:1", f"1:1:{'a' * 64}:x", f"x:1:{'a' * 64}", f"{'9' * 40}:1:{'a' * 64}", f"999999:1:{'a' * 64}"]
)
def test_a_row_that_names_nothing_is_refused(enter: Enter, mara: User, row: str) -> None:
    actions = alike(2)
    assert post(enter(mara), actions, row=[row]).status_code == 422


def test_a_form_without_rows_without_its_nonce_or_with_another_answer_is_refused(enter: Enter, mara: User) -> None:
    actions, client = alike(2), enter(mara)
    assert post(client, actions, row=[]).status_code == 422
    assert post(client, actions, nonce="forged").status_code == 422
    assert post(client, actions, "undo").status_code == 422
    assert post(client, actions, note="x" * 2_001).status_code == 422
    assert set(states(actions)) == {"PENDING"}


def test_who_has_no_seat_reads_the_table_and_decides_nothing(enter: Enter, cast: dict[str, User]) -> None:
    actions, client = alike(3), enter(cast["nobody"])
    html = page(client, actions[0])
    assert rows(html) == []
    assert "This needs:" in html
    html = page(enter(cast["mara"]), actions[0])
    theirs = post(client, actions, html=html)
    assert theirs.status_code == 422  # the nonce was given to somebody else
    assert set(states(actions)) == {"PENDING"}


def test_a_tier_of_somebody_else_is_forbidden(enter: Enter, mara: User) -> None:
    actions, client = alike(3), enter(mara)
    html = page(client, actions[0])
    Tier.objects.get(level="low").requirements.update(role=Role.objects.get(slug="security"))
    assert post(client, actions, html=html).status_code == 403
    assert set(states(actions)) == {"PENDING"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"card_seconds": 5}, "Its tier wants the card to be read."),
        ({"reauthenticate": True}, "Its tier wants the card to be read."),
    ],
)
def test_what_a_tier_asks_for_meanwhile_holds(enter: Enter, mara: User, change: dict[str, Any], why: str) -> None:
    actions, client = alike(3), enter(mara)
    html = page(client, actions[0])
    Tier.objects.filter(level="low").update(**change)
    answer = post(client, actions, html=html)
    assert answer.status_code == 409
    assert set(out(answer).values()) == {why}


def test_two_voices_are_never_given_so(enter: Enter, mara: User) -> None:
    actions, client = alike(3), enter(mara)
    html = page(client, actions[0])
    Tier.objects.get(level="low").requirements.update(count=2)
    answer = post(client, actions, html=html)
    assert set(out(answer).values()) == {"It needs more than one approval."}


def test_an_address_of_nothing_says_that_nothing_waits(enter: Enter, mara: User) -> None:
    a_tool("low")
    client = enter(mara)
    for asked in ("", "?agent=%00&tool=%F0%9F%92%A9&version=" + "x" * 5_000):
        answer = client.get(f"/batches/{asked}")
        assert answer.status_code == 200
        assert "Nothing waits here" in answer.content.decode()
    assert client.get("/batches/none/").status_code == 404
    assert client.post("/batches/none/undo/", {"nonce": nonce(board(client))}).status_code == 404


# The way back ----------------------------------------------------------------------------------------------------------


def test_one_undo_takes_back_what_is_held_and_lists_what_had_gone(enter: Enter, mara: User) -> None:
    Tier.objects.update(hold_seconds=600)
    actions, client = alike(4), enter(mara)
    html = post(client, actions).content.decode()
    name = Decision.objects.values_list("batch", flat=True).first()
    assert f'action="/batches/{name}/undo/"' in html
    Action.objects.filter(pk=actions[0].pk).update(hold_until=Now() - timedelta(seconds=1))
    answer = client.post(f"/batches/{name}/undo/", {"nonce": nonce(html)})
    assert answer.status_code == 200
    assert list(out(answer)) == [actions[0].pk]
    assert "3 approvals taken back" in answer.content.decode()
    assert states(actions) == ["APPROVED"] + ["PENDING"] * 3
    again = client.post(f"/batches/{name}/undo/", {"nonce": nonce(client.get("/").content.decode())})
    assert len(out(again)) == 4
    assert states(actions) == ["APPROVED"] + ["PENDING"] * 3


def test_a_later_approval_is_none_of_the_batch(enter: Enter, mara: User) -> None:
    Tier.objects.update(hold_seconds=600)
    actions, client = alike(3), enter(mara)
    html = post(client, actions).content.decode()
    name = Decision.objects.values_list("batch", flat=True).first()
    client.post(f"/batches/{name}/undo/", {"nonce": nonce(html)})
    for action in actions:
        action.refresh_from_db()
        approve(action, mara)
    assert "Undo all" not in client.get(f"/batches/{name}/").content.decode()


def test_what_is_held_of_a_batch_is_one_line_of_the_feed_that_leads_to_its_undo(enter: Enter, mara: User) -> None:
    Tier.objects.update(hold_seconds=600)
    actions, client = alike(4), enter(mara)
    post(client, actions[:3])
    approve(actions[3], mara)
    name = Decision.objects.values_list("batch", flat=True).first()
    html = board(client)
    feed = html[html.index('id="recent"') :]
    assert feed.count(f'href="/batches/{name}/"') == 1
    assert feed.count("and 2 more") == 1
    assert re.findall(r'value="undo:(\d+):', feed) == [str(question(actions[3]).pk)]


def test_who_has_no_seat_takes_nothing_back(enter: Enter, cast: dict[str, User]) -> None:
    Tier.objects.update(hold_seconds=600)
    actions = alike(3)
    post(enter(cast["mara"]), actions)
    name = Decision.objects.values_list("batch", flat=True).first()
    client = enter(cast["nobody"])
    html = client.get(f"/batches/{name}/").content.decode()
    assert f"/batches/{name}/undo/" not in re.findall(r"<button[^>]*form=\"undo\"", html)
    own = nonce(client.get("/").content.decode())
    assert client.post(f"/batches/{name}/undo/", {"nonce": own}).status_code == 403
    assert states(actions) == ["APPROVED"] * 3


# The stack on the board ------------------------------------------------------------------------------------------------


def board(client: Client, query: str = "") -> str:
    return client.get(f"/{query}").content.decode()


def test_three_that_are_alike_are_one_row_that_counts_them(enter: Enter, mara: User) -> None:
    actions, client = alike(2), enter(mara)
    html = board(client)
    assert html.count('<li class="item" ') == 2
    assert "Open batch" not in html
    actions += alike(1, first=2)
    html = board(client)
    assert html.count('<li class="item" ') == 0
    assert html.count('<li class="item stack" ') == 1
    assert "3 actions like this" in html
    assert f'href="{address(actions[0]).replace("&", "&amp;")}"' in html
    assert 'data-waiting="3"' in html
    for action in actions:  # who reads is told where a row went
        assert f'<li class="item tombstone" id="approval-{question(action).pk}"' in html


@pytest.mark.parametrize(
    "wish",
    [{"level": "medium"}, {"level": "high"}, {"confidence": 0.8}, {"confidence": None}],
    ids=["medium", "high", "less sure", "not stated"],
)
def test_what_is_decided_by_itself_does_not_fold(enter: Enter, cast: dict[str, User], wish: dict[str, Any]) -> None:
    alike(3, **wish)
    html = board(enter(cast["ines"]), "?scope=all")
    assert html.count('<li class="item" ') == 3


def test_what_stands_out_and_what_another_agent_asks_stay_rows(enter: Enter, mara: User) -> None:
    actions = [*alike(1, to="eve"), *alike(3), *alike(2, agent="other")]
    html = board(enter(mara))
    assert f'<li class="item" id="approval-{question(actions[0]).pk}"' in html
    assert html.count('<li class="item" ') == 3
    assert "3 actions like this" in html


def test_who_searches_sees_each_by_itself(enter: Enter, mara: User) -> None:
    alike(3)
    assert board(enter(mara), "?q=person").count('<li class="item" ') == 3


def test_a_stack_asks_the_database_no_more_often(enter: Enter, mara: User) -> None:
    client, task = enter(mara), a_task()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            board(client)
        return len(queries)

    propose("medium", task=task)
    asked()
    few = asked()
    alike(3)
    assert asked() == few
    alike(20, first=3)
    assert asked() == few
