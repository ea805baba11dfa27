"""What is looser waits for a second admin, unless the policy does without; who is alone reads why, and what to do."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from agents.models import Event, User
from approvals import amendments
from approvals.amendments import Second
from approvals.charters import RolesCharter, TierCharter
from approvals.models import Amendment, Change, Policy
from tests.approvals.test_amendments import FIRST, ada, ben
from tests.approvals.test_amendments import saved as saved_rules
from tests.approvals.test_changes import ask
from tests.approvals.test_people_pages import save_tier, text
from tests.approvals.test_policy_pages import at_once, desk, typed
from tests.approvals.test_thresholds import in_force, saved
from tests.cast import proof, propose

__all__ = ["ada", "at_once", "ben", "desk"]


def switch(wanted: str, reason: str = "There is nobody else yet.") -> str:
    out = io.StringIO()
    call_command("policy", "second-admin", wanted, "--reason", reason, stdout=out)
    return out.getvalue()


def test_the_shell_lets_a_lone_admin_loosen_with_a_reason_on_the_record(ada: User) -> None:
    assert saved_rules(ada).state == "open"
    assert "Version 2 of the policy is in force: what is looser is in force at once" in switch("off")
    event = Event.objects.get(kind="policy.activated")
    assert (event.actor_kind, event.actor_name, event.reason) == ("command", "policy", "There is nobody else yet.")
    assert event.detail["thresholds"] == {"second_admin": [True, False]} and event.detail["looser"] is True
    assert Amendment.objects.get().state == "overtaken"
    made = saved_rules(ada)
    assert (made.state, made.settled_by, made.waiver) == ("in_force", None, Policy.objects.get(version=2))
    assert Policy.objects.get(active=True).rules == []
    assert Event.objects.filter(kind="policy.activated").latest("pk").detail["waived_by"] == 2


def test_then_tiers_and_roles_are_loosened_alone_too(ada: User, cast: dict[str, User]) -> None:
    waiting = propose("high")
    wanted = {"deadline_minutes": 24 * 60}
    assert ask(TierCharter("high"), ada, **wanted).state == "open"
    switch("off")
    made = ask(TierCharter("high"), ada, **wanted)
    assert (made.state, made.waiver) == ("in_force", Policy.objects.get(version=2))
    assert Event.objects.filter(kind__startswith="tier.").latest("pk").detail["waived_by"] == 2
    waiting.refresh_from_db()
    assert waiting.state == "PENDING"
    assert ask(RolesCharter(cast["mara"]), ada, roles=["junior", "senior"]).waiver is None  # a first admin needed none


def test_on_again_is_stricter_and_holds_at_once(ada: User) -> None:
    switch("off")
    switch("on", "Ben has joined.")
    assert saved_rules(ada, FIRST | {"floor": "high"}).state == "open"
    with pytest.raises(CommandError, match="so already, by version 3"):
        switch("on")


def test_where_there_are_two_they_agree_on_the_page(ada: User, ben: User) -> None:
    with pytest.raises(CommandError, match="two admins or more"):
        switch("off")
    with pytest.raises(CommandError, match="Say why"):
        User.objects.filter(pk=ben.pk).update(is_active=False)
        switch("off", " ")
    User.objects.filter(pk=ben.pk).update(is_active=True)
    made = saved(ada, second_admin=False)
    assert made.state == "open" and in_force().second_admin
    amendments.agree(made, ben, proof())
    assert not in_force().second_admin
    assert saved(ada, second_admin=True).state == "in_force" and in_force().second_admin


def test_bringing_back_a_version_that_did_without_is_looser(ada: User, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(is_active=False)
    switch("off")
    switch("on")
    back = saved(ada, second_admin=False)
    assert (back.looser, back.state) == (True, "open")


@pytest.mark.parametrize("wrong", ["no", 0, None, []])
def test_a_policy_that_says_anything_else_asks_for_a_second_admin(ada: User, wrong: object) -> None:
    Policy.objects.filter(active=True).update(active=False)
    Policy.objects.create(version=9, active=True, thresholds={"second_admin": wrong})
    assert amendments.waiver() is None


def test_how_it_stands_with_the_other_admin(ada: User, ben: User) -> None:
    assert amendments.second(ada) == Second.THERE
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert amendments.second(ada) == Second.LEFT
    ben.delete()
    assert amendments.second(ada) == Second.FIRST
    switch("off")
    assert amendments.second(ada) == Second.WAIVED


PAGES = ["/policies/", "/tiers/", "/tiers/high/", "/roles/", "/people/"]


@pytest.mark.parametrize("address", PAGES)
def test_who_is_alone_reads_why_nothing_can_be_loosened(desk: Client, ada: User, address: str) -> None:
    page = text(desk.get(address))
    assert "You are the only admin, so nothing can be made looser." in page
    assert "manage.py create_owner NAME" in page and "manage.py policy second-admin off --reason" in page
    switch("off")
    assert "Looser changes need no second admin." in text(desk.get(address))


@pytest.mark.parametrize("address", PAGES)
def test_of_two_neither_reads_it(desk: Client, ben: User, address: str) -> None:
    page = text(desk.get(address))
    assert "only admin, so" not in page and "need no second admin" not in page


def test_whose_colleagues_are_disabled_is_not_sent_to_invite(desk: Client, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(is_active=False)
    page = text(desk.get("/policies/"))
    assert "The other admins are disabled." in page and "Invite somebody" not in page


def test_the_page_saves_at_once_where_the_policy_does_without(desk: Client, ada: User) -> None:
    switch("off")
    answer = desk.post("/policies/change/", typed())
    page = text(desk.get(answer["Location"]))
    assert "Save and put into force" in page and "Ask a second admin" not in page
    desk.post(answer["Location"], {"reason": "No rule."})
    assert Policy.objects.get(active=True).version == 3
    assert "no second admin was asked for" in text(desk.get("/policies/"))
    assert save_tier(desk, "high", deadline_minutes=90).status_code == 302
    assert TierCharter("high").now()["deadline_minutes"] == 90


def test_the_choice_is_on_the_form(desk: Client, ada: User) -> None:
    wrong = desk.post("/policies/change/", typed(FIRST, **{"trust-second_admin": "maybe"}))
    assert wrong.status_code == 422 and "write true or false" in text(wrong)
    answer = desk.post("/policies/change/", typed(FIRST, **{"trust-second_admin": "no"}))
    page = text(desk.get(answer["Location"]))
    assert "Ask a second admin" in page and "You are the only admin" in page
    desk.post(answer["Location"], {"reason": "Alone."})
    assert in_force().second_admin and Amendment.objects.get().state == "open"


def test_no_row_has_a_waiver_beside_a_second_admin_or_before_it_is_in_force(ada: User, ben: User) -> None:
    active = Policy.objects.get(active=True)
    made, change = saved_rules(ada), ask(TierCharter("high"), ada, deadline_minutes=24 * 60)
    for model, pk in ((Amendment, made.pk), (Change, change.pk)):
        with pytest.raises(IntegrityError), transaction.atomic():
            model._default_manager.filter(pk=pk).update(waiver=active)
    amendments.agree(made, ben, proof())
    with pytest.raises(IntegrityError), transaction.atomic():
        Amendment.objects.filter(pk=made.pk).update(waiver=active)
