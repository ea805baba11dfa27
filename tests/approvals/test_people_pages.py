"""People, roles and tiers in the browser: what an admin does there, what is refused and where, and who is let in."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from agents.models import Event, User
from approvals.charters import TierCharter
from approvals.models import Change, Role, Tier
from tests.cast import Enter, approve, propose, question

PASSWORD = "a long way from anywhere"
MARK = re.compile(r'name="(?P<name>[a-z-]*seen)" value="(?P<mark>[0-9a-f]{64})"')


@pytest.fixture
def ben(cast: dict[str, User]) -> User:
    """A second admin."""
    made = User.objects.create(username="ben", first_name="Ben")
    made.roles.add(Role.objects.get(slug="admin"))
    return made


@pytest.fixture
def desk(cast: dict[str, User], client: Client) -> Client:
    client.force_login(cast["ada"])
    return client


def text(answer: Any) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def marks(client: Client, page: str) -> dict[str, str]:
    return {found["name"]: found["mark"] for found in MARK.finditer(client.get(page).content.decode())}


def tier_data(level: str, **changes: Any) -> dict[str, Any]:
    now = TierCharter(level).now()
    first = {name: value for name, value in now.items() if name != "seats" and value is not False}
    return {**first, **{f"seats-{slug}": n for slug, n in now["seats"].items()}, "reason": "It is time.", **changes}


def save_tier(client: Client, level: str, **changes: Any) -> Any:
    page = f"/tiers/{level}/"
    return client.post(page, {**tier_data(level), **marks(client, page), **changes})


def invited(client: Client, **more: str) -> str:
    answer = client.post("/people/invite/", {"username": "kim", "reason": "New in the team.", **more})
    found = re.search(r'value="http://testserver(/welcome/[^"]+)"', answer.content.decode())
    assert found, text(answer)
    return found[1]


def come_in(path: str, password: str = PASSWORD, **more: str) -> tuple[Client, Any]:
    guest = Client()
    form = guest.get(path, follow=True)
    told = {"first_name": "Kim", "last_name": "Berg", "new_password1": password, "new_password2": password, **more}
    return guest, guest.post(form.request["PATH_INFO"], told)


# Who is let in --------------------------------------------------------------------------------------------------------
PAGES = (
    "/people/",
    "/people/invite/",
    "/people/1/",
    "/roles/",
    "/roles/new/",
    "/roles/junior/",
    "/tiers/",
    "/tiers/high/",
)
POSTS = ("/people/invite/", "/people/1/roles/", "/people/1/access/", "/people/1/link/", "/roles/new/", "/tiers/high/", "/changes/1/")  # fmt: skip


@pytest.mark.parametrize("name", ["mara", "ines", "sami", "nobody"])
def test_everybody_else_reads_who_may(cast: dict[str, User], client: Client, name: str) -> None:
    client.force_login(cast[name])
    for answer in (*map(client.get, PAGES), *(client.post(page, {"do": "disable", "reason": "x"}) for page in POSTS)):
        assert answer.status_code == 403 and "Only an admin can see and change people, roles and tiers: Ada" in text(
            answer
        )
    assert 'href="/people/"' not in client.get("/").content.decode()
    assert not Change.objects.exists()


def test_admins_find_the_pages_and_none_breaks(desk: Client, cast: dict[str, User]) -> None:
    propose("critical")
    assert 'href="/people/"' in desk.get("/").content.decode()
    for page in PAGES:
        page = page.replace("/1/", f"/{cast['mara'].pk}/")
        assert desk.get(page).status_code == 200, page


@pytest.mark.parametrize("page", ["/people/999/", "/roles/king/", "/tiers/extreme/"])
def test_what_does_not_exist_is_not_found(desk: Client, page: str) -> None:
    assert desk.get(page).status_code == 404


# Inviting -------------------------------------------------------------------------------------------------------------
def test_whoever_is_invited_sets_name_and_password_once_and_signs_in(desk: Client) -> None:
    path = invited(desk)
    guest, answer = come_in(path)
    assert answer["Location"] == "/accounts/login/"
    made = User.objects.get(username="kim")
    assert (str(made), made.roles.count()) == ("Kim Berg", 0)
    assert guest.login(username="kim", password=PASSWORD)
    assert guest.get("/").status_code == 200
    assert "This link does not work" in text(Client().get(path, follow=True))
    kinds = Event.objects.filter(kind__startswith="person.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["person.created", "person.link", "person.arrived"]
    assert PASSWORD not in str(list(Event.objects.values()))


def test_the_page_of_a_link_that_somebody_left_open_works_once_too(desk: Client) -> None:
    path = invited(desk)
    left_open = Client()
    form = left_open.get(path, follow=True).request["PATH_INFO"]
    come_in(path)
    late = {"new_password1": "quite another long one", "new_password2": "quite another long one"}
    assert "This link does not work" in text(left_open.post(form, late))
    assert User.objects.get(username="kim").check_password(PASSWORD)


def test_a_newer_link_replaces_the_one_before(desk: Client) -> None:
    first = invited(desk)
    made = User.objects.get(username="kim")
    second = re.search(r"/welcome/[^\"]+", desk.post(f"/people/{made.pk}/link/").content.decode())
    assert second and "This link does not work" in text(Client().get(first, follow=True))
    assert come_in(second[0])[1].status_code == 302


@pytest.mark.parametrize("spoil", ["late", "forged", "disabled"])
def test_a_link_that_is_too_old_forged_or_of_a_disabled_account_opens_nothing(desk: Client, spoil: str) -> None:
    path = invited(desk)
    when = timezone.now()
    if spoil == "late":
        when += timedelta(days=3, minutes=1)
    elif spoil == "forged":
        path = path[:-3] + ("aaa/" if not path.endswith("aaa/") else "bbb/")
    else:
        User.objects.filter(username="kim").update(is_active=False)
    with time_machine.travel(when):
        assert "This link does not work" in text(Client().get(path, follow=True))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("username", "mara", "already exists"),
        ("username", "", "This field is required"),
        ("username", "a b", "valid username"),
        ("username", "x" * 151, "at most 150"),
        ("first_name", "a\u202eb", "plain characters"),
        ("reason", " ", "Say why"),
        ("username", "kim\0", "Null characters"),
    ],
)
def test_an_odd_invitation_is_told_at_its_field_and_keeps_what_was_typed(
    desk: Client, field: str, value: str, words: str
) -> None:
    told = {"username": "kim", "first_name": "Kim", "last_name": "Berg", "reason": "New.", field: value}
    answer = desk.post("/people/invite/", told)
    assert answer.status_code == 422 and words in text(answer) and 'value="Berg"' in answer.content.decode()
    assert not User.objects.filter(username="kim").exists()


@pytest.mark.parametrize("word", ["short", "12345678901234", "password1234"])
def test_a_weak_password_does_not_open_the_account(desk: Client, word: str) -> None:
    answer = come_in(invited(desk), word)[1]
    assert answer.status_code == 200 and "password" in text(answer).lower()
    assert not User.objects.get(username="kim").has_usable_password()


# One person -----------------------------------------------------------------------------------------------------------
def test_a_disabled_account_is_out_at_once(desk: Client, cast: dict[str, User], enter: Enter) -> None:
    hers = enter(cast["mara"])
    page = f"/people/{cast['mara'].pk}/"
    answer = desk.post(f"{page}access/", {**marks(desk, page), "access-reason": "Left us.", "do": "disable"})
    assert answer.status_code == 302 and hers.get("/").status_code == 302
    assert "Disabled" in text(desk.get(page))
    desk.post(f"{page}access/", {**marks(desk, page), "access-reason": "Is back.", "do": "enable"})
    assert User.objects.get(username="mara").is_active


def test_a_reset_shows_a_link_that_sets_a_new_password(desk: Client, cast: dict[str, User]) -> None:
    page = f"/people/{cast['mara'].pk}/"
    answer = desk.post(f"{page}access/", {**marks(desk, page), "access-reason": "Forgot it.", "do": "reset"})
    path = re.search(r"/welcome/[^\"]+", answer.content.decode())
    assert path and come_in(path[0])[1].status_code == 302
    assert Client().login(username="mara", password=PASSWORD)


def test_nobody_resets_themselves_or_ends_the_last_admin(desk: Client, cast: dict[str, User]) -> None:
    page = f"/people/{cast['ada'].pk}/"
    told = {**marks(desk, page), "access-reason": "x", "roles-reason": "x"}
    assert desk.post(f"{page}access/", {**told, "do": "reset"}).status_code == 403
    for answer in (desk.post(f"{page}access/", {**told, "do": "disable"}), desk.post(f"{page}roles/", told)):
        assert answer.status_code == 422 and "this is the last admin" in text(answer)
    assert desk.get("/people/").status_code == 200


def test_a_second_admin_agrees_to_a_role_on_the_page(desk: Client, ben: User, cast: dict[str, User]) -> None:
    page = f"/people/{cast['nobody'].pk}/"
    desk.post(f"{page}roles/", {**marks(desk, page), "roles-roles": ["senior"], "roles-reason": "Has the training."})
    made = Change.objects.get()
    assert made.state == "open" and "Another admin has to agree" in text(desk.get(page))
    assert desk.post(f"/changes/{made.pk}/", {"answer": "agree"}).status_code == 403
    assert desk.post(f"/changes/{made.pk}/", {"answer": "maybe"}).status_code == 422
    desk.force_login(ben)
    assert "none Senior reviewer" in text(desk.get(page)).replace(" becomes", "")
    assert desk.post(f"/changes/{made.pk}/", {"answer": "agree"}).status_code == 302
    assert desk.post(f"/changes/{made.pk}/", {"answer": "agree"}).status_code == 409
    action = propose("high")
    approve(action, cast["nobody"])
    assert action.state == "APPROVED"


def test_a_change_is_taken_back_or_refused(desk: Client, ben: User, cast: dict[str, User]) -> None:
    page = f"/people/{cast['nobody'].pk}/"
    for person in (cast["ada"], ben):
        desk.force_login(cast["ada"])
        desk.post(f"{page}roles/", {**marks(desk, page), "roles-roles": ["senior"], "roles-reason": "Please."})
        desk.force_login(person)
        desk.post(f"/changes/{Change.objects.latest('pk').pk}/", {"answer": "refuse"})
    assert list(Change.objects.values_list("state", flat=True)) == ["refused", "refused"]
    assert not cast["nobody"].roles.exists()


def test_an_unknown_role_is_refused_and_nothing_is_lost(desk: Client, cast: dict[str, User]) -> None:
    page = f"/people/{cast['mara'].pk}/"
    told = {**marks(desk, page), "roles-roles": ["senior", "king"], "roles-reason": "Because of reasons."}
    answer = desk.post(f"{page}roles/", told)
    assert answer.status_code == 422 and "king is not one of the available choices" in text(answer)
    assert "Because of reasons." in text(answer)
    assert [role.slug for role in cast["mara"].roles.all()] == ["junior"]


# Roles ----------------------------------------------------------------------------------------------------------------
def test_an_admin_adds_changes_and_removes_a_role(desk: Client) -> None:
    told = {"slug": "Legal", "name": "Legal desk", "decides": "on", "fills": ["junior"], "reason": "Contracts."}
    assert desk.post("/roles/new/", {**marks(desk, "/roles/new/"), **told}).status_code == 302
    assert "Legal desk" in text(desk.get("/roles/"))
    answer = desk.post("/roles/new/", {**marks(desk, "/roles/new/"), **told})
    assert answer.status_code == 422 and "already" in text(answer)
    more = {"name": "Counsel", "decides": "on", "fills": ["junior"], "reason": "Better name.", "do": "save"}
    assert desk.post("/roles/legal/", {**marks(desk, "/roles/legal/"), **more}).status_code == 302
    assert Role.objects.get(slug="legal").name == "Counsel"
    assert desk.post("/roles/legal/", {**marks(desk, "/roles/legal/"), **more, "do": "delete"}).status_code == 302
    assert not Role.objects.filter(slug="legal").exists()


@pytest.mark.parametrize(
    ("slug", "words"), [("a b", "valid"), ("", "required"), ("x" * 41, "at most 40"), ("ä", "valid")]
)
def test_an_odd_short_name_is_refused(desk: Client, slug: str, words: str) -> None:
    told = {"slug": slug, "name": "X", "reason": "x", **marks(desk, "/roles/new/")}
    answer = desk.post("/roles/new/", told)
    assert answer.status_code == 422 and words in text(answer)


# Tiers ----------------------------------------------------------------------------------------------------------------
def test_an_admin_asks_for_two_seniors_and_the_next_action_obeys(desk: Client, cast: dict[str, User]) -> None:
    assert save_tier(desk, "high", **{"seats-senior": 2}).status_code == 302
    action = propose("high")
    approve(action, cast["ines"])
    assert action.state == "PENDING"
    approve(action, cast["omar"])
    assert action.state == "APPROVED"


def test_the_matrix_says_who_decides_what_and_looks_through_others_eyes(desk: Client, cast: dict[str, User]) -> None:
    action = propose("critical")
    approve(action, cast["ines"])
    page = text(desk.get("/tiers/"))
    assert "for Junior reviewer" in page and "1 voice" in page and "Sami" in page
    assert "sees it, decides nothing" in text(desk.get("/tiers/?as=role-junior"))
    as_ines = text(desk.get(f"/tiers/?as=person-{cast['ines'].pk}"))
    assert "gives one of 2 voices, as Senior reviewer" in as_ines and "has answered already" in as_ines
    assert "may answer" in text(desk.get("/tiers/?as=role-security"))
    for odd in ("role-king", "person-999999", "person-", "role-", "x", "person-" + "9" * 50, "\0"):
        assert desk.get("/tiers/", {"as": odd}).status_code == 200


def test_a_tier_that_nobody_could_fill_is_saved_only_on_purpose_and_then_warned_about(
    desk: Client, cast: dict[str, User]
) -> None:
    answer = save_tier(desk, "high", **{"seats-senior": 3})
    assert answer.status_code == 422 and "Nobody could fill this today: Senior reviewer" in text(answer)
    assert TierCharter("high").now()["seats"] == {"senior": 1}
    assert save_tier(desk, "high", **{"seats-senior": 3, "anyway": "on"}).status_code == 302
    propose("high")
    for page in ("/tiers/", "/people/"):
        assert "High risk: nobody could fill it." in text(desk.get(page))
    assert "Cannot be decided: no free Senior reviewer" in text(desk.get("/tiers/"))


def save_person(client: Client, person: User, form: str, **told: Any) -> Any:
    """Post one of the two forms of a person's page: roles or access."""
    page = f"/people/{person.pk}/"
    data = {"roles-reason": "Moves on.", "access-reason": "Moves on.", **marks(client, page), **told}
    return client.post(f"{page}{form}/", data)


def test_taking_the_role_of_the_last_holder_says_which_seats_stay_empty(desk: Client, cast: dict[str, User]) -> None:
    assert save_person(desk, cast["omar"], "roles", **{"roles-roles": "junior"}).status_code == 302
    answer = save_person(desk, cast["ines"], "roles", **{"roles-roles": "junior"})
    said = "Then nobody could fill High risk (Senior reviewer), Critical (Senior reviewer)."
    assert answer.status_code == 422 and said in text(answer) and "Moves on." in text(answer)
    assert list(cast["ines"].roles.values_list("slug", flat=True)) == ["senior"]
    again = {"roles-roles": "junior", "roles-anyway": "on"}
    assert save_person(desk, cast["ines"], "roles", **again).status_code == 302
    assert list(cast["ines"].roles.values_list("slug", flat=True)) == ["junior"]


def test_disabling_the_last_holder_does_so_too(desk: Client, cast: dict[str, User]) -> None:
    answer = save_person(desk, cast["sami"], "access", do="disable")
    assert answer.status_code == 422 and "Then nobody could fill Critical (Security reviewer)." in text(answer)
    assert User.objects.get(pk=cast["sami"].pk).is_active
    assert save_person(desk, cast["sami"], "access", do="disable", **{"access-anyway": "on"}).status_code == 302
    assert not User.objects.get(pk=cast["sami"].pk).is_active


def test_a_role_that_no_longer_fills_the_seats_of_others_does_so_too(desk: Client, cast: dict[str, User]) -> None:
    for name in ("mara", "jonas", "sami"):
        assert save_person(desk, cast[name], "access", do="disable", **{"access-anyway": "on"}).status_code == 302
    now = {"name": "Senior reviewer", "decides": "on", "reason": "They have enough to do.", "do": "save"}
    answer = desk.post("/roles/senior/", {**now, **marks(desk, "/roles/senior/")})
    said = "Then nobody could fill Low risk (Junior reviewer), Medium risk (Junior reviewer)."
    assert answer.status_code == 422 and said in text(answer) and "They have enough to do." in text(answer)
    assert [role.slug for role in Role.objects.get(slug="senior").fills.all()] == ["junior"]
    anyway = {**now, **marks(desk, "/roles/senior/"), "anyway": "on"}
    assert desk.post("/roles/senior/", anyway).status_code == 302
    assert not Role.objects.get(slug="senior").fills.exists()


def test_what_empties_no_seat_is_not_warned_about(desk: Client, cast: dict[str, User]) -> None:
    assert "although nobody" not in text(desk.get(f"/people/{cast['ines'].pk}/"))
    assert save_person(desk, cast["omar"], "access", do="disable").status_code == 302
    assert save_tier(desk, "high", **{"seats-senior": 3, "anyway": "on"}).status_code == 302
    # Two of the seats stay empty already; who holds none of them changes nothing about that.
    assert save_person(desk, cast["mara"], "roles", **{"roles-roles": []}).status_code == 302
    answer = save_person(desk, cast["ines"], "access", do="disable")
    assert "High risk (Senior reviewer), Critical (Senior reviewer)" in text(answer)


def test_one_person_with_two_roles_does_not_fill_two_seats(desk: Client, cast: dict[str, User]) -> None:
    User.objects.exclude(username__in=("sami", "ada")).update(is_active=False)
    cast["sami"].roles.add(Role.objects.get(slug="senior"))
    assert "Critical: nobody could fill it." in text(desk.get("/tiers/"))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("seats-senior", "", "at least one voice"),
        ("seats-senior", "-1", "greater than or equal to 0"),
        ("seats-senior", "two", "whole number"),
        ("deadline_minutes", "0", "greater than or equal to 1"),
        ("deadline_minutes", "", "required"),
        ("deadline_minutes", "9" * 5_000, "whole number"),
        ("fresh_minutes", "1.5", "whole number"),
        ("card_seconds", "100000", "less than or equal to 600"),
        ("at_zero", "approve", "not one of the available choices"),
        ("reason", " ", "Say why"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field_and_keeps_what_was_typed(
    desk: Client, field: str, value: str, words: str
) -> None:
    before = TierCharter("high").now()
    answer = save_tier(desk, "high", **{"hold_seconds": "77", field: value})
    assert answer.status_code == 422 and words in text(answer) and 'value="77"' in answer.content.decode()
    assert TierCharter("high").now() == before and not Change.objects.exists()


def test_a_requester_never_counts_at_high_whatever_is_posted(desk: Client) -> None:
    assert save_tier(desk, "high", requester_counts="on", hold_seconds="5").status_code == 302
    assert Tier.objects.get(level="high").requester_counts is False


def test_two_admins_saving_at_once_the_second_keeps_what_was_typed_and_sees_what_is(
    desk: Client, ben: User, cast: dict[str, User], enter: Enter
) -> None:
    his, page = enter(ben), "/tiers/high/"
    first, second = marks(desk, page), marks(his, page)
    desk.post(page, {**tier_data("high"), **first, "seats-senior": 2})
    mine = tier_data("high", hold_seconds="33")
    answer = his.post(page, {**mine, **second})
    assert answer.status_code == 409
    assert "Ada changed this meanwhile" in text(answer) and 'value="33"' in answer.content.decode()
    assert "Senior reviewer ×2" in text(answer)
    assert TierCharter("high").now()["hold_seconds"] == 0


@pytest.mark.parametrize("seen", ["", "x", "0" * 64])
def test_a_form_that_names_nothing_seen_saves_nothing(desk: Client, seen: str) -> None:
    answer = desk.post("/tiers/high/", {**tier_data("high"), "hold_seconds": "5", "seen": seen})
    assert answer.status_code in (409, 422) and not Change.objects.exists()


def test_a_junior_sees_high_and_cannot_decide_it(cast: dict[str, User], enter: Enter) -> None:
    action = propose("high")
    asked = question(action)
    hers = enter(cast["mara"])
    page = hers.get(f"/actions/{action.pk}/")
    assert page.status_code == 200 and "This needs: Senior reviewer" in text(page)
    nonce = re.search(r'name="nonce" value="([^"]+)"', page.content.decode())
    answer = f"approve:{asked.pk}:{asked.asked.version}:{asked.asked.digest}"
    refused = hers.post("/decide/", {"answer": answer, "nonce": nonce[1] if nonce else "", "from": "card"})
    assert refused.status_code in (403, 422) and not asked.decisions.exists()
