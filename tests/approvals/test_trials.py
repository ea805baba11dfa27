from datetime import timedelta

import pytest
from django.db.models.functions import Now

from agents.models import User
from agents.payloads import Refused
from approvals import tasks, trials
from approvals.models import Trial
from approvals.rules import Demand, Rule
from tests.approvals.test_amendments import FIRST, tried
from tests.cast import propose


@pytest.fixture
def ada(cast: dict[str, User]) -> User:
    return cast["ada"]


def test_who_would_be_asked_more_and_less(ada: User) -> None:
    for level in ("auto", "auto", "medium", "critical"):
        propose(level)
    trial = tried(ada, {"name": "Autos ask", "when": "reversible", "outcome": "approve", "tier": "high"})
    assert trial.counts["before"] == {"auto": 2, "medium": 1, "critical": 1}
    # Without the first rule a deployment is what its effect makes it.
    assert trial.counts["after"] == {"high": 2, "medium": 2}
    assert trial.counts["change"]["more"] == 2 and trial.counts["change"]["moved"] == 1
    assert (trial.done, trial.total, trial.percent) == (4, 4, 100)


def test_rules_that_decide_nothing_are_named(ada: User) -> None:
    propose("medium")
    trial = tried(
        ada,
        {"name": "All high", "when": "true", "tier": "high"},
        {"name": "Shadowed", "when": "affects_others", "tier": "medium"},
        {"name": "Too narrow", "when": 'tool == "none.such"', "outcome": "block"},
        {"name": "No answer", "when": "confidence < 0.5", "outcome": "approve"},
    )
    counts = trial.counts
    assert counts["decided"].get("All high") == 1 and not counts["decided"].get("Shadowed")
    assert counts["matched"] == {"All high": 1, "Shadowed": 1}
    assert counts["failed"] == {"No answer": 1}


def test_arguments_and_agents_of_the_past_are_asked_about(ada: User) -> None:
    propose("medium", arguments={"to": "anna"})
    propose("medium", arguments={"to": "berta"})
    trial = tried(ada, {"name": "Anna", "when": 'agent == "tester" && arguments.to == "anna"', "outcome": "block"})
    assert (trial.counts["after"], trial.counts["change"]) == ({"block": 1, "medium": 1}, {"fewer": 1, "blocked": 1})


def test_a_hint_that_comes_twice_counts_nothing_twice(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        propose("auto")
    monkeypatch.setattr(trials, "CHUNK", 2)
    trial = trials.begin(ada, (), 7)
    stale = trials._Share.of(trial)
    assert trials.step(trial.pk, 0)
    assert Trial.objects.get(pk=trial.pk).done == 2
    assert stale.take() and not Trial.objects.filter(pk=trial.pk, reached=stale.trial.reached).exists()
    while trials.step(trial.pk, 0):
        pass
    assert Trial.objects.get(pk=trial.pk).done == 5
    assert not trials.step(trial.pk)


def test_sweep_finds_a_trial_whose_hint_was_lost(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    propose("auto")
    trial = trials.begin(ada, (), 7)
    sent: list[int] = []
    monkeypatch.setattr(tasks, "send", lambda what, pk: sent.append(pk))
    tasks.sweep()
    Trial.objects.update(moved_at=Now() - timedelta(minutes=1))
    tasks.sweep()
    assert sent == [trial.pk]


def test_an_empty_past_is_tried_at_once(ada: User) -> None:
    assert tried(ada, FIRST).percent == 0
    with pytest.raises(Refused):
        trials.begin(ada, (), 8)


def test_a_stored_rule_that_broke_is_counted_as_failed(ada: User) -> None:
    propose("auto")
    trial = trials.begin(ada, [Rule("Broken", "tool ==", Demand("approve"))], 7)
    trials.step(trial.pk)
    trial.refresh_from_db()
    assert trial.counts["after"] == {"critical": 1} and trial.counts["failed"] == {"Broken": 1}
