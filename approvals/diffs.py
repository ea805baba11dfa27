"""What differs between two texts, word by word, in a bounded time. Pure."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

import regex

# Scripts without spaces between words are compared letter by letter.
_ALONE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}]"
_WORD = regex.compile(rf"(?V1)\s*+{_ALONE}\p{{M}}*+|\s*+[^\s--{_ALONE}]++|\s++")
_SENTENCE = regex.compile(r"[^\n.!?]*+(?:\n++|[.!?]++\s*+)|[^\n.!?]++")
_ENDS = ".,;:!?"
# Pairs that are compared with each other: at once, and in all. What is left then counts as replaced whole.
AT_ONCE, IN_ALL = 250_000, 2_000_000
SLIGHT = 4  # what stayed between two changes is lost among them where each is so many times as long


class Piece(NamedTuple):
    """A stretch of two texts: the same in both, or one put in the place of the other."""

    old: str
    new: str

    @property
    def same(self) -> bool:
        return self.old == self.new


def words(old: str, new: str) -> list[Piece]:
    """The two texts in pieces: their old sides are `old`, their new sides `new`. Same and changed take turns."""
    budget = [IN_ALL]
    found = _joined(_compared(list(_words(old)), list(_words(new)), budget))
    return list(_joined(part for piece in found for part in _without_blanks(piece)))


def _words(text: str) -> Iterator[str]:
    """A word with the blanks before it; the signs that end it stand alone."""
    for found in _WORD.finditer(text):
        word = found[0]
        bare = word.rstrip(_ENDS)
        yield from (part for part in (bare, word[len(bare) :]) if part)


def _compared(old: list[str], new: list[str], budget: list[int], inside: bool = False) -> Iterator[Piece]:
    """Word by word; where that is too much, the sentences first and then, `inside` those that differ, their words."""
    head, tail = _ends(old, new)
    yield _same(old[:head])
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    if _affordable(left, right, budget):
        for _kind, a, b, c, d in SequenceMatcher(None, left, right).get_opcodes():
            yield Piece("".join(left[a:b]), "".join(right[c:d]))
    elif inside or not left or not right:
        yield Piece("".join(left), "".join(right))
    else:
        yield from _by_sentences(_sentences(left), _sentences(right), budget)
    yield _same(old[len(old) - tail :])


def _by_sentences(old: list[str], new: list[str], budget: list[int]) -> Iterator[Piece]:
    head, tail = _ends(old, new)
    yield _same(old[:head])
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    if _affordable(left, right, budget):
        for _kind, a, b, c, d in SequenceMatcher(None, left, right).get_opcodes():
            yield from _compared(_split(left[a:b]), _split(right[c:d]), budget, inside=True)
    else:
        yield from _compared(_split(left), _split(right), budget, inside=True)
    yield _same(old[len(old) - tail :])


def _affordable(old: list[str], new: list[str], budget: list[int]) -> bool:
    cost = len(old) * len(new)
    fits = 0 < cost <= min(AT_ONCE, budget[0])
    budget[0] -= cost if fits else 0
    return fits


def _same(some: list[str]) -> Piece:
    return Piece("".join(some), "".join(some))


def _sentences(some: list[str]) -> list[str]:
    return _SENTENCE.findall("".join(some))


def _split(some: list[str]) -> list[str]:
    return list(_words("".join(some)))


def _ends(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many entries both begin with, and how many both end with."""
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    rest = most - head
    tail = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    return head, tail


def _slight(between: str, before: Piece, after: Piece) -> bool:
    far = min(max(len(piece.old), len(piece.new)) for piece in (before, after))
    return not any(sign.isalnum() for sign in between) or SLIGHT * len(between.strip()) < far


def _without_blanks(piece: Piece) -> Iterator[Piece]:
    """The blanks before a change apart from it, where both sides begin with the same."""
    blanks = piece.old[: len(piece.old) - len(piece.old.lstrip())]
    alike = blanks and piece.new.startswith(blanks) and not piece.same
    yield from (Piece(blanks, blanks), Piece(piece.old[len(blanks) :], piece.new[len(blanks) :])) if alike else (piece,)


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind as one; a sign or a word between two changes that are far longer belongs to them."""
    kept: list[Piece] = []
    for piece in pieces:
        if not piece.old and not piece.new:
            continue
        if kept and (kept[-1].same == piece.same):
            kept[-1] = Piece(kept[-1].old + piece.old, kept[-1].new + piece.new)
            continue
        if len(kept) > 1 and not piece.same and _slight(kept[-1].old, kept[-2], piece):
            between, before = kept.pop(), kept.pop()
            piece = Piece(before.old + between.old + piece.old, before.new + between.new + piece.new)
        kept.append(piece)
    yield from kept
