"""The first account of an installation."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agents.models import Event, User

pytestmark = pytest.mark.django_db
PASSWORD = "quite far from the harbour"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWNER_PASSWORD", PASSWORD)


def create(*words: str) -> str:
    said = StringIO()
    call_command("create_owner", *words, stdout=said)
    return said.getvalue()


def test_the_first_account_is_an_admin_who_may_sign_in(client: Any) -> None:
    assert create("ada") == "ada may sign in now.\n"
    assert [role.slug for role in User.objects.get(username="ada").roles.all()] == ["admin"]
    assert client.login(username="ada", password=PASSWORD)
    assert [event.detail for event in Event.objects.filter(kind="person.created")] == [
        {"username": "ada", "roles": ["admin"]}
    ]


def test_a_further_role_lets_a_small_house_decide_at_once() -> None:
    create("ada", "--role", "senior")
    assert {role.slug for role in User.objects.get(username="ada").roles.all()} == {"admin", "senior"}


def test_there_are_two_and_no_more() -> None:
    create("ada")
    create("ben")
    with pytest.raises(CommandError, match="There are two admins already"):
        create("eve")
    assert not User.objects.filter(username="eve").exists()


@pytest.mark.parametrize(("name", "word"), [("ada", "short"), ("ada", "123456789012345"), ("ada", "password1234"), ("a b", PASSWORD), ("", PASSWORD), ("x" * 151, PASSWORD)])  # fmt: skip
def test_a_weak_password_or_an_odd_name_makes_no_account(name: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWNER_PASSWORD", word)
    with pytest.raises(CommandError):
        create(name)
    assert not User.objects.exists()


def test_an_unknown_role_makes_no_account() -> None:
    with pytest.raises(CommandError, match="No such role: king"):
        create("ada", "--role", "king")
    assert not User.objects.exists()
