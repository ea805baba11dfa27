"""Roles and tiers: the matrix of who can decide what, and the forms that change it. For admins."""

from typing import Any

from django.db.models import Count, Prefetch, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.models import User
from agents.payloads import Refused
from approvals import changes, proofs, rosters
from approvals.charter_forms import LABELS, RoleForm, TierForm, differences, is_fixed, said
from approvals.charters import RoleCharter, TierCharter
from approvals.models import Change, Level, Motion, Role
from approvals.requests import Request
from approvals.views.saving import save

SETTLED = 20


@require_GET
def roles(request: Request) -> HttpResponse:
    """Every role, what its members may do and how many there are."""
    changes.only_admins(request.user)
    count = Count("members", filter=Q(members__is_active=True))
    rows = Role.objects.prefetch_related("fills").annotate(count=count).order_by("pk")
    return render(request, "approvals/roles.html", {"rows": rows, "waiting": open_changes(kind=Change.Kind.ROLE)})


@require_http_methods(["GET", "POST"])
def add(request: Request) -> HttpResponse:
    """A role that is new. Nobody holds it yet."""
    changes.only_admins(request.user)
    form = RoleForm(request.POST if request.method == "POST" else None, mark=changes.seen(RoleCharter("")))
    status = 200
    if request.method == "POST":
        made, status = None, 422
        if form.is_valid():
            made, status = save(request, RoleCharter(form.cleaned_data["slug"]), form, form.wanted)
        if made:
            return redirect("roles")
    return render(request, "approvals/role.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def role(request: Request, slug: str) -> HttpResponse:
    """One role: its name, whether it decides, whose seats it fills; or an end to it."""
    changes.only_admins(request.user)
    found = get_object_or_404(
        Role.objects.prefetch_related(Prefetch("members", User.objects.order_by("username"))), slug=slug
    )
    charter = RoleCharter(slug)
    form = RoleForm(
        request.POST if request.method == "POST" else None, slug=slug, mark=changes.seen(charter), initial=charter.now()
    )
    status = 200
    if request.method == "POST":
        made, status = None, 422
        if form.is_valid():
            made, status = save(request, charter, form, {} if request.POST.get("do") == "delete" else form.wanted)
        if made:
            return redirect("roles")
    waiting = open_changes(kind=Change.Kind.ROLE, slug=slug)
    context = {"form": form, "role": found, "fixed": is_fixed(found), "waiting": waiting}
    return render(request, "approvals/role.html", context, status=status)


@require_GET
def tiers(request: Request) -> HttpResponse:
    """The matrix of levels and roles, as anybody sees it, and who could decide what waits now."""
    changes.only_admins(request.user)
    roster = rosters.Roster.now()
    viewer = rosters.Viewer.named(request.GET.get("as", "")[:60], roster)
    waiting = rosters.waiting(roster)
    context = {
        "lines": rosters.matrix(roster, viewer),
        "viewer": viewer,
        "chosen": request.GET.get("as", ""),
        "choices": rosters.choices(roster),
        "queue": [(one, viewer.may_answer(one) if viewer else "") for one in waiting],
        "waiting": open_changes(kind=Change.Kind.TIER),
        "settled": _told(_changes().exclude(state=Motion.State.OPEN).order_by("-pk")[:SETTLED]),
    }
    return render(request, "approvals/tiers.html", context)


@require_http_methods(["GET", "POST"])
def tier(request: Request, level: str) -> HttpResponse:
    """What one level demands."""
    changes.only_admins(request.user)
    if level not in Level.values:
        raise Http404
    charter = TierCharter(level)
    now = charter.now()
    form = TierForm(
        request.POST if request.method == "POST" else None,
        level=level,
        mark=changes.seen(charter),
        initial=TierForm.first(now),
    )
    status = 200
    if request.method == "POST":
        made, status = save(request, charter, form, form.wanted) if form.is_valid() else (None, 422)
        if made:
            return redirect("tiers")
    names = dict(Role.objects.values_list("slug", "name"))
    context = {
        "form": form,
        "level": level,
        "now": [(LABELS[name], said(value, names)) for name, value in now.items()],
        "waiting": open_changes(kind=Change.Kind.TIER, slug=level),
    }
    return render(request, "approvals/tier.html", context, status=status)


@require_POST
def settle(request: Request, change_id: int) -> HttpResponse:
    """A second admin agrees or refuses; who asked may take it back."""
    changes.only_admins(request.user)
    found = get_object_or_404(_changes(), pk=change_id)
    verb: Any = {"agree": changes.agree, "refuse": changes.refuse}.get(request.POST.get("answer", ""))
    if verb is None:
        raise Refused(_("Agree or refuse."))
    verb(found, request.user, proofs.proof(request))
    return (
        redirect("person", found.person_id)
        if found.person_id
        else redirect("tiers" if found.kind == "tier" else "roles")
    )


def open_changes(**about: Any) -> list[tuple[Change, Any]]:
    """What waits for a second admin, each with what it changes."""
    return _told(_changes().filter(state=Motion.State.OPEN, **about).order_by("pk"))


def _changes() -> Any:
    return Change.objects.select_related("person", "asked_by", "settled_by")


def _told(some: Any) -> list[tuple[Change, Any]]:
    return [(change, differences(change)) for change in some]
