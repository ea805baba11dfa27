"""An agent is let to act alone when its evidence reaches, and only with what trust can spare at all."""

import pytest

from agents import ledger, payloads, proposals, trust
from agents.models import Action, Autonomy, Event, Tool, TrustScore, User
from agents.states import Conflict
from approvals import amendments, autonomy, decisions, grants
from approvals.models import Policy
from approvals.templatetags.story import told
from tests.approvals.test_amendments import ben
from tests.approvals.test_earned import LABEL, label, labelled, mailed
from tests.approvals.test_thresholds import saved
from tests.approvals.test_trust import autonomy as recorded
from tests.approvals.test_trust import row
from tests.cast import Answer, Enter, proof, question, reject

__all__ = ["ben"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]
OTHER = {**LABEL, "label": "loyal"}


def edit(action: Action, person: User) -> None:
    approval, version = question(action), action.versions.get(version=action.version)
    action = Action.objects.select_related("tool", "task__agent", "agent").get(pk=action.pk)
    made = proposals.redraft(action, version, {**payloads.arguments(bytes(version.body)), **LABEL})
    decisions.edit(approval, person, made=made, seen=Answer(person).seen(approval), proof=proof(), approve=False)


def proposing(**numbers: object) -> None:
    """A policy under which an admin has the last word."""
    Policy.objects.filter(active=True).update(active=False)
    Policy.objects.create(version=9, active=True, thresholds={"graduation": "proposed", **numbers})


def test_fourteen_clean_actions_earn_it_and_one_rejection_takes_it_back(mara: User) -> None:
    waiting = label(OTHER)
    labelled(mara, 13)
    assert recorded() == []
    labelled(mara)
    assert recorded() == ["trust.graduated"]
    assert trust.alone(row(), trust.Terms())
    assert Event.objects.get(kind="trust.graduated").detail == {
        "agent": "records", "tool": "crm.label", "score": 1.0, "clean": 14, "wrong": 0,
        "clean_since": 14, "wrong_since": 0, "bound": 0.1926, "limit": 0.2,
    }  # fmt: skip
    reject(waiting, mara)
    assert recorded()[-1] == "trust.demoted"
    assert not trust.alone(row(), trust.Terms())
    labelled(mara, 13)
    assert not trust.alone(row(), trust.Terms())
    labelled(mara)
    assert recorded()[-1] == "trust.graduated"


def test_an_edit_takes_it_back_too_where_the_bound_is_no_longer_met(mara: User) -> None:
    waiting = label(OTHER)
    labelled(mara, 14)
    edit(waiting, mara)
    assert recorded() == ["trust.graduated", "trust.demoted"]
    assert trust.missing(row(), 0.20) == 7


def test_where_policy_says_so_an_admin_has_to_agree(mara: User) -> None:
    proposing(trust_limit=0.5)
    labelled(mara, 6)
    assert recorded() == ["trust.offered"]
    assert not trust.alone(row(), trust.Terms(0.5, automatic=False))


def test_what_was_earned_under_a_ceiling_is_not_said_to_act_alone_yet(
    mara: User, cast: dict[str, User], enter: Enter
) -> None:
    tool = Tool.objects.get(name="crm.label")
    grants.set_ceiling(tool, Autonomy.SURE, cast["ada"], proof(), reason="Until spring.")
    labelled(mara, 14)
    assert Event.objects.get(kind="trust.graduated").detail["ceiling"] == Autonomy.SURE
    for address in ("/", "/audit/", "/agents/records/"):
        page = enter(mara).get(address).content.decode()
        assert "May act alone once its ceiling is lifted" in page and "May now act alone" not in page
    assert label().state == "PENDING"
    grants.set_ceiling(tool, Autonomy.ACTS, cast["ada"], proof(), reason="It is spring.")
    assert label().state == "APPROVED"


def test_what_always_asks_a_person_is_never_let_to_act_alone(mara: User, enter: Enter) -> None:
    mailed(mara, 14)
    found = row()
    assert (found.score, found.clean_since, trust.missing(found, 0.20)) == (1.0, 14, 0)
    assert recorded() == [] and not trust.alone(found, trust.Terms())
    said = str(told(Event(kind="trust.graduated")))
    for address in ("/", "/audit/", "/agents/support/"):
        assert said not in enter(mara).get(address).content.decode()


def test_nor_by_a_new_limit(mara: User, cast: dict[str, User], ben: User) -> None:
    mailed(mara, 6)
    amendments.agree(saved(cast["ada"], limit_percent=50), ben, proof())
    assert recorded() == [] and row().granted_at is None


def test_nor_is_it_proposed_to_an_admin_and_none_can_agree(mara: User, cast: dict[str, User]) -> None:
    proposing()
    mailed(mara, 14)
    assert recorded() == [] and row().offered_at is None
    with pytest.raises(Conflict):
        grants.agree(row(), cast["ada"], proof())
    assert row().granted_at is None


def test_who_does_not_say_what_trust_can_spare_grants_nothing(mara: User, cast: dict[str, User]) -> None:
    proposing()
    labelled(mara, 14)
    by = ledger.person(cast["ada"])
    assert not trust.grant(row(), trust.Terms(), cast["ada"], by)
    assert trust.grant(row(), autonomy.terms({}), cast["ada"], by)
    assert TrustScore.objects.filter(granted_by=cast["ada"]).exists()
