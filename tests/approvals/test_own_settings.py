"""What each person settles for themselves: kept on the server, drawn by it at once, theirs alone."""

import re

import pytest
from django.test import Client

from agents.models import User
from approvals import keys
from approvals.models import UserSettings
from tests.cast import Enter, propose

PAGE = "/settings/"


@pytest.fixture
def mine(enter: Enter, mara: User) -> Client:
    return enter(mara)


def html(client: Client, address: str = "/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def as_drawn() -> dict[str, str]:
    """The keys as the page offers them."""
    return {f"key-{ord(entry.key)}": entry.now for entry in keys.bindings({})}


def name(key: str) -> str:
    return f"key-{ord(key)}"


def save_keys(client: Client, single_keys: str = "on", **changes: str) -> tuple[int, str]:
    sent = {
        "save": "keys",
        "single_keys": single_keys,
        **as_drawn(),
        **{name(key): now for key, now in changes.items()},
    }
    answer = client.post(PAGE, sent)
    return answer.status_code, answer.content.decode()


def test_theme_and_density_are_drawn_with_the_first_byte_on_every_device(
    mine: Client, enter: Enter, mara: User
) -> None:
    assert mine.post(PAGE, {"save": "screen", "theme": "dark", "density": "compact"}).status_code == 302
    for client in (mine, enter(mara)):
        page = html(client)
        assert re.search(r'<html[^>]* data-theme="dark"', page)
        assert re.search(r'<body class="[^"]*\bcompact"', page)


def test_the_menu_changes_the_theme_and_nothing_else(mine: Client, mara: User) -> None:
    save_keys(mine, "off")
    mine.post("/settings/theme/", {"theme": "light", "next": "/tasks/"})
    mine.post("/settings/theme/", {"theme": 'dark" onload="x'})
    found = UserSettings.objects.get()
    assert (found.person, found.theme, found.single_keys) == (mara, "light", "off")


def test_settings_are_ones_own(mine: Client, enter: Enter, jonas: User) -> None:
    mine.post(PAGE, {"save": "screen", "theme": "dark", "density": "compact"})
    assert "data-theme" not in html(enter(jonas))
    assert Client().get(PAGE).status_code == 302


def test_a_key_is_put_in_the_place_of_another_everywhere(mine: Client) -> None:
    assert save_keys(mine, "alt", a="Y", x="")[0] == 302
    assert UserSettings.objects.get().keys == {"a": "y", "x": ""}
    page = html(mine)
    assert '"mode": "alt"' in page
    assert '["a", "y", "Approve"]' in page
    assert '["x", "", ' in page
    assert '<kbd data-cap="a">Y</kbd>' in page


def test_two_keys_change_places(mine: Client) -> None:
    assert save_keys(mine, j="k", k="j")[0] == 302
    assert UserSettings.objects.get().keys == {"j": "k", "k": "j"}


def test_keys_go_back_to_how_they_came(mine: Client) -> None:
    save_keys(mine, "off", a="y")
    mine.post(PAGE, {"save": "reset-keys"})
    found = UserSettings.objects.get()
    assert (found.keys, found.single_keys) == ({}, "off")


def test_a_conflict_is_told_in_words_and_nothing_typed_is_lost(mine: Client) -> None:
    status, page = save_keys(mine, a="e", z="q")
    assert status == 422
    assert "“e” is already the key for: Approve." in page
    assert re.search(rf'name="{name("z")}" value="q"', page)
    assert not UserSettings.objects.exists()


@pytest.mark.parametrize(
    "typed", ["7", "ab", " \u00a0 x y", "\u0301", "\u202e", "Enter", "İ", "x" * 5_000, "\0", "<b>"], ids=ascii
)
def test_what_is_no_key_is_refused_where_it_stands(mine: Client, typed: str) -> None:
    status, page = save_keys(mine, a=typed)
    assert status == 422
    assert "errorlist" in page
    assert "<b>" not in page.split("<main", 1)[1].split('class="columns"', 1)[1].split("</form>")[0]
    assert not UserSettings.objects.exists()


@pytest.mark.parametrize("typed", ["ö", "Ж", "ß", "€", "ו", "あ", ";"])
def test_a_key_of_any_keyboard_is_one(mine: Client, typed: str) -> None:
    assert save_keys(mine, a=typed)[0] == 302
    assert UserSettings.objects.get().keys == {"a": typed.lower()}


@pytest.mark.parametrize(
    "sent",
    [
        {"save": "screen", "theme": "pink", "density": "compact"},
        {"save": "screen"},
        {"save": "keys", "single_keys": "never"},
        {"save": "everything"},
    ],
)
def test_nonsense_is_refused_and_nothing_kept(mine: Client, sent: dict[str, str]) -> None:
    assert mine.post(PAGE, sent).status_code == 422
    assert not UserSettings.objects.exists()


@pytest.mark.once
def test_an_entry_that_came_later_leaves_somebody_the_key_they_chose() -> None:
    now = {entry.key: entry.now for entry in keys.bindings({"j": "a", "gone": "q"})}
    assert (now["j"], now["a"], now["k"]) == ("a", "", "k")
    assert "gone" not in now


@pytest.mark.once
def test_no_two_entries_come_with_one_key_and_each_can_be_typed() -> None:
    came = [entry.key for entry in keys.KEYS]
    assert len(set(came)) == len(came)
    assert [keys.character(key) for key in came] == came


@pytest.mark.parametrize(("wants", "title"), [(None, "Board"), (False, "Board"), (True, "(1) Board")])
def test_the_tab_counts_only_for_who_asked_for_it(enter: Enter, mara: User, wants: bool | None, title: str) -> None:
    propose("medium")
    if wants is not None:
        UserSettings.objects.create(person=mara, counter=wants)
    assert f"<title>{title} – HITL Dashboard</title>" in enter(mara).get("/").content.decode()
