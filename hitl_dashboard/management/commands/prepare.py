"""`manage.py prepare`: a database that fits this version of the code. Before every start, once; may be repeated."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from agents import plans, tools
from approvals import demo


class Command(BaseCommand):
    help = (
        "Migrate, write down the built-in tools and agents as the code declares them, and fill the demo if it is one."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        call_command("migrate", verbosity=verbosity, interactive=False)
        tools.sync()
        plans.sync()
        if settings.DEMO:
            demo.fill()
