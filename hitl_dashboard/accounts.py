"""Who may come in: people with an account. Nobody makes one for themselves."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):
    """Sign-up is closed: `create_owner` makes the first account, admins the others."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
