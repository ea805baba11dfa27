"""What holds of each translated sentence. The compiled catalogue is kept, so a fresh clone speaks without gettext's tools."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

pytestmark = pytest.mark.once
CATALOGUE = Path(__file__).parents[2] / "locale" / "de" / "LC_MESSAGES" / "django.po"
PLACES = re.compile(r"%\([\w.]+\)[sd]|%[sd]|\{\w*\}|<[^>]+>")


def messages() -> Any:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="de")


def forms(text: Any) -> list[str]:
    return list(text) if isinstance(text, tuple | list) else [text]


def test_the_compiled_catalogue_is_the_written_one() -> None:
    made = BytesIO()
    write_mo(made, messages())
    assert made.getvalue() == CATALOGUE.with_suffix(".mo").read_bytes(), "run `make messages`"


def test_no_translation_is_missing_or_a_guess() -> None:
    assert [one.id for one in messages() if one.id and (one.fuzzy or not all(forms(one.string)))] == []


def test_a_translation_fills_the_same_places_and_nothing_more() -> None:
    """One form of a plural may leave a number out, never add something."""
    wrong = []
    for one in messages():
        if not one.id:
            continue
        said = [sorted(PLACES.findall(form)) for form in forms(one.id)]
        wrong += [one.id for form in forms(one.string) if sorted(PLACES.findall(form)) not in said]
    assert wrong == []


def test_a_german_sentence_ends_as_the_english_does_and_quotes_as_germans_do() -> None:
    told = [(first, form) for one in messages() if one.id for first in forms(one.id)[:1] for form in forms(one.string)]
    assert [german for english, german in told if english[-1:] in ".:?" and german[-1:] not in ".:?"] == []
    assert [german for _english, german in told if german.count("„") != german.count("“")] == []
