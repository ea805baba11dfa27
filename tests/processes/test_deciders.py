"""Two people at the same moment: one transition, and no voice is lost."""

import itertools
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from agents import execution, leases, tools
from agents.models import Action, StopSwitch, Task, User
from agents.states import Conflict
from agents.toolbox.world import happened
from approvals import amendments, changes, controls, decisions, gate, rules, trials
from approvals.charters import AccessCharter, RolesCharter
from approvals.models import Amendment, Approval, Change, Policy, Role, Trial
from tests.cast import Answer, a_task, a_tool, proof, propose, question
from tests.processes.conftest import effects
from tests.processes.product import Product

pytestmark = pytest.mark.processes
ROUNDS = int(os.environ.get("ROUNDS", "6"))  # `make soak` plays more
ENTRY = {"title": "Review", "day": "2027-01-12", "minutes": 30, "place": {"room": "A"}}
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def declared(product: Product) -> None:
    for level in ("medium", "high", "critical"):
        a_tool(level)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of these gave or raised, all begun at one moment, each on a connection of its own."""
    barrier, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        connection.ensure_connection()
        barrier.wait(10)
        try:
            outcomes[place] = act()
        except Exception as error:  # noqa: BLE001 -- what it raised is how it ended
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=found) for found in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    return outcomes


def asked(level: str, **more: Any) -> Action:
    """A call that was never made before, and so never refused."""
    return propose(level, arguments={"to": f"anna-{next(_numbers)}"}, **more)


def voice(action: Action, person: User, answer: str) -> Callable[[], Any]:
    """The answer of a person who has the card open and presses the button when the barrier falls."""
    approval, given = question(action), Answer(person)
    seen = given.seen(approval)
    decisions.show(approval, person, seen.nonce)
    return lambda: given.give(action, answer, seen=seen, look=False, note="no")


def moves(action: Action, to: str) -> int:
    return action.events.filter(to=to).count()


def refusals(outcomes: list[Any]) -> list[Any]:
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]


def test_two_who_approve_make_one_transition(people: dict[str, User]) -> None:
    for _round in range(ROUNDS):
        action = asked("medium")
        outcomes = at_once(*(voice(action, people[name], "approve") for name in ("mara", "jonas")))
        action.refresh_from_db()
        assert action.state == "APPROVED" and moves(action, "APPROVED") == 1
        lost = refusals(outcomes)
        assert len(lost) == 1 and isinstance(lost[0], Conflict)
        assert question(action).decisions.count() == 1


def test_of_two_needed_voices_none_is_lost(people: dict[str, User]) -> None:
    for _round in range(ROUNDS):
        action = asked("critical")
        outcomes = at_once(*(voice(action, people[name], "approve") for name in ("ines", "sami")))
        action.refresh_from_db()
        assert refusals(outcomes) == []
        assert action.state == "APPROVED" and moves(action, "APPROVED") == 1
        assert question(action).decisions.count() == 2


def test_a_voice_more_than_needed_is_told_so(people: dict[str, User]) -> None:
    for _round in range(ROUNDS):
        action = asked("critical")
        outcomes = at_once(*(voice(action, people[name], "approve") for name in ("ines", "omar", "sami")))
        action.refresh_from_db()
        assert action.state == "APPROVED" and moves(action, "APPROVED") == 1
        assert len(refusals(outcomes)) == 1 and isinstance(refusals(outcomes)[0], Conflict)
        assert {d.seat for d in question(action).decisions.all()} == {"senior", "security"}


def test_approve_against_reject_has_one_end(people: dict[str, User]) -> None:
    for _round in range(ROUNDS):
        action = asked("medium")
        acts = [voice(action, people[name], answer) for name, answer in (("mara", "approve"), ("jonas", "reject"))]
        outcomes = at_once(*acts)
        action.refresh_from_db()
        assert len(refusals(outcomes)) == 1 and isinstance(refusals(outcomes)[0], Conflict)
        (only,) = question(action).decisions.all()
        assert action.state == {"approve": "APPROVED", "reject": "REJECTED"}[only.answer]
        assert moves(action, "APPROVED") + moves(action, "REJECTED") == 1


def test_a_double_click_is_one_voice(people: dict[str, User]) -> None:
    for _round in range(ROUNDS):
        action = asked("medium")
        click = voice(action, people["mara"], "approve")
        outcomes = at_once(click, click)
        assert refusals(outcomes) == [] and len({decision.pk for decision in outcomes}) == 1
        assert question(action).decisions.count() == 1 and moves(action, "APPROVED") == 1


def test_a_voice_that_meets_the_end_of_the_time_is_too_late(people: dict[str, User]) -> None:
    for _round in range(ROUNDS):
        action = asked("medium")
        answer, approval = voice(action, people["mara"], "approve"), question(action)
        Approval.objects.filter(pk=approval.pk).update(deadline=approval.opened_at)
        outcomes = at_once(answer, partial(gate.expire, approval))
        action.refresh_from_db()
        assert action.state == "EXPIRED" and isinstance(outcomes[0], Conflict)
        assert not approval.decisions.exists()


def test_a_voice_that_meets_a_stop_of_its_task_waits_for_nobody(people: dict[str, User]) -> None:
    for _round in range(ROUNDS):
        action = asked("medium", task=a_task())
        task = Task.objects.get(pk=action.task_id)
        stop = partial(controls.stop_task, task, people["ines"], proof())
        outcomes = at_once(voice(action, people["mara"], "approve"), stop)
        action.refresh_from_db()
        assert action.state == "CANCELLED" and Task.objects.get(pk=task.pk).state == "STOPPED"
        assert [type(lost) for lost in refusals(outcomes)] in ([], [Conflict])


def test_a_claim_that_meets_the_way_back_has_one_end(people: dict[str, User]) -> None:
    """The hold ends while both are at it: in some rounds one is first, in some the other."""
    for moment in range(ROUNDS):
        action = propose(tool="chat.post", arguments={"team": "platform", "text": f"{next(_numbers)}"}, task=a_task())
        voice(action, people["mara"], "approve")()
        Action.objects.filter(pk=action.pk).update(hold_until=Now() + timedelta(milliseconds=40))
        back = at_once(taking_back(action, people["mara"], 0.08 * moment / ROUNDS), claiming(action))[0]
        action.refresh_from_db()
        if isinstance(back, Exception):
            assert isinstance(back, Conflict) and back.kind == "over"
            assert action.state == "SUCCEEDED" and effects(action) == 1
        else:
            assert (action.state, action.version, moves(action, "EXECUTING"), effects(action)) == ("PENDING", 2, 0, 0)


def test_a_claim_that_meets_a_stop_is_listed_or_never_happens(people: dict[str, User]) -> None:
    for moment in range(ROUNDS):
        action = propose(tool="chat.post", arguments={"team": "platform", "text": f"{next(_numbers)}"}, task=a_task())
        voice(action, people["mara"], "approve")()
        scope = ({}, {"agent": action.agent}, {"tool": action.tool})[moment % 3]
        (flying, state), ran = at_once(stopping(action, people["mara"], scope), claiming(action, tries=1))
        assert moves(action, "EXECUTING") == effects(action) == int(ran)
        assert state != "APPROVED" or not ran  # once the stop has returned, nothing is claimed any more
        assert state != "EXECUTING" or action in flying
        StopSwitch.objects.update(lifted_at=Now())


def stopping(action: Action, person: User, scope: dict[str, Any]) -> Callable[[], Any]:
    """The stop, what it lists, and how it stood with the action when it had returned."""

    def act() -> tuple[list[Action], str]:
        flying = controls.engage(person, proof(), **scope)
        return flying, str(Action.objects.values_list("state", flat=True).get(pk=action.pk))

    return act


def taking_back(action: Action, person: User, seconds: float) -> Callable[[], Any]:
    approval = question(action)
    seen = Answer(person).seen(approval)

    def act() -> Any:
        time.sleep(seconds)
        return decisions.undo(approval, person, seen=seen, proof=proof())

    return act


def claiming(action: Action, tries: int = 10_000) -> Callable[[], bool]:
    """A worker that tries until it has run the action, or somebody has moved it."""
    leases.wake(action.task_id)
    task = leases.take(action.task_id, f"worker-{action.pk}")
    mine = Action.objects.select_related("tool", "agent").get(pk=action.pk)
    assert task is not None
    mine.task = task

    def act() -> bool:
        for _try in range(tries):
            if execution.perform(mine, gate=gate):
                return True
            if not Action.objects.filter(pk=action.pk, state="APPROVED").exists():
                return False
        return False

    return act


def test_a_person_and_the_probe_of_a_tool_settle_it_once(people: dict[str, User]) -> None:
    for _round in range(ROUNDS):
        action = propose(tool="calendar.create", arguments=ENTRY, task=a_task())
        Action.objects.filter(pk=action.pk).update(state="UNKNOWN", fence=1)
        gate.settle(action)
        happened(tools.Call(f"{action.pk}:1", action.pk, 1, lambda *_: None), "calendar.create", "Review")
        approval, given, asked = question(action), Answer(people["ines"]), Action.objects.get(pk=action.pk)
        told = {"answer": "did_not_happen", "seen": given.seen(approval), "proof": proof(), "note": "I saw none."}
        say = partial(decisions.settle, approval, people["ines"], **told)
        lost = refusals(at_once(say, partial(execution.probe, asked, gate=gate)))
        action.refresh_from_db()
        assert moves(action, "SUCCEEDED") + moves(action, "FAILED") == 1 and not action.approvals.filter(state="open")
        assert [type(refusal) for refusal in lost] == ([] if action.state == "FAILED" else [Conflict])
        assert approval.decisions.count() == (action.state == "FAILED")


def saving(person: User, name: str) -> Callable[[], Any]:
    """An admin has tried one more rule to its end and presses the button when the barrier falls."""
    more = {"name": name, "when": 'tool == "none.such"', "outcome": "block"}
    trial = trials.begin(person, rules.read([*Policy.objects.get(active=True).rules, more]), 7)
    while trials.step(trial.pk):
        pass
    tried = Trial.objects.select_related("base").get(pk=trial.pk)
    return lambda: amendments.save(tried, person, proof(), reason="Because.")


def test_two_admins_who_save_make_one_version_and_the_second_is_told(people: dict[str, User]) -> None:
    for turn in range(ROUNDS):
        before = Policy.objects.get(active=True).version
        outcomes = at_once(*(saving(people["ada"], f"{name} {turn}") for name in ("one", "other")))
        lost = refusals(outcomes)
        assert len(lost) == 1 and isinstance(lost[0], Conflict) and f"Version {before + 1}" in str(lost[0])
        now = Policy.objects.get(active=True)
        assert now.version == before + 1 and Amendment.objects.filter(policy=now).count() == 1


def test_two_admins_who_disable_each_other_leave_one(people: dict[str, User]) -> None:
    ben = User.objects.create_user("ben")
    ben.roles.set(people["ada"].roles.all())
    admins = (people["ada"], ben)

    def disable(other: User, by: User) -> Callable[[], Any]:
        charter = AccessCharter(other)
        told = {"wanted": {"active": False}, "seen": changes.seen(charter), "reason": "x"}
        return lambda: changes.ask(charter, by, proof(), **told)

    for _round in range(ROUNDS):
        outcomes = at_once(disable(admins[0], admins[1]), disable(admins[1], admins[0]))
        assert len(refusals(outcomes)) == 1
        assert User.objects.filter(roles__slug="admin", is_active=True).count() == 1
        User.objects.filter(pk__in=[admin.pk for admin in admins]).update(is_active=True)
    Change.objects.all().delete()
    ben.roles.clear()


def test_a_role_that_goes_while_its_holder_approves_leaves_nothing_approved(people: dict[str, User]) -> None:
    for _round in range(ROUNDS):
        action, charter = propose("high"), RolesCharter(people["ines"])
        told = {"wanted": {"roles": []}, "seen": changes.seen(charter), "reason": "x"}
        at_once(
            voice(action, people["ines"], "approve"),
            lambda charter=charter, told=told: changes.ask(charter, people["ada"], proof(), **told),
        )
        changes.recount()
        action.refresh_from_db()
        assert action.state == "PENDING"
        people["ines"].roles.add(Role.objects.get(slug="senior"))
    Change.objects.all().delete()
