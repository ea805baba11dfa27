"""Levels in words, ceilings in judgement, and autonomy that is lost between the verdict and the call."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import execution, leases, trust
from agents.models import Action, Agent, Autonomy, TrustScore, User
from agents.toolbox.models import Effect
from approvals import autonomy, gate, grants, policy
from approvals.models import Tally
from approvals.risk import Proposal, assess
from approvals.vocabulary import Subject
from tests.approvals.test_earned import label, labelled
from tests.approvals.test_policy_properties import PROPOSALS, TRUSTS
from tests.cast import kinds, proof, question, reject

LOW = Proposal(tool="t", known=True, declared=True, effect={"reversible": True})
MEDIUM = replace(LOW, rows=600)
SURE = replace(MEDIUM, confidence=0.97)
READS = replace(LOW, effect={"read_only": True})
EARNED = policy.Trust(score=1.0, clean=14, bound=0.19)


@pytest.mark.parametrize(
    ("proposal", "outcomes"),
    [
        (READS, ["auto", "auto", "auto", "auto", "auto"]),
        (LOW, ["approve", "auto", "auto", "auto", "auto"]),
        (SURE, ["approve", "approve", "auto", "review_after", "auto"]),
        (MEDIUM, ["approve", "approve", "approve", "review_after", "auto"]),
    ],
)
def test_what_each_ceiling_leaves_of_acting_alone(proposal: Proposal, outcomes: list[str]) -> None:
    found = [
        policy.route(assess(proposal), replace(EARNED, ceiling=level.value), (), Subject("a")).outcome
        for level in Autonomy
    ]
    assert found == outcomes


@given(proposal=PROPOSALS, earned=TRUSTS, ceilings=st.tuples(st.integers(0, 4), st.integers(0, 4)))
def test_a_lower_ceiling_never_makes_an_action_milder(
    proposal: Proposal, earned: policy.Trust, ceilings: tuple[int, int]
) -> None:
    lower, higher = (
        policy.route(assess(proposal), replace(earned, ceiling=level), (), Subject("a")).outcome
        for level in sorted(ceilings)
    )
    assert policy.OUTCOMES.index(lower) >= policy.OUTCOMES.index(higher)


@pytest.mark.parametrize(
    ("hundredths", "clean", "granted", "ceiling", "level"),
    [
        (0, 0, False, 4, Autonomy.SURE),
        (100, 14, True, 4, Autonomy.ACTS),
        (100, 14, False, 4, Autonomy.SURE),
        (100, 14, True, 3, Autonomy.REVIEWED),
        (100, 14, True, 0, Autonomy.ASKS),
        (-20, 0, False, 4, Autonomy.SMALL),
        (-50, 0, False, 4, Autonomy.ASKS),
    ],
)
def test_the_level_follows_from_what_was_earned_and_allowed(
    hundredths: int, clean: int, granted: bool, ceiling: int, level: Autonomy
) -> None:
    row = TrustScore(hundredths=hundredths, clean_since=clean, granted_at="now" if granted else None)
    assert autonomy.level(row, trust.Terms(), ceiling) == level


def try_to_run(action: Action) -> bool:
    leases.wake(action.task_id)
    task = leases.take(action.task_id, "worker")
    assert task is not None
    fresh = Action.objects.select_related("tool", "task", "agent").get(pk=action.pk)
    fresh.task = task
    done = execution.perform(fresh, gate=gate)
    leases.release(task)
    action.refresh_from_db()
    return done


def test_what_it_earned_it_runs_alone_and_after_one_rejection_it_asks_again(office: None, mara: User) -> None:
    waits = label()
    labelled(mara, 14)
    alone = label()
    assert (alone.state, alone.verdicts.get().outcome) == ("APPROVED", "auto")
    assert "Spared by trust" in str(alone.verdicts.get().reasons)
    assert try_to_run(alone)
    reject(waits, mara)
    assert label().state == "PENDING"


def test_what_was_free_to_run_asks_when_trust_is_lost_before_it_runs(office: None, mara: User) -> None:
    waits = label()
    labelled(mara, 14)
    alone = label()
    assert alone.state == "APPROVED"
    reject(waits, mara)
    effects = Effect.objects.count()
    assert not try_to_run(alone)
    assert alone.state == "PENDING" and question(alone).state == "open"
    assert "trust was lost" in alone.events.filter(kind="action.pending").latest("pk").reason
    assert Effect.objects.count() == effects


def test_a_ceiling_holds_for_what_was_free_to_run_too(office: None, mara: User, cast: dict[str, User]) -> None:
    labelled(mara, 14)
    alone = label()
    grants.set_ceiling(Agent.objects.get(slug="records"), 2, cast["ada"], proof(), reason="Not this week.")
    assert not try_to_run(alone)
    assert kinds(alone)[-1] == "action.pending"
    grants.set_ceiling(Agent.objects.get(slug="records"), 4, cast["ada"], proof(), reason="Back to normal.")
    assert label().state == "APPROVED"


def test_each_time_looked_at_is_a_queue_afterwards(office: None, mara: User, cast: dict[str, User]) -> None:
    labelled(mara, 14)
    grants.set_ceiling(Agent.objects.get(slug="records"), 3, cast["ada"], proof(), reason="Look at each.")
    action = label()
    assert action.verdicts.get().outcome == "review_after" and try_to_run(action)
    assert question(action).kind == "review"


def test_lost_trust_brings_low_actions_back_to_one_junior(office: None, mara: User) -> None:
    small = {"segment": "key-accounts", "label": "quiet"}
    assert label(small).state == "APPROVED"
    for name in ("loyal", "quiet", "new-price"):
        reject(label({"segment": "newsletter", "label": name}), mara)
    Tally.objects.all().delete()
    action = label(small)
    assert (action.level, action.state) == ("low", "PENDING")
    assert question(action).tier.level == "low"
