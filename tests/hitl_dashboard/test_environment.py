"""What the environment may say, and what happens when it says something odd."""

import multiprocessing
import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from hitl_dashboard import environment


def test_a_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("SOME_KEY", "from the variable")
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "key"))
    assert environment.env("SOME_KEY") == "from the file"


def test_a_file_that_is_not_there_is_named_and_not_guessed_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "from the variable")
    monkeypatch.setenv("SOME_KEY_FILE", "/nowhere/key")
    with pytest.raises(ImproperlyConfigured, match="SOME_KEY_FILE cannot be read: No such file"):
        environment.env("SOME_KEY")


def test_what_has_no_default_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "")
    with pytest.raises(ImproperlyConfigured, match="Set SOME_KEY or SOME_KEY_FILE"):
        environment.env("SOME_KEY")


@pytest.mark.parametrize(("word", "means"), [("1", True), ("Yes", True), ("off", False), ("0", False), ("", True)])
def test_a_switch_knows_its_words(word: str, means: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SWITCH", word)
    assert environment.flag("SOME_SWITCH", default=True) is means


def test_a_switch_refuses_odd_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SWITCH", "maybe")
    with pytest.raises(ImproperlyConfigured, match="SOME_SWITCH must be 1 or 0"):
        environment.flag("SOME_SWITCH", default=True)


@pytest.mark.parametrize("word", ["0", "65536", "-1", "80 ", "eight", "²", "9" * 5000])
def test_a_port_is_a_port(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", word)
    with pytest.raises(ImproperlyConfigured, match="PORT must be a whole number from 1 to 65535"):
        environment.number("PORT", 8000)


def test_processes_that_start_at_once_agree_on_the_secret_they_make(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with multiprocessing.get_context("fork").Pool(8) as pool:
        made = pool.map(environment.kept_secret, [path] * 64)
    assert len(set(made)) == 1 and len(made[0]) > 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["secret.key"]


def test_the_folder_of_an_installation_is_closed_to_others(tmp_path: Path) -> None:
    made = environment.folder(tmp_path / "var")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match="cannot be made: Not a directory"):
        environment.folder(tmp_path / "file" / "var")
