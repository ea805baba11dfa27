"""What a person reads when arguments do not fit, and that no schema of a stranger can hang or crash the check."""

import time
from typing import Any

import pytest

from agents import payloads
from agents.payloads import Refused
from agents.schemas import normal_schema, problems, where

# Each definition asks the next one twice: two to the power of forty checks.
DOUBLING: dict[str, Any] = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)} | {"d40": False}


def table(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": ["n"], "additionalProperties": False}


@pytest.mark.parametrize(("schema", "value", "says"), [
    ({"type": "integer", "minimum": 1}, 0, "$.n: has to be 1 or more."),
    ({"type": "integer", "maximum": 5}, 6, "$.n: has to be 5 or less."),
    ({"type": "integer"}, "6", "$.n: has to be a whole number."),
    ({"type": ["string", "null"]}, 6, "$.n: has to be text or null."),
    ({"enum": ["EUR", "USD"]}, "GBP", "$.n: has to be one of: EUR, USD."),
    ({"multipleOf": 0.1}, 0.25, "$.n: has to be a multiple of 0.1."),
    ({"minLength": 2}, "a", "$.n: has to be at least 2 characters long."),
    ({"maxItems": 1}, [1, 2], "$.n: has room for at most 1 entries."),
    ({"uniqueItems": True}, [{"a": 1}, {"a": 1.0}], "$.n: holds the same entry twice."),
    ({"format": "email"}, "nobody", "$.n: is not a valid value of the kind “email”."),
    ({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "null"}]}, "ab",
     "$.n: has to be at most 1 characters long."),
    ({"type": "object", "properties": {"to": {"type": "array", "items": {"type": "string"}}}}, {"to": ["a", 1]},
     "$.n.to[1]: has to be text."),
])  # fmt: skip
def test_a_problem_says_where_and_what(schema: Any, value: Any, says: str) -> None:
    assert payloads.fits(table(n=schema), {"n": value}) == [says]


@pytest.mark.parametrize(("schema", "value"), [
    ({"multipleOf": 0.1}, 0.3), ({"type": "number"}, 3), ({"uniqueItems": True}, [1, True, "1"]), ({}, None),
    ({"format": "date-time"}, "2027-03-31T09:30:00+02:00"), ({"format": "unheard-of"}, "x"), ({"format": "email"}, 3),
    ({"pattern": "^[A-Z]{2}$"}, "DE"), ({"$ref": "#/properties/m"}, "x"),
])  # fmt: skip
def test_what_fits_has_no_problem(schema: Any, value: Any) -> None:
    assert payloads.fits(table(n=schema, m={"type": "string"}), {"n": value}) == []


def test_missing_and_unknown_arguments_are_named() -> None:
    found = problems(table(n={}), {"\u202ex": 1})
    assert {(p.path, p.rule) for p in found} == {(("\u202ex",), "additionalProperties"), (("n",), "required")}
    assert (
        str(next(p for p in found if p.rule == "additionalProperties"))
        == '$["\\u202ex"]: this tool knows no such argument.'
    )


@pytest.mark.parametrize(("pattern", "text"), [("^\\d+$", "12\n"), ("^\\d+$", "١٢"), ("^a[$]$", "a")])
def test_a_pattern_means_what_its_author_meant(pattern: str, text: str) -> None:
    """Python reads the first two otherwise: "$" before a last line break, and any digit of the world."""
    assert payloads.fits({"pattern": pattern}, text)


@pytest.mark.parametrize("schema", [
    None, [], 7, {"type": "Unheard"}, {"properties": 1}, {"$ref": "#"}, {"$ref": "#/nowhere"}, {"pattern": "("},
    {"$ref": "https://json-schema.org/draft/2020-12/schema"}, {"unevaluatedProperties": False}, {"enum": object()},
    {"pattern": "a" * 501}, {"pattern": "^(a+)+$"}, {"description": "x" * 300_000}, {"$ref": "http://127.0.0.1:9/x"},
    {"propertyNames": {"pattern": "^(a|a)*$"}, "type": "string"},
    {"$ref": "#/$defs/d0", "$defs": DOUBLING},
])  # fmt: skip
def test_a_broken_or_costly_schema_fits_nothing_and_ends_soon(schema: Any) -> None:
    began = time.thread_time()
    value = {"a" * 5_000 + "b": 1} if isinstance(schema, dict) and "propertyNames" in schema else "a" * 5_000 + "b"
    assert payloads.fits(schema, value)
    assert time.thread_time() - began < 5


@pytest.mark.parametrize(("schema", "arguments"), [
    (table(n={"type": "integer"}), {"n": 5.0}), (table(n={"type": "integer"}), {"n": 5.5}),
    (table(n={"type": "number", "x-unit": "minor"}), {"n": 0.5}),
    (table(n={"anyOf": [{"type": "int"}, {"type": "null"}]}), {"n": 1.5}),
    (table(n={"type": "array", "items": {"type": "integer"}}), {"n": [1, 2.0]}),
])  # fmt: skip
def test_a_fraction_is_no_count(schema: Any, arguments: Any) -> None:
    with pytest.raises(Refused, match="whole numbers"):
        payloads.check_types(schema, arguments)


@pytest.mark.parametrize("arguments", [{"n": 5}, {"n": "5.0"}, {"n": None}, {}, {"n": 5, "free": 1.5}])
def test_other_mistakes_are_not_about_counts(arguments: Any) -> None:
    payloads.check_types(table(n={"type": "integer"}), arguments)


def test_recorded_types_get_their_names_and_arguments_called_type_stay() -> None:
    recorded = {
        "type": "dict",
        "properties": {"type": {"type": "float"}, "dict": {"type": ["tuple", "null"], "items": {"type": "any"}}},
        "items": [{"type": "int"}],
    }
    assert normal_schema(recorded) == {
        "type": "object",
        "properties": {"type": {"type": "number"}, "dict": {"type": ["array", "null"], "items": {}}},
        "prefixItems": [{"type": "integer"}],
    }
    assert recorded["type"] == "dict"
    assert payloads.fits(recorded, {"type": 1.5, "dict": None}) == []


@pytest.mark.parametrize(("path", "shown"), [
    ((), "$"), (("to", 2, "e-mail"), "$.to[2].e-mail"), (("a b",), '$["a b"]'), (("",), '$[""]'),
    (("\u202e<b>",), '$["\\u202e<b>"]'), (("x" * 500,), '$["' + "x" * 79 + '\\u2026"]'),
])  # fmt: skip
def test_a_path_is_short_plain_ascii(path: Any, shown: str) -> None:
    assert where(path) == shown
    assert where(path).isascii()
