"""The typed edit of an action: drafts that outlast the page, the change shown before it is kept, the save."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents import payloads, proposals
from agents.models import Action, ActionVersion
from agents.payloads import Refused
from agents.states import A, Conflict
from approvals import cards, decisions, drafts, picks, proofs, queries
from approvals.addresses import number
from approvals.forms import SchemaForm
from approvals.models import Approval, Decision, Draft, Level
from approvals.requests import Request

PREFIX = "f-"


@require_http_methods(["GET", "POST"])
def edit(request: Request, action_id: int) -> HttpResponse:
    """A typed form from the tool's schema; saving makes a new version that the gate judges again."""
    found = queries.standing(action_id)
    if found is None:
        return render(request, "404.html", status=404)
    if request.method == "POST":
        saves = request.POST.get("save") in ("save", "approve")
        return _editing(request, found, request.POST, 0 if saves else number(request.POST.get("version", "")), saves)
    draft = drafts.of(found["action"], request.user)
    return _editing(
        request, found, drafts.controls(draft) if draft else None, draft.version if draft else 0, draft=draft
    )


def _editing(
    request: Request,
    found: dict[str, Any],
    sent: Mapping[str, Any] | None,
    began: int = 0,
    saves: bool = False,
    *,
    picked: bool = False,
    draft: Draft | None = None,
) -> HttpResponse:
    """The form with what was sent in it, begun on a version; what `saves` is kept, what was `picked` shown to be."""
    action, approval = found["action"], found["approval"]
    asked = _asked(found)
    form = request.form = _form(action, asked, sent, began)
    if approval is None or action.state != A.PENDING:
        raise Conflict(_("This action no longer waits, so it cannot be edited."), kind="decided", action=action)
    if problem := decisions.why_not(approval, request.user, Decision.Answer.EDIT):
        raise decisions.Forbidden(problem)
    told: list[tuple[str, Any, Any]] = []
    if (saves or picked) and form.is_valid():
        told = _unseen(request, approval, asked, form) if saves else _told(form)
        if saves and not told:
            return _save(request, action, approval, asked, form)
    context = {**found, "form": form, "asked": asked, "nonce": proofs.issue(request.user), "draft": draft}
    context |= {"told": told, "shown": _mark(asked, form), "moved": 0 < began < asked.version}
    context["one_click"] = approval.tier.requester_counts and decisions.one_click(approval.tier)
    failed = request.method == "POST" and form.errors
    return render(request, "approvals/edit.html", context, status=422 if failed else 200)


def _asked(found: dict[str, Any]) -> ActionVersion:
    """The version that waits or, where none does, the last."""
    approval = found["approval"]
    asked: ActionVersion = approval.asked if approval else found["action"].versions.latest("version")
    return asked


def _form(action: Action, asked: ActionVersion, sent: Mapping[str, Any] | None, began: int) -> SchemaForm:
    """The form of the version that waits; what was typed on an earlier one is carried over to it."""
    schema = action.tool.schema if action.tool else {}
    now = payloads.arguments(bytes(asked.body))
    earlier = action.versions.filter(version=began).first() if sent is not None and 0 < began < asked.version else None
    if earlier:
        then = payloads.arguments(bytes(earlier.body))
        typed = SchemaForm(schema, then, data=sent)
        if not typed.errors:
            base = picks.rebased(then, typed.arguments, now)
            sent = {f"{typed.prefix}--base": payloads.canonical(base).decode()}
    return SchemaForm(schema, now, data=sent)


def _unseen(request: Request, approval: Approval, asked: ActionVersion, form: SchemaForm) -> list[tuple[str, Any, Any]]:
    """The changes, where they have to be read before they are kept and this page has not shown exactly these."""
    on_screen = number(request.POST.get("version", "")) == asked.version
    if approval.level == Level.LOW or not on_screen or request.POST.get("shown") == _mark(asked, form):
        return []
    return _told(form)


def _told(form: SchemaForm) -> list[tuple[str, Any, Any]]:
    return payloads.differences(form.first, form.arguments)


def _mark(asked: ActionVersion, form: SchemaForm) -> str:
    """What this change of this version is called between page and server."""
    return hashlib.sha256(asked.digest.encode() + payloads.canonical(form.arguments)).hexdigest()


def _save(request: Request, action: Action, approval: Approval, asked: ActionVersion, form: SchemaForm) -> HttpResponse:
    version, digest = number(request.POST.get("version", "")), request.POST.get("digest", "")
    if not version:
        raise Refused(_("This form names no version. Reload the page and edit again."))
    seen = decisions.Seen(version, digest, proofs.check(request.user, request.POST.get("nonce", "")))
    if not form.changed and seen.version == asked.version:
        drafts.drop(action, request.user)
        return redirect("action", action.pk)
    made = proposals.redraft(action, asked, form.arguments)
    approve = request.POST.get("save") == "approve"
    decisions.edit(approval, request.user, made=made, seen=seen, proof=proofs.proof(request), approve=approve)
    return redirect("action", action.pk)


@require_http_methods(["GET", "POST"])
def compare(request: Request, action_id: int) -> HttpResponse:
    """An earlier version beside the last: each change is taken or left, and what comes of that is an edit like any other."""
    found = queries.standing(action_id)
    old = number((request.POST if request.method == "POST" else request.GET).get("old", ""))
    earlier = found["action"].versions.filter(version=old).first() if found else None
    if found is None or earlier is None or old >= _asked(found).version:
        return render(request, "404.html", status=404)
    asked = _asked(found)
    now = payloads.arguments(bytes(asked.body))
    changes = picks.changes(payloads.arguments(bytes(earlier.body)), now)
    if request.method == "POST":
        if number(request.POST.get("version", "")) != asked.version:
            raise Conflict(_("A newer version of this action waits."), kind="stale", action=found["action"])
        chosen = picks.chosen(now, changes, [] if "whole" in request.POST else request.POST.getlist("take"))
        if chosen == now:
            return redirect("action", action_id)
        return _editing(
            request, found, {f"{SchemaForm.PREFIX}--base": payloads.canonical(chosen).decode()}, picked=True
        )
    approval = found["approval"]
    open_now = bool(approval and approval.state == Approval.State.OPEN and found["action"].state == A.PENDING)
    may = open_now and not decisions.why_not(approval, request.user, Decision.Answer.EDIT)
    context = {**found, "asked": asked, "earlier": earlier, "changes": changes, "may": may}
    context |= {"versions": list(found["action"].versions.select_related("editor").order_by("version"))}
    context |= cards.redrafts(found["action"])
    return render(request, "approvals/compare.html", context)


@require_POST
def draft(request: Request, action_id: int) -> HttpResponse:
    """Keep what stands in the form of an edit, or forget it."""
    action = get_object_or_404(Action, pk=action_id)
    if "discard" in request.POST:
        drafts.drop(action, request.user)
        return redirect("action", action.pk)
    approval = action.approvals.select_related("tier").order_by("-pk").first()
    if approval is None:
        raise Conflict(_("This action no longer waits, so it cannot be edited."), kind="decided", action=action)
    if problem := decisions.why_not(approval, request.user, Decision.Answer.EDIT):
        raise decisions.Forbidden(problem)
    nonce = proofs.check(request.user, request.POST.get("nonce", ""))
    fields = {name: some for name, some in request.POST.lists() if name.startswith(PREFIX)}
    drafts.keep(
        action, request.user, version=number(request.POST.get("version", "")), fields=fields, nonce=nonce
    )  # fmt: skip
    return HttpResponse(status=204)
