"""The request that a view of ours gets: the middleware has closed the door to everybody else."""

from typing import Any

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from agents.models import User


class Request(HttpRequest):
    """A request of somebody who is signed in, and what htmx says about it."""

    user: User
    htmx: HtmxDetails
    # The typed form that came with it, approvals.forms: a refusal gives back what was written, in the form's own words.
    form: Any
