"""Values from agents on a page: isolated, escaped, with nothing hidden; and the tree of all arguments."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents import payloads
from agents.schemas import Path
from approvals import diffs
from approvals import visible as eyes

register = template.Library()

FIRST_ENTRIES = 20  # shown above the fold of a long list
AROUND = 120  # characters of what did not change that are shown on either side of a change
DEEPEST = 40  # payloads end at 32; whatever else comes here ends, too


@register.filter(name="visible")
def visible(value: Any, limit: int | None = None) -> SafeString:
    """The value as HTML in an isolated element, cut after limit shown characters, which a mark then says."""
    return mark_safe("".join(_value("" if value is None else str(value), limit)))  # noqa: S308  escaped in _segment


@register.filter(name="visible_text")
def visible_text(value: Any, limit: int | None = None) -> str:
    """The same as plain text, for attributes and titles; the template escapes it."""
    return eyes.visible_text("" if value is None else str(value), limit)


@register.filter(name="is_plain")
def is_plain(value: Any) -> bool:
    """Nothing in the value has to be shown as a token."""
    return eyes.is_plain(str(value))


@register.simple_tag
def tree(value: Any, opened: Collection[str] | None = None) -> SafeString:
    """Every field of a checked JSON value, nested as it is; what is long folds.

    With `opened`, the keys of parts that the reader has opened, each other part has to be opened before an approval.
    """
    return mark_safe("".join(_Tree(opened).node(value, ())))  # noqa: S308  built from _value and constants


@register.filter(name="is_text")
def is_text(value: Any) -> bool:
    """The value is a text, and can be compared word by word."""
    return isinstance(value, str)


@register.simple_tag
def compared(old: str, new: str) -> SafeString:
    """Two texts as one, word by word: what went, what came, and of what stayed as much as tells where that is."""
    pieces = diffs.words(old, new)
    shown = (_piece(piece, at, at == len(pieces) - 1) for at, piece in enumerate(pieces))
    return mark_safe("".join(part for parts in shown for part in parts))  # noqa: S308  escaped in _segment


def _piece(piece: diffs.Piece, at: int, last: bool) -> Iterator[str]:
    if not piece.same:
        for tag, words, text in (("del", _("was"), piece.old), ("ins", _("is now"), piece.new)):
            if text:
                yield f'<span class="sr"> {escape(words)} </span><{tag}>'
                yield from _value(text)
                yield f"</{tag}>"
        return
    head, tail = 0 if at == 0 else AROUND, 0 if last else AROUND
    left_out = len(piece.old) - head - tail
    if left_out <= AROUND:
        yield from _value(piece.old)
        return
    yield from _value(piece.old[:head]) if head else ()
    words = ngettext("%(count)s unchanged character", "%(count)s unchanged characters", left_out)
    yield f' <span class="token cut">… {escape(words % {"count": _count(left_out)})} …</span> '
    yield from _value(piece.old[-tail:]) if tail else ()


def _value(text: str, limit: int | None = None) -> Iterator[str]:
    shown = eyes.show(text, limit)
    yield '<bdi class="value">'
    for segment in shown.segments:
        yield _segment(segment)
    if shown.left_out:
        words = ngettext("%(count)s more character", "%(count)s more characters", shown.left_out)
        yield f'<span class="token cut">… {escape(words % {"count": _count(shown.left_out)})}</span>'
    yield "</bdi>"


def _segment(segment: eyes.Segment) -> str:
    if segment.kind == "text":
        return escape(segment.text)
    kind = "token confusable" if segment.kind == "confusable" else "token"
    title = f' title="{escape(segment.title)}"' if segment.title else ""
    # dir isolates it, so that it reads the same inside Arabic or Hebrew.
    return f'<span class="{kind}" dir="ltr"{title}>{escape(segment.text)}</span>'


@dataclass(frozen=True)
class _Tree:
    """One value as it is drawn; opened: keys of the parts that the reader has opened, None where nobody has to."""

    opened: Collection[str] | None

    def node(self, value: Any, path: Path) -> Iterator[str]:
        if len(path) > DEEPEST:
            yield f'<span class="token">{escape(_("nested too deep to show"))}</span>'
        elif isinstance(value, str):
            yield from self.text(value, path)
        elif isinstance(value, (dict, list)):
            yield from self.members(value, path) if value else _empty(value)
        else:
            yield f'<span class="literal">{escape(_literal(value))}</span>'

    def text(self, value: str, path: Path) -> Iterator[str]:
        if not value:
            yield f'<span class="token">{escape(_("empty text"))}</span>'
        elif eyes.is_long(value):
            yield from self.fold(path, _value(value, eyes.LONG_TEXT // 2), _value(value))
        else:
            yield from _value(value)

    def members(self, value: dict[str, Any] | list[Any], path: Path) -> Iterator[str]:
        entries = iter(value.items() if isinstance(value, dict) else enumerate(value))
        draw = self.fields if isinstance(value, dict) else self.items
        if not eyes.is_long(value):
            yield from draw(entries, path)
            return
        yield from draw(islice(entries, FIRST_ENTRIES), path)
        left = len(value) - FIRST_ENTRIES
        words = ngettext("%(count)s more entry", "%(count)s more entries", left) % {"count": _count(left)}
        yield from self.fold(path, [escape(words)], draw(entries, path))

    def fields(self, entries: Iterable[tuple[Any, Any]], path: Path) -> Iterator[str]:
        yield '<dl class="tree">'
        for name, member in entries:
            yield "<dt>"
            yield from _value(name) if name else _empty(name)
            yield "</dt><dd>"
            yield from self.node(member, (*path, name))
            yield "</dd>"
        yield "</dl>"

    def items(self, entries: Iterable[tuple[Any, Any]], path: Path) -> Iterator[str]:
        first: Any = None
        for at, member in entries:
            if first is None:
                first = at
                yield f'<ol class="tree" start="{at + 1}">' if at else '<ol class="tree">'
            yield "<li>"
            yield from self.node(member, (*path, at))
            yield "</li>"
        yield "</ol>"

    def fold(self, path: Path, summary: Iterable[str], whole: Iterable[str]) -> Iterator[str]:
        yield f'<details class="part"{self.state(path)}><summary>'
        yield from summary
        yield "</summary>"
        yield from whole
        yield "</details>"

    def state(self, path: Path) -> str:
        if self.opened is None:
            return ""
        key = eyes.part_key(path)
        return f' data-must-open="{key}"' + (" data-read open" if key in self.opened else "")


def _empty(value: Any) -> Iterator[str]:
    words = (
        _("no fields") if isinstance(value, dict) else _("empty list") if isinstance(value, list) else _("empty text")
    )
    yield f'<span class="token">{escape(words)}</span>'


def _literal(value: Any) -> str:
    """A number as it stands in the stored bytes."""
    if isinstance(value, float) and isfinite(value):
        return payloads.canonical(value).decode()
    return json.dumps(value, default=str)


def _count(count: int) -> str:
    return str(number_format(count, use_l10n=True, force_grouping=True))
