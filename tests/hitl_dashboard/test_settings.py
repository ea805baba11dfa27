"""Production does not start without its secrets, nor with what would open it to others; a laptop needs nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

HOME = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "ORIGINS", "DEMO", "EMBEDDED", "PORT")
PRODUCTION = {
    "DATABASE_URL": "postgres://hitl@127.0.0.1:1/hitl",
    "REDIS_URL": "redis://:word@redis:6379/0",
    "SECRET_KEY": "long-enough-to-be-the-key-of-a-production",
    "ALLOWED_HOSTS": "hitl.example",
}


def start(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """A process that reads the settings with these variables and says what they came to."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c"]
    asked = "from django.conf import settings as s; print(s.DEMO, s.EMBEDDED, s.SESSION_COOKIE_NAME, s.ORIGINS)"
    env = {**kept, "VAR_DIR": str(folder), **given}
    return subprocess.run([*command, asked], cwd=HOME, env=env, capture_output=True, text=True, timeout=60, check=False)


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
def test_production_refuses_to_start(given: dict[str, str], refusal: str, tmp_path: Path) -> None:
    ended = start(tmp_path, **PRODUCTION | given)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Not started: ") and refusal in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_production_starts_with_its_secrets(tmp_path: Path) -> None:
    ended = start(tmp_path, **PRODUCTION)
    assert ended.stdout.strip() == "False False __Host-session ['https://hitl.example']", ended.stderr
    assert not (tmp_path / "secret.key").exists()


def test_a_laptop_needs_no_variable_and_keeps_the_secret_it_makes(tmp_path: Path) -> None:
    said = "True True hitl-session ['http://127.0.0.1:8000', 'http://localhost:8000']"
    ended = start(tmp_path)
    assert ended.stdout.strip() == said, ended.stderr
    secret = (tmp_path / "secret.key").read_text()
    assert start(tmp_path).stdout.strip() == said
    assert (tmp_path / "secret.key").read_text() == secret


def test_with_a_database_there_is_no_demo_unless_it_is_asked_for(tmp_path: Path) -> None:
    ended = start(tmp_path, DATABASE_URL=PRODUCTION["DATABASE_URL"], DEMO="1")
    assert ended.stdout.startswith("True True"), ended.stderr


def test_the_embedded_mode_serves_no_other_machine(tmp_path: Path) -> None:
    ended = start(tmp_path, ALLOWED_HOSTS="hitl.example")
    assert ended.returncode == 1 and "embedded mode is plain http, for this machine only" in ended.stderr


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
