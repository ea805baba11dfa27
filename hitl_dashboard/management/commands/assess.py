"""`manage.py assess`: judge calls that come as JSON lines, with the gate of the product and a database of its own."""

import gc
import json
import logging
import sys
from typing import Any, BinaryIO

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from agents import facts
from approvals.hearings import Hearing
from approvals.petitions import LINE_LIMIT, Feedback, Unread, read
from hitl_dashboard.settings import SQLITE

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Read requests and feedback as JSON lines and answer each request with one line. Needs nothing, keeps nothing."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        # A database in memory: no service, no folder, and nothing of the installation is read or changed.
        connections.close_all()
        connections.settings["default"] = connections.configure_settings(
            {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": SQLITE}}
        )["default"]
        del connections["default"]
        facts.mute()
        call_command("migrate", verbosity=0, interactive=False)
        gc.freeze()  # what was loaded so far stays: looking at it again and again takes a tenth of the time
        serve(sys.stdin.buffer, sys.stdout)


def serve(lines: BinaryIO, answers: Any) -> None:
    """Answer until the lines end: in order, each answer flushed. No line ends the stream."""
    hearing = Hearing()
    while line := lines.readline(LINE_LIMIT + 2):
        told = _heard(hearing, line)
        if not line.endswith(b"\n"):  # the rest of a line that is too long
            while (rest := lines.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                pass
        if told is not None:
            # In ASCII: half a character that a run calls itself by is told back, whatever standard output can write.
            answers.write(json.dumps(told) + "\n")
            answers.flush()


def _heard(hearing: Hearing, line: bytes) -> dict[str, Any] | None:
    try:
        said = read(line)
        if isinstance(said, Feedback):
            if not hearing.learn(said):
                logger.warning("feedback about a request that nobody made: %s, %s", said.run_id, said.step)
            return None
        return hearing.answer(said)
    except Unread as problem:
        return {"error": str(problem)}
    except Exception as error:  # noqa: BLE001 -- one request that breaks must not end the stream
        logger.warning("a line could not be judged: %s: %s", type(error).__name__, error)
        return {"error": f"{type(error).__name__}"}
