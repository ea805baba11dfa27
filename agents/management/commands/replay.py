"""Play recorded runs of real models through the gate."""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents import replays
from agents.models import Task

PROBLEMS_SHOWN = 50


def positive(text: str) -> int:
    number = int(text[:9]) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise ArgumentTypeError("a whole number above 0, please")
    return number


class Command(BaseCommand):
    help = (
        "Queue recorded runs as tasks of their agents: run files (tools.jsonl beside them says what the tools are) or "
        "chat logs in the OpenAI form, as JSON or JSON Lines. Nothing is called for real. Bad lines are named, and the "
        "rest plays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--limit", type=positive, metavar="N", help="at most N runs of each file")
        parser.add_argument("--mode", choices=Task.Mode.values, default=Task.Mode.BLOCKING.value)

    def handle(self, *args: Any, **options: Any) -> None:
        played = sum(self._play(path, options["mode"], options["limit"]) for path in options["files"])
        if not played:
            raise CommandError("Nothing was played.")

    def _play(self, path: Path, mode: str, limit: int | None) -> int:
        try:
            report = replays.play(path, mode=mode, limit=limit)
        except OSError as error:
            self.stderr.write(f"{path}: {error.strerror or error}")
            return 0
        for problem in report.problems[:PROBLEMS_SHOWN]:
            self.stderr.write(problem)
        if (more := len(report.problems) - PROBLEMS_SHOWN) > 0:
            self.stderr.write(f"… and {more} more problems in {path.name}")
        self.stdout.write(f"{path.name}: {report.tasks} tasks queued, {report.calls} calls.")
        return report.tasks
