"""`manage.py create_owner NAME`: the first two accounts of an installation."""

import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agents import ledger
from agents.models import User
from approvals.models import Role

ENOUGH = 2


class Command(BaseCommand):
    help = "Make an admin, who gives everybody else their roles: the first, and a second who agrees to what is looser."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", action="append", default=[], help="a further role, such as senior")

    def handle(self, *args: Any, username: str, role: list[str], **options: Any) -> None:
        if User.objects.filter(roles__slug="admin", is_active=True).count() >= ENOUGH:
            raise CommandError("There are two admins already; ask them for an account.")
        roles = list(Role.objects.filter(slug__in={"admin", *role}))
        if unknown := {"admin", *role} - {found.slug for found in roles}:
            raise CommandError(f"No such role: {', '.join(sorted(unknown))}.")
        person = User(username=username)
        try:
            person.full_clean(exclude=["password"])
            password = os.environ.get("OWNER_PASSWORD") or getpass.getpass("Password (12 characters or more): ")
            validate_password(password, person)
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from None
        person.set_password(password)
        with transaction.atomic():
            person.save()
            person.roles.set(roles)
            detail = {"username": username, "roles": sorted(found.slug for found in roles)}
            ledger.record("person.created", ledger.Actor("command", name="create_owner"), detail=detail)
        self.stdout.write(f"{username} may sign in now.")
