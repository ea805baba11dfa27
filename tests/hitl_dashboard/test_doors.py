"""Who gets in, by which door, and for how long."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from agents.models import User
from hitl_dashboard.asgi import application

pytestmark = pytest.mark.django_db
PASSWORD = "a long way from anywhere"
HOUR = timedelta(hours=1)


@pytest.fixture
def person() -> User:
    return User.objects.create_user("mara", password=PASSWORD)


def sign_in(client: Client, **said: str | bytes) -> Any:
    form = urlencode({"login": "mara", "password": PASSWORD, **said})
    return client.post("/accounts/login/", form, content_type="application/x-www-form-urlencoded")


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_the_right_word_opens_the_board(client: Client, person: User) -> None:
    assert not is_in(client)
    answer = sign_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(client)


def test_signing_out_is_a_post_and_ends_the_session(client: Client, person: User) -> None:
    sign_in(client)
    client.get("/accounts/logout/")
    assert is_in(client)
    assert client.post("/accounts/logout/").status_code == 302
    assert not is_in(client) and not Session.objects.exists()


@pytest.mark.parametrize(
    "field",
    ["", " ", "mara\x00", "\ud800", "x" * 100_000, "<script>alert(1)</script>", "{{ 7*7 }}", "'; DROP TABLE agents_user; --", "\u202emara"],
    ids=["empty", "blank", "null", "surrogate", "huge", "markup", "template", "sql", "bidi"],
)  # fmt: skip
def test_no_word_at_the_door_breaks_it(client: Client, person: User, field: str) -> None:
    raw = field.encode("utf-8", "surrogatepass")
    for answer in (sign_in(client, login=raw), sign_in(client, password=raw)):
        assert answer.status_code == 200 and b"<script>alert" not in answer.content and b">49<" not in answer.content
    assert not is_in(client)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_the_door_leads_nowhere_else(client: Client, person: User, target: str) -> None:
    assert sign_in(client, next=target)["Location"] == "/"


def test_guessing_is_slowed_down(client: Client, person: User) -> None:
    for _time in range(6):
        sign_in(client, password="guess")
    assert b"Too many failed" in sign_in(client).content
    assert not is_in(client)


def test_a_disabled_account_does_not_get_in_and_is_told(client: Client, person: User) -> None:
    User.objects.update(is_active=False)
    answer = client.post("/accounts/login/", {"login": "mara", "password": PASSWORD}, follow=True)
    assert answer.status_code == 200 and not is_in(client)


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/password/reset/", "/admin/", "/accounts/email/"])
def test_there_is_no_other_door(client: Client, person: User, path: str) -> None:
    assert client.get(path).status_code == 404
    sign_in(client)
    assert client.get(path).status_code == 404


def test_a_post_without_its_token_is_refused_with_a_page(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = sign_in(client)
    assert answer.status_code == 403 and b"too old" in answer.content


def test_scripts_see_no_cookie_and_pages_run_no_script_but_ours(client: Client, person: User) -> None:
    client.get("/accounts/login/")
    sign_in(client)
    client.get("/")
    assert {name for name, cookie in client.cookies.items() if cookie["httponly"]} == set(client.cookies)
    assert {cookie["samesite"] for cookie in client.cookies.values()} == {"Lax"}
    answer = client.get("/")
    policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert policy["script-src"].startswith("'nonce-") and " " not in policy["script-src"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Referrer-Policy"] == "same-origin"
    assert client.get("/")["Content-Security-Policy"] != answer["Content-Security-Policy"]


def test_an_hour_without_a_click_ends_a_session(client: Client, person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in(client)
        assert is_in(client)
        clock.shift(HOUR - timedelta(seconds=1))
        assert is_in(client)
        clock.shift(HOUR + timedelta(seconds=1))
        assert not is_in(client)


def test_half_a_day_ends_a_session_however_busy(client: Client, person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        began = timezone.now()
        sign_in(client)
        while timezone.now() - began < 12 * HOUR:
            assert is_in(client)
            assert Session.objects.get().expire_date <= began + 12 * HOUR  # what an open socket goes by
            clock.shift(HOUR / 2)
        assert not is_in(client)


def test_a_session_is_not_written_at_every_click(client: Client, person: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in(client)
        client.get("/")
        before = Session.objects.get().session_data
        clock.shift(timedelta(seconds=30))
        client.get("/")
        assert Session.objects.get().session_data == before


def test_another_password_ends_every_session(client: Client, person: User) -> None:
    sign_in(client)
    person.set_password("another long way from here")
    person.save()
    assert not is_in(client)


@async_to_sync
async def opened(origin: str | None) -> tuple[bool, int]:
    """Whether a socket from there is let in, and the code with which it is closed."""
    headers = [(b"host", b"127.0.0.1:8000")] + ([(b"origin", origin.encode())] if origin is not None else [])
    line = WebsocketCommunicator(application, "/live/board/", headers)
    accepted, code = await line.connect(timeout=5)
    if accepted:
        code = (await line.receive_output(timeout=5)).get("code")
    await line.disconnect()
    return accepted, code


@pytest.mark.parametrize(
    "origin",
    [None, "", "null", "https://127.0.0.1:8000", "http://127.0.0.1:8001", "http://127.0.0.1", "ftp://127.0.0.1:8000",
     "http://evil.example", "http://127.0.0.1:8000.evil.example", "http://sub.localhost:8000"],
)  # fmt: skip
def test_a_socket_from_elsewhere_is_refused(origin: str | None) -> None:
    assert opened(origin)[0] is False


def test_a_socket_without_a_session_is_closed_as_signed_out() -> None:
    assert opened("http://127.0.0.1:8000") == (True, 4401)
    assert opened("http://localhost:8000") == (True, 4401)
