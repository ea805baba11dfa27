"""Whatever is added, nothing ever gets milder, and trust spares only what it may."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from approvals import policy
from approvals.policy import AUTO, OUTCOMES, REVIEW_AFTER, Trust, route
from approvals.risk import LEVELS, LOW, MEDIUM, Proposal, assess
from approvals.rules import Demand, Rule
from approvals.vocabulary import Subject

ALONE = (AUTO, REVIEW_AFTER)
DANGERS = ("affects_others", "spends_money", "sensitive", "outside", "draft")
FINDING = st.fixed_dictionaries({
    "kind": st.sampled_from(["address", "link", "account", "command", "value"]),
    "strength": st.sampled_from(["found", "told", "nowhere"]),
    "value": st.just("x"), "place": st.just("to"), "source": st.just("web.read"),
})  # fmt: skip
NEW = st.fixed_dictionaries(
    {"kind": st.sampled_from(["tool", "recipient", "account", "amount"]), "value": st.just("x")}
)
CONFLICT = st.fixed_dictionaries({"kind": st.sampled_from(["plan", "sources", "repeated", "rejected"])})
COUNTS = st.fixed_dictionaries({name: st.integers(0, 10**7) for name in ("recipients", "amount_minor", "rows")})
SIZE = st.sampled_from([0, 1, 30, 9_000, 200_000, 10**7])


def few(of: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(of, max_size=2)


PROPOSALS = st.builds(
    Proposal,
    tool=st.sampled_from(["mail.send", "files.read"]),
    known=st.sampled_from([True, True, True, False]),
    declared=st.booleans(),
    effect=st.dictionaries(st.sampled_from([*DANGERS, "read_only", "reversible", "reversible"]), st.booleans()),
    recipients=SIZE,
    amount_minor=SIZE,
    currency=st.just("EUR"),
    rows=SIZE,
    confidence=st.sampled_from([None, 0.3, 0.8, 0.96]),
    problems=few(st.just("to is missing")),
    guess=st.sampled_from([{}, {"why": "name %(word)s", "word": "get"}]),
    hour=COUNTS,
    day=COUNTS,
    largest_minor=SIZE,
    amounts_before=st.sampled_from([0, 5]),
    new=few(NEW),
    findings=few(FINDING),
    exposed=st.sampled_from(["", "", "web.read"]),
    conflicts=few(CONFLICT),
    failed_before=st.integers(0, 4),
    secrets=few(st.just("password")),
    fields=few(st.sampled_from(["medical", "legal", "financial"])),
)
TRUSTS = st.builds(
    Trust, score=st.floats(-0.5, 1.0), clean=st.integers(0, 50), wrong=st.integers(0, 5), bound=st.floats(0, 1)
)
RULES = st.lists(
    st.builds(
        Rule,
        name=st.just("r"),
        when=st.sampled_from(["true", 'tool == "mail.send"', "recipients > 20", "confidence < 0.5", 'arguments.gone == "x"']),
        demand=st.builds(
            Demand, outcome=st.sampled_from(["", *OUTCOMES]), floor=st.sampled_from(["", *LEVELS]),
            tier=st.sampled_from(["", *LEVELS]),
        ),
    ),
    max_size=4,
)  # fmt: skip


def judged(proposal: Proposal, trust: Trust, rules: list[Rule]) -> policy.Ruling:
    return route(assess(proposal), trust, rules, Subject("a"))


def at_least(strict: policy.Ruling, mild: policy.Ruling) -> bool:
    return (
        policy.stricter(OUTCOMES, strict.outcome, mild.outcome) == strict.outcome
        and policy.stricter(LEVELS, strict.level, mild.level) == strict.level
        and policy.stricter(LEVELS, strict.tier, mild.tier) == strict.tier
    )


ADDED = st.one_of(
    st.sampled_from(DANGERS).map(lambda flag: lambda one: replace(one, effect={**one.effect, flag: True})),
    st.sampled_from(["read_only", "reversible"]).map(
        lambda flag: lambda one: replace(one, effect={**one.effect, flag: False})
    ),
    NEW.map(lambda new: lambda one: replace(one, new=[*one.new, new])),
    FINDING.map(lambda finding: lambda one: replace(one, findings=[*one.findings, finding])),
    CONFLICT.map(lambda conflict: lambda one: replace(one, conflicts=[*one.conflicts, conflict])),
    st.just(lambda one: replace(one, exposed=one.exposed or "web.read")),
    st.just(lambda one: replace(one, problems=[*one.problems, "broken"])),
    st.just(lambda one: replace(one, secrets=[*one.secrets, "password"])),
    st.just(lambda one: replace(one, fields=[*one.fields, "legal"])),
    st.just(lambda one: replace(one, known=False)),
    st.just(lambda one: replace(one, declared=False, guess={})),
    st.just(lambda one: replace(one, confidence=None if one.confidence == 0.96 else one.confidence)),
    st.just(lambda one: replace(one, failed_before=one.failed_before + 1, unsaid=1.0, unconfirmed=True, doubts=5)),
    st.just(
        lambda one: replace(one, recipients=one.recipients * 2, rows=one.rows * 2, amount_minor=one.amount_minor * 2)
    ),
    COUNTS.map(lambda more: lambda one: replace(one, hour={name: one.hour[name] + more[name] for name in more})),
)


@given(PROPOSALS, TRUSTS, RULES, ADDED)
def test_nothing_that_is_added_makes_an_action_milder(
    proposal: Proposal, trust: Trust, rules: list[Rule], added: Any
) -> None:
    assert at_least(judged(added(proposal), trust, rules), judged(proposal, trust, rules))


@given(PROPOSALS, TRUSTS, RULES, RULES)
def test_another_rule_never_makes_an_action_milder(
    proposal: Proposal, trust: Trust, rules: list[Rule], more: list[Rule]
) -> None:
    assert at_least(judged(proposal, trust, [*rules, *more]), judged(proposal, trust, rules))


@given(PROPOSALS, TRUSTS, RULES.flatmap(lambda rules: st.tuples(st.just(rules), st.permutations(rules))))
def test_the_order_of_rules_does_not_matter(proposal: Proposal, trust: Trust, orders: Any) -> None:
    one, other = (judged(proposal, trust, list(order)) for order in orders)
    assert (one.level, one.outcome) == (other.level, other.outcome)


@given(PROPOSALS, TRUSTS)
def test_what_trust_spares_is_undoable_medium_known_and_proven(proposal: Proposal, trust: Trust) -> None:
    assessment = assess(proposal)
    untrusted = judged(proposal, policy.NO_TRUST, []).outcome
    if judged(proposal, trust, []).outcome in ALONE and untrusted not in ALONE:
        assert assessment.level == MEDIUM
        assert proposal.effect.get("reversible") or proposal.effect.get("read_only")
        assert not any(proposal.effect.get(flag) for flag in ("affects_others", "spends_money"))
        assert not (proposal.fields or proposal.findings or proposal.exposed or proposal.conflicts or proposal.problems)
        assert not {"recipient", "account", "amount"} & {one["kind"] for one in proposal.new}
        assert trust.bound < trust.limit
        assert assessment.score / (1 + trust.score) <= 0.5


@given(PROPOSALS, TRUSTS)
def test_less_trust_never_makes_an_action_milder(proposal: Proposal, trust: Trust) -> None:
    lost = replace(trust, score=-0.5, bound=1.0)
    assert at_least(judged(proposal, lost, []), judged(proposal, trust, []))


def test_lost_trust_brings_low_actions_back_to_a_person() -> None:
    draft = Proposal("calendar.create", known=True, declared=True, effect={"reversible": True})
    outcomes = [judged(draft, Trust(score=score), []) for score in (0.0, -0.3, -0.5)]
    assert [(one.level, one.outcome) for one in outcomes] == [(LOW, "auto"), (LOW, "auto"), (LOW, "approve")]


def test_evidence_spares_medium_and_says_so() -> None:
    careful = Proposal(
        "crm.tag", known=True, declared=True, effect={"reversible": True, "sensitive": True, "outside": True}
    )
    assert judged(careful, Trust(1.0, clean=13, bound=0.21), []).outcome == "approve"
    spared = judged(careful, Trust(1.0, clean=14, bound=0.19), [])
    assert (spared.outcome, spared.reasons[-1].values) == ("auto", {"clean": 14})
