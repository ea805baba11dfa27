"""Fill the demo."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from approvals import demo


class Command(BaseCommand):
    help = "Make the demo's accounts, office and agents and set some to work. May be repeated."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo: set DEMO=1 to make accounts that everybody knows the password of.")
        demo.fill()
        self.stdout.write(f"Accounts {', '.join(demo.ACCOUNTS)}, password {demo.PASSWORD}.")
