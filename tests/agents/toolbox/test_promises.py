"""What every tool of the office keeps, whatever it does."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agents import payloads, tools
from agents.models import Tool as Row
from agents.toolbox.models import Account, Effect
from agents.tools import Impact, OutcomeUnknown, Repeatability, Tool
from approvals import risk
from tests.agents.toolbox.conftest import EXAMPLES, Caller, arguments

TOOLS = {tool.name: tool for tool in tools.built_in() if not tool.name.startswith("test.")}
WRITES = [name for name, tool in TOOLS.items() if not tool.effect.read_only]
REPEATABLE = [name for name in WRITES if TOOLS[name].repeatability == Repeatability.IDEMPOTENT]


def members(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A schema and every schema in it."""
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return [schema, *(found for member in inner for found in members(member))]


def test_every_tool_has_an_example() -> None:
    assert set(EXAMPLES) == set(TOOLS) and len(TOOLS) >= 14


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS.keys())
def test_a_schema_is_closed_bounded_and_speaks_to_people(tool: Tool) -> None:
    Draft202012Validator.check_schema(tool.schema)
    for part in members(tool.schema):
        assert part is tool.schema or part["title"]
        if part["type"] == "object":
            assert part["additionalProperties"] is False
        if part["type"] == "string":
            assert "maxLength" in part or "enum" in part or part["format"] == "date"
        if part["type"] == "array":
            assert part["maxItems"]
        if part["type"] == "integer":
            assert "minimum" in part and part["maximum"] <= payloads.LIMITS.number


@pytest.mark.parametrize("name", TOOLS)
def test_the_example_fits_and_one_thing_too_many_does_not(office: Path, name: str) -> None:
    assert payloads.fits(TOOLS[name].schema, arguments(name)) == []
    assert payloads.fits(TOOLS[name].schema, {**arguments(name), "bcc": "x"})


@pytest.mark.parametrize("name", TOOLS)
def test_a_preview_says_what_happens_and_changes_nothing(office: Path, name: str) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in office.rglob("*"))
    balances = list(Account.objects.values_list("balance_minor", flat=True))
    shown = TOOLS[name].preview(arguments(name))
    assert all((shown.title, shown.effect, shown.target, shown.verb))
    assert shown.undo or TOOLS[name].effect.read_only
    assert all(isinstance(word, str) for pair in shown.facts for word in pair)
    assert TOOLS[name].impact(arguments(name)) == TOOLS[name].impact(arguments(name))
    assert not Effect.objects.exists()
    assert sorted((path, path.stat().st_mtime_ns) for path in office.rglob("*")) == before
    assert list(Account.objects.values_list("balance_minor", flat=True)) == balances


@pytest.mark.parametrize("name", TOOLS)
def test_one_call_leaves_one_effect_and_a_read_leaves_none(call: Caller, name: str) -> None:
    try:
        result = call(name, action_id=42)
    except OutcomeUnknown:
        assert name == "payments.wire"
    else:
        assert payloads.check(result) == result
    effects = list(Effect.objects.values_list("action_id", "version", "key", "tool"))
    assert effects == ([(42, 1, "42:1", name)] if name in WRITES else [])
    assert all(0 <= percent <= 100 for percent, _note in call.progress)


@pytest.mark.parametrize("name", REPEATABLE)
def test_a_repeatable_tool_honours_its_key(call: Caller, name: str) -> None:
    first, again = call(name), call(name)
    assert (again["effect"], again["repeated"]) == (first["effect"], True)
    assert Effect.objects.count() == 1
    call(name, action_id=8)
    assert Effect.objects.count() == 2


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_is_probeable_exactly_where_it_has_a_probe(name: str) -> None:
    assert bool(TOOLS[name].probe) == (TOOLS[name].repeatability == Repeatability.PROBEABLE)


@pytest.mark.parametrize("name", [name for name in TOOLS if TOOLS[name].probe])
def test_a_probe_finds_its_own_call_and_changes_nothing(call: Caller, name: str) -> None:
    def looked(action_id: int) -> tuple[bool, bool]:
        asked = tools.Call(f"{action_id}:1", action_id, 1, lambda _percent, _note="": None)
        found = tools.probe(name, arguments(name), asked)
        assert found and found.evidence
        return found.happened, bool(found.result)

    assert looked(7) == (False, False)
    call(name, action_id=7)
    assert (looked(7), looked(8)) == ((True, True), (False, False))
    assert Effect.objects.count() == 1


@pytest.mark.parametrize("name", sorted(set(WRITES) - set(REPEATABLE) - {"payments.pay_invoice", "payments.wire"}))
def test_a_double_run_of_any_other_tool_can_be_seen(call: Caller, name: str) -> None:
    call(name)
    call(name)
    assert Effect.objects.filter(key="7:1").count() == 2


@pytest.mark.parametrize("name", TOOLS)
def test_hostile_words_break_no_preview(office: Path, name: str) -> None:
    """Every text that its schema lets through, as an agent that wants to break the card would write it."""
    nasty = "”\u202e<script>{{ x }}</script>%(count)s %s " + "🙂" * 20
    loud = {key: nasty[:60] if isinstance(value, str) else value for key, value in arguments(name).items()}
    shown = tools.preview(Row(name=name), name, loud)
    assert shown.title and shown.effect


@pytest.mark.parametrize("name", [name for name in TOOLS if {"text", "body"} & set(TOOLS[name].schema["properties"])])
def test_a_preview_shows_a_text_to_its_last_word(office: Path, name: str) -> None:
    field = next(field for field in ("text", "body") if field in TOOLS[name].schema["properties"])
    text = "x" * (TOOLS[name].schema["properties"][field]["maxLength"] - 4) + " end"
    assert tools.preview(Row(name=name), name, {**arguments(name), field: text}).body == text


@pytest.mark.parametrize("name", TOOLS)
def test_arguments_that_do_not_fit_still_have_a_preview(office: Path, name: str) -> None:
    for broken in ({"to": 7}, {"paths": "x"}, {"segment": None}, {"amount_minor": "1"}, {"place": []}, None):
        given = {} if broken is None else {**arguments(name), **broken}
        shown = tools.preview(Row(name=name), name, given)
        assert shown.title and shown.effect


@pytest.mark.parametrize(
    ("name", "impact"),
    [
        ("email.send", Impact(recipients=1)),
        ("email.send_campaign", Impact(recipients=2_451)),
        ("calendar.create", Impact(recipients=2)),
        ("chat.post", Impact(recipients=12)),
        ("files.delete", Impact(rows=2)),
        ("crm.export", Impact(rows=24)),
        ("payments.refund", Impact(recipients=1, amount_minor=124_000, currency="EUR")),
        ("payments.pay_invoice", Impact(recipients=1, amount_minor=124_000, currency="EUR")),
        ("deploy.release", Impact(rows=14)),
        ("files.read", Impact()),
    ],
)
def test_the_server_counts_the_impact(office: Path, name: str, impact: Impact) -> None:
    assert TOOLS[name].impact(arguments(name)) == impact


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("email.draft", "low"), ("files.archive", "low"), ("web.search", "low"), ("payments.balance", "low"),
        ("email.send", "medium"), ("email.send_campaign", "high"), ("payments.refund", "high"),
    ],
)  # fmt: skip
def test_what_is_at_stake_follows_from_the_promises(office: Path, name: str, level: str) -> None:
    tool, impact = TOOLS[name], TOOLS[name].impact(arguments(name))
    effect = {flag: getattr(tool.effect, flag) for flag in tool.effect.__dataclass_fields__}
    proposal = risk.Proposal(
        name, True, True, effect, impact.recipients, impact.amount_minor, impact.currency, impact.rows
    )
    assert risk.assess(proposal).level == level
