import pytest

from approvals import policy, rules
from approvals.policy import Ruling, route
from approvals.risk import Assessment, Proposal, assess
from approvals.rules import Demand, Rule
from approvals.vocabulary import Subject

NOTICE = assess(Proposal("chat.post", known=True, declared=True, effect={"affects_others": True}))
READ = assess(Proposal("files.read", known=True, declared=True, effect={"read_only": True}))


def ruled(assessment: Assessment, *given: dict[str, object]) -> Ruling:
    return route(
        assessment,
        policy.NO_TRUST,
        rules.read([{"name": f"rule {n}", **rule} for n, rule in enumerate(given)]),
        Subject("a"),
    )


def test_a_rule_raises_the_tier() -> None:
    ruling = ruled(NOTICE, {"when": 'tool.startsWith("chat.")', "floor": "critical"})
    assert (ruling.level, ruling.tier, ruling.reasons[-1].values) == ("critical", "critical", {"name": "rule 0"})


def test_the_strictest_of_all_that_fit_wins_and_none_lowers() -> None:
    ruling = ruled(
        NOTICE,
        {"when": "true", "floor": "high", "outcome": "input", "hold_seconds": 5, "at_zero": "hand_up"},
        {
            "when": 'tool == "chat.post"',
            "floor": "low",
            "outcome": "approve",
            "deadline_minutes": 15,
            "at_zero": "expire",
        },
        {"when": "affects_others", "deadline_minutes": 20, "hold_seconds": 30},
    )
    assert (ruling.level, ruling.outcome) == ("high", "input")
    assert ruling.demand == Demand("input", "high", "", 15, "expire", 30)


def test_a_tier_asks_other_people_and_leaves_the_level() -> None:
    ruling = ruled(NOTICE, {"when": "true", "tier": "critical"})
    assert (ruling.level, ruling.tier) == (NOTICE.level, "critical")


def test_a_floor_counts_before_the_defaults_so_that_nothing_critical_runs_alone() -> None:
    assert ruled(READ).outcome == policy.AUTO
    assert ruled(READ, {"when": "read_only", "floor": "critical"}).outcome == policy.APPROVE


def test_a_rule_for_another_tool_says_nothing() -> None:
    assert ruled(READ, {"when": 'tool.startsWith("chat.")', "outcome": "block"}).outcome == policy.AUTO


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ("arguments.to == 'a'", "the action has no “to”"),
        ("confidence < 0.5", "it compares or combines values of different kinds"),
    ],
)
def test_a_rule_that_cannot_be_answered_makes_the_action_critical(when: str, problem: str) -> None:
    ruling = ruled(READ, {"when": when, "outcome": "approve"})
    assert (ruling.level, ruling.outcome) == ("critical", "approve")
    assert ruling.reasons[-1].values == {"name": "rule 0", "problem": problem}


def test_a_stored_condition_that_is_broken_makes_everything_critical() -> None:
    ruling = route(READ, policy.NO_TRUST, [Rule("old", "tool ==", Demand("approve"))], Subject("a"))
    assert (ruling.level, ruling.outcome) == ("critical", "approve")


def test_a_word_nobody_knows_is_stricter_than_all() -> None:
    assert policy.stricter(policy.OUTCOMES, "block", "whatever") == "whatever"


def test_a_later_version_never_falls_below_an_earlier_one() -> None:
    assert Ruling("low", "auto", ()).not_below("high", "approve") == Ruling("high", "approve", ())
    assert Ruling("critical", "approve", ()).not_below("low", "auto") == Ruling("critical", "approve", ())
    assert Ruling("low", "approve", ()).not_below("low", "approve", "critical").tier == "critical"
