"""Words that pretend to be other words: mixed scripts, borrowed letters, digits of another system."""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

import regex
from confusable_homoglyphs import categories, confusables
from django.utils.translation import gettext as _

# Scripts that people write together, and with Latin, in one word.
_TOGETHER = (
    {"HAN", "HIRAGANA", "KATAKANA", "LATIN"},
    {"HAN", "BOPOMOFO", "LATIN"},
    {"HAN", "HANGUL", "LATIN"},
)
# Scripts in which a whole word can look Latin. Others share single shapes only, and honest text is full of those.
_LATIN_LIKE = {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "DESERET", "CARIAN", "LYCIAN", "LYDIAN"}
_NO_SCRIPT = frozenset({"COMMON", "INHERITED", "Unknown"})
FIRST_RARE_LATIN = "\u0180"  # below: letters of everyday spelling, as in Kılıç or Łódź
_FIRST_COMPATIBLE = "\u2000"  # below: m², 1ª, µ
_LONGEST_KEPT = 60  # the codec takes quadratic time, and the cache is not for novels
_JOINTS = "@./-:_"
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}_]+")


class _Word(NamedTuple):
    reading: str
    scripts: frozenset[str]
    rewritten: bool
    all_read: bool


def suspicion(word: str, text: str, start: int) -> tuple[str, str] | None:
    """Why a word that starts there in text may be read as another one: (short mark, sentence); None for honest ones."""
    if max(word) < FIRST_RARE_LATIN:
        return None
    about = _about(word) if len(word) <= _LONGEST_KEPT else _about.__wrapped__(word)
    values = {"reading": about.reading, "scripts": ", ".join(sorted(script.title() for script in about.scripts))}
    if len(about.scripts) > 1 and not any(about.scripts <= allowed for allowed in _TOGETHER):
        return _coded(word), _("mixes letters of %(scripts)s; may be read as “%(reading)s”") % values
    if about.rewritten:
        return f"= {about.reading}", _("other digits or letter forms; may be read as “%(reading)s”") % values
    if about.all_read and about.scripts & _LATIN_LIKE and not _at_home(about, text, start, start + len(word)):
        return _coded(word), _("looks like “%(reading)s” and is not") % values
    return None


@lru_cache(maxsize=4096)
def _about(word: str) -> _Word:
    return _Word(
        reading="".join(_reading(letter) or letter for letter in word),
        scripts=frozenset(map(_script, word)) - _NO_SCRIPT,
        rewritten=any(map(_is_rewritten, word)),
        all_read=all(_reading(letter) or not letter.isalpha() for letter in word),
    )


def _coded(word: str) -> str:
    return _punycode(word) if len(word) <= _LONGEST_KEPT else _("mixed letters")


@lru_cache(maxsize=4096)
def _punycode(word: str) -> str:
    return f"xn--{word.lower().encode('punycode').decode()}"


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return categories.alias(letter)


@lru_cache(maxsize=4096)
def _reading(letter: str) -> str:
    """The ASCII that somebody may see in this character, or nothing."""
    if letter.isascii():
        return letter
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    plain = unicodedata.normalize("NFKC", letter)
    return plain if plain.isascii() and plain.isalnum() else _LOOKS.get(letter, "")


@lru_cache(maxsize=4096)
def _is_rewritten(letter: str) -> bool:
    if letter.isascii() or not _reading(letter):
        return False
    rare = letter >= FIRST_RARE_LATIN and _script(letter) == "LATIN"
    compatible = letter >= _FIRST_COMPATIBLE and unicodedata.normalize("NFKC", letter).isascii()
    return letter.isdecimal() or rare or compatible


def _at_home(about: _Word, text: str, start: int, end: int) -> bool:
    """Beside a word that is plainly of the same script, and not part of an address: оса in a Russian sentence."""
    if _joined(text[max(start - 2, 0) : start][::-1]) or _joined(text[end : end + 2]):
        return False
    # A window, so that a long text costs one pass.
    beside = _WORD.findall(text, max(start - 40, 0), start)[-1:] + _WORD.findall(text, end, end + 40)[:1]
    return any(other.scripts == about.scripts and not other.all_read for other in map(_about, beside))


def _joined(beside: str) -> bool:
    return len(beside) == 2 and beside[0] in _JOINTS and beside[1].isalnum()


def _table() -> dict[str, str]:
    """Characters beyond ASCII that look like one ASCII letter or digit."""
    return {
        letter: alike["c"]
        for letter, all_alike in confusables.confusables_data.items()
        for alike in reversed(all_alike)
        if len(letter) == 1 and not letter.isascii() and len(alike["c"]) == 1
        if alike["c"].isascii() and alike["c"].isalnum()
    }


_LOOKS = _table()
