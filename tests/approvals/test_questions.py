"""An action that asks instead of requesting: it is answered, edited or refused, and what comes of that is judged again."""

import re

import pytest
from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django.test import Client

from agents import leases
from agents.models import Action, Guidance, Task, User
from agents.payloads import Refused
from agents.plans import Answer, Refined, Step
from agents.states import Conflict
from approvals import decisions, proofs, tasks
from approvals.models import Approval, Decision, Policy
from tests.cast import Answer as AsPerson
from tests.cast import a_task, approve, go_on, proof, propose, question, reject, respond

INPUT = [{"name": "Ask about everything", "when": "true", "outcome": "input"}]


@pytest.fixture(autouse=True)
def everything_is_a_question(db: None) -> None:
    Policy.objects.update(active=False)
    Policy.objects.create(version=2, active=True, rules=INPUT)


def answer(action: Action, person: User) -> Decision:
    return respond(action, person, "Send it to Berta.")


def no_more_questions() -> None:
    Policy.objects.update(active=False)
    Policy.objects.create(version=3, active=True, rules=[])


def test_a_question_has_no_yes(mara: User) -> None:
    action = propose("medium")
    assert question(action).kind == Approval.Kind.INPUT
    with pytest.raises(Refused, match="question"):
        approve(action, mara)
    action.refresh_from_db()
    assert action.state == "PENDING" and not Decision.objects.exists()


def test_a_question_has_four_hours_whatever_its_tier(mara: User) -> None:
    asked = question(propose("high"))
    assert asked.deadline and round((asked.deadline - asked.opened_at).total_seconds() / 60) == 240


def test_it_can_be_rejected_with_words(mara: User) -> None:
    action = propose("medium")
    reject(action, mara)
    assert action.state == "REJECTED"


def test_the_agent_makes_its_next_version_of_the_answer(ines: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def retarget(arguments: dict[str, object], answer: Answer) -> Refined:
        return Refined({**arguments, "to": "berta"} if "Berta" in answer.text else arguments, 0.95)

    steps = [Step("step-0", "test.medium", {"to": "anna"}, refine=retarget)]
    monkeypatch.setattr("agents.plans.steps_of", lambda _task: steps)
    action = propose("medium", confidence=0.4)
    answer(action, ines)
    assert (action.state, action.version) == ("PENDING", 1)
    no_more_questions()
    go_on(action.task)
    action.refresh_from_db()
    again = question(action)
    assert (action.version, action.confidence) == (2, 0.95)
    assert b'"berta"' in bytes(again.asked.body)
    assert (again.kind, again.state) == (Approval.Kind.APPROVE, Approval.State.OPEN)
    approve(action, ines)
    assert action.state == "APPROVED"


def test_an_answered_doubt_is_no_question_again(ines: User) -> None:
    """The agent says nothing anew: its old confidence is settled, and the person sees the same call as a request."""
    action = propose("medium", confidence=0.4)
    no_more_questions()
    answer(action, ines)
    go_on(action.task)
    action.refresh_from_db()
    again = question(action)
    assert again.kind == Approval.Kind.APPROVE
    assert again.verdict.facts["settled"] == ["confidence", "conflict", "unusual"]


def test_the_card_says_what_it_asks_about_and_that_nothing_came_of_the_answer(client: Client, ines: User) -> None:
    no_more_questions()
    action = propose("medium", confidence=0.4)
    client.force_login(ines)
    asked = client.get(f"/actions/{action.pk}/").content.decode()
    form = asked[asked.index('id="answer"') :]
    assert re.findall(r'<li><bdi class="value">(.*?)</bdi>', form[: form.index("</ul>")]) == [
        "The agent itself is only 40% sure"
    ]
    answer(action, ines)
    go_on(action.task)
    again = client.get(f"/actions/{action.pk}/").content.decode()
    assert "Version 2 asks for exactly the same as the one before it." in again
    assert "Send it to Berta." in again, "who wrote a note may read it"


def test_no_answer_lowers_the_tier(ines: User) -> None:
    action = propose("high", confidence=0.4)
    before = question(action).tier.level
    no_more_questions()
    answer(action, ines)
    go_on(action.task)
    action.refresh_from_db()
    assert question(action).tier.level == before and question(action).kind == Approval.Kind.APPROVE


def test_a_rule_that_asks_about_everything_asks_about_the_answer_too(mara: User) -> None:
    action = propose("medium")
    answer(action, mara)
    go_on(action.task)
    action.refresh_from_db()
    assert action.version == 2 and question(action).kind == Approval.Kind.INPUT


def test_an_answer_that_makes_no_valid_version_blocks_it_with_the_reason(
    mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [Step("step-0", "test.medium", {"to": "anna"}, refine=lambda _a, _t: Refined({"to": float("nan")}))]
    monkeypatch.setattr("agents.plans.steps_of", lambda _task: steps)
    action = propose("medium")
    answer(action, mara)
    go_on(action.task)
    action.refresh_from_db()
    assert action.state == "BLOCKED" and action.reason
    assert question(action).state == Approval.State.CANCELLED


def test_a_task_that_was_stopped_in_between_makes_no_new_version(mara: User) -> None:
    action = propose("medium")
    answer(action, mara)
    Task.objects.filter(pk=action.task_id).update(state="PAUSED")
    assert leases.take(action.task_id, "worker") is None
    action.refresh_from_db()
    assert action.version == 1


def test_an_answer_of_which_the_agent_makes_nothing_expires_in_time(mara: User) -> None:
    action = propose("medium")
    answer(action, mara)
    tasks.sweep()
    action.refresh_from_db()
    assert action.state == "PENDING"
    Approval.objects.update(deadline=Now())
    tasks.sweep()
    action.refresh_from_db()
    assert (action.state, question(action).state) == ("EXPIRED", Approval.State.EXPIRED)
    assert "nothing of the answer" in action.reason


def test_a_question_whose_next_version_is_there_does_not_expire_with_it(mara: User) -> None:
    action = propose("medium")
    answer(action, mara)
    go_on(action.task)
    Approval.objects.filter(asked__version=1).update(deadline=Now())
    tasks.sweep()
    action.refresh_from_db()
    assert (action.state, action.version) == ("PENDING", 2)


def test_the_same_page_gets_the_same_answer_and_another_one_comes_too_late(mara: User, jonas: User) -> None:
    action = propose("medium")
    seen = AsPerson(mara).seen(question(action), "once")
    first = decisions.respond(question(action), mara, text="Yes.", seen=seen, proof=proof())
    assert decisions.respond(question(action), mara, text="No.", seen=seen, proof=proof()) == first
    with pytest.raises(Conflict):
        answer(action, jonas)
    assert Guidance.objects.count() == 1


def test_who_may_not_decide_may_not_answer(mara: User) -> None:
    with pytest.raises(decisions.Forbidden):
        answer(propose("high"), mara)


def test_guidance_is_never_rewritten(mara: User) -> None:
    answer(propose("medium"), mara)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Guidance.objects.update(text="something else")


def test_its_card_asks_for_words_and_offers_no_approve(client: Client, mara: User) -> None:
    action = propose("medium", task=a_task())
    client.force_login(mara)
    page = client.get(f"/actions/{action.pk}/").content.decode()
    assert "What should the agent do?" in page and 'value="approve:' not in page
    asked = question(action)
    value = f"respond:{asked.pk}:{asked.asked.version}:{asked.asked.digest}"
    post = {"answer": value, "nonce": proofs.issue(mara), "from": "card"}
    empty = client.post("/decide/", post)
    assert empty.status_code == 422 and "Write an answer" in empty.content.decode()
    assert client.post("/decide/", {**post, "note": "To Berta."}).status_code == 302
    assert Guidance.objects.get().text == "To Berta."
    assert "Answered." in client.get(f"/actions/{action.pk}/").content.decode()
