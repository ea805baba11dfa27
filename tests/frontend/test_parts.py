"""The small parts: what they say, and what they never say wrongly."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from approvals.templatetags import parts


@pytest.mark.parametrize(
    ("value", "letters", "words"),
    [
        (1.0, "hi", "High 100%"),
        (0.96, "hi", "High 96%"),
        (0.9, "hi", "High 90%"),
        (0.8999, "me", "Medium 89%"),
        (0.7, "me", "Medium 70%"),
        (0.6999, "lo", "Low 69%"),
        (0.29, "lo", "Low 29%"),
        (0.0, "lo", "Low 0%"),
        (None, "none", "Not stated"),
    ],
)
def test_confidence_is_told_by_hue_bars_word_and_a_percent_that_stays_in_its_band(value, letters, words):
    drawn = parts.confidence(value)
    assert f'class="conf {letters} ' in drawn
    assert words in drawn
    assert drawn.count("<rect") == 3


def test_a_risk_nobody_knows_is_shown_as_critical():
    assert parts.risk("low").startswith('<span class="risk l">')
    assert "Critical" in parts.risk("unheard of")


def test_voices_show_a_dot_each_and_never_trust_a_role_name():
    drawn = parts.voices(1, 2, ["senior", "<b>"])
    assert drawn.count('fill="currentColor"') == 1
    assert drawn.count('fill="none"') == 1
    assert "1 of 2 · senior, &lt;b&gt;" in drawn


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.5, "0:00"),
        (59, "0:59"),
        (134, "2:14"),
        (1199, "19:59"),
        (1200, "20 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172800, "2 d"),
    ],
)
def test_time_left_is_told_as_on_a_clock(seconds, shown):
    now = timezone.now()
    assert parts.left(now + timedelta(seconds=seconds), now) == shown


def test_a_clock_that_ran_out_says_what_happened():
    drawn = parts.clock(timezone.now() - timedelta(seconds=1), "then expires", zero="Expired")
    assert 'class="due zero"' in drawn
    assert ">Expired</time>" in drawn


def test_a_clock_is_inverse_under_five_minutes_and_its_bar_shrinks():
    now = timezone.now()
    drawn = parts.clock(now + timedelta(minutes=4), "then expires", now - timedelta(minutes=4))
    assert 'class="due soon"' in drawn
    assert 'value="50"' in drawn


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "now"), (-3, "now"), (12, "12 s ago"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "1 h ago")],
)
def test_an_age_is_told_in_words_and_exactly_on_hover(seconds, shown):
    drawn = parts.age(timezone.now() - timedelta(seconds=seconds))
    assert f">{shown}</time>" in drawn
    assert 'UTC">' in drawn


def test_what_is_older_than_a_day_has_its_date():
    drawn = parts.age(timezone.now() - timedelta(days=1, seconds=1))
    assert "ago" not in drawn
    assert parts.age(None) == ""


def test_a_question_without_deadline_has_no_clock():
    assert "<time" not in parts.clock(None)


@pytest.mark.parametrize(("name", "letters"), [("Ines Ruiz", "IR"), ("mara", "MA"), ("", "?"), ("A B C", "AC")])
def test_initials_are_two_letters(name, letters):
    assert parts.initials(name) == letters


def test_icons_exist_in_the_sprite():
    sprite = (Path(__file__).parents[2] / "static/icons.svg").read_text()
    for name in {*parts.STATE_ICONS.values(), "board", "task", "agent", "history", "log", "stop", "search", "logo"}:
        assert f'id="i-{name}"' in sprite
    for letter, _words in parts.RISKS.values():
        assert f'id="r-{letter}"' in sprite
