"""Text from agents with nothing hidden in it: what would be invisible, or would move other text, becomes a token."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal, NamedTuple

import regex
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents import payloads
from agents.schemas import Path, where
from approvals.lookalikes import suspicion

LONG_TEXT = 600  # characters shown before a value folds
LONG_LIST = 50  # entries shown before a list folds

_BADGES = 200  # in one value; judging a word takes far longer than showing it
_RUN = 4  # equal characters in a row that are shown as a count
_HIDDEN = (
    r"[[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{C}\p{Zl}\p{Zp}\p{Zs}"
    r"\u2800\uFFFC\u115F\u1160\u3164\uFFA0\U0001D159]--[ \n]]"
)
_LINES = r"(?P<lines>\n(?:[ \t\r\p{Zs}]*+\n){4,}+)"
# ASCII, Latin letters of everyday spelling, and the typography of letters and prices.
_EVERYDAY = re.compile(
    "[\n -~\u00a1-\u00ac\u00ae-\u017f\u2010-\u2023\u2025-\u2027\u2032\u2033\u20ac\u2122\u2190-\u2193\u2212\u2713]*"
)
_GAP = " " * 9
_BLANK = re.compile(r"\n(?: *+\n){4}")
_SPACES = r"(?P<spaces>[ \t\p{Zs}]{9,}+)"
_ANY_HIDDEN = regex.compile(rf"(?V1){_HIDDEN}")
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--{_HIDDEN}]"
_FOREIGN = rf"[{_LETTER}--[\x00-\x7f]]"
_ASCII = regex.compile(rf"(?V1){_LINES}|{_SPACES}|(?P<hidden>[[\x00-\x1f\x7f]--[\n]]++)")
_UNICODE = regex.compile(
    rf"(?V1){_LINES}|{_SPACES}|(?P<hidden>{_HIDDEN}++)|(?P<word>(?<![A-Za-z0-9_])[A-Za-z0-9_]*+{_FOREIGN}{_LETTER}*+)"
    # Dots, slashes, colons and at signs that look like those of an address.
    r"|(?P<sign>(?<=[A-Za-z0-9])[\u3002\uFF0E\uFF61\u2024\u2044\u2215\uFF0F\uFF20\u2236\uA789\uFF1A](?=[A-Za-z0-9]))"
)
# More marks on one letter than any language writes; those that belong to a script of their own go up to eight.
_MARK = r"[\p{M}&&\p{Script=Inherited}]"
_STACK = regex.compile(rf"(?V1)(?<={_MARK}{{4}}){_MARK}++|(?<=\p{{M}}{{8}})\p{{M}}++")
_LEADING = regex.compile(r"\p{M}++")
_TAGS = range(0xE0020, 0xE007F)
_SHORT = {
    "\t": "TAB", "\r": "CR", "\x07": "BEL", "\b": "BS", "\v": "VT", "\f": "FF", "\x1b": "ESC", "\x7f": "DEL",
    "\x85": "NEL", "\xa0": "NBSP", "\xad": "SHY", "\u034f": "CGJ", "\u061c": "ALM", "\u115f": "HANGUL FILLER",
    "\u1160": "HANGUL FILLER", "\u180e": "MVS", "\u200b": "ZWSP", "\u200c": "ZWNJ", "\u200d": "ZWJ", "\u200e": "LRM",
    "\u200f": "RLM", "\u2028": "LINE SEPARATOR", "\u2029": "PARAGRAPH SEPARATOR", "\u202a": "LRE", "\u202b": "RLE",
    "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO", "\u202f": "NNBSP", "\u2060": "WJ", "\u2066": "LRI",
    "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI", "\u2800": "BRAILLE BLANK", "\u3000": "WIDE SPACE",
    "\u3002": "IDEOGRAPHIC FULL STOP", "\u3164": "HANGUL FILLER", "\ufeff": "BOM", "\uffa0": "HANGUL FILLER",
    "\ufffc": "OBJECT",
}  # fmt: skip


class Segment(NamedTuple):
    """A piece of shown text. size: how many characters of the source it stands for."""

    kind: Literal["text", "token", "confusable"]
    text: str
    title: str = ""
    size: int = 0


class Shown(NamedTuple):
    """Segments, and how many characters of the source were left out at the end."""

    segments: list[Segment]
    left_out: int


def visible(text: str) -> list[Segment]:
    """The whole text; every character that is not plain stands in a token."""
    return show(text).segments


def show(text: str, limit: int | None = None) -> Shown:
    """The text, cut after limit shown characters."""
    if _is_simple(text) and (limit is None or len(text) <= limit):
        return Shown([Segment("text", text, "", len(text))] if text else [], 0)
    segments: list[Segment] = []
    room, used = limit if limit is not None else len(text) * 100, 0
    for segment in _segments(text):
        if segment.kind != "confusable" and len(segment.text) > room:
            if segment.kind == "text" and room > 0:
                segments.append(Segment("text", segment.text[:room], "", room))
                used += room
            return Shown(segments, len(text) - used)
        segments.append(segment)
        room, used = room - len(segment.text), used + segment.size
    return Shown(segments, 0)


def visible_text(text: str, limit: int | None = None) -> str:
    """The same as one plain string, for a title, an e-mail or a log line."""
    shown = show(text, limit)
    return "".join(segment.text for segment in shown.segments) + (" …" if shown.left_out else "")


def is_plain(text: str) -> bool:
    """Nothing in the text needs a token."""
    return _is_simple(text) or all(segment.kind == "text" for segment in _segments(text))


def escaped(text: str) -> str:
    """JSON text with its hidden characters written as escapes: the same value, safe to look at in an input box."""
    return _ANY_HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], text)


def folded(value: Any, path: Path = ()) -> dict[str, str]:
    """The parts of a checked value that a card folds, so that somebody has to open them: key and JSON path of each."""
    found = {part_key(path): where(path)} if is_long(value) else {}
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        found |= folded(member, (*path, name))
    return found


def part_key(path: Path) -> str:
    """What one part is called between card and server: long names that only end differently keep apart."""
    return hashlib.sha256(payloads.canonical(list(path))).hexdigest()


def is_long(value: Any) -> bool:
    """The value is shown folded."""
    if isinstance(value, str):
        return len(value) > LONG_TEXT and show(value, LONG_TEXT).left_out > 0
    return isinstance(value, (list, dict)) and len(value) > LONG_LIST


def name_of(character: str) -> str:
    """U+202E RLO: the code point and, where one is known, a short name."""
    short = _SHORT.get(character) or _selector(character)
    return f"U+{ord(character):04X} {short}".rstrip()


def _is_simple(text: str) -> bool:
    """The common case, decided in a few microseconds."""
    return bool(_EVERYDAY.fullmatch(text)) and _GAP not in text and not ("\n" in text and _BLANK.search(text))


def _segments(text: str) -> Iterator[Segment]:
    done = 0
    for at, special in _specials(text):
        if at > done:
            yield Segment("text", text[done:at], "", at - done)
        yield special
        done = at + special.size
    if done < len(text):
        yield Segment("text", text[done:], "", len(text) - done)


def _specials(text: str) -> Iterator[tuple[int, Segment]]:
    badges = 0
    for found in (_ASCII if text.isascii() else _UNICODE).finditer(text):
        start, end = found.span()
        yield from _KINDS[found.lastgroup or ""](text, start, end)
        if found.lastgroup == "word" and badges <= _BADGES and (badge := _badge(text, start, end)):
            badges += 1
            more = Segment("confusable", _("[and more words like this]"))
            yield end, badge if badges <= _BADGES else more


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, Segment]]:
    count = text.count("\n", start, end) - 1
    words = ngettext("⟨%(count)s blank line⟩", "⟨%(count)s blank lines⟩", count) % {"count": _number(count)}
    yield start + 1, Segment("token", words, "", end - start - 2)  # between the first and the last line break


def _spaces(text: str, start: int, end: int) -> Iterator[tuple[int, Segment]]:
    kinds, count = sorted(set(text[start:end])), end - start
    words = ngettext("⟨%(count)s blank character⟩", "⟨%(count)s blank characters⟩", count)
    if kinds == [" "]:
        words = ngettext("⟨%(count)s space⟩", "⟨%(count)s spaces⟩", count)
    yield start, Segment("token", words % {"count": _number(count)}, ", ".join(map(_title, kinds)), end - start)


def _hidden(text: str, start: int, end: int) -> Iterator[tuple[int, Segment]]:
    # Equal characters in a row are one group, and so is a sentence written in tag characters.
    for kind, run in groupby(text[start:end], _tag_or_self):
        characters = "".join(run)
        for segment in _group(kind, characters):
            yield start, segment
            start += segment.size


def _group(kind: str, characters: str) -> list[Segment]:
    if kind == "tag":
        spelled = "".join(chr(ord(character) - 0xE0000) for character in characters)
        words = f"[{name_of(characters[0])} TAG “{spelled}”]"
    elif len(characters) < _RUN:
        return [_token(kind)] * len(characters)
    else:
        words = f"[{_number(len(characters))} × {name_of(kind)}]"
    return [Segment("token", words, _title(characters[0]), len(characters))]


def _tag_or_self(character: str) -> str:
    return "tag" if ord(character) in _TAGS else character


@lru_cache(maxsize=1024)
def _token(character: str) -> Segment:
    return Segment("token", f"[{name_of(character)}]", _title(character), 1)


def _word(text: str, start: int, end: int) -> Iterator[tuple[int, Segment]]:
    first = _LEADING.match(text, start, end) if start == 0 or text[start - 1] in "\n " else None
    if first:  # it would sit on a character that is not part of the text
        yield from _hidden(text, start, first.end())
    for stack in _STACK.finditer(text, first.end() if first else start, end):
        marks = len(stack[0])
        words = ngettext("[%(count)s more combining mark]", "[%(count)s more combining marks]", marks)
        words %= {"count": _number(marks)}
        yield stack.start(), Segment("token", words, _title(stack[0][0]), len(stack[0]))


def _badge(text: str, start: int, end: int) -> Segment | None:
    why = suspicion(text[start:end], text, start)
    return Segment("confusable", f"[{why[0]}]", why[1]) if why else None


def _sign(text: str, start: int, end: int) -> Iterator[tuple[int, Segment]]:
    yield start, _token(text[start])


def _number(count: int) -> str:
    return str(number_format(count, use_l10n=True, force_grouping=True))


def _selector(character: str) -> str:
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F:
        return f"VS{code - 0xFE00 + 1}"
    return f"VS{code - 0xE0100 + 17}" if 0xE0100 <= code <= 0xE01EF else ""


def _title(character: str) -> str:
    return unicodedata.name(character, _NAMELESS.get(unicodedata.category(character), "UNASSIGNED"))


_NAMELESS = {"Cc": "CONTROL CHARACTER", "Co": "PRIVATE USE", "Cs": "SURROGATE"}  # in the language of Unicode's names
_KINDS = {"lines": _lines, "spaces": _spaces, "hidden": _hidden, "word": _word, "sign": _sign}
