"""Accounts: made by an admin, opened by the person through a link that works once."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from agents import ledger
from agents.models import User
from agents.payloads import Refused
from agents.states import Conflict
from agents.transactions import whole
from approvals.changes import REASON_LIMIT, only_admins
from approvals.charters import Misfit
from approvals.decisions import Forbidden, Proof


class Links(PasswordResetTokenGenerator):
    """Signed, for one person, over after PASSWORD_RESET_TIMEOUT seconds, and dead once a password is set or the account disabled."""

    key_salt = "approvals.people.links"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}"


links = Links()


@whole
def invite(
    person: User, proof: Proof, *, username: str, first_name: str = "", last_name: str = "", reason: str
) -> User:
    """Make an account without a password and without roles. Raises Misfit with the place of each fault."""
    only_admins(person)
    made = User(username=username, first_name=first_name.strip(), last_name=last_name.strip())
    made.set_unusable_password()
    _check(made)
    if not reason.strip():
        raise Misfit([("reason", _("Say why: whoever reads the history wants to know."))])
    made.save()
    detail = {"person": made.pk, "name": str(made), "username": made.username}
    by = ledger.person(person, proof.session_hash)
    ledger.record("person.created", by, reason=reason.strip()[:REASON_LIMIT], detail=detail)
    return made


@whole
def link(about: User, person: User, proof: Proof) -> str:
    """The path of a link on which this person sets a name and a password. Whatever link was made before stops working."""
    only_admins(person)
    about = User.objects.select_for_update().get(pk=about.pk)
    if about.has_usable_password():
        raise Refused(_("This person has a password. Reset it to make a link."))
    if not about.is_active:
        raise Refused(_("This account is disabled. Enable it first."))
    about.set_unusable_password()
    about.save(update_fields=["password"])
    detail = {"person": about.pk, "name": str(about)}
    ledger.record("person.link", ledger.person(person, proof.session_hash), detail=detail)
    code = urlsafe_base64_encode(force_bytes(about.pk))
    return reverse("welcome", args=[code, links.make_token(about)])


@whole
def arrive(person: User, *, first_name: str, last_name: str, password: str) -> None:
    """Take the name and the password from the person who opened a link. The link works once."""
    before = person.password
    person.first_name, person.last_name = first_name.strip(), last_name.strip()
    person.set_password(password)
    told = {"first_name": person.first_name, "last_name": person.last_name, "password": person.password}
    if not User.objects.filter(pk=person.pk, password=before, is_active=True).update(**told):
        raise Conflict(_("This link was used already. Ask an admin for a new one."), kind="link")
    ledger.record("person.arrived", ledger.person(person), detail={"person": person.pk, "name": str(person)})


def not_oneself(about: User, person: User) -> None:
    """Raises Forbidden: nobody resets their own account."""
    if about.pk == person.pk:
        raise Forbidden(_("You cannot reset yourself. Ask another admin."))


def _check(made: User) -> None:
    faults: list[tuple[str, str]] = []
    try:
        made.full_clean(exclude=["password"])
    except ValidationError as error:
        faults += [(name, " ".join(texts)) for name, texts in error.message_dict.items()]
    for name in ("first_name", "last_name"):
        if not getattr(made, name).isprintable():
            faults.append((name, _("write it on one line, in plain characters.")))
    if faults:
        raise Misfit(faults)
