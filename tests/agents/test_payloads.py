"""What may be stored: the corpus, the limits, and that nothing but a refusal ever comes out of the parser."""

import json
from enum import StrEnum
from typing import Any

import pytest
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import payloads
from agents.payloads import LIMITS, Refused
from tests import corpus

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["\x00", "\ud83d", "é", "İ", "ß"])
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@pytest.mark.parametrize("entry", corpus.ENTRIES, ids=corpus.name)
def test_the_corpus_is_refused_or_stored(entry: dict[str, Any]) -> None:
    raw = corpus.body(entry)
    if "schema" in entry and entry["expect"] == "refused":
        with pytest.raises(Refused, match=entry["says"]):
            payloads.check_types(entry["schema"], payloads.parse(raw))
    elif entry["expect"] == "refused":
        with pytest.raises(Refused, match=entry["says"]):
            payloads.parse(raw)
    else:
        value = payloads.parse(raw)
        assert payloads.parse(payloads.canonical(value)) == value
        assert payloads.check(value) == value


@pytest.mark.parametrize("entry", [e for e in corpus.ENTRIES if "same_as" in e], ids=corpus.name)
def test_spellings_of_one_value_have_one_digest(entry: dict[str, Any]) -> None:
    others = [payloads.canonical(payloads.parse(corpus.joined(parts))) for parts in entry["same_as"]]
    assert {payloads.canonical(payloads.parse(corpus.body(entry))), *others} == {b'{"a":1,"z":0}'}


@pytest.mark.parametrize(
    "entry", [e for e in corpus.ENTRIES if "differs_from" in e or "differs_from_arguments" in e], ids=corpus.name
)
def test_a_small_difference_is_another_digest(entry: dict[str, Any]) -> None:
    other = entry.get("differs_from_arguments") or {"value": corpus.joined(entry.get("differs_from", []))}
    bodies = [sealed(payloads.parse(corpus.body(entry))), sealed(other)]
    assert payloads.digest(bodies[0]) != payloads.digest(bodies[1])


@pytest.mark.parametrize("entry", [e for e in corpus.ENTRIES if "problem" in e], ids=corpus.name)
def test_a_schema_names_what_does_not_fit(entry: dict[str, Any]) -> None:
    assert any(entry["problem"] in text for text in payloads.fits(entry["schema"], payloads.parse(corpus.body(entry))))


@pytest.mark.parametrize("value", [
    {"a": "x" * LIMITS.text}, [[0] * (LIMITS.nodes - 2)], {"a": LIMITS.number, "b": -LIMITS.number},
    {"Straße": 1, "strase": 2},
])  # fmt: skip
def test_what_just_fits_the_limits_is_taken(value: Any) -> None:
    assert payloads.parse(json.dumps(value)) == value == payloads.check(value)


@pytest.mark.parametrize(("value", "says"), [
    ({"a": "x" * (LIMITS.text + 1)}, r"\$\.a: the text is longer than 64 KiB"),
    ({"a": "é" * (LIMITS.text // 2 + 1)}, "longer than 64 KiB"),
    ([0] * LIMITS.nodes, "more than 5000 values"),
    ({"to": ["a", LIMITS.number + 1]}, r"\$\.to\[1\]: this number is beyond"),
    ({"a": 2.0**53}, "beyond"),
    ({"straße": 1, "STRASSE": 2}, "looks like"),
    ({"am\u200bount": 1, "amount": 2}, "looks like"),
    ({"a\x00": 1}, r'\$\["a\\u0000"\]: the text holds a null'),
    (["x" * LIMITS.text] * 4, "larger than 256 KiB"),
])  # fmt: skip
def test_a_refusal_says_what_and_where(value: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        payloads.check(value)
    with pytest.raises(Refused, match=says):
        payloads.parse(json.dumps(value))


def nested(depth: int) -> Any:
    value: Any = 1
    for _level in range(depth):
        value = [value]
    return value


def test_the_deepest_nesting_is_32() -> None:
    assert payloads.parse(json.dumps(nested(32))) == nested(32) == payloads.check(nested(32))
    for refuse in (lambda: payloads.parse(json.dumps(nested(33))), lambda: payloads.check(nested(33))):
        with pytest.raises(Refused, match="deeper than 32"):
            refuse()


def test_a_list_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(Refused, match="deeper"):
        payloads.check(loop)


@pytest.mark.parametrize("value", [(1,), {1: 2}, b"x", {"a": {1}}, object(), float("nan"), float("-inf"), {None: 1}])
def test_what_json_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(Refused):
        payloads.check(value)


def test_a_checked_value_is_a_plain_copy() -> None:
    class Paid(StrEnum):
        YES = "yes"

    given_value = {"state": Paid.YES, "name": SafeString("<b>"), "items": [1]}
    taken = payloads.check(given_value)
    given_value["items"].append(2)  # type: ignore[attr-defined]
    assert taken == {"state": "yes", "name": "<b>", "items": [1]}
    assert {type(taken["state"]), type(taken["name"])} == {str}


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(), st.text(), st.text(alphabet='{}[]",:\\0123456789eE+-.tfn u'), VALUES.map(json.dumps)))
def test_the_parser_answers_or_refuses(raw: bytes | str) -> None:
    try:
        value = payloads.parse(raw)
    except Refused:
        return
    assert payloads.parse(payloads.canonical(value)) == value


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_what_passes_the_check_survives_storing(value: Any) -> None:
    try:
        taken = payloads.check({"value": value})
    except Refused:
        return
    assert payloads.canonical(payloads.arguments(sealed(taken))) == payloads.canonical(taken)


def sealed(arguments: dict[str, Any], **other: Any) -> bytes:
    usual = {"agent": "a", "task": 1, "step": "s", "tool": "t", "tool_version": "1", "effect": ["outside"]}
    return payloads.envelope(**{**usual, **other}, arguments=arguments)


def test_the_envelope_is_what_an_approval_is_about() -> None:
    assert (
        sealed({"b": 1.0, "a": "ü"})
        == (
            '{"agent":"a","arguments":{"a":"ü","b":1},"effect":["outside"],"schema":1,"step":"s","task":1,"tool":"t",'
            '"tool_version":"1"}'
        ).encode()
    )


@pytest.mark.parametrize("other", [
    {"agent": "b"}, {"task": 2}, {"step": "z"}, {"tool": "u"}, {"tool_version": "2"}, {"effect": []},
])  # fmt: skip
def test_whatever_changes_in_the_envelope_changes_the_digest(other: dict[str, Any]) -> None:
    assert payloads.digest(sealed({})) != payloads.digest(sealed({}, **other))


def test_the_digest_is_bound_to_its_domain() -> None:
    # Computed apart from our code: printf 'hitl-dashboard/action/v1\0{}' | sha256sum
    assert payloads.digest(b"{}") == "ffe7b9130ad3eef48707ca4e5d0bcb5ea7d3b0b6d3a0288cfb01ddaab4bde828"


@pytest.mark.parametrize("stored", [b"", b"{}", b"[]", b"\xff", b'{"arguments":[1]}', b"[" * 100_000])
def test_bytes_that_are_no_envelope_are_refused(stored: bytes) -> None:
    with pytest.raises(Refused, match="stored bytes"):
        payloads.arguments(stored)
