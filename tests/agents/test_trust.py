"""The bound on the share of wrong actions, against known values and its own definition."""

import math

import pytest

from agents import trust
from agents.models import TrustScore


@pytest.mark.parametrize(
    ("wrong", "total", "expected"),
    [
        (0, 0, 1.0),
        (0, 1, 0.95),
        (0, 13, 0.2058),
        (0, 14, 0.1926),
        (0, 22, 0.1273),
        (0, 59, 0.0495),
        (1, 10, 0.3942),
        (1, 22, 0.1981),
        (2, 20, 0.2826),
        (5, 50, 0.1988),
        (10, 100, 0.1637),
        (3, 3, 1.0),
    ],
)
def test_the_bound_is_that_of_clopper_and_pearson(wrong: int, total: int, expected: float) -> None:
    assert trust.bound(wrong, total) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(("wrong", "total"), [(0, 5), (1, 7), (4, 19), (30, 200), (150, 1_000)])
def test_at_the_bound_so_few_wrong_actions_have_a_chance_of_one_in_twenty(wrong: int, total: int) -> None:
    share = trust.bound(wrong, total)
    chance = sum(math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(wrong + 1))
    assert chance == pytest.approx(0.05, rel=1e-6)


def test_the_bound_of_a_long_history_is_found_too() -> None:
    assert trust.bound(100_000, 1_000_000) == pytest.approx(0.1005, abs=5e-5)


@pytest.mark.parametrize(
    ("clean", "wrong", "limit", "more"),
    [
        (0, 0, 0.20, 14),
        (5, 0, 0.20, 9),
        (12, 0, 0.20, 2),
        (14, 0, 0.20, 0),
        (14, 1, 0.20, 7),
        (0, 0, 0.05, 59),
        (3, 0, 0.0, None),
    ],
)
def test_how_many_more_clean_actions_it_takes(clean: int, wrong: int, limit: float, more: int | None) -> None:
    row = TrustScore(clean_since=clean, wrong_since=wrong)
    assert trust.missing(row, limit) == more


@pytest.mark.parametrize(
    ("thresholds", "limit", "automatic"),
    [
        ({}, 0.20, True),
        ({"trust_limit": 0.1, "graduation": "proposed"}, 0.1, False),
        ({"trust_limit": "much"}, 0.0, True),
        ({"trust_limit": 1.5}, 0.0, True),
        ({"graduation": "perhaps"}, 0.20, False),
    ],
)
def test_terms_that_cannot_be_read_grant_nothing(thresholds: dict[str, object], limit: float, automatic: bool) -> None:
    assert trust.Terms.of(thresholds) == trust.Terms(limit, automatic)
