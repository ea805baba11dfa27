import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hitl_dashboard import embedded_redis
from hitl_dashboard.processes import dying_with_me
from tests.processes.product import until

Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def server(tmp_path: Path) -> embedded_redis.Server:
    return embedded_redis.prepare(tmp_path)


@pytest.fixture
def start(server: embedded_redis.Server) -> Iterator[Start]:
    begun: list[subprocess.Popen[bytes]] = []

    def started() -> subprocess.Popen[bytes]:
        begun.append(subprocess.Popen(server.command, stdout=subprocess.DEVNULL, preexec_fn=dying_with_me()))
        until(server.answers, what="Redis answers")
        return begun[-1]

    yield started
    for process in begun:
        process.kill()
        process.wait()
