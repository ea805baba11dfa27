"""Nobody knows what became of a call: its tool is asked first, and people where it cannot tell."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from agents import leases, tools
from agents.models import Action, Task, Tool, User
from agents.toolbox.models import Effect
from agents.toolbox.world import happened
from agents.tools import Call, Finding
from approvals import decisions, tasks
from approvals.models import Approval, Decision, Policy
from tests.approvals.test_card_page import card, press
from tests.cast import Answer, Enter, a_task, approve, kinds, proof, propose, question

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]

ENTRY = {"title": "Review", "day": "2027-01-12", "minutes": 30, "place": {"room": "A"}}
Change = Callable[..., None]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Makes the calendar act or answer otherwise."""

    def change(**changes: Any) -> None:
        found = tools.find("calendar.create")
        assert found
        monkeypatch.setitem(tools._registry(), "calendar.create", replace(found, **changes))

    return change


def act_and_lose_the_line(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    happened(call, "calendar.create", "Review on 2027-01-12", **arguments)
    raise OSError("the line dropped")


def lose_the_line(_arguments: dict[str, Any], _call: Call) -> dict[str, Any]:
    raise OSError("the line dropped")


def approved(*people: User) -> Action:
    action = propose(tool="calendar.create", arguments=ENTRY, task=a_task())
    for person in people:
        approve(action, person)
    return action


def run(*people: User) -> Action:
    """An entry that these people approved, carried out by a worker."""
    action = approved(*people)
    leases.wake(action.task_id)
    tasks.advance(action.task_id)
    action.refresh_from_db()
    return action


def lost(*people: User, acted: bool) -> Action:
    """An entry whose worker died in the call, as the sweep leaves it."""
    action = approved(*people)
    dead = {"state": "EXECUTING", "fence": 1, "epoch": 1, "attempts": 1, "leased_by": "dead"}
    Action.objects.filter(pk=action.pk).update(leased_until=Now() - timedelta(seconds=1), **dead)
    if acted:
        happened(Call(f"{action.pk}:1", action.pk, 1, lambda *_: None), "calendar.create", "Review on 2027-01-12")
    tasks.sweep()
    action.refresh_from_db()
    assert action.state == "UNKNOWN"
    return action


def probed(action: Action) -> Action:
    tasks.probe(action.pk)
    action.refresh_from_db()
    return action


def left_to_people(action: Action) -> bool:
    asked = question(action)
    return (action.state, asked.kind, asked.state) == ("UNKNOWN", Approval.Kind.SETTLE, Approval.State.OPEN)


def test_what_happened_is_settled_by_the_tool_with_its_evidence(tool: Change, enter: Enter, mara: User) -> None:
    tool(run=act_and_lose_the_line)
    action = run(mara)
    effect = Effect.objects.get()
    assert (action.state, action.result["effect"]) == ("SUCCEEDED", effect.pk)
    assert action.reason == f"The calendar holds entry {effect.pk}: Review on 2027-01-12."
    assert kinds(action)[-2:] == ["action.unknown", "action.succeeded"]
    told = action.events.latest("pk")
    assert (told.actor_kind, told.source, told.reason) == ("probe", "UNKNOWN", action.reason)
    assert question(action).state == Approval.State.CANCELLED
    assert action.reason in card(enter(mara), action)
    task = Task.objects.get(pk=action.task_id)
    assert (task.state, task.done) == ("SUCCEEDED", 1)


def test_what_did_not_happen_is_settled_too(tool: Change, mara: User) -> None:
    tool(run=lose_the_line)
    action = run(mara)
    assert (action.state, action.reason) == ("FAILED", "The calendar holds no entry of this call.")
    assert question(action).state == Approval.State.CANCELLED and not Effect.objects.exists()


def test_after_a_lost_worker_what_is_there_has_happened(mara: User) -> None:
    action = lost(mara, acted=True)
    assert left_to_people(action), "until the tool has answered"
    assert probed(action).state == "SUCCEEDED"
    assert Task.objects.get(pk=action.task_id).runnable_at is not None
    probed(action)
    assert action.events.filter(to="SUCCEEDED").count() == 1 and Effect.objects.count() == 1


def test_after_a_lost_worker_what_is_not_there_may_still_come(mara: User) -> None:
    assert left_to_people(probed(lost(mara, acted=False)))


def cannot(*_given: object) -> Finding:
    raise OSError("no route to the calendar")


@pytest.mark.parametrize(
    "probe",
    [
        cannot,
        lambda *_: None,
        lambda *_: Finding(True, " "),
        lambda *_: Finding(True, "see \0"),
        lambda *_: Finding(False, "no such entry", {"at": float("nan")}),
    ],
    ids=["it fails", "it knows nothing", "no evidence", "evidence that is no text", "a result that is no JSON"],
)
def test_a_probe_that_is_of_no_use_leaves_it_to_people(tool: Change, mara: User, probe: Any) -> None:
    tool(run=act_and_lose_the_line, probe=probe)
    assert left_to_people(run(mara))


@pytest.mark.parametrize(
    "change", [{"repeatability": "once"}, {"version": "2"}], ids=["not probeable", "another version"]
)
def test_a_tool_that_does_not_promise_it_is_not_asked(mara: User, change: dict[str, str]) -> None:
    action = lost(mara, acted=True)
    type(action.tool).objects.filter(name="calendar.create").update(**change)
    assert left_to_people(probed(action))


def settle(action: Action, person: User, answer: str) -> Decision:
    asked = question(action)
    seen = Answer(person).seen(asked)
    return decisions.settle(asked, person, answer=answer, seen=seen, proof=proof(), note="I looked.")


def test_a_person_who_is_faster_has_settled_it(tool: Change, mara: User, ines: User) -> None:
    action = lost(mara, acted=True)

    def look(_arguments: dict[str, Any], _call: Call) -> Finding:
        settle(action, ines, "did_not_happen")
        return Finding(True, "it is there")

    tool(probe=look)
    probed(action)
    assert (action.state, action.reason, action.result) == ("FAILED", "I looked.", None)
    assert [event.actor_kind for event in action.events.filter(source="UNKNOWN")] == ["person"]
    late = action.events.get(kind="action.late_report")
    assert (late.actor_kind, late.reason, late.detail["state"]) == ("probe", "it is there", "SUCCEEDED")
    assert Task.objects.get(pk=action.task_id).done == 0


def test_a_person_who_is_slower_is_told(enter: Enter, mara: User, ines: User) -> None:
    action = lost(mara, acted=True)
    client = enter(ines)
    page = card(client, action)
    probed(action)
    late = press(client, page, "did_not_happen", **{f"note-{question(action).pk}": "I looked."})
    assert late.status_code == 409 and "I looked." in late.content.decode()
    action.refresh_from_db()
    assert action.state == "SUCCEEDED" and not Decision.objects.filter(answer="did_not_happen").exists()


def ruled(**rule: str) -> None:
    Policy.objects.update(active=False)
    Policy.objects.create(version=2, active=True, rules=[{"name": "All", "when": "true", **rule}])


def test_one_voice_of_two_is_overtaken_by_the_tool(cast: dict[str, User]) -> None:
    ruled(floor="critical")
    action = lost(cast["ines"], cast["sami"], acted=True)
    settle(action, cast["ines"], "did_not_happen")
    assert probed(action).state == "SUCCEEDED"
    assert question(action).state == Approval.State.CANCELLED


def test_what_ran_alone_is_still_looked_at_afterwards(tool: Change) -> None:
    tool(run=act_and_lose_the_line)
    Tool.objects.filter(name="calendar.create").update(effect={"reversible": True})
    ruled(outcome="review_after")
    action = run()
    assert action.state == "SUCCEEDED"
    assert (question(action).kind, question(action).state) == (Approval.Kind.REVIEW, Approval.State.OPEN)
