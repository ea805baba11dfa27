"""Does a value fit a tool's argument schema, and if not, what does a person have to change?"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import regex
from django.utils.translation import gettext as _
from jsonschema.exceptions import ValidationError

from agents import validators

MOST_PROBLEMS = 20
FRACTION = "fraction"
_DEEPEST = 64
_SHOWN = 80
_NAME = regex.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}")

Path = tuple[str | int, ...]

# Names that recorded tools use, and what JSON Schema calls them. None: any value.
TYPE_NAMES = {
    "dict": "object",
    "map": "object",
    "hashmap": "object",
    "float": "number",
    "double": "number",
    "int": "integer",
    "long": "integer",
    "tuple": "array",
    "list": "array",
    "set": "array",
    "arraylist": "array",
    "bool": "boolean",
    "str": "string",
    "char": "string",
    "any": None,
}
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


@dataclass(frozen=True)
class Problem:
    """One place where a value does not fit. An empty path means the whole."""

    path: Path
    text: str
    rule: str

    def __str__(self) -> str:
        return f"{where(self.path)}: {self.text}"


def fits(schema: Any, value: Any) -> list[str]:
    """What is wrong with a checked value, in words; empty when it fits."""
    return [str(problem) for problem in problems(schema, value)]


def problems(schema: Any, value: Any) -> list[Problem]:
    """The first places where a checked value does not fit; a schema that cannot be used is itself one."""
    try:
        errors = validators.errors(normal_schema(schema), value, MOST_PROBLEMS)
        return list(dict.fromkeys(problem for error in errors for problem in _say(error)))
    except validators.Unusable as error:
        return [Problem((), str(error), "schema")]
    except Exception:  # noqa: BLE001  whatever a stranger's schema does to the library, the answer is "does not fit"
        return [Problem((), _("the argument schema of this tool is broken. Ask its owner to repair it."), "schema")]


def normal_schema(schema: Any, depth: int = 0) -> Any:
    """The schema with the type names of recorded tools in the words of JSON Schema."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return schema
    normal = dict(schema)
    if "type" in normal:
        _name_type(normal)
    if isinstance(normal.get("items"), list):  # as it was written before 2020
        normal["prefixItems"] = normal.pop("items")
    return {keyword: _below(keyword, value, depth + 1) for keyword, value in normal.items()}


def _below(keyword: str, value: Any, depth: int) -> Any:
    if keyword in _NAMED and isinstance(value, dict):
        return {name: normal_schema(member, depth) for name, member in value.items()}
    if keyword in _LISTED and isinstance(value, list):
        return [normal_schema(member, depth) for member in value]
    return normal_schema(value, depth) if keyword in _SINGLE else value


def _name_type(schema: dict[str, Any]) -> None:
    given = schema.pop("type")
    names = given if isinstance(given, list) else [given]
    known = [TYPE_NAMES.get(name.lower(), name) if isinstance(name, str) else name for name in names]
    if None not in known or None in names:
        schema["type"] = known if isinstance(given, list) else known[0]


def where(path: Path) -> str:
    """A JSON path in plain ASCII, whatever the names in it hold: $.to[2]["odd name"]."""
    return "$" + "".join(_step(part) for part in path)


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _NAME.fullmatch(part) else f"[{json.dumps(_short(part))}]"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _say(error: ValidationError) -> Iterator[Problem]:
    path, rule = tuple(error.absolute_path), str(error.validator)
    limit: Any = error.validator_value
    if rule in ("anyOf", "oneOf") and len(chosen := _not_null(error)) == 1:
        yield from _say(chosen[0])
    elif isinstance(error.instance, float) and (rule == "x-unit" or (rule == "type" and "integer" in limit)):
        yield Problem(path, _("counts and amounts of money are whole numbers (cents, not euros)."), FRACTION)
    elif rule == "required":
        yield Problem((*path, error.message), _("is missing."), rule)
    elif rule == "additionalProperties":
        yield Problem((*path, error.message), _("this tool knows no such argument."), rule)
    elif rule in _WORDS:
        yield Problem(path, _WORDS[rule](limit), rule)
    else:
        yield Problem(path, _("does not fit what this tool accepts."), rule)


def _not_null(error: ValidationError) -> list[ValidationError]:
    """What was tried in vain, without the branch that says "or nothing"."""
    return [tried for tried in error.context or [] if (tried.validator, tried.validator_value) != ("type", "null")]


def _type_words(names: str | list[str]) -> str:
    words = {
        "string": _("text"),
        "integer": _("a whole number"),
        "number": _("a number"),
        "boolean": _("true or false"),
        "array": _("a list"),
        "object": _("a group of fields"),
        "null": _("null"),
    }
    return _(" or ").join(words.get(name, name) for name in ([names] if isinstance(names, str) else names))


def _values(values: list[Any]) -> str:
    shown = [value if isinstance(value, str) and value.isprintable() else json.dumps(value) for value in values[:12]]
    return ", ".join(map(_short, shown)) + (", …" if len(values) > len(shown) else "")


# A function per rule, so that the words are those of the reader's language and not of the first one's.
_WORDS: dict[str, Callable[[Any], str]] = {
    "type": lambda limit: _("has to be %(type)s.") % {"type": _type_words(limit)},
    "enum": lambda limit: _("has to be one of: %(values)s.") % {"values": _values(limit)},
    "const": lambda limit: _("has to be %(value)s.") % {"value": _values([limit])},
    "minimum": lambda limit: _("has to be %(limit)s or more.") % {"limit": limit},
    "maximum": lambda limit: _("has to be %(limit)s or less.") % {"limit": limit},
    "exclusiveMinimum": lambda limit: _("has to be more than %(limit)s.") % {"limit": limit},
    "exclusiveMaximum": lambda limit: _("has to be less than %(limit)s.") % {"limit": limit},
    "multipleOf": lambda limit: _("has to be a multiple of %(limit)s.") % {"limit": limit},
    "minLength": lambda limit: _("has to be at least %(limit)s characters long.") % {"limit": limit},
    "maxLength": lambda limit: _("has to be at most %(limit)s characters long.") % {"limit": limit},
    "minItems": lambda limit: _("needs at least %(limit)s entries.") % {"limit": limit},
    "maxItems": lambda limit: _("has room for at most %(limit)s entries.") % {"limit": limit},
    "uniqueItems": lambda limit: _("holds the same entry twice."),
    "pattern": lambda limit: _("does not have the form that this tool asks for."),
    "format": lambda limit: _("is not a valid value of the kind “%(format)s”.") % {"format": limit},
    "x-unit": lambda limit: _("counts and amounts of money are whole numbers (cents, not euros)."),
}
