"""The form behind an invitation: a name and a password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.utils.translation import gettext_lazy

from agents.models import User
from approvals import people


class WelcomeForm(SetPasswordForm):
    """Name and password of the person who opened a link."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150, required=False)
    field_order = ("first_name", "last_name", "new_password1", "new_password2")

    def __init__(self, user: User | None, *args: Any, **kwargs: Any) -> None:
        # Django draws the form for nobody, too, when a link does not work.
        names = {"first_name": user.first_name, "last_name": user.last_name} if user else {}
        super().__init__(user, *args, **{**kwargs, "auto_id": "f-%s", "initial": names})

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        for name in ("first_name", "last_name"):
            if not str(told.get(name, "")).isprintable():
                self.add_error(name, gettext_lazy("Write it on one line, in plain characters."))
        return told

    def save(self, commit: bool = True) -> User:
        told = self.cleaned_data
        people.arrive(
            self.user, first_name=told["first_name"], last_name=told["last_name"], password=told["new_password1"]
        )
        return self.user
