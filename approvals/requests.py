"""The request that a view of ours gets: the middleware has closed the door to everybody else."""

from typing import Any

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from agents.models import User


class Request(HttpRequest):
    """A request of somebody who is signed in, and what htmx says about it."""

    user: User
    htmx: HtmxDetails
    # The typed form that came with it, approvals.forms: a refusal gives back what was written, in the form's own words.
    form: Any


def back_to(request: Request, otherwise: str) -> str:
    """The page of ours that a form or an address names as `next`, or another."""
    back = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return back if safe else otherwise
