"""`manage.py up`, with its real processes: what it refuses, what it restarts, and that it leaves none behind."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hitl_dashboard import folder_lock
from hitl_dashboard.embedded_redis import free_port
from hitl_dashboard.supervisor import GRACE_SECONDS, LAST_GRACE_SECONDS
from tests.processes.product import HOME, OURS, until

pytestmark = [pytest.mark.processes, pytest.mark.once]


@dataclass
class Installation:
    """One folder and port, and the last `up` that was begun there."""

    folder: Path
    port: int
    up: subprocess.Popen[str] | None = None

    def begin(self, **changes: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        env = {**kept, "VAR_DIR": str(self.folder), "PORT": str(self.port), "DEMO": "0", **changes}
        command = [sys.executable, str(HOME / "manage.py"), "up"]
        with self.output.open("w") as output:
            return subprocess.Popen(command, cwd="/", env=env, stdout=output, stderr=subprocess.STDOUT, text=True)

    def run(self, **changes: str) -> None:
        """Begin, and wait for the address."""
        self.up = self.begin(**changes)
        until(lambda: "runs at" in self.said or self.up.poll() is not None, 90, "the address")
        assert "runs at" in self.said, self.said

    @property
    def output(self) -> Path:
        return self.folder.parent / "up.out"

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def children(self) -> dict[str, int]:
        """The process number of each child: redis, web, worker."""
        words = {"redis.conf": "redis", "daphne": "web", "celery": "worker"}
        listed = json.loads((self.folder / "up.json").read_text())
        return {name: pid for pid, command in listed for word, name in words.items() if word in command}

    @property
    def everybody(self) -> set[int]:
        """Every process that belongs to it, the children's children included, whoever started them."""
        mark = f"VAR_DIR={self.folder}".encode()
        return {
            int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and mark in _environ(entry)
        }

    def heard_of(self, name: str) -> bool:
        """Whether this child has said that it lives."""
        with closing(sqlite3.connect(self.folder / "hitl.sqlite3")) as rows:
            workers = [worker for (worker,) in rows.execute("SELECT worker FROM agents_heartbeat")]
        return any(worker.endswith(f":{self.children[name]}") for worker in workers)

    def all_there(self) -> None:
        """Wait for the supervisor, Redis, web, worker and its beat."""
        until(lambda: len(self.everybody) == 5, 20, "everybody")

    def all_gone(self) -> None:
        until(lambda: not self.everybody, 60, "the end of all")

    def healthy(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 3) as line:
            line.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            return b" 200 " in line.recv(64)


def _environ(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "var", free_port())
    made.folder.mkdir()
    yield made
    if made.up and made.up.poll() is None:
        made.up.kill()
    for pid in made.everybody if sys.platform == "linux" else set(made.children.values()):
        os.kill(pid, signal.SIGKILL)


linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells every process of an installation by /proc")


@linux
def test_it_says_its_address_once_all_is_well_and_ctrl_c_leaves_nothing(installation: Installation) -> None:
    installation.run(DEMO="1")
    assert installation.healthy()
    assert f"http://127.0.0.1:{installation.port}/" in installation.said
    assert "operator, junior, senior, senior2, security, security2, admin, admin2" in installation.said
    installation.all_there()
    assert installation.up is not None
    installation.up.send_signal(signal.SIGINT)
    assert installation.up.wait(60) == 0
    installation.all_gone()
    assert not (installation.folder / "redis.url").exists()


def test_what_does_not_end_by_itself_is_ended_within_ten_seconds() -> None:
    assert GRACE_SECONDS + LAST_GRACE_SECONDS < 10


@linux
def test_it_refuses_a_second_start_and_restarts_what_dies(installation: Installation) -> None:
    installation.run()
    assert installation.up is not None

    second = installation.begin(PORT=str(free_port()))
    assert second.wait(60) == 1
    assert installation.said.strip() == "CommandError: It already runs from this folder. Stop it there with Ctrl-C."

    for name in ("worker", "redis", "web"):
        before = installation.children[name]
        os.kill(before, signal.SIGKILL)
        until(lambda name=name, before=before: installation.children[name] != before, 60, f"{name} started again")
    until(lambda: _well(installation), 60, "health")
    installation.all_there()

    installation.up.send_signal(signal.SIGKILL)
    installation.all_gone()
    installation.run()
    assert installation.heard_of("worker")  # not only of the one before, whose last word is seconds old
    installation.all_there()


@linux
def test_a_child_that_keeps_dying_ends_everything(installation: Installation) -> None:
    installation.run()
    assert installation.up is not None
    for _time in range(3):
        before = installation.children["web"]
        os.kill(before, signal.SIGKILL)
        until(lambda before=before: installation.children["web"] != before or installation.up.poll() is not None, 60)
    assert installation.up.wait(20) == 1
    assert "web ended 3 times within a minute" in installation.said
    installation.all_gone()


@linux
def test_ctrl_c_while_it_starts_leaves_nothing(installation: Installation) -> None:
    up = installation.begin()
    until(lambda: (installation.folder / "redis.url").exists(), 60, "Redis")
    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0
    assert "runs at" not in installation.said
    installation.all_gone()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"PORT": "eight"}, "PORT must be a whole number"),
        ({"VAR_DIR": "/proc/nowhere"}, "/proc/nowhere cannot be made: No such file or directory"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DEMO": "1"}, "The database cannot be used"),
    ],
)
def test_what_cannot_start_is_one_clear_line(installation: Installation, changes: dict[str, str], refusal: str) -> None:
    assert installation.begin(**changes).wait(60) == 1
    assert refusal in installation.said and "Traceback" not in installation.said


def test_a_busy_port_is_one_clear_line(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.port)):
        assert installation.begin().wait(60) == 1
    assert installation.said.strip() == (
        f"CommandError: Port {installation.port} cannot be used (Address already in use). Pick another: make run PORT=8080"
    )


def test_what_a_killed_run_left_is_ended_by_the_next_and_nobody_else_is(tmp_path: Path) -> None:
    left, other = (subprocess.Popen(["sleep", "321"], start_new_session=True) for _one in range(2))
    folder_lock.remember(tmp_path, [(left.pid, "sleep 321"), (other.pid, "sleep 123")])
    folder_lock.end_what_was_left(tmp_path)
    assert left.wait(5) == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.parametrize("text", ["", "not json", "[1, 2]", '{"a": 1}'])
def test_a_list_that_cannot_be_read_ends_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "up.json").write_text(text)
    folder_lock.end_what_was_left(tmp_path)


def test_only_one_holds_a_folder(tmp_path: Path) -> None:
    first = folder_lock.take(tmp_path)
    with pytest.raises(folder_lock.Taken, match="already runs"):
        folder_lock.take(tmp_path)
    os.close(first)
    os.close(folder_lock.take(tmp_path))


def _well(installation: Installation) -> bool:
    try:
        return installation.healthy()
    except OSError:
        return False
