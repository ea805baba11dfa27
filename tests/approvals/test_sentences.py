import pytest

from approvals import rules, sentences
from approvals.conditions import checked


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("true", "anything is proposed"),
        ('tool == "email.send_campaign" && recipients > 500', "tool is email.send_campaign and recipients over 500"),
        ("outside && !reversible", "leaves the company and not: can be undone"),
        ("confidence != null && confidence < 0.7", "stated confidence under 0.7"),
        ('agent == "a" || rows > 3', "[agent == \"a\" || rows > 3]"),
        ('(agent == "a" || rows > 3) && outside', "[(agent == \"a\" || rows > 3)] and leaves the company"),
        ('arguments.to == "x"', "[arguments.to == \"x\"]"),
        ("rows >", "[rows >]"),
        ('"medical" in domains', "high-stakes domains contains medical"),
    ],
)  # fmt: skip
def test_a_condition_in_words(when: str, said: str) -> None:
    assert " and ".join(f"[{part.text}]" if part.code else part.text for part in sentences.when(when)) == said


def test_what_a_rule_asks_for_in_words() -> None:
    row = {"name": "A", "when": "true", "outcome": "approve", "floor": "high", "tier": "critical",
           "deadline_minutes": 15, "at_zero": "hand_up", "hold_seconds": 30}  # fmt: skip
    assert sentences.then(rules.read([row])[0]) == [
        "ask for approval", "rate it “High risk” or higher", "ask the people of the tier “Critical”", "within 15 min",
        "then goes up one tier", "hold it 30 s before it runs",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "operator", "value", "cel"),
    [
        ("tool", "==", 'a"b', 'tool == "a\\"b"'),
        ("tool", "startsWith", "mail.", 'tool.startsWith("mail.")'),
        ("amount", ">=", "12.5", "amount >= 12.5"),
        ("outside", "!=", "", "!outside"),
        ("domains", "contains", "medical", '"medical" in domains'),
        ("confidence", "<", "0.7", "confidence != null && confidence < 0.7"),
    ],
)
def test_a_comparison_of_fields_is_a_condition(word: str, operator: str, value: str, cel: str) -> None:
    assert sentences.clause(word, operator, value) == cel
    checked(cel)


@pytest.mark.parametrize(
    ("word", "operator", "value"),
    [("nope", "==", "a"), ("arguments", "==", "a"), ("tool", ">", "a"), ("rows", ">", "x"), ("rows", "contains", "1"), ("rows", ">", "nan"), ("amount", ">", "1.240"), ("rows", "; drop", "1")],
)  # fmt: skip
def test_a_comparison_that_means_nothing_is_refused(word: str, operator: str, value: str) -> None:
    with pytest.raises(ValueError):
        sentences.clause(word, operator, value)
