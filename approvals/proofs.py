"""What a request proves about the person behind it, and the nonce that ties an answer to the page that asked."""

import hashlib
from datetime import UTC, datetime

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from agents.models import User
from agents.payloads import Refused
from approvals.decisions import Proof

NONCE_LIMIT = 200
_signer = Signer(salt="approvals.nonce")


def proof(request: HttpRequest) -> Proof:
    """The session behind a request, how it was opened, and when its owner last proved who they are."""
    key = request.session.session_key or ""
    records = get_authentication_records(request, request.user)
    times = [record["at"] for record in records]
    return Proof(
        session_hash=hashlib.sha256(key.encode()).hexdigest(),
        assurance="+".join(dict.fromkeys(record["method"] for record in records)) or "unknown",
        at=datetime.fromtimestamp(max(times), UTC) if times else None,
    )


def prove(request: HttpRequest, password: str) -> None:
    """Take the password as a fresh proof. Raises Refused when it is wrong; attempts are limited by allauth."""
    if not get_adapter().reauthenticate(request.user, password):
        raise Refused(_("The password is not right."))
    record_authentication(request, request.user, method="password", reauthenticated=True)


def issue(person: User) -> str:
    """A nonce for one page: whatever is answered from it twice is one answer."""
    return _signer.sign(f"{person.pk}.{get_random_string(22)}")


def check(person: User, nonce: str) -> str:
    """The nonce, if this house issued it to this person."""
    try:
        owner = _signer.unsign(nonce[:NONCE_LIMIT]).split(".")[0]
    except BadSignature:
        owner = ""
    if owner != str(person.pk):
        raise Refused(_("This page is too old or was made for somebody else. Reload it and decide again."))
    return nonce
