"""What every request goes through: the limits of a session, and refusals with their status codes."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from agents.payloads import Refused
from agents.states import Conflict
from approvals import readers
from approvals.decisions import Forbidden, ProofNeeded

RESPONSES: dict[type[Exception], tuple[int, str]] = {
    Conflict: (409, "_conflict.html"),
    Forbidden: (403, "_forbidden.html"),
    ProofNeeded: (403, "_forbidden.html"),
    Refused: (422, "_refused.html"),
}
WORDS = ("note", "comment", "reason", "guidance")
# Of a typed form, approvals.forms: the prefix of its controls, and the ends of those with "--" that hold a value.
FIELD, VALUES = "f-", ("--raw", "--rest", "--zone")
ARROW = " \N{RIGHTWARDS ARROW} "
RETRY_SECONDS = 2
STAMP_SECONDS = 60


class Refusals:
    """A refusal is an exception with a name; here it becomes a page that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        for kind, (status, template) in RESPONSES.items():
            if isinstance(error, kind):
                context = {"error": error, "written": _written(request), "again": _again(request, error)}
                return render(request, template, context, status=status)
        if isinstance(error, OperationalError):
            response = render(request, "503.html", status=503)
            response["Retry-After"] = RETRY_SECONDS
            return response
        return None


def _written(request: HttpRequest) -> list[tuple[str, str]]:
    """What a person had typed, each with the name of its field: who refuses it gives it back."""
    form = getattr(request, "form", None)
    told, sent = (form.written, form.data) if form else ({}, request.POST)
    found = [("", str(request.POST[name])) for name in request.POST if name in WORDS or name.startswith("note-")]
    found += [
        (ARROW.join(labels), words)
        for name in sent
        if _typed(name)
        for labels, words in [told.get(name, (_path(name), str(sent[name])))]
    ]
    return [(place, words) for place, words in found if words.strip()]


def _typed(name: str) -> bool:
    """A control of a typed form that holds a value, not one that belongs to another control."""
    return name.startswith(FIELD) and ("--" not in name or name.endswith(VALUES))


def _path(name: str) -> tuple[str, ...]:
    """Where a control stood that its form, drawn anew, has no more."""
    return tuple(part for part in name.removeprefix(FIELD).removesuffix("-raw").split("-") if part)


def _again(request: HttpRequest, error: Exception) -> list[tuple[str, str]]:
    """The controls that open the newer version's form as it was filled in; none where nothing newer waits."""
    at = request.resolver_match
    if getattr(error, "kind", "") != "stale" or at is None or at.url_name != "edit":
        return []
    controls = [name for name in request.POST if name.startswith(FIELD) or name == "version"]
    return [(name, str(words)) for name in controls for words in request.POST.getlist(name)]


class Reading:
    """Draws each page in the language and the zone of the person who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            with timezone.override(None):
                return self.get_response(request)
        reader = readers.reader(request.user, request.headers.get("Accept-Language", ""))
        with reader.reads():
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", reader.language)
        return response


class SessionLimits:
    """Ends a session that nobody used for an hour, or that is older than half a day (both are settings).

    The end stands in the session's own row, so that an open socket meets it, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self.look(request)
        return self.get_response(request)

    @staticmethod
    def look(request: HttpRequest) -> None:
        now, session = int(time.time()), request.session
        left = settings.SESSION_TOTAL_SECONDS - (now - session.setdefault("began_at", now))
        seen = session.get("seen_at", 0)
        if left <= 0 or (seen and now - seen > settings.SESSION_IDLE_SECONDS):
            logout(request)
        elif now - seen >= STAMP_SECONDS and "X-Background" not in request.headers:  # each stamp is a write
            session["seen_at"] = now
            session.set_expiry(min(settings.SESSION_IDLE_SECONDS, left))
