"""What is shown, hashed and run are the same bytes: canonical form, envelope, digest."""

import hashlib
import json
from itertools import zip_longest
from typing import Any

import rfc8785
from django.utils.translation import gettext as _

from agents.schemas import FRACTION, Path, Problem, fits, normal_schema, problems, where
from agents.strict import LIMITS, Refused, check, parse

__all__ = [
    "ABSENT",
    "LIMITS",
    "Problem",
    "Refused",
    "arguments",
    "canonical",
    "check",
    "check_types",
    "differences",
    "digest",
    "envelope",
    "fits",
    "normal_schema",
    "parse",
    "problems",
    "storable",
    "where",
]

DOMAIN = b"hitl-dashboard/action/v1\x00"
SCHEMA = 1
ABSENT: Any = object()


def storable(text: str) -> str:
    """Text as both databases keep it: what none of them takes is replaced, not refused."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()


def check_types(schema: Any, value: Any) -> None:
    """Refuse a fraction where the schema counts: an integer, or "x-unit": "minor". Raises Refused."""
    for problem in problems(schema, value):
        if problem.rule == FRACTION:
            raise Refused(str(problem))


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a checked value. Raises Refused for what has no such form."""
    try:
        return rfc8785.dumps(value)
    except (ValueError, RecursionError):
        raise Refused(_("This value has no canonical JSON form. Send plain JSON.")) from None


def envelope(
    *,
    agent: str,
    task: int,
    step: str,
    tool: str,
    tool_version: str,
    effect: list[str] | dict[str, Any],
    arguments: dict[str, Any],
) -> bytes:
    """Everything that an approval is about, as canonical bytes. Raises Refused."""
    return canonical(
        {
            "schema": SCHEMA,
            "agent": agent,
            "task": task,
            "step": step,
            "tool": tool,
            "tool_version": tool_version,
            "effect": effect,
            "arguments": arguments,
        }
    )


def digest(body: bytes) -> str:
    """SHA-256 in hex over a domain prefix and the stored bytes."""
    return hashlib.sha256(DOMAIN + body).hexdigest()


def arguments(body: bytes) -> dict[str, Any]:
    """The arguments inside stored bytes. Raises Refused when the bytes are not an envelope."""
    try:
        found = json.loads(body)["arguments"]
    except (ValueError, RecursionError, LookupError, TypeError):
        raise Refused(_("The stored bytes of this action cannot be read.")) from None
    if not isinstance(found, dict):
        raise Refused(_("The stored bytes of this action hold no arguments."))
    return found


def differences(before: Any, after: Any, path: Path = ()) -> list[tuple[str, Any, Any]]:
    """What differs between two checked values, as (JSON path, old, new) at the deepest place; ABSENT is no value."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        pairs = [(name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in names]
    elif isinstance(before, list) and isinstance(after, list):
        both = zip_longest(before, after, fillvalue=ABSENT)
        pairs = [(index, old, new) for index, (old, new) in enumerate(both)]
    else:
        same = type(before) is type(after) and before == after
        return [] if same else [(where(path), before, after)]
    return [found for name, old, new in pairs for found in differences(old, new, (*path, name))]
