"""The processes of an installation: how each is called, and how it ends with the one that started it."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

APPLICATION = "hitl_dashboard.asgi:application"
FRAME_BYTES = 65_536
# Daphne holds what it sends to the same limit as what it receives, and a drawn board of a thousand rows is four megabytes.
MESSAGE_BYTES = 16 * 1024 * 1024
# As in production: back-pressure on slow browsers, small frames, no compression.
UVICORN = (
    *("--ws", "websockets-sansio", "--ws-max-queue", "16", "--ws-max-size", str(FRAME_BYTES)),
    *("--ws-per-message-deflate", "false", "--lifespan", "off", "--no-server-header"),
)
EMBEDDED_WORKER = ("--pool", "threads", "--concurrency", "4")


def daphne(port: int) -> list[str]:
    """The embedded web server, on loopback."""
    small = ("--websocket-max-message-size", str(MESSAGE_BYTES), "--websocket-max-frame-size", str(FRAME_BYTES))
    quiet = ("--verbosity", "0", "--no-server-name")
    return [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), *small, *quiet, APPLICATION]


def uvicorn(port: int) -> list[str]:
    """The web server of production, on loopback."""
    here = ("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning")
    return [sys.executable, "-m", "uvicorn", *here, *UVICORN, APPLICATION]


def worker(*, beat: bool) -> list[str]:
    """A Celery worker. Of all that run, exactly one carries the beat."""
    called = [sys.executable, "-m", "celery", "-A", "hitl_dashboard", "worker", *EMBEDDED_WORKER]
    return [*called, "--without-gossip", "--without-mingle", *(("--beat",) if beat else ())]


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends (Linux); at once when that has happened already.

    The parent's thread counts, not its process: start children on the main thread.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def dying_with_me() -> Callable[[], None]:
    """A `preexec_fn` that ties a child to the calling process."""
    parent = os.getpid()
    return lambda: die_with(parent)
