"""Strict JSON: what two readers could read differently, or what is too big, is refused before it is stored."""

import json
import math
import unicodedata
from dataclasses import dataclass
from typing import Any, NoReturn

import regex
from django.utils.translation import gettext as _

from agents.schemas import Path, where

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# A string, finished or not, or a bracket. Possessive, so that hostile text costs one pass.
_BRACKETS = regex.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|([\[{])|([\]}])', regex.DOTALL)
_SURROGATE = regex.compile("[\ud800-\udfff]")
_INVISIBLE = regex.compile(r"\p{Default_Ignorable_Code_Point}+")


@dataclass(frozen=True)
class Limits:
    """What a payload may measure; sizes in bytes of UTF-8."""

    body: int = 256 * 1024
    text: int = 64 * 1024
    depth: int = 32
    nodes: int = 5_000
    number: int = 2**53 - 1


LIMITS = Limits()


class Refused(ValueError):
    """What was handed in cannot be taken. The message is for people: what, where, and what to do."""


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written: a dict would already have lost the first of two equal keys."""


def parse(raw: bytes | str) -> Any:
    """The JSON value in raw, within every limit. Raises Refused, and nothing else."""
    text = _decoded(raw)
    _check_nesting(text)
    try:
        value = json.loads(text, object_pairs_hook=_Pairs, parse_int=_integer)
    except json.JSONDecodeError as error:
        message = _("This is not one JSON value: look at line %(line)d, column %(column)d.")
        raise Refused(message % {"line": error.lineno, "column": error.colno}) from None
    return _Walk().take(value, ())


def check(value: Any) -> Any:
    """A plain copy of a Python value that passes the same limits as parsed text. Raises Refused."""
    plain = _Walk().take(value, ())
    if len(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()) > LIMITS.body:
        _too_long()
    return plain


def _decoded(raw: bytes | str) -> str:
    try:
        data = raw.encode() if isinstance(raw, str) else bytes(raw)
    except UnicodeEncodeError:
        raise Refused(_("The text holds half of a character (a lone surrogate). Send valid Unicode.")) from None
    if len(data) > LIMITS.body:
        _too_long()
    if data.startswith(_BOMS):
        raise Refused(_("The text begins with a byte order mark. Send plain UTF-8 without it."))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refused(_("Byte %(at)d is not UTF-8. Send UTF-8.") % {"at": error.start}) from None


def _check_nesting(text: str) -> None:
    """Before the parser sees it: its own answer to deep nesting is a RecursionError."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += (found.lastindex == 1) - (found.lastindex == 2)
        if depth > LIMITS.depth:
            _too_deep(())


def _integer(text: str) -> int:
    # Python itself refuses more than 4,300 digits; anything longer than the limit is beyond it anyway.
    return int(text) if len(text) <= 17 else LIMITS.number + 1


@dataclass
class _Walk:
    """One pass over a value. It copies, so that what was checked cannot change afterwards."""

    nodes: int = 0

    def take(self, value: Any, path: Path) -> Any:
        self.nodes += 1
        if self.nodes > LIMITS.nodes:
            _refuse(path, _("more than %(limit)d values in one payload. Send less at once.") % {"limit": LIMITS.nodes})
        if isinstance(value, str):
            return _text(value, path)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return _number(value, path)
        if len(path) >= LIMITS.depth:
            _too_deep(path)
        if isinstance(value, (_Pairs, dict)):
            return self._members(value if isinstance(value, _Pairs) else list(value.items()), path)
        if isinstance(value, list):
            return [self.take(item, (*path, at)) for at, item in enumerate(value)]
        return _refuse(path, _("%(type)s is not a JSON type.") % {"type": type(value).__name__})

    def _members(self, pairs: list[tuple[Any, Any]], path: Path) -> dict[str, Any]:
        members: dict[str, Any] = {}
        folded: set[str] = set()
        for key, value in pairs:
            if not isinstance(key, str):
                _refuse(path, _("the name of a field has to be text."))
            name = _text(key, (*path, key))
            if name in members:
                _refuse((*path, name), _("this name stands here twice. Send it once."))
            if (alike := _fold(name)) in folded:
                _refuse((*path, name), _("this name looks like another one beside it. Rename one of them."))
            folded.add(alike)
            members[name] = self.take(value, (*path, name))
        return members


def _text(value: str, path: Path) -> str:
    if "\x00" in value:
        _refuse(path, _("the text holds a null character (U+0000). Remove it."))
    if not value.isascii() and _SURROGATE.search(value):
        _refuse(path, _("the text holds half of a character (a lone surrogate). Send valid Unicode."))
    if len(value) * 4 > LIMITS.text and len(value.encode()) > LIMITS.text:
        _refuse(path, _("the text is longer than %(limit)d KiB. Shorten it.") % {"limit": LIMITS.text // 1024})
    return str.__str__(value)  # a plain str, also of a choice or a safe string


def _number(value: float, path: Path) -> int | float:
    if not (isinstance(value, int) or math.isfinite(value)):
        _refuse(path, _("this is not a finite number."))
    if abs(value) > LIMITS.number:
        # Between here and 1e21 the canonical form of a float is an integer that others read differently.
        _refuse(path, _("this number is beyond ±9,007,199,254,740,991. Send it as text."))
    return int.__int__(value) if isinstance(value, int) else float.__float__(value)


def _fold(name: str) -> str:
    """Names that one reader may take for another are equal here."""
    if name.isascii():
        return name.lower()
    shown = _INVISIBLE.sub("", name)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold())


def _too_long() -> NoReturn:
    limit = LIMITS.body // 1024
    raise Refused(_("The payload is larger than %(limit)d KiB. Send less at once.") % {"limit": limit})


def _too_deep(path: Path) -> NoReturn:
    _refuse(path, _("nested deeper than %(limit)d levels. Flatten it.") % {"limit": LIMITS.depth})


def _refuse(path: Path, text: str) -> NoReturn:
    raise Refused(f"{where(path)}: {text}")
