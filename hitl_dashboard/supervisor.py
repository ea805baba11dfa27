"""Starts the processes of an embedded installation, keeps them up, and leaves none behind."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hitl_dashboard import folder_lock
from hitl_dashboard.journals import Journal
from hitl_dashboard.processes import dying_with_me

TOO_OFTEN, WITHIN_SECONDS = 3, 60
# Web and worker finish what they do; Redis, which both need for that, goes last. Together less than ten seconds.
GRACE_SECONDS, LAST_GRACE_SECONDS = 6.0, 2.0


class Refusal(Exception):
    """Nothing is started. The message says why, in one line."""


@dataclass
class Child:
    """One process in a session of its own: Ctrl-C reaches the supervisor alone, which then ends them in order."""

    name: str
    command: list[str]
    journal: Journal
    environment: dict[str, str]
    ready: Callable[[], bool] = lambda: True
    last: bool = False
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=TOO_OFTEN))

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=dying_with_me(),
        )  # fmt: skip
        if self.process.stdout:
            self.journal.follow(self.process.stdout)

    @property
    def dead(self) -> bool:
        """Asked of the process, not of its pipe, which its own children may still hold."""
        return self.process is not None and self.process.poll() is not None

    def signal(self, number: int) -> None:
        """Reach the process and its children."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def died_too_often(self) -> bool:
        now = time.monotonic()
        self.deaths.append(now)
        return len(self.deaths) == TOO_OFTEN and now - self.deaths[0] < WITHIN_SECONDS


class Supervisor:
    """Runs the children until it is told to stop, or until one of them dies three times in a minute."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder, self.say = folder, say
        self.children: list[Child] = []
        self.stopping = False

    def begin(self, child: Child, seconds: float = 30) -> None:
        """Start a child and wait until it is ready. Raises Refusal when it is not in time."""
        if self.stopping:
            return
        self.children.append(child)
        self._start(child)
        end = time.monotonic() + seconds
        while not self.stopping and not child.ready():
            if child.dead or time.monotonic() > end:
                raise Refusal(f"{child.name} did not start: {child.journal.last} (more in {child.journal.path})")
            time.sleep(0.05)

    def _start(self, child: Child) -> None:
        child.start()
        running = [(child.process.pid, " ".join(child.command)) for child in self.children if child.process]
        folder_lock.remember(self.folder, running)

    def listen(self) -> None:
        """Ctrl-C, SIGTERM and a closed terminal ask for the end, also while something is still starting."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)

    def _stop(self, *_arguments: object) -> None:
        self.stopping = True

    def watch(self) -> int:
        """Restart what dies; the exit status: 0 when told to stop, 1 when a child cannot be kept up."""
        while not self.stopping:
            for child in self.children:
                if child.dead and not self._revive(child):
                    return 1
            time.sleep(0.2)
        return 0

    def _revive(self, child: Child) -> bool:
        status = child.process.returncode if child.process else None
        child.signal(signal.SIGKILL)  # what it has left running
        if child.died_too_often():
            self.say(f"{child.name} ended {TOO_OFTEN} times within a minute, last with {status}: {child.journal.last}")
            self.say(f"Stopping everything; more in {child.journal.path}.")
            return False
        self.say(f"{child.name} ended with {status} and is started again.")
        time.sleep(0.2 * len(child.deaths))
        self._start(child)
        return True

    def end(self) -> None:
        """End all children and reap them. They may finish what they do, for a few seconds."""
        for last, seconds in ((False, GRACE_SECONDS), (True, LAST_GRACE_SECONDS)):
            leaving = [child for child in self.children if child.last is last and child.process]
            for child in leaving:
                child.signal(signal.SIGTERM)
            end = time.monotonic() + seconds
            while not all(child.dead for child in leaving) and time.monotonic() < end:
                time.sleep(0.05)
            for child in leaving:
                child.signal(signal.SIGKILL)
                if child.process:
                    child.process.wait()
