"""What an agent asks before it acts: what it knows, lacks and tried, its guess, and one question with fields or options."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from agents import payloads, schemas, tools
from agents.models import Tool
from agents.reasons import in_english
from agents.said import Said

MOST_OPTIONS = 20

LINES = {"type": "array", "maxItems": 8, "items": {"type": "string", "minLength": 1, "maxLength": 300}}
FIELD = {
    "type": "object",
    "properties": {
        "type": {"enum": ["string", "integer", "number", "boolean"]},
        "title": {"type": "string", "maxLength": 100},
        "description": {"type": "string", "maxLength": 300},
        "format": {"enum": ["date", "email"]},
        "enum": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "string", "maxLength": 100}},
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "maxLength": {"type": "integer", "minimum": 1, "maximum": 2_000},
    },
    "required": ["type"],
    "additionalProperties": False,
}
# The names of its fields are the agent's own; a form makes the names of its controls of them.
QUESTION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ask": {"type": "string", "minLength": 1, "maxLength": 300},
        "knows": LINES,
        "lacks": LINES,
        "tried": LINES,
        "tentative": {"type": "string", "maxLength": 1_000},
        "fields": {
            "type": "object",
            "maxProperties": 6,
            "propertyNames": {"pattern": "^[a-z][a-z_]{0,39}$"},
            "additionalProperties": FIELD,
        },
        "options": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"arguments": {"type": "object"}, "why": {"type": "string", "maxLength": 300}},
                "required": ["arguments"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["ask"],
    "additionalProperties": False,
}


def checked(asked: Any, tool: Tool | None, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """A question as it is stored with its version; empty for none. Raises Refused for what breaks its form or limits.

    Options are other arguments of the same call, told in the words of the server. `wanted`: what the agent itself would do.
    """
    if asked is None:
        return {}
    offered = asked.get("options") if isinstance(asked, dict) else None
    if isinstance(offered, list) and len(offered) > MOST_OPTIONS:
        words = {"count": len(offered), "most": MOST_OPTIONS}
        raise payloads.Refused(_("It offers %(count)d options, and a person is offered %(most)d at most.") % words)
    plain: dict[str, Any] = payloads.check(asked)
    if problems := schemas.problems(QUESTION, plain):
        raise payloads.Refused(_("Its question is not accepted: %(problem)s") % {"problem": problems[0]})
    if "options" in plain:
        plain["options"] = _told_apart([_option(one, tool, name, wanted) for one in plain["options"]])
        if len(payloads.canonical(plain)) > payloads.LIMITS.text:
            raise payloads.Refused(
                _("Its options are longer than %(limit)d KiB.") % {"limit": payloads.LIMITS.text // 1024}
            )
    return plain


def asks(question: dict[str, Any]) -> bool:
    """Whether somebody still has to answer it."""
    return bool(question) and "chosen" not in question


def _option(option: dict[str, Any], tool: Tool | None, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    arguments, accepts = option["arguments"], tool.schema if tool else {}
    payloads.check_types(accepts, arguments)
    if problems := schemas.problems(accepts, arguments):
        raise payloads.Refused(_("One of its options is not accepted: %(problem)s") % {"problem": problems[0]})
    preview = in_english(tools.preview)(tool, name, arguments)
    undone = bool(tool and tool.effect.get("reversible")) if preview.reversible is None else preview.reversible
    return {
        "arguments": arguments,
        "why": option.get("why", ""),
        "title": in_english(str)(preview.title),
        "said": preview.title.stored() if isinstance(preview.title, Said) else {},
        "undo": preview.undo,
        "facts": [[str(label), str(value)] for label, value in preview.facts],
        "reversible": undone,
        "suggested": arguments == wanted,
    }


def _told_apart(options: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By reversibility, each with the facts in which they differ."""
    if len({payloads.canonical(option["arguments"]) for option in options}) < len(options):
        raise payloads.Refused(_("Two of its options are the same."))
    if len(options) > 1:
        alike = [fact for fact in options[0]["facts"] if all(fact in option["facts"] for option in options)]
        for option in options:
            option["facts"] = [fact for fact in option["facts"] if fact not in alike]
    return sorted(options, key=lambda option: not option["reversible"])


def form(question: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of what may be filled in as an answer."""
    return {"type": "object", "properties": question.get("fields", {}), "additionalProperties": False}


def told(question: dict[str, Any], fields: Mapping[str, Any]) -> list[str]:
    """What was filled in, each with the title of its field."""
    asked = question.get("fields", {})
    return [f"{asked.get(name, {}).get('title') or name}: {value}" for name, value in fields.items()]
