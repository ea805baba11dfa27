"""Two texts word by word: nothing of either is lost, and no text costs much."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals import diffs, picks

WORDS = st.text(alphabet="ab .\n,é語\u0301", max_size=60)


@given(WORDS, WORDS)
def test_the_pieces_are_the_two_texts_and_choosing_goes_from_one_to_the_other(old: str, new: str) -> None:
    pieces = diffs.words(old, new)
    assert "".join(piece.old for piece in pieces) == old
    assert "".join(piece.new for piece in pieces) == new
    (change,) = picks.changes({"at": old}, {"at": new}) or [None]
    assert change is None or (change.chosen(()), change.chosen([key for key, _piece in change.pieces])) == (old, new)
    assert all(a.same != b.same for a, b in pairwise(pieces))


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("We meet at two.", "We meet at three.", [("two", "three")]),
        ("Hello Anna,", "Hello Anna, and Omar,", [("", " and Omar,")]),
        ("Pay €1,240.00 today", "Pay €1,420.00 today", [("€1,240.00", "€1,420.00")]),
        ("会议两点", "会议三点", [("两", "三")]),
        ("same", "same", []),
        ("", "new", [("", "new")]),
    ],
)
def test_a_change_is_as_small_as_its_words(old: str, new: str, changes: list[tuple[str, str]]) -> None:
    assert [(piece.old, piece.new) for piece in diffs.words(old, new) if not piece.same] == changes


@pytest.mark.parametrize("unit", ["word ", "a. ", "\n", "語", "ab" * 40 + " "])
def test_a_hundred_kilobytes_are_compared_within_the_budget(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spent = []

    class Counted(diffs.SequenceMatcher):  # type: ignore[type-arg]
        def __init__(self, junk: None, old: list[str], new: list[str]) -> None:
            spent.append(len(old) * len(new))
            super().__init__(junk, old, new)

    monkeypatch.setattr(diffs, "SequenceMatcher", Counted)
    old = unit * (100_000 // len(unit))
    new = old[:30_000] + "One. " + old[30_000:60_000] + " two. " + old[60_000:-1] + "!"
    pieces = diffs.words(old, new)
    assert "".join(piece.new for piece in pieces) == new and sum(spent) <= diffs.IN_ALL


@pytest.mark.parametrize(
    ("began", "typed", "now", "found"),
    [
        ({"a": 1, "b": 2}, {"a": 9, "b": 2}, {"a": 1, "b": 3}, {"a": 9, "b": 3}),
        ({"a": {"x": 1}}, {"a": {"x": 1, "y": 2}}, {"a": {"x": 5}}, {"a": {"x": 5, "y": 2}}),
        ({"a": 1, "b": 2}, {"b": 2}, {"a": 1, "b": 3}, {"b": 3}),
        ({"a": [1, 2]}, {"a": [1, 9]}, {"a": [7, 2]}, {"a": [7, 9]}),
        ({"a": [1, 2]}, {"a": [1, 9]}, {"a": [7]}, {"a": [1, 9]}),
        ({"a": {"x": 1}}, {"a": {"x": 2}}, {"a": "gone"}, {"a": {"x": 2}}),
    ],
)
def test_what_was_typed_is_carried_over_alone(began: dict, typed: dict, now: dict, found: dict) -> None:  # type: ignore[type-arg]
    assert picks.rebased(began, typed, now) == found
