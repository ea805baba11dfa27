"""Lines of the protocol that judges the judge: read strictly, refused in words."""

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from agents import payloads
from agents.models import Message
from agents.plans import lines
from agents.proposals import PROSE_LIMIT

LINE_LIMIT = 16 * 1024 * 1024
NAME_LIMIT = 200
REQUEST = (
    "run_id", "seq", "step", "agent", "domain", "tool", "tool_spec", "args", "reasoning", "confidence", "ts", "new_context",
)  # fmt: skip
FEEDBACK = ("run_id", "step", "ran", "operator", "error")
SPEC = ("description", "parameters")
# A moment given in seconds lies below, one in milliseconds above.
MILLISECONDS_FROM = 1e11
YEARS = range(1900, 9000)
OPERATORS = (None, "approved", "rejected", "flagged")


class Unread(Exception):
    """The line is none of the protocol. The message says what to change."""


@dataclass(frozen=True)
class Request:
    """One proposed call of a recorded or foreign run, and what its agent saw since the call before."""

    run_id: Any
    step: Any
    agent: str
    domain: str
    tool: str
    spec: Mapping[str, Any]
    arguments: dict[str, Any]
    reasoning: str
    confidence: float | None
    at: datetime | None
    context: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Feedback:
    """What became of one call, and what an operator said to it."""

    run_id: Any
    step: Any
    ran: bool
    operator: str | None
    error: bool


def read(line: bytes) -> Request | Feedback:
    """One line as a request or feedback. Raises Unread."""
    if len(line) > LINE_LIMIT:
        raise Unread(_("the line is longer than %(limit)d bytes") % {"limit": LINE_LIMIT})
    try:
        value = lines.read(line.removeprefix(codecs.BOM_UTF8))
    except payloads.Refused as refusal:
        raise Unread(_("the line is no JSON: %(reason)s") % {"reason": refusal}) from None
    if not isinstance(value, dict):
        raise Unread(_("the line is no JSON object"))
    if value.get("type") == "request":
        return _request(_whole(value, REQUEST))
    if value.get("type") == "feedback":
        return _feedback(_whole(value, FEEDBACK))
    raise Unread(_("“type” has to be request or feedback"))


def _whole(value: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    for name in names:
        if name not in value:
            raise Unread(_("“%(name)s” is missing") % {"name": name})
    return value


def _request(value: dict[str, Any]) -> Request:
    return Request(
        run_id=_key(value, "run_id"),
        step=_key(value, "step"),
        agent=_name(value, "agent"),
        domain=_name(value, "domain") if value["domain"] is not None else "",
        tool=_name(value, "tool"),
        spec=_spec(value["tool_spec"]),
        arguments=_arguments(value["args"]),
        reasoning=_prose(value["reasoning"])[:PROSE_LIMIT],
        confidence=_confidence(value["confidence"]),
        at=_moment(value["ts"]),
        context=_context(value["new_context"]),
    )


def _feedback(value: dict[str, Any]) -> Feedback:
    if not isinstance(value.get("ran"), bool):
        raise Unread(_("“ran” has to be true or false"))
    if value["operator"] not in OPERATORS:
        raise Unread(_("“operator” has to be null, approved, rejected or flagged"))
    return Feedback(_key(value, "run_id"), _key(value, "step"), value["ran"], value["operator"], bool(value["error"]))


def _spec(value: Any) -> dict[str, Any]:
    """What was told of the tool; null where nothing was."""
    if value is None:
        return dict.fromkeys(SPEC)
    if not isinstance(value, dict):
        raise Unread(_("“tool_spec” has to be an object"))
    return {name: _whole(value, SPEC)[name] for name in SPEC} | {"description": _prose(value["description"]) or None}


def _arguments(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict | None):
        raise Unread(_("“args” has to be an object"))
    return value or {}


def _key(value: dict[str, Any], name: str) -> Any:
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int) or len(str(found)) > NAME_LIMIT:
        raise Unread(_("“%(name)s” has to be a short text or a number") % {"name": name})
    return found


def _name(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found.strip() or len(found) > NAME_LIMIT:
        raise Unread(
            _("“%(name)s” has to be a text of at most %(limit)d characters") % {"name": name, "limit": NAME_LIMIT}
        )
    return _prose(found)


def _prose(text: Any) -> str:
    if text is None:
        return ""
    if not isinstance(text, str):
        raise Unread(_("descriptions and reasoning have to be texts"))
    return payloads.storable(text)


def _confidence(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Unread(_("“confidence” has to be null or a number from 0 to 1"))
    return float(value)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value / 1_000 if value > MILLISECONDS_FROM else value, UTC)
        else:
            found = datetime.fromisoformat(value)
    except (ValueError, TypeError, OverflowError, OSError):
        found = datetime.min
    if found.year not in YEARS:
        raise Unread(_("“ts” has to be null, a date with time, or seconds since 1970"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _context(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Unread(_("“new_context” has to be a list"))
    return [_message(one) for one in value]


def _message(one: Any) -> dict[str, Any]:
    if not isinstance(one, dict) or one.get("role") not in Message.Role.values or not isinstance(one.get("text"), str):
        raise Unread(_("an entry of “new_context” needs a role (user, assistant or tool) and a text"))
    tool = one.get("tool") if isinstance(one.get("tool"), str) else ""
    return {
        "role": one["role"],
        "text": _prose(one["text"]),
        "tool": _prose(tool)[:NAME_LIMIT],
        "error": bool(one.get("error")),
    }


def schema(parameters: Any) -> dict[str, Any]:
    """The argument schema of a tool as told; what is none fits everything. Raises payloads.Refused."""
    if not isinstance(parameters, dict):
        return {"type": "object"}
    checked = payloads.check(payloads.normal_schema(parameters))
    return checked if isinstance(checked, dict) else {"type": "object"}
