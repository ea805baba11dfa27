"""People, roles and tiers: what changes at once, what needs a second admin, and what becomes of actions that wait."""

import itertools
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.test import Client

from agents.models import Event, User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import changes, tiers
from approvals.charters import AccessCharter, Charter, Misfit, RoleCharter, RolesCharter, TierCharter, covers
from approvals.decisions import Forbidden
from approvals.models import Change, Role, Tier
from tests.cast import Enter, approve, proof, propose, question

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(cast: dict[str, User]) -> User:
    return cast["ada"]


@pytest.fixture
def ben(cast: dict[str, User]) -> User:
    """A second admin."""
    made = User.objects.create(username="ben", first_name="Ben")
    made.roles.add(Role.objects.get(slug="admin"))
    return made


def ask(charter: Charter, person: User, *, seen: str = "", reason: str = "It is time.", **wanted: Any) -> Change:
    told = {**charter.now(), **wanted}
    return changes.ask(charter, person, proof(), wanted=told, seen=seen or changes.seen(charter), reason=reason)


def events(*kinds: str) -> list[str]:
    return list(Event.objects.filter(kind__in=kinds).order_by("pk").values_list("kind", flat=True))


# What is looser -------------------------------------------------------------------------------------------------------
TIER: dict[str, Any] = {
    "seats": {"junior": 2}, "deadline_minutes": 60, "card_seconds": 5, "hold_seconds": 10, "fresh_minutes": 60,
    "at_zero": "expire", "requester_counts": False, "reauthenticate": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "looser"),
    [
        ({"seats": {"junior": 1}}, True),
        ({"seats": {"junior": 3}}, False),
        ({"seats": {"senior": 2}}, False),
        ({"seats": {"senior": 1}}, True),
        ({"seats": {"senior": 1, "junior": 1}}, False),
        ({"seats": {"senior": 1, "security": 1}}, False),
        ({"deadline_minutes": 61}, True),
        ({"deadline_minutes": 59}, False),
        ({"card_seconds": 4}, True),
        ({"card_seconds": 6}, False),
        ({"hold_seconds": 0}, True),
        ({"hold_seconds": 60}, False),
        ({"fresh_minutes": 61}, True),
        ({"fresh_minutes": 1}, False),
        ({"at_zero": "hand_up"}, True),
        ({"requester_counts": True}, True),
        ({"reauthenticate": False}, True),
        ({"seats": {"senior": 2}, "fresh_minutes": 61}, True),
    ],
)
def test_whatever_asks_less_is_looser(change: dict[str, Any], looser: bool) -> None:
    assert TierCharter("medium").weakens(TIER, TIER | change) is looser


FILLERS = {"junior": {"junior", "senior", "security"}, "senior": {"senior"}, "security": {"security"}}


def fills(people: tuple[str, ...], seats: dict[str, int]) -> bool:
    """By brute force: whether people of these roles, in any order, can take all seats."""
    demanded = [slug for slug, count in seats.items() for _voice in range(count)]
    return any(
        all(role in FILLERS[seat] for role, seat in zip(order, demanded, strict=True))
        for order in itertools.permutations(people, len(demanded))
    )


def demands(most: int = 2) -> list[dict[str, int]]:
    counts = itertools.product(range(most + 1), repeat=3)
    return [{slug: n for slug, n in zip(FILLERS, some, strict=True) if n} for some in counts if 0 < sum(some) <= 3]


def test_a_demand_that_counts_as_stricter_never_lets_a_group_through_that_was_too_few() -> None:
    groups = [group for size in range(5) for group in itertools.combinations_with_replacement(FILLERS, size)]
    for before, after in itertools.product(demands(), repeat=2):
        if covers(before, after, FILLERS):
            assert all(fills(group, before) for group in groups if fills(group, after)), (before, after)


def test_voices_take_seats_as_brute_force_says_in_every_small_case() -> None:
    sets: list[set[str]] = [set(), {"a"}, {"b"}, {"c"}, {"a", "b"}, {"a", "c"}, {"b", "c"}, {"a", "b", "c"}]
    seats = [list(some) for size in range(1, 4) for some in itertools.combinations_with_replacement("abc", size)]
    for size in range(4):
        for able in itertools.product(sets, repeat=size):
            voices = dict(enumerate(able))
            for demanded in seats:
                found = tiers.seated(voices, demanded)
                assert all(seat in voices[person] for person, seat in found.items())
                assert all(list(found.values()).count(seat) <= demanded.count(seat) for seat in demanded)
                assert len(found) == most_seats(voices, demanded), (voices, demanded)


def most_seats(voices: dict[int, set[str]], demanded: list[str]) -> int:
    """The most seats that any way of placing people fills: everybody takes one of the seats or none."""
    nobody = -1
    ways = itertools.product(range(-1, len(demanded)), repeat=len(voices))
    fitting = (
        sum(place != nobody for place in way)
        for way in ways
        if len({p for p in way if p != nobody}) == sum(p != nobody for p in way)
        and all(p == nobody or demanded[p] in voices[person] for person, p in enumerate(way))
    )
    return max(fitting, default=0)


# Tiers ----------------------------------------------------------------------------------------------------------------
def test_a_stricter_tier_is_in_force_at_once_and_the_next_action_obeys(ada: User, cast: dict[str, User]) -> None:
    ask(TierCharter("high"), ada, seats={"senior": 2})
    action = propose("high")
    approve(action, cast["ines"])
    assert action.state == "PENDING"
    approve(action, cast["omar"])
    assert action.state == "APPROVED"
    told = Event.objects.get(kind="tier.changed")
    assert (told.tier, told.reason, told.detail["before"], told.detail["after"]) == (
        "high", "It is time.", {"seats": {"senior": 1}}, {"seats": {"senior": 2}},
    )  # fmt: skip


def test_a_looser_tier_waits_for_a_second_admin_even_where_there_is_none(ada: User) -> None:
    made = ask(TierCharter("critical"), ada, seats={"senior": 1})
    assert made.state == "open" and TierCharter("critical").now()["seats"] == {"security": 1, "senior": 1}
    with pytest.raises(Forbidden, match="another admin has to agree"):
        changes.agree(made, ada, proof())
    assert events("tier.changed", "change.asked") == ["change.asked"]


def test_a_second_admin_agrees(ada: User, ben: User) -> None:
    made = ask(TierCharter("critical"), ada, seats={"senior": 1})
    changes.agree(made, ben, proof())
    made.refresh_from_db()
    assert (made.state, made.settled_by) == ("in_force", ben)
    assert TierCharter("critical").now()["seats"] == {"senior": 1}
    with pytest.raises(Conflict, match="does not wait any more"):
        changes.agree(made, ben, proof())


def test_what_was_asked_of_a_tier_that_changed_since_is_not_put_into_force(ada: User, ben: User) -> None:
    made = ask(TierCharter("high"), ada, fresh_minutes=2_000)
    ask(TierCharter("high"), ben, seats={"senior": 2})
    made.refresh_from_db()
    assert made.state == "overtaken"
    with pytest.raises(Conflict):
        changes.agree(made, ben, proof())


def test_what_was_overtaken_has_an_event_that_says_what_it_was_and_by_what(ada: User, ben: User) -> None:
    asked = ask(TierCharter("high"), ada, fresh_minutes=2_000, reason="Weekends are long.")
    elsewhere = ask(TierCharter("low"), ada, fresh_minutes=2_000)
    stricter = ask(TierCharter("high"), ben, seats={"senior": 2})
    event = Event.objects.get(kind="change.overtaken")
    assert (event.actor_name, event.tier, event.reason) == ("Ben", "high", "Weekends are long.")
    told = {name: event.detail[name] for name in ("change", "overtaken_by", "asked_by", "before", "after")}
    assert told == {
        "change": asked.pk, "overtaken_by": stricter.pk, "asked_by": "Ada",
        "before": {"fresh_minutes": 1_440}, "after": {"fresh_minutes": 2_000},
    }  # fmt: skip
    assert events("tier.changed", "change.overtaken") == ["change.overtaken", "tier.changed"]
    elsewhere.refresh_from_db()
    assert elsewhere.state == "open"


def test_who_asked_and_is_no_admin_any_more_has_asked_for_nothing(ada: User, ben: User) -> None:
    made = ask(TierCharter("high"), ada, fresh_minutes=2_000)
    ask(AccessCharter(ada), ben, active=False)
    with pytest.raises(Conflict, match="no admin any more"):
        changes.agree(made, ben, proof())


def test_two_admins_saving_at_once_the_second_is_told_who_was_first(ada: User, ben: User) -> None:
    charter = TierCharter("high")
    seen = changes.seen(charter)
    ask(charter, ada, seats={"senior": 2}, seen=seen)
    with pytest.raises(Conflict, match="Ada changed this meanwhile"):
        ask(charter, ben, seats={"senior": 3}, seen=seen)
    assert charter.now()["seats"] == {"senior": 2} and Change.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"seats": {}}, "seats"),
        ({"seats": {"king": 1}}, "seats"),
        ({"seats": {"admin": 1}}, "seats"),
        ({"seats": {"senior": -1}}, "seats-senior"),
        ({"seats": {"senior": 0}}, "seats-senior"),
        ({"seats": {"senior": 99}}, "seats-senior"),
        ({"seats": {"senior": 9, "junior": 9}}, "seats"),
        ({"deadline_minutes": 0}, "deadline_minutes"),
        ({"deadline_minutes": -5}, "deadline_minutes"),
        ({"deadline_minutes": True}, "deadline_minutes"),
        ({"fresh_minutes": 10**9}, "fresh_minutes"),
        ({"card_seconds": -1}, "card_seconds"),
        ({"hold_seconds": -1}, "hold_seconds"),
        ({"at_zero": "approve"}, "at_zero"),
        ({"reauthenticate": "maybe"}, "reauthenticate"),
        ({"requester_counts": True}, "requester_counts"),
        ({"bypass": True}, ""),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place_and_nothing_is_saved(
    ada: User, change: dict[str, Any], place: str
) -> None:
    before = TierCharter("high").now()
    with pytest.raises(Misfit) as refused:
        ask(TierCharter("high"), ada, **change)
    assert place in [found for found, _text in refused.value.faults]
    assert TierCharter("high").now() == before and not Change.objects.exists()


@pytest.mark.parametrize("level", ["high", "critical"])
def test_the_database_itself_keeps_requesters_out_at_high_and_critical(level: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Tier.objects.filter(level=level).update(requester_counts=True)


def test_every_change_has_a_reason_and_changes_something(ada: User) -> None:
    with pytest.raises(Refused, match="Say why"):
        ask(TierCharter("high"), ada, seats={"senior": 2}, reason=" ")
    with pytest.raises(Refused, match="Nothing was changed"):
        ask(TierCharter("high"), ada)


# What waits -----------------------------------------------------------------------------------------------------------
def test_no_change_approves_what_waits_and_the_next_voice_counts_all(
    ada: User, ben: User, cast: dict[str, User]
) -> None:
    ask(TierCharter("high"), ada, seats={"senior": 3})
    action = propose("high")
    approve(action, cast["ines"])
    changes.agree(ask(TierCharter("high"), ada, seats={"senior": 1}), ben, proof())
    action.refresh_from_db()
    assert action.state == "PENDING"
    assert approve(action, cast["omar"]).seat == "senior"
    assert action.state == "APPROVED"


def test_a_tier_that_asks_for_more_takes_back_what_is_approved_and_did_not_start(
    ada: User, cast: dict[str, User]
) -> None:
    action = propose("high")
    approve(action, cast["ines"])
    ask(TierCharter("high"), ada, seats={"senior": 2})
    action.refresh_from_db()
    assert (action.state, action.version) == ("PENDING", 2)


@pytest.mark.parametrize("taken", ["role", "account"])
def test_whoever_loses_the_role_or_the_account_loses_the_voice_at_once(
    taken: str, ada: User, cast: dict[str, User]
) -> None:
    half, whole = propose("critical"), propose("high")
    approve(half, cast["ines"])
    approve(whole, cast["ines"])
    if taken == "role":
        ask(RolesCharter(cast["ines"]), ada, roles=[])
    else:
        ask(AccessCharter(cast["ines"]), ada, active=False)
    whole.refresh_from_db()
    assert whole.state == "PENDING", "approved, not started, and short of a voice"
    approve(half, cast["sami"])
    assert half.state == "PENDING", "one of two is left"
    approve(half, cast["omar"])
    assert half.state == "APPROVED"


def test_the_board_counts_the_voices_that_count_now(ada: User, cast: dict[str, User], enter: Enter) -> None:
    action = propose("critical")
    approve(action, cast["ines"])
    page = f"/actions/{action.pk}/"
    assert "1 of 2 have approved" in enter(cast["sami"]).get(page).content.decode()
    ask(RolesCharter(cast["ines"]), ada, roles=[])
    assert "0 of 2 have approved" in enter(cast["sami"]).get(page).content.decode()


# People ---------------------------------------------------------------------------------------------------------------
def test_the_last_admin_stays(ada: User, ben: User) -> None:
    ask(AccessCharter(ben), ada, active=False)
    for charter, wanted in ((AccessCharter(ada), {"active": False}), (RolesCharter(ada), {"roles": []})):
        with pytest.raises(Misfit, match="the last admin"):
            ask(charter, ada, **wanted)


def test_nobody_gives_himself_a_role_alone(ada: User, ben: User) -> None:
    made = ask(RolesCharter(ada), ada, roles=["admin", "senior"])
    assert made.state == "open" and tiers.powers([ada.pk]) == {}
    with pytest.raises(Forbidden):
        changes.agree(made, ada, proof())
    changes.agree(made, ben, proof())
    assert "senior" in tiers.powers([ada.pk])[ada.pk]


def test_a_first_admin_gives_others_their_roles_but_himself_none(ada: User, cast: dict[str, User]) -> None:
    assert ask(RolesCharter(cast["nobody"]), ada, roles=["junior"]).state == "in_force"
    assert ask(RolesCharter(ada), ada, roles=["admin", "senior"]).state == "open"


def test_who_disables_the_other_admin_is_not_alone_by_it(ada: User, ben: User, cast: dict[str, User]) -> None:
    ask(AccessCharter(ben), ada, active=False)
    assert ask(RolesCharter(cast["nobody"]), ada, roles=["senior"]).state == "open"


def test_taking_the_other_admins_role_needs_a_second_admin(ada: User, ben: User) -> None:
    assert ask(RolesCharter(ben), ada, roles=[]).state == "open"
    assert ben.roles.exists()


@pytest.mark.parametrize(("wanted", "state"), [({"active": True}, "open"), ({"active": False}, "in_force")])
def test_coming_back_is_looser_and_going_is_not(
    ada: User, ben: User, mara: User, wanted: dict[str, bool], state: str
) -> None:
    User.objects.filter(pk=mara.pk).update(is_active=not wanted["active"])
    assert ask(AccessCharter(mara), ada, **wanted).state == state


def test_a_reset_ends_sessions_and_the_old_password(ada: User, cast: dict[str, User], enter: Enter) -> None:
    hers, other = enter(cast["mara"]), enter(cast["jonas"])
    ask(AccessCharter(cast["mara"]), ada, reset=True)
    assert hers.get("/").status_code == 302 and other.get("/").status_code == 200
    assert Session.objects.count() == 1
    assert not Client().login(username="mara", password="secret")
    assert events("person.reset") == ["person.reset"]


def test_with_two_admins_none_resets_a_reviewer_alone_and_answers_in_their_place(
    ada: User, ben: User, mara: User
) -> None:
    made = ask(AccessCharter(mara), ada, reset=True)
    mara.refresh_from_db()
    assert made.state == "open" and mara.has_usable_password()
    changes.agree(made, ben, proof())
    mara.refresh_from_db()
    assert not mara.has_usable_password()


# Roles ----------------------------------------------------------------------------------------------------------------
def test_an_admin_adds_a_role_that_fills_seats_of_others(ada: User, ben: User, cast: dict[str, User]) -> None:
    ask(RoleCharter("legal"), ada, name="Legal", decides=True, fills=["senior"])
    changes.agree(ask(RolesCharter(cast["nobody"]), ada, roles=["legal"]), ben, proof())
    action = propose("high")
    approve(action, cast["nobody"])
    assert action.state == "APPROVED"
    assert events("role.created") == ["role.created"]


def test_a_role_whose_members_could_do_more_waits_and_one_that_does_less_does_not(ada: User, ben: User) -> None:
    assert ask(RoleCharter("junior"), ada, fills=["senior"]).state == "open"
    assert ask(RoleCharter("security"), ada, fills=[]).state == "in_force"
    assert TierCharter("low").now()["seats"] == {"junior": 1}


@pytest.mark.parametrize(
    ("slug", "wanted", "words"),
    [
        ("admin", {"decides": True}, "fixed"),
        ("senior", {"fills": ["king"]}, "no other role that decides is called “king”"),
        ("senior", {"fills": ["admin"]}, "no other role"),
        ("senior", {"fills": ["senior"]}, "no other role"),
        ("senior", {"decides": False, "fills": []}, "needs voices of this role"),
        ("new", {"name": " ", "decides": True, "fills": []}, "at most 100 characters"),
        ("new", {"name": "\u202eevil", "decides": True, "fills": []}, "at most 100 characters"),
        ("new", {"name": "x", "decides": False, "fills": ["junior"]}, "fills no seat"),
    ],
)
def test_roles_that_make_no_sense_are_refused(ada: User, slug: str, wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(Misfit, match=words):
        ask(RoleCharter(slug), ada, **wanted)
    assert not Change.objects.exists()


def test_a_role_goes_where_no_tier_needs_it(ada: User, cast: dict[str, User]) -> None:
    def drop(slug: str) -> Change:
        charter = RoleCharter(slug)
        return changes.ask(charter, ada, proof(), wanted={}, seen=changes.seen(charter), reason="Not used.")

    for slug in ("junior", "senior", "security", "admin"):
        with pytest.raises(Misfit):
            drop(slug)
    ask(RoleCharter("legal"), ada, name="Legal", decides=True, fills=[])
    drop("legal")
    assert not Role.objects.filter(slug="legal").exists() and events("role.deleted")


# Who may --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["mara", "ines", "sami", "nobody"])
def test_only_admins_change_anything_and_others_are_told_who(cast: dict[str, User], name: str) -> None:
    with pytest.raises(Forbidden, match=r"Only an admin .*: Ada"):
        ask(TierCharter("high"), cast[name], seats={"senior": 2})


def test_a_removed_role_is_told_to_the_sockets_of_that_person(
    ada: User, mara: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr("agents.facts.publish", lambda *facts: told.extend(facts))
    with django_capture_on_commit_callbacks(execute=True):
        ask(RolesCharter(mara), ada, roles=[])
    assert [fact["person"] for fact in told if "person" in fact] == [mara.pk]
    assert question(propose("low"))
