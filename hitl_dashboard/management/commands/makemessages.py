"""Django's command as this project uses it: it also finds the sentences that rows keep."""

from django.core.management.base import CommandParser
from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=said:1", "--keyword=counted:1,2"]

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        elsewhere = [".venv", "tests", "bench", "static", "var", "*/migrations/*"]
        parser.set_defaults(locale=["de"], no_location=True, no_wrap=True, no_obsolete=True, ignore_patterns=elsewhere)
