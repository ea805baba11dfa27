"""The first step of both commands, on machines that lack something."""

import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from tests.processes.product import HOME

TOO_OLD = '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\n'
TOO_OLD += '[ "$1" = --version ]\n'
NAMES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project whose lock pins nothing, on a machine whose every Python is too old."""
    (tmp_path / "bin").mkdir()
    for name in NAMES:
        say(tmp_path, name, TOO_OLD)
    (tmp_path / "requirements.lock").write_text("# nothing\n")
    return tmp_path


def say(place: Path, name: str, script: str) -> None:
    (place / "bin" / name).write_text(script)
    (place / "bin" / name).chmod(0o755)


def bootstrap(place: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(HOME / "hitl_dashboard" / "bootstrap.sh"), "requirements.lock", ".venv/.run"]
    env = {"PATH": f"{place / 'bin'}:/usr/bin:/bin"}
    return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_a_python_that_is_too_old_is_one_clear_line(place: Path) -> None:
    ended = bootstrap(place)
    assert ended.returncode == 1
    assert ended.stderr == "Python 3.11 or newer is needed; Python 3.9.2 was found.\n"
    assert not (place / ".venv").exists()


def test_a_python_without_venv_says_what_to_install_and_leaves_no_half(place: Path) -> None:
    say(place, "python3", '#!/bin/sh\n[ "$1" = -c ] && exit 0\nmkdir -p .venv/bin\nexit 1\n')
    ended = bootstrap(place)
    assert ended.returncode == 1
    assert (
        ended.stderr == "python3 cannot make a virtual environment: install its venv module (Debian: python3-venv).\n"
    )
    assert not (place / ".venv").exists()


def test_a_broken_environment_is_made_anew(place: Path) -> None:
    say(place, "python3.12", f'#!/bin/sh\nexec {HOME / ".venv/bin/python"} "$@"\n')
    (place / ".venv" / "bin").mkdir(parents=True)
    (place / ".venv" / "bin" / "python").symlink_to("/nowhere/python")
    ended = bootstrap(place)
    assert ended.returncode == 0, ended.stderr
    assert (place / ".venv" / ".run").exists()
    assert subprocess.run([place / ".venv" / "bin" / "python", "-m", "pip", "--version"], check=False).returncode == 0


def test_what_does_not_match_its_hash_is_not_installed(place: Path) -> None:
    venv.create(place / ".venv", with_pip=True)
    (place / "wheels").mkdir()
    wheel = place / "wheels" / "thing-1.0-py3-none-any.whl"
    shutil.make_archive(str(wheel), "zip", place / "bin")
    Path(f"{wheel}.zip").rename(wheel)
    pinned = f"--no-index\n--find-links {place / 'wheels'}\nthing==1.0 --hash=sha256:{'0' * 64}\n"
    (place / "requirements.lock").write_text(pinned)
    ended = bootstrap(place)
    assert ended.returncode == 1 and "THESE PACKAGES DO NOT MATCH THE HASHES" in ended.stderr
    assert ended.stderr.endswith("Installing failed: see above. Nothing was started.\n")
    assert not (place / ".venv" / ".run").exists()
