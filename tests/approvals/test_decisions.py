from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from agents import proposals
from agents.models import Event, Task, User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import decisions
from approvals.decisions import Forbidden, ProofNeeded, Seen
from approvals.models import Approval, CardView, Decision
from tests.cast import Answer, a_task, approve, kinds, proof, propose, question, reject

pytestmark = pytest.mark.django_db


def test_one_junior_approves_medium(mara: User) -> None:
    action = propose("medium")
    decision = approve(action, mara)
    assert action.state == "APPROVED"
    assert (decision.seat, decision.roles, decision.version, decision.digest) == (
        "junior",
        ["junior"],
        1,
        action.digest,
    )
    assert kinds(action) == ["action.proposed", "action.pending", "decision.approve", "action.approved"]
    assert question(action).state == Approval.State.SATISFIED
    assert Task.objects.get(pk=action.task_id).runnable_at is not None


def test_a_decision_stores_what_was_shown(mara: User) -> None:
    decision = approve(propose("medium"), mara)
    assert (decision.view.surface, decision.view.template_version) == (CardView.Surface.CARD, decision.template_version)
    assert (decision.policy_version, decision.session_hash, decision.assurance) == (1, "s" * 64, "password")


@pytest.mark.parametrize(
    ("level", "who", "states"),
    [
        ("low", ["mara"], ["APPROVED"]),
        ("medium", ["ines"], ["APPROVED"]),
        ("medium", ["sami"], ["APPROVED"]),
        ("high", ["ines"], ["APPROVED"]),
        ("critical", ["ines", "sami"], ["PENDING", "APPROVED"]),
        ("critical", ["sami", "omar"], ["PENDING", "APPROVED"]),
    ],
)
def test_the_tier_says_how_many(cast: dict[str, User], level: str, who: list[str], states: list[str]) -> None:
    action = propose(level)
    seen = []
    for name in who:
        approve(action, cast[name])
        seen.append(action.state)
    assert seen == states


@pytest.mark.parametrize(
    ("level", "name"),
    [("low", "ada"), ("low", "nobody"), ("high", "mara"), ("high", "sami"), ("critical", "mara"), ("critical", "ada")],
)
def test_who_may_not_is_told_who_may(cast: dict[str, User], level: str, name: str) -> None:
    action = propose(level)
    with pytest.raises(Forbidden, match="This needs: "):
        approve(action, cast[name])
    assert not Decision.objects.exists()


def test_two_seniors_do_not_fill_the_security_seat(cast: dict[str, User]) -> None:
    action = propose("critical")
    approve(action, cast["ines"])
    with pytest.raises(Conflict, match="another role"):
        approve(action, cast["omar"])
    assert action.state == "PENDING"


def test_one_reject_ends_it_and_no_approve_revives_it(cast: dict[str, User]) -> None:
    action = propose("critical")
    reject(action, cast["sami"], note="wrong environment")
    assert (action.state, action.reason) == ("REJECTED", "wrong environment")
    with pytest.raises(Conflict):
        approve(action, cast["ines"])


def test_the_second_decision_conflicts_and_leaves_no_trace(mara: User, jonas: User) -> None:
    action = propose("medium")
    approval = question(action)
    seen = Seen(1, action.digest, "jonas-page")
    approve(action, mara)
    with pytest.raises(Conflict) as refused:
        decisions.decide(approval, jonas, answer="reject", seen=seen, proof=proof(), note="no")
    assert refused.value.kind == "decided"
    assert [decision.person for decision in approval.decisions.all()] == [mara]


def test_the_same_page_twice_is_one_voice_and_one_answer(mara: User) -> None:
    action = propose("critical", tool=None)
    ines = mara
    ines.roles.add(*ines.roles.model.objects.filter(slug="senior"))
    first = approve(action, ines, nonce="same")
    again = approve(action, ines, nonce="same")
    assert (first, Decision.objects.count()) == (again, 1)


def test_a_double_click_on_the_last_voice_gets_the_same_answer(mara: User) -> None:
    action = propose("medium")
    approval, seen = question(action), Seen(1, action.digest, "same")
    first = decisions.decide(approval, mara, answer="approve", seen=seen, proof=proof())
    again = decisions.decide(approval, mara, answer="approve", seen=seen, proof=proof())
    assert first == again
    assert kinds(action).count("action.approved") == 1


def test_another_page_of_the_same_person_is_no_second_voice(cast: dict[str, User]) -> None:
    action = propose("critical")
    approve(action, cast["ines"])
    with pytest.raises(Conflict, match="already answered"):
        approve(action, cast["ines"])
    with pytest.raises(IntegrityError), transaction.atomic():
        first = Decision.objects.get()
        first.pk, first.nonce_hash = None, "other"
        first.save(force_insert=True)


@pytest.mark.parametrize("change", [{"version": 2}, {"digest": "0" * 64}])
def test_a_decision_names_what_was_on_screen(mara: User, change: dict[str, object]) -> None:
    action = propose("medium")
    seen = Seen(**{"version": 1, "digest": action.digest, "nonce": "n", **change})  # type: ignore[arg-type]
    with pytest.raises(Conflict) as refused:
        decisions.decide(question(action), mara, answer="approve", seen=seen, proof=proof())
    assert refused.value.kind == "stale"


def test_after_the_deadline_nobody_decides(mara: User) -> None:
    action = propose("medium")
    Approval.objects.update(deadline=Now() - timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        approve(action, mara)
    assert (refused.value.kind, Decision.objects.count()) == ("expired", 0)


def test_high_needs_the_card(ines: User) -> None:
    action = propose("high")
    with pytest.raises(Conflict, match="Open the card"):
        approve(action, ines, look=False)
    approve(action, ines)
    assert action.state == "APPROVED"


def test_what_was_only_on_the_board_does_not_approve_high(ines: User) -> None:
    action = propose("high")
    approval = question(action)
    seen = Answer(ines).seen(approval)
    decisions.show(approval, ines, seen.nonce)
    with pytest.raises(Conflict, match="Open the card"):
        other = Answer(ines).seen(approval)
        shown = {"version": other.version, "digest": other.digest, "nonce_hash": other.nonce_hash}
        CardView.objects.create(person=ines, approval=approval, template_version="t", surface="board", **shown)
        decisions.decide(approval, ines, answer="approve", seen=other, proof=proof())


def test_at_critical_there_is_always_something_to_type(ines: User) -> None:
    action = propose("critical", arguments={"to": ""})
    assert question(action).asked.target
    with pytest.raises(Refused, match="exactly"):
        approve(action, ines, typed="")


@pytest.mark.parametrize("age", [None, timedelta(minutes=6)])
def test_critical_needs_a_fresh_proof(ines: User, age: timedelta | None) -> None:
    old = None if age is None else timezone.now() - age
    with pytest.raises(ProofNeeded):
        approve(propose("critical"), ines, proof=proof(old))


def test_critical_needs_the_target_typed(ines: User) -> None:
    action = propose("critical")
    with pytest.raises(Refused, match="exactly"):
        approve(action, ines, typed="something else")


def test_who_asked_does_not_decide_above_medium(ines: User, mara: User) -> None:
    with pytest.raises(Forbidden, match="somebody else"):
        approve(propose("high", task=a_task(starter=ines)), ines)
    with pytest.raises(Forbidden, match="somebody else"):
        owned = a_task()
        owned.agent.owner = ines
        owned.agent.save()
        approve(propose("high", task=owned), ines)
    approve(propose("medium", task=a_task(starter=mara)), mara)


def edited(action: object, person: User, arguments: dict[str, object], **more: object) -> Approval:
    approval = question(action)  # type: ignore[arg-type]
    made = proposals.redraft(approval.action, approval.asked, arguments)
    seen = Answer(person).seen(approval)
    return decisions.edit(approval, person, made=made, seen=seen, proof=proof(), **more)  # type: ignore[arg-type]


def test_an_edit_is_a_new_version_and_earlier_voices_are_stale(cast: dict[str, User]) -> None:
    action = propose("critical")
    approve(action, cast["ines"])
    old = action.digest
    edited(action, cast["sami"], {"to": "berta"})
    action.refresh_from_db()
    assert (action.state, action.version) == ("PENDING", 2)
    assert action.digest != old
    assert question(action).decisions.count() == 0
    assert action.approvals.order_by("pk").first().state == Approval.State.STALE
    approve(action, cast["ines"])
    assert action.state == "PENDING"


def test_an_editor_approves_in_one_go_at_medium_but_not_at_high(mara: User, ines: User) -> None:
    medium, high = propose("medium"), propose("high")
    edited(medium, mara, {"to": "berta"}, approve=True)
    edited(high, ines, {"to": "berta"}, approve=True)
    medium.refresh_from_db(), high.refresh_from_db()
    assert (medium.state, high.state) == ("APPROVED", "PENDING")
    with pytest.raises(Forbidden, match="somebody else"):
        approve(high, ines)


def test_an_edit_that_does_not_fit_changes_nothing(mara: User) -> None:
    action = propose("medium")
    with pytest.raises(Refused):
        edited(action, mara, {"nonsense": True})
    action.refresh_from_db()
    assert (action.state, action.version, action.versions.count()) == ("PENDING", 1, 1)


def test_an_edit_never_falls_below_the_earlier_tier(cast: dict[str, User]) -> None:
    action = propose("critical")
    tool = action.tool
    tool.effect = {"reversible": True}
    tool.save()
    edited(action, cast["ines"], {"to": "berta"})
    assert question(action).tier.level == "critical"


def test_the_refused_answer_writes_nothing(cast: dict[str, User]) -> None:
    action = propose("high")
    events = Event.objects.count()
    for name in ("mara", "nobody"):
        approval = question(action)
        with pytest.raises(Forbidden):
            decisions.decide(
                approval, cast[name], answer="approve", seen=Answer(cast[name]).seen(approval), proof=proof()
            )
    assert (Event.objects.count(), CardView.objects.count()) == (events, 0)


def test_a_seat_stays_with_who_took_it_first(cast: dict[str, User]) -> None:
    action = propose("critical")
    approve(action, cast["omar"])
    with pytest.raises(Conflict, match="taken"):
        approve(action, cast["ines"])
    assert [decision.seat for decision in question(action).decisions.all()] == ["senior"]
