"""Only one installation runs from a folder, and what a killed one has left there is ended by the next."""

import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class Taken(Exception):
    """Another process holds the folder, or it cannot be held at all. The message says which."""


def take(folder: Path) -> int:
    """An open file that holds the folder until it is closed everywhere. Raises Taken."""
    try:
        lock = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Taken("It already runs from this folder. Stop it there with Ctrl-C.") from None
    except OSError as error:
        raise Taken(f"{folder} cannot be used: {error.strerror}.") from None
    return lock


def remember(folder: Path, running: Iterable[tuple[int, str]]) -> None:
    """Write down which processes run: number and command line of each."""
    draft = folder / "up.json.new"
    draft.write_text(json.dumps(list(running)), encoding="utf-8")
    draft.replace(folder / "up.json")


def end_what_was_left(folder: Path) -> None:
    """Kill the processes of a supervisor that was killed, where the kernel has not done so already."""
    for pid, command in _remembered(folder):
        if _command_of(pid) == command:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)


def _remembered(folder: Path) -> list[tuple[int, str]]:
    with suppress(OSError, ValueError, TypeError):
        found = json.loads((folder / "up.json").read_text(encoding="utf-8"))
        return [(int(pid), str(command)) for pid, command in found]
    return []


def _command_of(pid: int) -> str:
    asked = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
