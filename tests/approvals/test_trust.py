"""Trust moves once per action with what people decide, and the stored score is what the ledger folds to."""

import itertools
from collections.abc import Iterable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents import execution, leases, payloads, proposals, trust
from agents.models import Action, Agent, Event, Feedback, Task, TrustScore, User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import decisions, feedback, gate
from approvals.models import Tally
from tests.cast import Answer, a_task, approve, proof, propose, question, reject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]
WHERE = {"team": "platform"}
_meetings = itertools.count()


def asked(text: str = "") -> Action:
    """A question of its own: the very call that somebody rejected, or the sum of many, would be no plain one any more."""
    Tally.objects.all().delete()
    text = text or f"Meeting {next(_meetings)}."
    return propose(tool="chat.post", arguments={**WHERE, "text": text}, task=a_task())


def run(action: Action) -> Action:
    leases.wake(action.task_id)
    task = leases.take(action.task_id, "worker")
    assert task is not None
    fresh = Action.objects.select_related("tool", "task", "agent").get(pk=action.pk)
    fresh.task = task
    assert execution.perform(fresh, gate=gate)
    leases.release(task)
    action.refresh_from_db()
    return action


def approved(person: User) -> Action:
    action = asked()
    approve(action, person)
    return run(action)


def edit(action: Action, person: User, *, text: str = "Meeting at three.", approve: bool = True) -> None:
    approval = question(action)
    action = Action.objects.select_related("tool", "task__agent", "agent").get(pk=action.pk)
    version = action.versions.get(version=action.version)
    made = proposals.redraft(action, version, {**payloads.arguments(bytes(version.body)), "text": text})
    seen = Answer(person).seen(approval)
    decisions.edit(approval, person, made=made, seen=seen, proof=proof(), approve=approve)


def row() -> TrustScore:
    return TrustScore.objects.get()


def counts() -> tuple[float, int, int, int, int]:
    found = row()
    return found.score, found.clean_ever, found.wrong_ever, found.clean_since, found.wrong_since


def autonomy() -> list[str]:
    return list(Event.objects.filter(kind__startswith="trust.").order_by("pk").values_list("kind", flat=True))


def test_an_approval_counts_when_the_action_is_claimed_and_only_once(mara: User) -> None:
    action = asked()
    approve(action, mara)
    assert not TrustScore.objects.exists()
    run(action)
    assert counts() == (0.10, 1, 0, 1, 0)
    fresh = Action.objects.select_related("task").get(pk=action.pk)
    trust.claimed(fresh, trust.Terms())
    assert counts() == (0.10, 1, 0, 1, 0)


def test_trust_costs_a_claim_and_a_rejection_one_query_each(mara: User) -> None:
    approved(mara)
    action, other = asked(), asked()
    approve(action, mara)
    for act in (lambda: run(action), lambda: reject(other, mara)):
        with CaptureQueriesContext(connection) as queries:
            act()
        assert sum("trustscore" in query["sql"] for query in queries) == 1


def test_a_rejection_costs_twice_as_much_and_restarts_the_count(mara: User) -> None:
    approved(mara)
    reject(asked(), mara)
    assert counts() == (-0.10, 1, 1, 0, 0)


def test_an_edited_approval_earns_nothing_and_counts_as_not_right_yet(mara: User) -> None:
    approved(mara)
    action = asked()
    edit(action, mara)
    run(action)
    assert counts() == (0.10, 1, 1, 1, 1)


def test_an_action_edited_twice_and_then_rejected_is_wrong_once(mara: User, jonas: User) -> None:
    action = asked()
    edit(action, mara, approve=False)
    edit(action, jonas, text="Meeting at four.", approve=False)
    reject(action, mara)
    assert counts() == (-0.20, 0, 1, 0, 0)


def test_feedback_moves_the_score_and_bad_feedback_takes_a_clean_action_back(mara: User, jonas: User) -> None:
    action = approved(mara)
    feedback.give(action, mara, good=True)
    assert counts() == (0.15, 1, 0, 1, 0)
    feedback.give(action, jonas, good=False, comment="Nobody came.")
    assert counts() == (0.10, 0, 1, 0, 0)
    feedback.give(action, mara, good=False)
    assert counts() == (0.05, 0, 1, 0, 0)


def test_one_word_for_each_person_which_may_only_get_worse(mara: User) -> None:
    action = approved(mara)
    for _again in range(2):
        feedback.give(action, mara, good=True)
    assert counts()[0] == 0.15
    feedback.give(action, mara, good=False)
    feedback.give(action, mara, good=False)
    with pytest.raises(Conflict, match="stays"):
        feedback.give(action, mara, good=True)
    assert counts()[0] == 0.10
    assert Feedback.objects.get().good is False


def test_who_decides_nothing_has_no_word_and_what_did_not_run_gets_none(cast: dict[str, User]) -> None:
    action = asked()
    with pytest.raises(Refused, match="did not run"):
        feedback.give(action, cast["mara"], good=True)
    approve(action, cast["mara"])
    run(action)
    for name in ("ada", "nobody"):
        with pytest.raises(decisions.Forbidden):
            feedback.give(action, cast[name], good=False)
    with pytest.raises(Refused, match="2000 characters"):
        feedback.give(action, cast["mara"], good=False, comment="x" * 2_001)
    assert not Feedback.objects.exists()


def test_the_score_keeps_within_its_bounds(mara: User) -> None:
    for _time in range(4):
        reject(asked(), mara)
    assert row().score == -0.5
    for _time in range(16):
        approved(mara)
    assert row().score == 1.0


def test_another_version_of_agent_or_tool_starts_anew(mara: User) -> None:
    approved(mara)
    Agent.objects.update(version="2")
    later = propose(tool="chat.post", arguments={**WHERE, "text": "Two."}, task=a_task(agent_version="2"))
    approve(later, mara)
    run(later)
    assert list(TrustScore.objects.order_by("pk").values_list("agent_version", "hundredths")) == [("1", 10), ("2", 10)]


def test_nothing_is_earned_with_a_tool_that_nobody_knows(ines: User, sami: User) -> None:
    action = propose(tool="no.such.tool", arguments={"a": 1}, task=a_task())
    reject(action, ines)
    assert not TrustScore.objects.exists()


def fold(events: Iterable[Event]) -> tuple[int, int, int, int, int]:
    """Score, clean, wrong, and both since the last bad one, read off the ledger by itself."""
    score, since = 0, [0, 0]
    marks: dict[int, str] = {}
    seen_approved: set[int] = set()
    for event in events:
        number = event.action_id or 0
        if event.kind == "action.approved" and event.actor_kind == "person":
            seen_approved.add(number)
        elif event.kind == "action.executing" and number in seen_approved and number not in marks:
            marks[number], score, since = "clean", min(score + 10, 100), [since[0] + 1, since[1]]
        elif event.kind == "decision.edit" and marks.get(number) != "wrong":
            marks[number], since = "wrong", [since[0], since[1] + 1]
        elif event.kind == "action.rejected":
            marks[number], score, since = "wrong", max(score - 20, -50), [0, 0]
        elif event.kind == "feedback.good":
            score = min(score + 5, 100)
        elif event.kind == "feedback.bad":
            marks[number], score, since = "wrong", max(score - 5, -50), [0, 0]
    tally = list(marks.values())
    return score, tally.count("clean"), tally.count("wrong"), since[0], since[1]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["approve", "reject", "edit", "good", "bad", "worse"]), min_size=1, max_size=14))
def test_after_any_sequence_the_stored_score_is_what_the_ledger_folds_to(
    mara: User, jonas: User, steps: list[str]
) -> None:
    before = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    TrustScore.objects.all().delete()
    ran: list[Action] = []
    for step in steps:
        if step == "approve":
            ran.append(approved(mara))
        elif step == "reject":
            reject(asked(), mara)
        elif step == "edit":
            action = asked()
            edit(action, mara)
            ran.append(run(action))
        elif ran and step in ("good", "bad") and not Feedback.objects.filter(action=ran[-1], person=mara).exists():
            feedback.give(ran[-1], mara, good=step == "good")
        elif ran and step == "worse":
            feedback.give(ran[0], jonas, good=False)
    found = TrustScore.objects.first() or TrustScore()
    stored = (found.hundredths, found.clean_ever, found.wrong_ever, found.clean_since, found.wrong_since)
    assert stored == fold(Event.objects.filter(pk__gt=before).order_by("pk"))
    assert (trust.bounded(found) < 0.20) is trust.proven(found.wrong_since, sum(stored[3:]), 0.20)
    assert Task.objects.filter(state="FAILED").count() == 0
