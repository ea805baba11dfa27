"""Django's command, which also finds the sentences that rows keep."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=said:1", "--keyword=counted:1,2"]
