from typing import Any

import pytest

from approvals import policy, risk
from approvals.risk import Proposal, assess
from approvals.vocabulary import Subject

MAIL = {"affects_others": True, "outside": True}
MONEY = {"affects_others": True, "spends_money": True}


REVERSIBLE = {"reversible": True}


def finding(kind: str, strength: str) -> dict[str, str]:
    return {"kind": kind, "strength": strength, "value": "x", "place": "to", "source": "web.read"}


def guessed(effect: dict[str, bool], **more: object) -> Proposal:
    why = {"why": "guessed from %(word)s", "word": "get"}
    return Proposal("tool", known=True, effect=effect, guess=why, **more)  # type: ignore[arg-type]


def a(effect: dict[str, bool], **more: object) -> Proposal:
    return Proposal("tool", known=True, declared=True, effect=effect, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("proposal", "level", "outcome"),
    [
        (a({"read_only": True}), "low", "auto"),
        (a({"read_only": True}, confidence=0.2), "low", "auto"),
        (a({"reversible": True}), "low", "auto"),
        (a({"reversible": True}, confidence=0.6), "low", "input"),
        (a({"reversible": True, "draft": True}), "low", "review_after"),
        (a({"reversible": True, "sensitive": True, "outside": True}), "medium", "approve"),
        (a({"reversible": True, "sensitive": True, "outside": True}, confidence=0.96), "medium", "auto"),
        (a({"reversible": True, "affects_others": True}, confidence=0.99), "low", "approve"),
        (a({"affects_others": True}, recipients=12), "low", "approve"),
        (a(MAIL, recipients=1), "medium", "approve"),
        (a(MAIL, recipients=2_451), "high", "approve"),
        (a(MAIL, recipients=20_000), "critical", "approve"),
        (a(MONEY, amount_minor=5_400, currency="EUR"), "medium", "approve"),
        (a(MONEY, amount_minor=124_000, currency="EUR"), "high", "approve"),
        (a(MONEY, amount_minor=2_000_000, currency="EUR"), "critical", "approve"),
        (a({}, rows=312), "medium", "approve"),
        (a(MAIL, confidence=0.4), "high", "input"),
        (a(MAIL, problems=["to is missing"]), "medium", "block"),
        (guessed({"read_only": True}), "low", "auto"),
        (guessed({"read_only": True}, new=[{"kind": "tool"}]), "low", "auto"),
        (guessed({"reversible": True}), "low", "auto"),
        (guessed({"reversible": True}, new=[{"kind": "tool"}]), "low", "approve"),
        (guessed({"affects_others": True}), "medium", "approve"),
        (Proposal("send_money", known=True), "high", "approve"),
        (Proposal("get_user", known=True, effect={"read_only": True}), "high", "approve"),
        (a(REVERSIBLE, findings=[finding("address", "found")]), "low", "approve"),
        (a(REVERSIBLE, findings=[finding("value", "told")]), "medium", "approve"),
        (a(REVERSIBLE, exposed="web.read"), "low", "approve"),
        (a({"read_only": True}, exposed="web.read"), "low", "auto"),
        (a({"read_only": True, "outside": True}, findings=[finding("link", "found")]), "low", "auto"),
        (a({"read_only": True, "outside": True}, findings=[finding("link", "told")]), "low", "approve"),
        (
            a({"read_only": True, "outside": True}, exposed="web.read", findings=[finding("link", "found")]),
            "low",
            "approve",
        ),
        (a({"read_only": True}, findings=[finding("command", "told")]), "low", "approve"),
        (a({"read_only": True, "outside": True}, secrets=["password"]), "low", "approve"),
        (a(REVERSIBLE, conflicts=[{"kind": "plan", "said": "1", "does": "2"}]), "low", "input"),
        (a(REVERSIBLE, conflicts=[{"kind": "rejected"}]), "low", "input"),
        (a(REVERSIBLE, fields=["medical"]), "low", "approve"),
        (a(REVERSIBLE, new=[{"kind": "tool"}]), "low", "auto"),
        (a(REVERSIBLE, new=[{"kind": "account", "value": "DE1"}]), "low", "approve"),
        (a(MONEY, amount_minor=9_000, hour={"amount_minor": 95_000}), "high", "approve"),
        (a(MONEY, amount_minor=90_000, largest_minor=8_000, amounts_before=5), "high", "input"),
        (a(MONEY, amount_minor=90_000, largest_minor=8_000, amounts_before=4), "medium", "approve"),
        (Proposal("anything", known=False), "critical", "approve"),
    ],
)
def test_stakes_and_who_is_asked(proposal: Proposal, level: str, outcome: str) -> None:
    assessment = assess(proposal)
    assert (assessment.level, policy.route(assessment, policy.NO_TRUST, (), Subject("a")).outcome) == (level, outcome)


@pytest.mark.parametrize("name", ["recipients", "amount_minor", "rows"])
def test_many_small_ones_weigh_like_a_large_one(name: str) -> None:
    one = assess(a(MONEY, **{name: 900})).score
    assert assess(a(MONEY, **{name: 900}, hour={name: 99_100})).score == assess(a(MONEY, **{name: 100_000})).score > one
    assert assess(a(MONEY, **{name: 900}, day={name: 4 * 99_100})).score == assess(a(MONEY, **{name: 100_000})).score


def test_what_an_agent_did_before_weighs_nothing_where_this_call_does_none_of_it() -> None:
    assert assess(a(MAIL, hour={"amount_minor": 10**9})).score == assess(a(MAIL)).score


def test_a_sum_is_told_as_a_sum_and_an_action_by_its_own_size() -> None:
    def told(**sizes: Any) -> list[dict[str, Any]]:
        return [reason.values for reason in assess(a(MAIL, **sizes)).reasons if reason.values]

    assert told(recipients=2_451, hour={"recipients": 2_451}) == [{"count": 2_451}], "large by itself"
    assert told(recipients=300, hour={"recipients": 300}) == [{"count": 600}], (
        "large only with what it asked for before"
    )


def test_an_origin_is_told_with_its_value_and_its_tool() -> None:
    reasons = assess(a(MAIL, findings=[finding("address", "told")])).reasons
    assert "A result of web.read asks for something to be sent to x; no person did" in [
        r.text % r.values for r in reasons
    ]


def test_a_guess_is_marked_as_one() -> None:
    assert assess(guessed({"read_only": True})).reasons[1].text.startswith("guessed from")


def test_talk_orders_what_is_asked_and_decides_nothing() -> None:
    calm, doubtful = assess(a(MONEY)), assess(a(MONEY, unsaid=0.5, unconfirmed=True, doubts=3))
    assert doubtful.score > calm.score
    assert {policy.route(one, policy.NO_TRUST, (), Subject("a")).outcome for one in (calm, doubtful)} == {"approve"}


def test_every_point_has_a_sentence() -> None:
    reasons = assess(a(MAIL, recipients=2_451, confidence=0.5)).reasons
    assert [reason.text % reason.values for reason in reasons] == [
        "Cannot be undone", "Affects other people", "Leaves the company", "Reaches 2451 people", "The agent itself is only 50% sure",
    ]  # fmt: skip


def test_confidence_never_lowers_the_stakes() -> None:
    for effect in (MAIL, MONEY, {"reversible": True}):
        unstated = assess(a(effect)).score
        assert all(assess(a(effect, confidence=c)).score >= unstated for c in (0.0, 0.5, 0.7, 0.99))


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (0.0, "low"),
        (0.5, "low"),
        (0.51, "medium"),
        (0.7, "medium"),
        (0.9, "high"),
        (0.91, "critical"),
        (1.0, "critical"),
    ],
)
def test_a_score_has_one_level(score: float, level: str) -> None:
    assert risk.level_of(score) == level
