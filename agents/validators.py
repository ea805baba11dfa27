"""JSON Schema 2020-12 for schemas that strangers write: no network, no endless pattern, no surprises."""

import json
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import Any

import regex
import rfc8785
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry

CPU_SECONDS = 1.0
PATTERN_SECONDS = 0.2
PATTERN_LIMIT = 500
SCHEMA_LIMIT = 256 * 1024

_END = regex.compile(r"\\.|\[(?:\\.|[^\]\\])*+\]|(\$)", regex.DOTALL)
_deadline: ContextVar[float] = ContextVar("deadline")


class Unusable(Exception):
    """The schema asks for what is not checked here, so nothing can be said to fit it. The message is for people."""


def errors(schema: Any, value: Any, most: int) -> list[ValidationError]:
    """The first errors. Raises Unusable, or whatever the library raises for a broken schema."""
    token = _deadline.set(time.thread_time() + CPU_SECONDS)
    try:
        text = json.dumps(schema)
        if len(text) > SCHEMA_LIMIT:
            raise Unusable(_("the argument schema of this tool is too large to check."))
        return list(islice(_validator(text).iter_errors(value), most))
    finally:
        _deadline.reset(token)


@lru_cache(maxsize=512)
def _validator(text: str) -> Any:
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    # The empty registry: a reference leads nowhere outside of the schema, and never to the network.
    return _Validator(schema, registry=Registry())


def _left() -> float:
    """CPU seconds that this check may still use."""
    if (left := _deadline.get() - time.thread_time()) <= 0:
        raise Unusable(_("the argument schema of this tool takes too long to check."))
    return left


def _matches(pattern: str, text: str) -> bool:
    try:
        return bool(_compiled(pattern).search(text, timeout=min(PATTERN_SECONDS, _left())))
    except TimeoutError:
        raise Unusable(_("the argument schema of this tool has a pattern that takes too long to check.")) from None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    if len(pattern) > PATTERN_LIMIT:
        raise Unusable(_("the argument schema of this tool has a pattern that is too long to check."))
    # As in ECMA 262: "$" is the very end, not before a last newline, and a digit is 0 to 9.
    return regex.compile(_END.sub(lambda found: r"\Z" if found[1] else found[0], pattern), regex.ASCII)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError("")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    for pattern, member in patterns.items() if isinstance(instance, dict) else ():
        for name in instance:
            if _matches(pattern, name):
                yield from validator.descend(instance[name], member, path=name)


def _additional(validator: Any, rest: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    for name in instance if isinstance(instance, dict) else ():
        known = name in schema.get("properties", {})
        if known or any(_matches(pattern, name) for pattern in schema.get("patternProperties", {})):
            continue
        if rest is False:
            yield ValidationError(name)
        else:
            yield from validator.descend(instance[name], rest, path=name)


def _required(validator: Any, names: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        yield from (ValidationError(name) for name in names if name not in instance)


def _unique(validator: Any, asked: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    # By canonical bytes: the library compares every pair.
    if asked and isinstance(instance, list) and len({rfc8785.dumps(item) for item in instance}) < len(instance):
        yield ValidationError("")


def _multiple(validator: Any, step: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    # Exact: in floating point 0.3 is no multiple of 0.1.
    if validator.is_type(instance, "number") and Fraction(repr(instance)) % Fraction(repr(step)):
        yield ValidationError("")


def _unit(validator: Any, unit: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if unit == "minor" and isinstance(instance, float):
        yield ValidationError("")


def _format(validator: Any, name: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and name in FORMATS and not FORMATS[name](instance):
        yield ValidationError("")


def _unsupported(validator: Any, limit: Any, instance: Any, schema: Any) -> None:
    raise Unusable(_("the argument schema of this tool uses a rule that is not checked here."))


def _timed(rule: Any) -> Any:
    def run(validator: Any, limit: Any, instance: Any, schema: Any) -> Any:
        _left()
        return rule(validator, limit, instance, schema)

    return run


def _shaped(shape: str, read: Callable[[str], Any] = bool) -> Callable[[str], bool]:
    pattern = regex.compile(shape, regex.ASCII)

    def good(text: str) -> bool:
        try:
            return bool(pattern.fullmatch(text) and read(text))
        except ValueError:
            return False

    return good


_DAY, _CLOCK, _ZONE = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d:\d\d(\.\d{1,6})?", r"(Z|[+-]\d\d:\d\d)"
FORMATS = {
    "date": _shaped(_DAY, date.fromisoformat),
    "date-time": _shaped(f"{_DAY}T{_CLOCK}{_ZONE}", datetime.fromisoformat),
    "time": _shaped(f"{_CLOCK}{_ZONE}", lambda text: datetime.fromisoformat(f"2000-01-01T{text}")),
    "email": _shaped(r"[^@\s\p{C}]{1,64}@[^@\s\p{C}]{1,255}"),
    "uri": _shaped(r"[A-Za-z][A-Za-z0-9+.-]*+:[^\s\p{C}<>\"{}|\\^`]+"),
    "uuid": _shaped(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
}
_RULES = {
    **Draft202012Validator.VALIDATORS,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "required": _required,
    "uniqueItems": _unique,
    "multipleOf": _multiple,
    "format": _format,
    "x-unit": _unit,
    "unevaluatedProperties": _unsupported,
    "unevaluatedItems": _unsupported,
}
_Validator = extend(
    Draft202012Validator,
    validators={name: _timed(rule) for name, rule in _RULES.items()},
    # 5.0 is no count: whoever counts, sends 5.
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda checker, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)
