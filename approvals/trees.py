"""How a JSON Schema and a value become a tree of fields. What no control can express becomes JSON."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from agents import labels, payloads
from agents.payloads import Refused
from agents.schemas import normal_schema
from agents.validators import FORMATS
from approvals.fields import ABSENT, Data, Field, values_of
from approvals.inputs import MOMENT, Choice, Day, Json, Moment, Number, Text
from approvals.nests import Group, Row, Rows

MOST_FIELDS = 300
MOST_ROWS = 50
DEEPEST = 6
LONG = 80
_NAME = re.compile(r"[A-Za-z0-9_]{1,60}")
_HOPS = 8


@dataclass
class Tree:
    """Builds the fields of one form. data: what was sent, for the number of rows."""

    root: Any
    data: Data
    prefix: str
    left: int = MOST_FIELDS

    def grow(self, base: Any, first: Any) -> Field:
        """The field of the whole."""
        try:
            self.root = normal_schema(payloads.check(self.root))
        except Refused:
            self.root = {}  # nothing can be drawn from it, so the whole is JSON
        return self.plant(self.root, base, first, name=self.prefix, label="", required=True)

    def plant(
        self, schema: Any, base: Any, first: Any, *, name: str, label: str, required: bool, depth: int = 0
    ) -> Field:
        """The field of one place, and of all below it."""
        self.left -= 1
        plain, nullable = _resolved(schema, self.root)
        title = plain.get("title")
        label = labels.told(title) if title and isinstance(title, str) else label
        kind = self._kind(plain, base, nullable, depth)
        made = KINDS[kind](plain, name, label, required, nullable, base, first, kind)
        if isinstance(made, Group):
            self._fill_group(made, depth + 1)
        elif isinstance(made, Rows):
            self._fill_rows(made, depth + 1)
        return made

    def _fill_group(self, group: Group, depth: int) -> None:
        needed = group.schema.get("required")
        named = group.schema["properties"]
        for at, (key, schema) in enumerate(named.items()):
            part = key if _NAME.fullmatch(key) else f".{at}"
            group.members[key] = self.plant(
                schema, _member(group.base, key), _member(group.first, key), name=f"{group.name}-{part}",
                label=_spoken(key), required=isinstance(needed, list) and key in needed, depth=depth,
            )  # fmt: skip
        others = [{k: v for k, v in value.items() if k not in named} if isinstance(value, dict) else {}
                  for value in (group.base, group.first)]  # fmt: skip
        if any(others):
            base, first = (other or ABSENT for other in others)
            group.rest = Json({}, f"{group.name}--rest", _("Other fields"), False, False, base, first, "json")

    def _fill_rows(self, rows: Rows, depth: int) -> None:
        base = rows.base if isinstance(rows.base, list) else []
        first = rows.first if isinstance(rows.first, list) else []
        items = rows.schema.get("items", {})
        for at in range(self._count(rows, len(base))):
            value = base[at] if at < len(base) else ABSENT
            schema = items or ({"type": _type_of(base[0])} if base and value is ABSENT else {})
            made = self.plant(
                schema, value, first[at] if at < len(first) else ABSENT, name=f"{rows.name}-{at}", required=False,
                label=_("%(list)s, entry %(number)s") % {"list": rows.label, "number": at + 1}, depth=depth,
            )  # fmt: skip
            rows.entries.append(Row(made, new=value is ABSENT))

    def _count(self, rows: Rows, there: int) -> int:
        sent = str(self.data.get(f"{rows.name}--rows", ""))
        asked = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 4 else there + 1
        asked += self.data.get(f"{self.prefix}--add") == rows.name
        most = rows.schema.get("maxItems")
        room = most if isinstance(most, int) and most >= there else there + MOST_ROWS
        return max(there, min(asked, room, there + MOST_ROWS))

    def _kind(self, schema: dict[str, Any], base: Any, nullable: bool, depth: int) -> str:
        if values_of(schema):
            return "choice" if len(values_of(schema)) <= MOST_FIELDS else "json"
        kind = _type(schema, base)
        if not _holds(kind, base, nullable):
            return "json"
        if kind == "object":
            named = schema.get("properties")
            fits = isinstance(named, dict) and 0 < len(named) <= self.left and depth < DEEPEST
            return "group" if fits else "json"
        if kind == "array":
            there = len(base) + 1 if isinstance(base, list) else 1
            fits = there <= min(MOST_ROWS, self.left) and depth < DEEPEST and "prefixItems" not in schema
            return "list" if fits and isinstance(schema.get("items", {}), dict) else "json"
        return _text_kind(schema, base) if kind == "string" else kind


KINDS: dict[str, type[Field]] = {
    "text": Text, "area": Text, "date": Day, "moment": Moment, "integer": Number, "number": Number, "boolean": Choice,
    "choice": Choice, "json": Json, "group": Group, "list": Rows,
}  # fmt: skip
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
}  # fmt: skip


def _resolved(schema: Any, root: Any) -> tuple[dict[str, Any], bool]:
    """The schema of a place without detours (references, "or null"), and whether null is allowed."""
    nullable = False
    for _hop in range(_HOPS):
        if not isinstance(schema, dict):
            return {}, nullable
        rest = {key: value for key, value in schema.items() if key not in ("$ref", "anyOf", "oneOf", "allOf")}
        branches = next((schema[key] for key in ("anyOf", "oneOf", "allOf") if isinstance(schema.get(key), list)), None)
        if isinstance(schema.get("$ref"), str):
            schema = {**_target(schema["$ref"], root), **rest}
        elif branches:
            some = [branch for branch in branches if branch != {"type": "null"}]
            nullable = nullable or len(some) < len(branches)
            if len(some) != 1 or not isinstance(some[0], dict):
                return {key: rest[key] for key in ("title", "description") if key in rest}, nullable
            schema = {**some[0], **rest}
        else:
            break
    types = schema.get("type")
    return schema, nullable or types == "null" or (isinstance(types, list) and "null" in types)


def _target(reference: str, root: Any) -> dict[str, Any]:
    """What a reference inside the schema points at; others lead nowhere."""
    found = root
    for part in reference.removeprefix("#").split("/")[1:] if reference.startswith("#") else ["."]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _type(schema: dict[str, Any], base: Any) -> str:
    types = schema.get("type")
    some = [name for name in (types if isinstance(types, list) else [types]) if name not in (None, "null")]
    if len(some) == 1 and some[0] in _TYPES:
        return str(some[0])
    if not some and "properties" in schema:
        return "object"
    own = _type_of(base)
    return own if own in some or not some else "json"


def _type_of(value: Any) -> str:
    kinds = ("boolean", "integer", "number", "string", "array", "object")
    return next((kind for kind in kinds if _holds(kind, value, False) and value is not ABSENT), "json")


def _holds(kind: str, base: Any, nullable: bool) -> bool:
    """A field of this kind can show the value."""
    if base is ABSENT or (base is None and nullable):
        return True
    if isinstance(base, bool):
        return kind == "boolean"
    return kind in _TYPES and isinstance(base, _TYPES[kind])


def _text_kind(schema: dict[str, Any], base: Any) -> str:
    text = base if isinstance(base, str) else ""
    if schema.get("format") == "date" and (not text or FORMATS["date"](text)):
        return "date"
    if schema.get("format") == "date-time" and (not text or (MOMENT.fullmatch(text) and FORMATS["date-time"](text))):
        return "moment"
    most = schema.get("maxLength")
    long = "x-lines" in schema or (isinstance(most, int) and most > 300) or len(text) > LONG
    return "area" if long or "\n" in text or "\r" in text else "text"


def _member(value: Any, key: str) -> Any:
    return value.get(key, ABSENT) if isinstance(value, dict) else ABSENT


def _spoken(key: str) -> str:
    return key.replace("_", " ").strip().capitalize() if _NAME.fullmatch(key) else key
