"""A private PostgreSQL for the length of one run: own folder, free port, loopback, gone afterwards."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from hitl_dashboard.embedded_redis import free_port
from hitl_dashboard.processes import dying_with_me

INSTALLED = Path("/usr/lib/postgresql")
START_SECONDS = 30


def binaries() -> Path | None:
    """The folder of the newest server that is installed, if any."""
    folders = sorted(INSTALLED.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = folders[-1] if folders else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def server() -> Iterator[str]:
    """The address of an empty database on a server that ends with the block, and with this process."""
    tools, owner, port = binaries(), _owner(), free_port()
    assert tools is not None, "no PostgreSQL server is installed"
    folder = Path(tempfile.mkdtemp(prefix="hitl-postgres-"))
    with suppress(KeyError):
        os.chown(folder, owner["user"], owner["group"])
    made = [tools / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(made, cwd=folder, check=True, stdout=subprocess.DEVNULL, **owner)
    # No fsync: these tests crash processes, not the machine.
    options = f"--port={port} --listen_addresses=127.0.0.1 --unix_socket_directories= --fsync=off --max_connections=200"
    command = [tools / "postgres", "-D", folder / "data", *options.split()]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, preexec_fn=dying_with_me(), **owner)
    address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    try:
        _wait(address, running, folder / "log")
        yield address
    finally:
        running.send_signal(signal.SIGINT)  # open connections are ended, too
        running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; there, it runs as its own user."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _wait(address: str, running: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        with suppress(psycopg.OperationalError), closing(psycopg.connect(address, connect_timeout=2)):
            return
        if running.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
