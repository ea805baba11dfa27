"""The real processes of one installation of its own: a database, Redis, a web server and a worker, each of which can be killed."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
import psycopg
import redis
from celery import Celery
from django.conf import settings
from django.db import connection, connections

from hitl_dashboard import embedded_redis, processes

HOME = Path(__file__).resolve().parents[2]
PASSWORD = "of-the-tests"
# Made once: a new one for every question to a server that starts took most of a core.
TLS = ssl.create_default_context()
OURS = ("DATABASE_URL", "REDIS_URL", "VAR_DIR", "PORT", "DEMO", "EMBEDDED", "ORIGINS", "ALLOWED_HOSTS")
Found = TypeVar("Found")


def until(look: Callable[[], Found], seconds: float = 60, what: str = "it") -> Found:
    """What `look` gives once it gives something; fails when that takes too long."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Product:
    """One installation. `start` and `kill` name a process: redis, web or worker."""

    folder: Path
    changes: dict[str, str] = field(default_factory=dict)
    application: str = "hitl_dashboard"
    port: int = field(default_factory=free_port)
    redis_port: int = field(default_factory=free_port)
    database_url: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def redis_url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.redis_port}/0"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        ours = {
            "VAR_DIR": str(self.folder), "PORT": str(self.port), "REDIS_URL": self.redis_url, "EMBEDDED": "1", "DEMO": "0",
            "SECRET_KEY": settings.SECRET_KEY, "DJANGO_SETTINGS_MODULE": "hitl_dashboard.settings",
        }  # fmt: skip
        database = {"DATABASE_URL": self.database_url} if self.database_url else {}
        return kept | ours | database | self.changes

    def manage(self, *words: str, **changes: str) -> None:
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=HOME, env=self.environment | changes, check=True, capture_output=True)

    def start(self, *names: str) -> None:
        for name in names:
            self.running[name] = self._begin(name, getattr(self, f"_{name}")())
            getattr(self, f"_await_{name}", lambda: None)()

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        process = self.running.pop(name)
        process.send_signal(how)
        process.wait(20)

    def end(self) -> None:
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.wait(20)
        self.running.clear()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    @property
    def broker(self) -> Any:
        return redis.Redis.from_url(self.redis_url)

    def hint(self, task_id: int, times: int = 1) -> None:
        """Send what a decision sends once it is committed, as often as wanted."""
        with Celery(broker=self.redis_url, set_as_current=False) as messenger:
            for _time in range(times):
                messenger.send_task("approvals.tasks.advance", args=[task_id], ignore_result=True)

    def _begin(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=HOME, env=self.environment | self._of_its_own(name), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, preexec_fn=processes.dying_with_me(),
            )  # fmt: skip

    def _of_its_own(self, name: str) -> dict[str, str]:
        """Only the door and the pages know that this is a demo: nothing starts work by itself."""
        return {"DEMO": "0"} if name == "worker" else {}

    def _redis(self) -> list[str]:
        options = {
            "port": self.redis_port,
            "bind": "127.0.0.1",
            "requirepass": PASSWORD,
            "save": "",
            "dir": self.folder,
        }
        return [
            str(embedded_redis.binary()),
            *(word for name, value in options.items() for word in (f"--{name}", str(value))),
        ]

    def _web(self) -> list[str]:
        return processes.daphne(self.port)

    def _worker(self) -> list[str]:
        return [self.application if word == "hitl_dashboard" else word for word in processes.worker(beat=True)]

    def _await_redis(self) -> None:
        until(self._answers, what="Redis")

    def _answers(self) -> bool:
        try:
            return bool(self.broker.ping())
        except redis.RedisError:
            return False

    def _await_web(self) -> None:
        until(lambda: self.health() is not None, 120, "the web server")

    def health(self) -> httpx.Response | None:
        try:
            return httpx.get(f"{self.address}/healthz", timeout=5, verify=TLS)
        except httpx.TransportError:
            return None


@contextmanager
def database(product: Product) -> Iterator[None]:
    """A migrated database for the product alone, of the kind the tests run on."""
    if connection.vendor == "sqlite":
        product.manage("migrate", "--verbosity", "0")
        yield
        return
    name, given = f"hitl_{uuid4().hex[:12]}", connection.settings_dict
    who = ":".join(quote(given[part], safe="") for part in ("USER", "PASSWORD") if given[part])
    server = f"postgresql://{who}@{quote(given['HOST'], safe='')}:{given['PORT'] or 5432}"
    product.database_url = f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as administration:
        administration.execute(f'CREATE DATABASE "{name}"')
        try:
            product.manage("migrate", "--verbosity", "0")
            yield
        finally:
            administration.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def rows_of(product: Product, blocker: Any) -> Iterator[None]:
    """Within this, the models of the test read and write the product's rows."""
    given = connections.settings["default"]
    name = product.database_url.rsplit("/", 1)[-1] if product.database_url else str(product.folder / "hitl.sqlite3")
    before, given["NAME"] = given["NAME"], name
    with blocker.unblock():
        _forget()
        try:
            yield
        finally:
            _forget()
            given["NAME"] = before


def _forget() -> None:
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()
