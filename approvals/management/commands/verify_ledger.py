"""Check the hash chain over everything that happened."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from agents import ledger


class Command(BaseCommand):
    help = "Verify the ledger: how many events hold, or the first position that does not and why (exit code 1)."

    def handle(self, *args: Any, **options: Any) -> None:
        verified, broken = ledger.verify()
        if broken:
            self.stderr.write(f"Broken at position {broken.position}: {broken.reason}.")
            self.stderr.write(f"The {verified} events before it hold.")
            sys.exit(1)
        self.stdout.write(f"{verified} events verified.")
