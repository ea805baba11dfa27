"""The registry: what its rows say, what may run, and how calls of strangers are told."""

from dataclasses import replace

import pytest
from django.utils import translation

from agents import tools
from agents.amounts import money
from agents.models import Tool as Row
from agents.tools import Call, Effect, Repeatability, ToolFailed

CALL = Call("1:1", 1, 1, lambda _percent, _note="": None)


@pytest.fixture
def rows(db: None) -> dict[str, Row]:
    tools.sync()
    return {row.name: row for row in Row.objects.all()}


def test_a_row_says_what_the_code_declares(rows: dict[str, Row]) -> None:
    row, tool = rows["payments.refund"], tools.find("payments.refund")
    assert tool and row.schema == tool.schema
    assert (row.declared, row.source, row.repeatability) == (True, "built_in", "idempotent")
    assert row.effect["spends_money"] and not row.effect["reversible"]
    assert row.hints == {
        "readOnlyHint": False,
        "destructiveHint": True,
        "openWorldHint": False,
        "idempotentHint": True,
    }


def test_writing_the_rows_again_changes_none_and_switches_none_on(rows: dict[str, Row]) -> None:
    Row.objects.filter(name="email.send").update(enabled=False)
    tools.sync()
    assert Row.objects.count() == len(rows)
    assert not Row.objects.get(name="email.send").enabled
    assert Row.objects.get(name="chat.post").version == rows["chat.post"].version


@pytest.mark.parametrize(
    "change",
    [
        {"schema": {"type": "object"}},
        {"effect": Effect(read_only=True)},
        {"repeatability": Repeatability.IDEMPOTENT},
        {"version": "2"},
    ],
)
def test_nobody_changes_a_promise_without_its_version(
    rows: dict[str, Row], monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    changed = [replace(tool, **change) if tool.name == "chat.post" else tool for tool in tools.built_in()]
    monkeypatch.setattr(tools, "built_in", lambda: changed)
    tools.sync()
    assert Row.objects.get(name="chat.post").version != rows["chat.post"].version
    assert Row.objects.get(name="email.send").version == rows["email.send"].version


def test_what_nothing_here_can_carry_out_does_not_run(rows: dict[str, Row]) -> None:
    gone = Row(name="gone.tool", version="1")
    assert tools.runs(rows["chat.post"]) and not tools.runs(gone)
    with pytest.raises(ToolFailed):
        tools.run("gone.tool", {}, CALL)


@pytest.mark.parametrize(
    ("amount", "currency", "language", "expected"),
    [
        (124_000, "EUR", "en", "€1,240.00"),
        (124_000, "EUR", "de", "1.240,00 €"),
        (124_000, "JPY", "en", "¥124,000"),
        (1, "EUR", "en-gb", "€0.01"),
        (2**53 - 1, "EUR", "en", "€90,071,992,547,409.91"),
        (-5_00, "USD", "en", "-$5.00"),
        (100, "EUR", "xx", "€1.00"),
        (100, "XXQ", "en", "XXQ1.00"),
    ],
)
def test_amounts_are_told_in_full(amount: int, currency: str, language: str, expected: str) -> None:
    assert money(amount, currency, language).replace("XXQ ", "XXQ") == expected


def test_amounts_follow_the_reader() -> None:
    with translation.override("de"):
        assert money(124_000, "EUR") == "1.240,00 €"


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        ({"body": "Congrats on a long month!", "to": "Alice"}, "shop/send: to Alice, body Congrats on a long month!"),
        ({"count": 3, "ids": [1, 2]}, "shop/send: count 3"),
        ({}, "shop/send"),
        ({"ids": ["x"]}, "shop/send"),
    ],
)
def test_a_recorded_call_is_told_by_its_name_and_shortest_arguments(arguments: dict[str, object], title: str) -> None:
    row = Row(name="shop/send", version="1", source=Row.Source.RECORDED, declared=False)
    shown = tools.preview(row, "shop/send", arguments)
    assert shown.title == title
    assert "nothing is called" in shown.effect and shown.target == "shop/send"


def test_an_unknown_tool_promises_nothing_and_its_title_ends() -> None:
    shown = tools.preview(None, "email.send", {"to": "x" * 500})
    assert len(shown.title) == tools.TITLE_LIMIT and shown.title.startswith("email.send: to xx")
    assert shown.undo == "Nothing is known about undoing it."


def test_a_recorded_row_with_the_name_of_a_built_in_tool_is_not_told_as_that(db: None) -> None:
    row = Row(name="email.send", version="1", source=Row.Source.RECORDED)
    assert tools.preview(row, "email.send", {"to": "a@b.example"}).kind == "generic"
    assert tools.impact(row, {"to": "a@b.example"}) == tools.Impact()
