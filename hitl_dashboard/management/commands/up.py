"""`manage.py up`: the whole product on this machine, by one command."""

import logging
import os
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from approvals import demo
from hitl_dashboard import folder_lock


class Command(BaseCommand):
    help = "Start Redis, the web server and one worker, and keep them up until Ctrl-C."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lock = folder_lock.take(settings.VAR_DIR)
            folder_lock.end_what_was_left(settings.VAR_DIR)
            _refuse_if_busy(settings.PORT)
            logging.getLogger("agents.facts").setLevel(logging.ERROR)  # nobody listens yet, and that is no news
            call_command("prepare", verbosity=0)
        except folder_lock.Taken as problem:
            raise CommandError(str(problem)) from None
        except DatabaseError as problem:
            raise CommandError(f"The database cannot be used: {problem}") from None
        except KeyboardInterrupt:
            raise CommandError("Stopped before anything was started.") from None
        _become_supervisor(lock)


def _become_supervisor(lock: int) -> None:
    """Go on as a process that holds the lock but not Django, which it does not need and which is three times as big."""
    os.set_inheritable(lock, True)  # open for as long as the supervisor lives, and in no child of it
    os.environ["VAR_DIR"] = str(settings.VAR_DIR)
    os.chdir(settings.BASE_DIR)
    words = [
        "--folder",
        str(settings.VAR_DIR),
        "--port",
        str(settings.PORT),
        "--welcome",
        _welcome(),
    ]
    os.execv(sys.executable, [sys.executable, "-m", "hitl_dashboard.launch", *words])


def _welcome() -> str:
    said = f"HITL Dashboard runs at http://127.0.0.1:{settings.PORT}/ (Ctrl-C ends it)"
    if settings.DEMO:
        names = ", ".join(account["username"] for account in demo.accounts())
        said += f"\nSign in as one of {names}; the password is “{demo.PASSWORD}”."
    return said


def _refuse_if_busy(port: int) -> None:
    """Raises CommandError when something listens on that port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Pick another: make run PORT=8080"
            ) from None
