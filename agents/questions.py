"""What an agent asks before it acts: what it knows, lacks and tried, its tentative answer, and one question with fields."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from agents import payloads, schemas

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
    },
    "required": ["ask"],
    "additionalProperties": False,
}


def checked(asked: Any) -> dict[str, Any]:
    """A question as it is stored with its version; empty for none. Raises Refused for what breaks its form or limits."""
    if asked is None:
        return {}
    plain: dict[str, Any] = payloads.check(asked)
    if problems := schemas.problems(QUESTION, plain):
        raise payloads.Refused(_("Its question is not accepted: %(problem)s") % {"problem": problems[0]})
    return plain


def form(question: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of what may be filled in as an answer."""
    return {"type": "object", "properties": question.get("fields", {}), "additionalProperties": False}


def told(question: dict[str, Any], fields: Mapping[str, Any]) -> list[str]:
    """What was filled in, each with the title of its field."""
    asked = question.get("fields", {})
    return [f"{asked.get(name, {}).get('title') or name}: {value}" for name, value in fields.items()]
