"""Production does not start without its secrets, nor with what would open it to others; a laptop needs nothing."""

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import override_settings

HOME = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "ORIGINS", "DEMO", "EMBEDDED", "PORT")
ASKED = ("DEBUG", "EMBEDDED", "SECRET_KEY", "ALLOWED_HOSTS", "ORIGINS", "REDIS_URL")  # by what refuses to start
Read = Callable[..., dict[str, Any]]
PRODUCTION = {
    "DATABASE_URL": "postgres://hitl@127.0.0.1:1/hitl",
    "REDIS_URL": "redis://:word@redis:6379/0",
    "SECRET_KEY": "long-enough-to-be-the-key-of-a-production",
    "ALLOWED_HOSTS": "hitl.example",
}


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads the settings anew, with these variables and none of ours besides, and starts the project with them."""

    def settings_with(**given: str) -> dict[str, Any]:
        for name in OURS:
            monkeypatch.delenv(name, raising=False)
        for name, value in {"VAR_DIR": str(tmp_path), **given}.items():
            monkeypatch.setenv(name, value)
        found = runpy.run_path(str(HOME / "hitl_dashboard" / "settings.py"))
        with override_settings(**{name: found[name] for name in ASKED}):
            apps.get_app_config("hitl_dashboard").ready()
        return found

    return settings_with


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"SECRET_KEY": ""}, "Set SECRET_KEY or SECRET_KEY_FILE."),
        ({"REDIS_URL": ""}, "Set REDIS_URL or REDIS_URL_FILE."),
        ({"ALLOWED_HOSTS": ""}, "Set ALLOWED_HOSTS or ALLOWED_HOSTS_FILE."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name each host"),
        ({"ALLOWED_HOSTS": ".example.com"}, "ALLOWED_HOSTS must name each host"),
        ({"ORIGINS": "http://hitl.example"}, "ORIGINS must name each origin with https"),
        ({"ORIGINS": "https://*.example"}, "ORIGINS must name each origin with https"),
        ({"REDIS_URL": "redis://redis:6379/0"}, "without a password"),
        ({"DATABASE_URL": "mysql://hitl@127.0.0.1/hitl"}, "DATABASE_URL must be the address of a PostgreSQL database"),
        ({"DEMO": "1", "EMBEDDED": "0"}, "DEMO=1 makes accounts that everybody knows"),
    ],
)
def test_production_refuses_to_start(given: dict[str, str], refusal: str, read: Read) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        read(**PRODUCTION | given)
    assert refusal in str(refused.value) and "\n" not in str(refused.value)


def test_a_refusal_is_one_line_and_no_trace(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    env = {**kept, "VAR_DIR": str(tmp_path), **PRODUCTION, "SECRET_KEY": "short"}
    command = [sys.executable, "manage.py", "check"]
    ended = subprocess.run(command, cwd=HOME, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1 and ended.stderr.startswith("Not started: SECRET_KEY is too short")
    assert ended.stderr.count("\n") == 1


def came_to(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found[name] for name in ("DEMO", "EMBEDDED", "SESSION_COOKIE_NAME", "ORIGINS"))


def test_production_starts_with_its_secrets(tmp_path: Path, read: Read) -> None:
    assert came_to(read(**PRODUCTION)) == (False, False, "__Host-session", ["https://hitl.example"])
    assert not (tmp_path / "secret.key").exists()


def test_a_laptop_needs_no_variable_and_keeps_the_secret_it_makes(tmp_path: Path, read: Read) -> None:
    found = read()
    assert came_to(found) == (True, True, "hitl-session", ["http://127.0.0.1:8000", "http://localhost:8000"])
    assert found["SECRET_KEY"] == (tmp_path / "secret.key").read_text() == read()["SECRET_KEY"]


def test_with_a_database_there_is_no_demo_unless_it_is_asked_for(read: Read) -> None:
    found = read(DATABASE_URL=PRODUCTION["DATABASE_URL"], DEMO="1")
    assert found["DEMO"] and found["EMBEDDED"]


def test_the_embedded_mode_serves_no_other_machine(read: Read) -> None:
    with pytest.raises(ImproperlyConfigured, match="embedded mode is plain http, for this machine only"):
        read(ALLOWED_HOSTS="hitl.example")


def test_the_door_is_closed_by_default_and_admin_is_not_there() -> None:
    assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in settings.MIDDLEWARE
    assert "django.contrib.admin" not in settings.INSTALLED_APPS


@pytest.mark.django_db
def test_the_database_keeps_what_it_has_acknowledged() -> None:
    wanted = {
        "sqlite": {"PRAGMA journal_mode": "wal", "PRAGMA synchronous": 2, "PRAGMA foreign_keys": 1, "PRAGMA recursive_triggers": 1},
        "postgresql": {"SHOW lock_timeout": "3s", "SHOW idle_in_transaction_session_timeout": "15s", "SHOW synchronous_commit": "on"},
    }  # fmt: skip
    with connection.cursor() as cursor:
        found = {asked: cursor.execute(asked) and cursor.fetchone()[0] for asked in wanted[connection.vendor]}
    assert found == wanted[connection.vendor]
