"""What has been: actions, decisions and the ledger."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents import ledger
from agents.models import Action, Agent, Event
from agents.pages import page, row_id
from agents.payloads import Refused
from approvals import feedback as opinions
from approvals import proofs
from approvals.addresses import plain
from approvals.models import Decision
from approvals.requests import Request

THEMES = ("system", "light", "dark")


@require_GET
def actions(request: Request) -> HttpResponse:
    """Actions by state, level, agent, tool or words in the title."""
    wanted = {name: plain(request.GET.get(name, "")) for name in ("q", "state", "level", "agent", "tool")}
    rows = Action.objects.select_related("agent", "task").prefetch_related("feedback")
    for name, column in (("state", "state"), ("level", "level"), ("agent", "agent__slug"), ("tool", "tool_name")):
        if wanted[name]:
            rows = rows.filter(**{column: wanted[name]})
    if wanted["q"]:
        rows = rows.filter(title__icontains=wanted["q"])
    context = {
        "page": page(rows, request.GET),
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "states": Action.State.choices,
        "levels": Action.Level.choices,
        "agents": Agent.objects.order_by("name").values_list("slug", "name"),
    }
    return render(request, "approvals/actions.html", context)


@require_POST
def feedback(request: Request, action_id: int) -> HttpResponse:
    """Say how an action went: on its card, or from the list of actions."""
    found = get_object_or_404(Action, pk=action_id)
    word, comment = request.POST.get("word", ""), plain(request.POST.get("comment", ""), opinions.COMMENT_LIMIT + 1)
    if word not in ("good", "bad"):
        raise Refused(_("Say good or bad."))
    by = ledger.person(request.user, proofs.proof(request).session_hash)
    opinions.give(found, request.user, good=word == "good", comment=comment, by=by)
    return redirect(_back(request, reverse("action", args=[action_id])))


def _back(request: Request, otherwise: str) -> str:
    """The page of ours that a form names, or another."""
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return back if safe else otherwise


@require_GET
def decided(request: Request) -> HttpResponse:
    """Who answered what, newest first."""
    rows = Decision.objects.select_related("person", "approval__action__agent", "approval__tier", "view")
    answer, person = request.GET.get("answer", ""), plain(request.GET.get("person", ""))
    if answer in Decision.Answer.values:
        rows = rows.filter(answer=answer)
    if person:
        rows = rows.filter(person__username=person)
    wanted = {"answer": answer, "person": person}
    context = {"page": page(rows, request.GET), "wanted": wanted, "filtered": any(wanted.values())}
    context["answers"] = Decision.Answer.choices
    return render(request, "approvals/decisions.html", context)


@require_GET
def audit(request: Request) -> HttpResponse:
    """The ledger as it is, one row an Event."""
    rows = Event.objects.select_related("action", "task", "seal")
    wanted = {name: plain(request.GET.get(name, "")) for name in ("kind", "actor", "action")}
    if wanted["kind"]:
        rows = rows.filter(kind__startswith=wanted["kind"])
    if wanted["actor"]:
        rows = rows.filter(actor_name__icontains=wanted["actor"])
    if number := row_id(wanted["action"]):
        rows = rows.filter(action_id=number)
    context = {"page": page(rows, request.GET), "wanted": wanted, "filtered": any(wanted.values())}
    return render(request, "approvals/audit.html", context)


@require_POST
def theme(request: Request) -> HttpResponse:
    """Remember light, dark or the system's choice in a cookie, so that the server draws it at once."""
    chosen = request.POST.get("theme", "")
    response = redirect(_back(request, "board"))
    if chosen in THEMES:
        response.set_cookie(
            "theme",
            chosen,
            max_age=365 * 24 * 3600,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response
