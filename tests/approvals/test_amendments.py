import pytest
from django.db import IntegrityError, InternalError, OperationalError, transaction

from agents.models import Event, User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import amendments, rules, trials
from approvals.decisions import Forbidden
from approvals.models import Amendment, Policy, Role, Trial
from tests.cast import approve, proof, propose, question, reject

FIRST = {
    "name": "Releases and restarts of production need a senior and security",
    "when": 'tool.startsWith("deploy.")',
    "floor": "critical",
}
MORE = {"name": "Anna", "when": 'has(arguments.to) && arguments.to == "anna"', "outcome": "approve", "tier": "high"}


@pytest.fixture
def ada(cast: dict[str, User]) -> User:
    return cast["ada"]


@pytest.fixture
def ben(cast: dict[str, User]) -> User:
    person = User.objects.create(username="ben")
    person.roles.add(Role.objects.get(slug="admin"))
    return person


def tried(person: User, *rows: dict[str, object], **more: object) -> Trial:
    trial = trials.begin(person, rules.read(list(rows)), 30, **more)  # type: ignore[arg-type]
    while trials.step(trial.pk):
        pass
    return Trial.objects.select_related("base").get(pk=trial.pk)


def saved(person: User, *rows: dict[str, object], **more: object) -> Amendment:
    return amendments.save(tried(person, *rows, **more), person, proof(), reason="Because.")


def version() -> int:
    return Policy.objects.get(active=True).version


def test_a_rule_more_is_in_force_at_once_and_the_next_action_obeys(ada: User) -> None:
    waiting = propose("medium")
    saved(ada, FIRST, MORE)
    assert version() == 2
    assert question(propose("medium")).tier.level == "high"
    assert question(waiting).tier.level == "medium"
    event = Event.objects.get(kind="policy.activated")
    assert (event.policy_version, event.reason, event.detail["added"]) == (2, "Because.", ["Anna"])


def test_looser_rules_wait_for_a_second_admin(ada: User, ben: User) -> None:
    asked = saved(ada)
    assert (asked.state, version()) == ("open", 1)
    with pytest.raises(Forbidden, match="another admin"):
        amendments.agree(asked, ada, proof())
    amendments.agree(asked, ben, proof())
    assert version() == 2 and Policy.objects.get(version=2).rules == []
    assert [event.kind for event in Event.objects.filter(kind__startswith="policy.").order_by("pk")] == [
        "policy.asked",
        "policy.activated",
    ]


def test_a_refused_change_stays_refused(ada: User, ben: User) -> None:
    asked = saved(ada)
    amendments.refuse(asked, ben, proof(), note="No.")
    with pytest.raises(Conflict):
        amendments.agree(asked, ben, proof())
    assert version() == 1


def test_no_change_of_rules_approves_what_waits(ada: User, ben: User) -> None:
    action = propose("critical")
    amendments.agree(saved(ada), ben, proof())
    action.refresh_from_db()
    assert (action.state, question(action).tier.level) == ("PENDING", "critical")


def test_of_two_admins_who_save_at_once_the_second_is_told_and_nothing_is_half_saved(ada: User, ben: User) -> None:
    mine, yours = tried(ada, FIRST, MORE), tried(ben, FIRST, MORE | {"name": "Berta"})
    amendments.save(mine, ada, proof(), reason="One.")
    with pytest.raises(Conflict, match="Version 2, by Ada, came into force"):
        amendments.save(yours, ben, proof(), reason="Other.")
    assert (Policy.objects.count(), Amendment.objects.count(), version()) == (2, 1, 2)


def test_what_waits_for_a_second_admin_is_overtaken_by_another_version(ada: User, ben: User) -> None:
    asked = saved(ada)
    saved(ben, FIRST, MORE)
    asked.refresh_from_db()
    assert asked.state == "overtaken"


def test_an_old_version_comes_back_as_a_new_one(ada: User, ben: User) -> None:
    saved(ada, FIRST, MORE)
    old = Policy.objects.get(version=1)
    back = saved(ada, *old.rules, back_to=old)
    amendments.agree(back, ben, proof())
    assert version() == 3 and Policy.objects.get(version=3).rules == old.rules
    assert Event.objects.filter(kind="policy.activated").latest("pk").detail["back_to"] == 1


@pytest.mark.parametrize("name", ["mara", "ines", "sami", "nobody"])
def test_nobody_but_an_admin_saves(cast: dict[str, User], ada: User, name: str) -> None:
    with pytest.raises(Forbidden, match="Only an admin"):
        amendments.save(tried(ada, FIRST, MORE), cast[name], proof(), reason="Because.")


def test_what_is_not_tried_to_its_end_or_without_a_reason_or_a_change_is_not_saved(ada: User) -> None:
    propose("medium")
    trial = trials.begin(ada, rules.read([FIRST, MORE]), 30)
    with pytest.raises(Refused, match="still being tried"):
        amendments.save(trial, ada, proof(), reason="Because.")
    with pytest.raises(Refused, match="Say why"):
        amendments.save(tried(ada, FIRST, MORE), ada, proof(), reason="  ")
    with pytest.raises(Refused, match="Nothing was changed"):
        saved(ada, FIRST)
    assert Policy.objects.count() == 1


def test_what_people_rejected_and_would_now_pass_is_opened_before_it_is_saved(cast: dict[str, User], ada: User) -> None:
    saved(ada, FIRST, {"name": "Ask", "when": "true", "outcome": "approve"})
    reject(propose("auto"), cast["mara"])
    approve(propose("auto", arguments={"to": "ben"}), cast["mara"])
    trial = tried(ada, FIRST)
    assert [finding.kind for finding in trial.findings.order_by("pk")] == ["passes", "alone"]
    with pytest.raises(Refused, match="Not opened: 1"):
        amendments.save(trial, ada, proof(), reason="Because.")
    trials.open_finding(trial.findings.get(kind="passes"))
    assert amendments.save(trial, ada, proof(), reason="Because.").state == "open"


@pytest.mark.parametrize("change", [{"rules": []}, {"version": 9}, {"note": "other"}, {"active": True}])
def test_the_database_keeps_every_version_as_it_was(ada: User, change: dict[str, object]) -> None:
    saved(ada, FIRST, MORE)
    with pytest.raises((IntegrityError, InternalError, OperationalError)), transaction.atomic():
        Policy.objects.filter(version=1).update(**change)


def test_the_database_deletes_no_version(db: None) -> None:
    with pytest.raises((IntegrityError, InternalError, OperationalError)), transaction.atomic():
        Policy.objects.filter(version=1)._raw_delete("default")  # type: ignore[attr-defined]


@pytest.mark.parametrize("second", [None, "ada"])
def test_no_row_says_that_one_admin_alone_loosened_the_rules(cast: dict[str, User], second: str | None) -> None:
    made = saved(cast["ada"], MORE)
    assert made.looser and made.state == Amendment.State.OPEN
    change = {"state": "in_force", "policy": Policy.objects.get(active=True), "settled_by": second and cast[second]}
    with pytest.raises(IntegrityError), transaction.atomic():
        Amendment.objects.filter(pk=made.pk).update(**change)
