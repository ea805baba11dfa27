"""What ran alone and is looked at afterwards: a queue of its own, and verdicts that change nothing but what is known."""

import pytest
from django.test import Client

from agents import execution, leases, tools
from agents.models import Action, Event, User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import decisions, gate, proofs, queries
from approvals.models import Approval, Decision, Policy
from tests.cast import Answer, a_task, approve, proof, propose, question

RULES = [{"name": "Look at searches afterwards", "when": 'tool == "web.search"', "outcome": "review_after"}]


@pytest.fixture(autouse=True)
def office(db: None) -> None:
    tools.sync()
    policy(2, RULES, 0.0)


def policy(version: int, rules: list[dict[str, str]], share: float) -> None:
    Policy.objects.update(active=False)
    Policy.objects.create(version=version, active=True, rules=rules, thresholds={"sampled": share})


def searched() -> Action:
    """One action that the gate let run, at its end."""
    return ran(propose(tool="web.search", arguments={"query": "notice"}, task=a_task()))


def ran(action: Action) -> Action:
    leases.wake(action.task_id)
    task = leases.take(action.task_id, "worker")
    assert task
    fresh = Action.objects.select_related("tool", "agent").get(pk=action.pk)
    fresh.task = task
    assert execution.perform(fresh, gate=gate)
    leases.release(task)
    action.refresh_from_db()
    return action


def review(action: Action, person: User, answer: str = "fine", **more: str) -> Decision:
    approval = question(action)
    seen = Answer(person).seen(approval)
    return decisions.review(approval, person, answer=answer, seen=seen, proof=proof(), **more)


def test_it_runs_at_once_and_then_waits_in_a_queue_of_its_own(mara: User) -> None:
    action = searched()
    asked = question(action)
    assert action.state == "SUCCEEDED"
    assert (asked.kind, asked.state, asked.deadline) == (Approval.Kind.REVIEW, Approval.State.OPEN, None)
    everything = queries.board(queries.audience(mara, queries.Filter(scope="all")))
    afterwards = queries.board(queries.audience(mara, queries.Filter(scope="review")))
    assert everything["groups"] == [] and everything["waiting_all"] == 0 and everything["ran_alone"] == 1
    assert [row.approval for group in afterwards["groups"] for row in group.rows] == [asked]


@pytest.mark.parametrize(("share", "queued"), [(0.0, False), (1.0, True)])
def test_a_sample_of_all_that_ran_alone_is_looked_at(share: float, queued: bool) -> None:
    policy(3, [], share)
    assert searched().approvals.exists() is queued


def test_what_people_approved_is_not_asked_about_again(mara: User) -> None:
    policy(3, [], 1.0)
    action = propose(tool="chat.post", arguments={"team": "platform", "text": "At two."}, task=a_task())
    approve(action, mara)
    assert ran(action).approvals.count() == 1


@pytest.mark.parametrize("answer", ["fine", "wrong"])
def test_a_verdict_closes_it_and_is_on_the_record(mara: User, answer: str) -> None:
    action = searched()
    decision = review(action, mara, answer, note="the wrong query")
    action.refresh_from_db()
    assert action.state == "SUCCEEDED"
    assert question(action).state == Approval.State.ANSWERED
    event = Event.objects.get(kind=f"decision.{answer}")
    assert (event.actor_id, event.reason, decision.answer) == (mara.pk, "the wrong query", answer)


def test_one_verdict_is_enough(mara: User, jonas: User) -> None:
    action = searched()
    review(action, mara)
    with pytest.raises(Conflict, match="already looked"):
        review(action, jonas, "wrong", note="late")
    assert Decision.objects.count() == 1


def test_it_takes_no_other_answer(mara: User) -> None:
    with pytest.raises(Refused):
        review(searched(), mara, "approve")


def test_who_has_no_seat_gives_no_verdict(cast: dict[str, User]) -> None:
    with pytest.raises(decisions.Forbidden):
        review(searched(), cast["ada"])


def test_it_can_be_found_wrong_from_the_board_with_a_reason(client: Client, mara: User) -> None:
    action = searched()
    asked = question(action)
    client.force_login(mara)
    page = client.get("/?scope=review").content.decode()
    assert f"fine:{asked.pk}:" in page and f"wrong:{asked.pk}:" in page and 'Ran alone <span class="num">1<' in page
    assert "This ran on its own" in client.get(f"/actions/{action.pk}/").content.decode()
    value = f"wrong:{asked.pk}:{asked.asked.version}:{asked.asked.digest}"
    post = {"answer": f"{value}:other", "nonce": proofs.issue(mara)}
    assert client.post("/decide/?scope=review", post).status_code == 422
    assert not Decision.objects.exists()
    assert client.post("/decide/?scope=review", {**post, "answer": f"{value}:wrong_target"}).status_code == 302
    assert Decision.objects.get().note == "Wrong target"


def test_the_reasons_fit_what_has_happened_already(client: Client, mara: User) -> None:
    asked = question(searched())
    client.force_login(mara)
    value = f"wrong:{asked.pk}:{asked.asked.version}:{asked.asked.digest}"
    for address in ("/?scope=review", f"/actions/{asked.action_id}/"):
        page = client.get(address).content.decode()
        assert f'{value}:unasked"' in page and "Should have asked first" in page
        assert "Not now" not in page and "not_now" not in page
    post = {"answer": f"{value}:not_now", "nonce": proofs.issue(mara)}
    assert client.post("/decide/?scope=review", post).status_code == 422
    assert client.post("/decide/?scope=review", {**post, "answer": f"{value}:not_needed"}).status_code == 302
    assert Decision.objects.get().note == "Was not needed"
