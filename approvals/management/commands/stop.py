"""The brake from the server's shell: it needs the database, and neither web server, Redis nor worker."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents import ledger
from agents.models import Agent, Tool
from approvals import controls, queries
from approvals.visible import visible_text

SHELL = ledger.Actor("command", name="stop")


class Command(BaseCommand):
    help = (
        "Stop everything, or one agent or tool, at once: nothing new starts. Lists what is in mid-flight, which runs to its end. "
        "Seniors lift it in the browser."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        scope = parser.add_mutually_exclusive_group(required=True)
        scope.add_argument("--everything", action="store_true")
        scope.add_argument("--agent", metavar="SLUG")
        scope.add_argument("--tool", metavar="NAME")
        scope.add_argument("--list", action="store_true", help="only say what is stopped and what is in mid-flight")
        parser.add_argument("--reason", default="", help="everybody who is signed in reads it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            for stop in queries.stop_banner():
                self.stdout.write(
                    f"Stopped: {stop}, {stop.engaged_at:%Y-%m-%d %H:%M:%S %Z} {visible_text(stop.reason)}".rstrip()
                )
            flying = controls.in_flight()
        else:
            agent, tool = _named(Agent, "slug", options["agent"]), _named(Tool, "name", options["tool"])
            flying = controls.brake(SHELL, agent=agent, tool=tool, reason=options["reason"])
            self.stdout.write(f"Stopped: {agent or tool or 'everything'}.")
        for action in flying:
            self.stdout.write(f"In mid-flight: #{action.pk} {visible_text(action.title)}")


def _named(model: Any, field: str, name: str | None) -> Any:
    if name is None:
        return None
    if found := model.objects.filter(**{field: name}).first():
        return found
    raise CommandError(f"There is no {model._meta.model_name} {name}.")
