import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals import conditions
from approvals.conditions import Wrong
from approvals.risk import Proposal, assess
from approvals.vocabulary import WORDS, Subject, words

FACTS = words(
    assess(Proposal("mail.send", known=True, declared=True, effect={"outside": True}, recipients=700, amount_minor=1_250, currency="EUR", hour={"recipients": 50}, fields=["legal"], new=[{"kind": "recipient", "value": "a"}], trust={"score": 0.3})),
    Subject("outreach", {"to": "anna@example.com", "list": ["a", "b"], "note": "x" * 3_000}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('tool == "mail.send"', True),
        ('tool.startsWith("mail.") && recipients > 500', True),
        ("outside && !reversible", True),
        ('agent in ["outreach", "support"]', True),
        ('amount == 12.5 && currency == "EUR"', True),
        ('arguments.to.endsWith("@example.com")', True),
        ('arguments["list"].exists(entry, entry == "b")', True),
        ("size(arguments.list) > 2 || arguments.list.all(entry, entry == 'a')", False),
        ("confidence == null", True),
        ("recipients_hour == 750 && recipients_day == 700 && amount_day == 12.5", True),
        ('"legal" in domains && "recipient" in new && size(conflicts) == 0 && trust > 0.2', True),
        ("has(arguments.cc) && arguments.cc == 'x'", False),
        (r'tool.matches("^mail\\.")', True),
        ("level == 'low' // a remark\n|| rows > 3", False),
    ],
)
def test_what_a_condition_says(text: str, holds: bool) -> None:
    condition, _notes = conditions.checked(text)
    answer = condition.ask(FACTS)
    assert (answer.holds, answer.problem) == (holds, "")


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("", 1, 1, "missing"),
        ("tool ==", 1, 8, "ends too soon"),
        ("rows > 1 &&\n  >", 2, 3, "“>” does not fit here"),
        ("(rows > 1", 1, 10, "“)” is missing"),
        ("rows > 1)", 1, 9, "Nothing opens this “)”"),
        ("rows = 1", 1, 6, "Write == to compare"),
        ("rows == 1 and known", 1, 11, "Write && for and"),
        ("tool == 'mail", 1, 9, "does not end"),
        ("tool == “mail”", 1, 9, "straight quotes"),
        ("tool == '\\q'", 1, 9, "backslash"),
        ("rows > 99999999999999999999", 1, 8, "too large"),
        ("has(arguments)", 1, 5, "has(arguments.name)"),
        ("x" * 500 + " > 1", 1, 1, "x" * 49 + "…”. There are tool"),
        ("tool." + "x" * 500 + "()", 1, 6, "x" * 49 + "…”. There are size"),
        ("rows / 0 > 1", 1, 1, "it divides by zero"),
        ("true &&\n  rows % 0 == 1", 2, 3, "it divides by zero"),
        ("true && [1][5] == 1", 1, 9, "no entry at that place"),
        ("9223372036854775807 + 1 > 1", 1, 1, "too large"),
        ("tool.matches('[')", 1, 1, "“matches” cannot work with what it is given"),
        ("tool.startsWith(1)", 1, 1, "“startsWith” cannot work with what it is given"),
        ("rows > 1 ||\n  row > 1", 2, 3, "Nothing is called “row”"),
        ("true || now() > 1", 1, 9, "There is no function “now”"),
        ("arguments.a.map(x, x) == []", 1, 13, "There is no function “map”"),
        ("size(arguments.a.filter(x, x == 1)) > 1", 1, 18, "There is no function “filter”"),
        ("arguments.a.exists(x, arguments.b.exists(y, x == y))", 1, 20, "do not nest"),
        ("arguments.a.exists(x, x.matches('a'))", 1, 20, "costs too much"),
        ("arguments.a.exists(tool, tool == 'a')", 1, 20, "a word of its own"),
        ("x == 1 || [1].exists(x, x == 1)", 1, 1, "Nothing is called “x”"),
        ("tool.matches(agent)", 1, 6, "one plain text"),
        ("tool.matches('" + "a" * 300 + "')", 1, 6, "one plain text"),
        ("(" * 13 + "true" + ")" * 13, 1, 1, "nests deeper"),
        ("!" * 40 + "true", 1, 1, "nests deeper"),
        ("(" * 900 + "true" + ")" * 900, 1, 1, "nests deeper"),
        ("true || " * 400 + "true", 1, 1, "at most 2000 characters"),
        ("rows\u200b > 1", 1, 5, "cannot be seen"),
        ("rows\x00 > 1", 1, 5, "cannot be seen"),
        ("rows + 1", 1, 1, "yes or no"),
        ("tool > 3", 1, 1, "different kinds"),
        (r"tool.matches('(\\w{100}){100}')", 1, 1, "too much time"),
    ],
)
def test_what_is_refused_and_where(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(Wrong, match="Line") as refused:
        conditions.checked(text)
    assert said in refused.value.text
    assert (refused.value.line, refused.value.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("confidence < 0.5", "different kinds"),
        ("arguments.cc == 'x'", "the action has no “cc”"),
        ("arguments.note == 'x'", "more than 2000 characters"),
        ("arguments.exists(key, key == 'note')", "more than 2000 characters"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_and_no_exception(text: str, problem: str) -> None:
    answer = conditions.compiled(text).ask(FACTS)
    assert not answer.holds and problem in answer.problem


def test_an_author_hears_what_an_absent_value_does() -> None:
    assert "no confidence" in conditions.checked("confidence < 0.5")[1][0]
    assert "lacks the argument" in conditions.checked("arguments.to == 'a'")[1][0]
    assert conditions.checked("confidence != null && confidence < 0.5")[1] == ()


def test_an_answer_that_took_too_long_says_so() -> None:
    ticks = iter((0.0, 0.0501))
    answer = conditions.compiled("true").ask(FACTS, clock=lambda: next(ticks))
    assert answer.holds and "50 ms" in answer.problem


@given(st.text(alphabet=st.sampled_from("()[]{}!-.?:\"'&|=<> \n\\0a1") | st.characters(), max_size=80))
def test_whatever_is_typed_is_taken_or_refused_with_a_place(text: str) -> None:
    try:
        condition, _notes = conditions.checked(text)
    except Wrong as refused:
        assert refused.line >= 1 and refused.column >= 1
    else:
        assert condition.names <= set(WORDS)
