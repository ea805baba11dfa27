"""Rules as a file: check one before it is pasted, and write down those in force."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.payloads import Refused
from approvals import amendments, documents, rules
from approvals.models import Policy
from approvals.thresholds import Thresholds


class Command(BaseCommand):
    help = (
        "check FILE: whether its rules could be saved, with the line of every fault. export: the rules in force. "
        "second-admin on|off: whether what is looser waits for a second admin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("check", help="say what is wrong with a file of rules (exit code 1)")
        check.add_argument("file", help="a YAML document, or - for standard input")
        export = verbs.add_parser("export", help="print the rules as a YAML document")
        export.add_argument("--of", type=int, metavar="VERSION", help="an old version; without it the one in force")
        second = verbs.add_parser("second-admin", help="for an installation with a single admin: as a new version")
        second.add_argument("wanted", choices=["on", "off"])
        second.add_argument("--reason", required=True, help="kept on the record")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "check":
            self.check_file(options["file"])
        elif options["verb"] == "export":
            self.export(options["of"])
        else:
            self.ask_for_second(options["wanted"] == "on", options["reason"])

    def check_file(self, name: str) -> None:
        try:
            found = documents.read(_text(name)).rules
        except documents.Unread as unread:
            for fault in unread.faults:
                self.stderr.write(f"{name}:{fault.line}:{fault.column}: {fault.text}")
            sys.exit(1)
        self.stdout.write(f"{len(found)} rules, all in order.")

    def ask_for_second(self, wanted: bool, reason: str) -> None:
        try:
            made = amendments.ask_for_second(wanted, reason=reason)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        said = "waits for a second admin" if wanted else "is in force at once"
        self.stdout.write(f"Version {made.version} of the policy is in force: what is looser {said}.")

    def export(self, version: int | None) -> None:
        row = Policy.objects.filter(version=version) if version is not None else Policy.objects.filter(active=True)
        if not (policy := row.first()):
            raise CommandError(f"There is no version {version}.")
        self.stdout.write(documents.write(rules.stored(policy.rules), Thresholds.of(policy.thresholds)), ending="")


def _text(name: str) -> str:
    limit = documents.SIZE_LIMIT + 1
    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as source:
            return source.read(limit).decode()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is no UTF-8: byte {error.start}.") from None
