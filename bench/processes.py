"""Processes of one run: private, on loopback, ended with the block that started them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

HOME = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ended(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command for the length of the block; what it says goes to a file and is shown when the block fails."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=HOME, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
    except BaseException:
        print(log.read_text(errors="replace")[-3_000:], file=sys.stderr)
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(12)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def healthy(port: int, seconds: float) -> None:
    """Wait until /healthz says 200."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=3) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            pass
        assert time.monotonic() < end, "the product did not become healthy"
        time.sleep(0.1)
