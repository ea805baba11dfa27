from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents import proposals
from agents.models import Action, User
from approvals import controls, decisions
from approvals.models import Policy, Tier
from tests.approvals.test_gate import perform
from tests.cast import Answer, Enter, a_task, approve, proof, propose, question


def active(*rows: dict[str, object]) -> None:
    Policy.objects.update(active=False)
    Policy.objects.create(version=2, active=True, rules=list(rows))


def test_a_rule_shortens_the_deadline_hands_up_asks_other_people_and_holds(cast: dict[str, User]) -> None:
    asks = {"tier": "high", "deadline_minutes": 15, "at_zero": "hand_up", "hold_seconds": 30}
    active({"name": "Notices", "when": 'tool == "test.medium" && arguments.to == "anna"', **asks})
    approval = question(propose("medium"))
    assert (approval.verdict.level, approval.tier.level, approval.at_zero) == ("medium", "high", "hand_up")
    assert approval.deadline - approval.opened_at == timedelta(minutes=15)
    action = approval.action
    with pytest.raises(decisions.Forbidden):
        approve(action, cast["mara"])
    approve(action, cast["ines"])
    assert action.hold_until is not None and action.hold_until > timezone.now() + timedelta(seconds=20)


def test_a_longer_deadline_of_a_rule_leaves_the_tiers_own(cast: dict[str, User]) -> None:
    active({"name": "Slow", "when": "true", "deadline_minutes": 500})
    approval = question(propose("medium"))
    assert approval.deadline - approval.opened_at == timedelta(minutes=60)


def test_a_rule_that_gives_no_answer_is_critical_and_told_to_admins(cast: dict[str, User]) -> None:
    active({"name": "Broken", "when": "confidence < 0.5", "outcome": "approve"})
    action = propose("auto")
    assert (action.state, action.level) == ("PENDING", "critical")
    event = action.events.get(kind="policy.rule_failed")
    assert (event.detail["rule"], event.policy_version) == ("Broken", 2)


def test_an_edited_version_never_goes_to_a_lower_tier_of_a_rule(cast: dict[str, User]) -> None:
    active({"name": "Anna", "when": 'arguments.to == "anna"', "tier": "critical"})
    action = propose("medium")
    approval = question(action)
    made = proposals.redraft(action, approval.asked, {"to": "berta"})
    decisions.edit(approval, cast["ines"], made=made, seen=Answer(cast["ines"]).seen(approval), proof=proof())
    assert question(action).tier.level == "critical"


# Holds of what runs alone ----------------------------------------------------------------------------------------------
HOLD = {"name": "A moment", "when": 'tool == "files.write"', "hold_seconds": 30}


def written(**changes: Any) -> Action:
    """Something small that can be undone: the gate lets it run alone."""
    return propose(tool="files.write", arguments={"path": "notes/a.md", "text": "A."}, task=a_task(), **changes)


def test_a_rule_holds_what_runs_alone_and_then_it_runs(cast: dict[str, User], office: None) -> None:
    active(HOLD)
    action = written()
    assert action.state == "APPROVED" and not action.approvals.exists()
    assert action.hold_until is not None
    assert timedelta(seconds=20) < action.hold_until - timezone.now() <= timedelta(seconds=30)
    assert not perform(action) and action.state == "APPROVED"
    action.task.refresh_from_db()
    assert action.task.runnable_at == action.hold_until  # the task comes back by itself when it ends
    Action.objects.update(hold_until=timezone.now() - timedelta(seconds=1))
    assert perform(action) and action.state == "SUCCEEDED"


def test_without_a_rule_nothing_is_held_not_even_by_its_tier(cast: dict[str, User], office: None) -> None:
    Tier.objects.update(hold_seconds=600)
    action = written()
    assert (action.state, action.hold_until) == ("APPROVED", None)


def test_while_it_is_held_its_task_is_stopped_and_it_never_runs(mara: User, office: None) -> None:
    active(HOLD)
    action = written()
    controls.stop_task(action.task, mara, proof())
    action.refresh_from_db()
    assert action.state == "CANCELLED"


def test_what_became_stricter_while_it_was_held_asks_a_person(cast: dict[str, User], office: None) -> None:
    active(HOLD)
    action = written()
    Policy.objects.update(active=False)
    Policy.objects.create(version=3, active=True, rules=[HOLD | {"outcome": "approve"}])
    Action.objects.update(hold_until=timezone.now() - timedelta(seconds=1))
    assert not perform(action)
    assert (action.state, action.hold_until) == ("PENDING", None)


def test_the_card_says_that_it_is_held_and_what_keeps_it_from_running(mara: User, office: None, enter: Enter) -> None:
    active(HOLD)
    action = written()
    page = " ".join(enter(mara).get(f"/actions/{action.pk}/").content.decode().split())
    assert "<b>Free to run alone.</b> A rule holds it until " in page
    assert "until then its task or its agent can be stopped" in page
