"""The judge as a command over pipes: started from an empty folder with nothing configured, it answers line by line."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.hitl_dashboard.test_assess import READ, feedback, request

pytestmark = [pytest.mark.processes, pytest.mark.once]
MANAGE = Path(__file__).resolve().parent.parent.parent / "manage.py"
PATIENCE_SECONDS = 60


class Judge:
    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin and process.stdout
        self.says, self.hears, self.process = process.stdout, process.stdin, process

    def tell(self, line: Any) -> None:
        self.hears.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
        self.hears.flush()

    def ask(self, line: Any) -> dict[str, Any]:
        """One line, and its answer before any other line is sent."""
        self.tell(line)
        assert select.select([self.says], [], [], PATIENCE_SECONDS)[0], "no answer before the next line"
        return json.loads(self.says.readline())

    @property
    def silent(self) -> bool:
        return not select.select([self.says], [], [], 0.2)[0]


@contextmanager
def judge(folder: Path) -> Iterator[Judge]:
    # Not even PATH or a language: an encoding that cannot write what it is told must not matter either.
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, str(MANAGE), "assess"], cwd=folder, env=environment, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield Judge(process)
        finally:
            process.kill()


def test_each_line_is_answered_before_the_next_is_sent_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with judge(tmp_path) as asked:
        assert asked.ask(request("read_inbox", READ, {}, run_id="ü\ud800", step="ж"))["run_id"] == "ü\ud800"
        asked.tell(feedback(run_id="ü\ud800", step="ж"))
        asked.tell(feedback(run_id="nobody asked"))
        assert asked.silent
        assert list(asked.ask(b"")) == list(asked.ask(b"   ")) == ["error"]
        assert list(asked.ask(b"\xff")) == ["error"]
        assert list(asked.ask(b"[" * 100_000)) == ["error"]
        assert list(asked.ask(b" " * (17 * 1024 * 1024) + b"{}")) == ["error"]
        for step in range(1, 20):
            assert asked.ask(request("read_inbox", READ, {}, step=step))["step"] == step
        rest, complaints = asked.process.communicate(timeout=PATIENCE_SECONDS)
    assert (rest, asked.process.returncode) == (b"", 0)
    assert complaints.count(b"feedback about a request that nobody made") == 1
    assert list(tmp_path.iterdir()) == []


def test_many_lines_sent_at_once_are_answered_in_their_order(tmp_path: Path) -> None:
    lines = [request("read_inbox", READ, {}, step=step) for step in range(40)]
    lines[7] = {"type": "request"}
    with judge(tmp_path) as asked:
        told, _complaints = asked.process.communicate("\n".join(map(json.dumps, lines)).encode(), PATIENCE_SECONDS)
    answers = [json.loads(line) for line in told.splitlines()]
    assert [answer.get("step") for answer in answers] == [*range(7), None, *range(8, 40)]
