import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals import rules
from approvals.conditions import Answer
from approvals.policy import NO_TRUST, Ruling, combine
from approvals.risk import LEVELS, Proposal, assess
from approvals.rules import AT_ZERO, OUTCOMES, Demand, Faulty, Rule

FINE = {"name": "Big mails", "when": "recipients > 500", "tier": "high", "deadline_minutes": 15, "hold_seconds": 30}

demands = st.builds(
    Demand,
    outcome=st.sampled_from(("", *OUTCOMES)),
    floor=st.sampled_from(("", *LEVELS)),
    tier=st.sampled_from(("", *LEVELS)),
    deadline_minutes=st.none() | st.integers(1, 100),
    at_zero=st.sampled_from(("", *AT_ZERO)),
    hold_seconds=st.none() | st.integers(0, 100),
)
answered = st.tuples(
    st.builds(Rule, name=st.text(max_size=5), when=st.just("true"), demand=demands),
    st.builds(Answer, holds=st.booleans(), problem=st.sampled_from(("", "", "it failed"))),
)
proposals = st.builds(
    Proposal,
    tool=st.sampled_from(("mail.send", "files.read", "unheard.of")),
    known=st.booleans(),
    declared=st.booleans(),
    effect=st.dictionaries(
        st.sampled_from(("read_only", "reversible", "affects_others", "outside", "spends_money", "sensitive")),
        st.booleans(),
    ),
    recipients=st.sampled_from((0, 30, 9_000)),
    confidence=st.none() | st.floats(0, 1),
)


def strictness(ruling: Ruling) -> tuple[int, int, int, float, int, int]:
    """How strict a ruling is, field by field."""
    demand = ruling.demand
    return (
        LEVELS.index(ruling.level),
        OUTCOMES.index(ruling.outcome),
        LEVELS.index(ruling.tier),
        -(demand.deadline_minutes or float("inf")),
        ("", *AT_ZERO).index(demand.at_zero),
        -1 if demand.hold_seconds is None else demand.hold_seconds,
    )


@given(proposals, st.lists(answered, max_size=5), answered)
def test_one_more_rule_or_error_never_makes_anything_milder(proposal: Proposal, given_rules: list, more: tuple) -> None:
    before = strictness(combine(assess(proposal), NO_TRUST, rules.join(given_rules)))
    after = strictness(combine(assess(proposal), NO_TRUST, rules.join([*given_rules, more])))
    assert all(one <= other for one, other in zip(before, after, strict=True))


@given(proposals, st.lists(answered, max_size=5), st.randoms())
def test_the_order_of_rules_does_not_matter(proposal: Proposal, given_rules: list, dice: random.Random) -> None:
    shuffled = dice.sample(given_rules, len(given_rules))
    one, other = (combine(assess(proposal), NO_TRUST, rules.join(some)) for some in (given_rules, shuffled))
    assert strictness(one) == strictness(other)


@given(proposals, answered)
def test_a_rule_that_fails_makes_the_action_critical(proposal: Proposal, asked: tuple[Rule, Answer]) -> None:
    rule, _answer = asked
    ruling = combine(assess(proposal), NO_TRUST, rules.join([(rule, Answer(False, "it failed"))]))
    assert ruling.level == "critical" and ruling.outcome not in ("auto", "review_after")


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"name": ""}, "name", "name of at most"),
        ({"name": "two\nlines"}, "name", "on one line"),
        ({"when": "recipients >"}, "when", "Line 1, column 13"),
        ({"when": None}, "when", "condition is missing"),
        ({"tier": "boss"}, "tier", "“boss” is none of low, medium, high, critical"),
        ({"tier": ["high"]}, "tier", "is none of"),
        ({"outcome": "auto"}, "outcome", "is none of"),
        ({"at_zero": "approve"}, "at_zero", "is none of hand_up, expire"),
        ({"deadline_minutes": -1}, "deadline_minutes", "whole number from 1"),
        ({"deadline_minutes": True}, "deadline_minutes", "whole number"),
        ({"hold_seconds": 1.5}, "hold_seconds", "whole number"),
        ({"seats": 2}, "seats", "there is no field “seats”"),
    ],
)
def test_what_is_refused_names_the_rule_and_the_field(change: dict[str, object], field: str, said: str) -> None:
    with pytest.raises(Faulty) as refused:
        rules.read([FINE | {"name": "First"}, FINE | change])
    assert [(at, name) for at, name, _text in refused.value.faults] == [(1, field)]
    assert said in str(refused.value) and "Rule 2" in str(refused.value)


@pytest.mark.parametrize(
    "rows", [None, "x", {"a": 1}, [3], [FINE] * 201, [FINE, FINE], [{"name": "a", "when": "true"}]]
)
def test_what_is_no_list_of_rules_is_refused(rows: object) -> None:
    with pytest.raises(Faulty):
        rules.read(rows)


def test_what_is_read_is_written_the_same() -> None:
    assert [rule.data() for rule in rules.read([FINE])] == [FINE]


@pytest.mark.parametrize(
    ("after", "looser"),
    [
        ([FINE, {"name": "More", "when": "true", "outcome": "approve"}], False),
        ([FINE | {"outcome": "approve"}], False),
        ([], True),
        ([FINE | {"name": "Other"}], True),
        ([FINE | {"when": "recipients > 600"}], True),
        ([FINE | {"tier": "low"}], True),
        ([FINE | {"tier": "critical"}], True),
        ([FINE | {"deadline_minutes": 30}], True),
    ],
)
def test_only_adding_a_rule_and_raising_an_outcome_is_stricter(after: list, looser: bool) -> None:
    assert rules.looser(rules.read([FINE]), rules.read(after)) is looser


def test_lowering_an_outcome_is_looser() -> None:
    block, ask = (rules.read([FINE | {"outcome": outcome}]) for outcome in ("block", "approve"))
    assert rules.looser(block, ask) and not rules.looser(ask, block)
