"""What has been: actions, decisions and the ledger."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents import ledger
from agents.models import Action, Agent, Event
from agents.pages import page, row_id
from agents.payloads import Refused
from agents.states import Conflict
from approvals import controls, proofs, queries, search
from approvals import feedback as opinions
from approvals.addresses import plain
from approvals.models import Decision
from approvals.requests import Request, back_to

WORDS = ("good", "bad", "again")


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


@require_GET
def find(request: Request) -> HttpResponse:
    """What the palette finds for the words that somebody types, as options of its list."""
    groups = search.hits(plain(request.GET.get("q", "")).strip(), request.user)
    return render(request, "approvals/_found.html", {"groups": groups})


@require_http_methods(["GET", "POST"])
def feedback(request: Request, action_id: int) -> HttpResponse:
    """Say how an action went, from its card, the board or the list of actions, and let the agent try it again."""
    found = get_object_or_404(Action.objects.select_related("agent", "task"), pk=action_id)
    back = back_to(request, reverse("action", args=[action_id]))
    if request.method == "GET":
        return _feedback(request, found, back)
    word = request.POST.get("word", "")
    given = request.POST.get("comment-good" if word == "good" else "comment-bad", "")
    comment, reasons = plain(given, opinions.COMMENT_LIMIT + 1).strip(), request.POST.getlist("reason")
    try:
        if word not in WORDS:
            raise Refused(_("Say good or bad."))
        by = ledger.person(request.user, proofs.proof(request).session_hash)
        if word == "again":
            task = controls.try_again(found, request.user, by, reasons=reasons, comment=comment)
            return redirect("task", task.pk)
        opinions.give(found, request.user, good=word == "good", reasons=reasons, comment=comment, by=by)
    except (Refused, Conflict) as problem:
        if request.htmx:
            raise
        more = {"problem": str(problem), "kept": {"comment": given, "reasons": reasons}}
        return _feedback(request, found, back, 409 if isinstance(problem, Conflict) else 422, **more)
    return HttpResponse(status=204) if request.htmx else redirect(back)


@require_POST
def renew(request: Request, action_id: int) -> HttpResponse:
    """Ask the agent of an expired action to ask again."""
    found = get_object_or_404(Action.objects.select_related("agent", "task"), pk=action_id)
    return redirect("task", controls.renew(found, request.user, proofs.proof(request)).pk)


def _feedback(request: Request, action: Action, back: str, status: int = 200, **more: Any) -> HttpResponse:
    said = action.feedback.select_related("person", "retry").order_by("pk")
    context = {"action": action, "back": back, "feedback": said, **more}
    return render(request, "approvals/feedback.html", context, status=status)


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
    shown = page(rows, request.GET)
    about = (decision.approval.action_id for decision in shown.rows)
    context = {
        "page": shown,
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "answers": Decision.Answer.choices,
        "undecided": queries.undecided(about, request.user),
    }
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
    shown = page(rows, request.GET)
    undecided = queries.undecided((event.action_id for event in shown.rows if event.action_id), request.user)
    context = {"page": shown, "wanted": wanted, "filtered": any(wanted.values()), "undecided": undecided}
    return render(request, "approvals/audit.html", context)
