"""`python -m hitl_dashboard.launch`: the small process that `manage.py up` turns into, without Django in it."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from hitl_dashboard import embedded_redis, processes
from hitl_dashboard.journals import Journal
from hitl_dashboard.supervisor import Child, Refusal, Supervisor

PATIENCE_SECONDS = 45


def say(words: str) -> None:
    """Tell the terminal, if it is still there: its absence must not keep anything from ending."""
    with suppress(OSError):
        print(words, flush=True)  # noqa: T201


class Installation:
    """One embedded installation: Redis, the web server and a worker with beat."""

    def __init__(self, folder: Path, port: int, supervisor: Supervisor) -> None:
        self.folder, self.port, self.supervisor = folder, port, supervisor
        self.environment = dict(os.environ)

    def start(self) -> None:
        """Redis first, then who uses it; back when everything is well. Raises Refusal or Missing."""
        if not (os.environ.get("REDIS_URL") or os.environ.get("REDIS_URL_FILE")):
            self.start_redis()
        self.begin("web", processes.daphne(self.port))
        began = time.monotonic()
        self.begin("worker", processes.worker(beat=True), ready=lambda: self.healthy(time.monotonic() - began))

    def start_redis(self) -> None:
        server = embedded_redis.prepare(self.folder)
        self.begin("redis", server.command, ready=server.answers, last=True)
        embedded_redis.write_private(self.folder / "redis.url", server.url)
        self.environment["REDIS_URL"] = server.url

    def begin(self, name: str, command: list[str], **more: Any) -> None:
        journal = Journal(self.folder / "log" / f"{name}.log", lambda line: say(f"{name}: {line}"))
        self.supervisor.begin(Child(name, command, journal, self.environment, **more), PATIENCE_SECONDS)

    def healthy(self, seconds: float) -> bool:
        """Whether /healthz says so and has heard of a worker within the last seconds, not only of the one before."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=3)
        with suppress(OSError, HTTPException, ValueError, LookupError, TypeError):
            line.request("GET", "/healthz")
            answer = line.getresponse()
            heard: float = json.load(answer)["worker"]["last_heartbeat_age_seconds"]
            return answer.status == 200 and heard < seconds
        return False


def run(supervisor: Supervisor, start: Callable[[], None], welcome: str) -> int:
    """Start, watch and end everything; the exit status."""
    supervisor.listen()
    try:
        start()
        if not supervisor.stopping:
            say(welcome)
        return supervisor.watch()
    except (Refusal, embedded_redis.Missing) as problem:
        say(str(problem))
        return 1
    finally:
        supervisor.end()
        (supervisor.folder / "redis.url").unlink(missing_ok=True)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="hitl_dashboard.launch", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--welcome", required=True)
    given = parser.parse_args(words)
    supervisor = Supervisor(given.folder, say)
    return run(supervisor, Installation(given.folder, given.port, supervisor).start, given.welcome)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
