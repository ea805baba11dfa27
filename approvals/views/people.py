"""People: who there is, inviting, roles of one person, disabling, links. For admins; and the page behind a link."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.models import Event, User
from agents.pages import page
from agents.payloads import Refused
from approvals import changes, proofs, rosters
from approvals import people as accounts
from approvals.addresses import plain
from approvals.charter_forms import AccessForm, InviteForm, RolesForm
from approvals.charters import AccessCharter, Misfit, RolesCharter
from approvals.models import Motion
from approvals.requests import Request
from approvals.views.roles import open_changes
from approvals.views.saving import save
from approvals.welcome_form import WelcomeForm

HISTORY = 30
ABOUT_PEOPLE = Q(kind__startswith="person.") | Q(kind__startswith="change.")


@require_GET
def people(request: Request) -> HttpResponse:
    """Everybody with an account, and what waits for a second admin."""
    changes.only_admins(request.user)
    rows = User.objects.prefetch_related("roles")
    if wanted := plain(request.GET.get("q", "")):
        rows = rows.filter(username__icontains=wanted)
    context = {
        "page": page(rows, request.GET),
        "wanted": wanted,
        "waiting": open_changes(),
        "lacking": [line for line in rosters.matrix(rosters.Roster.now()) if line.lacking],
    }
    return render(request, "approvals/people.html", context)


@require_http_methods(["GET", "POST"])
def invite(request: Request) -> HttpResponse:
    """Make an account, and show the link that opens it: once, to be handed on."""
    changes.only_admins(request.user)
    form = InviteForm(request.POST if request.method == "POST" else None, auto_id="f-%s")
    if request.method == "POST" and form.is_valid():
        try:
            made = accounts.invite(request.user, proofs.proof(request), **form.cleaned_data)
            return _show_link(request, made)
        except Misfit as misfit:
            form.blame(misfit)
    return render(request, "approvals/invite.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def person(request: Request, person_id: int) -> HttpResponse:
    """One account."""
    changes.only_admins(request.user)
    return _draw(request, _person(person_id))


@require_POST
def hold(request: Request, person_id: int) -> HttpResponse:
    """Give roles to somebody, or take them."""
    changes.only_admins(request.user)
    found = _person(person_id)
    form = RolesForm(request.POST, about=found)
    made, status = save(request, RolesCharter(found), form, form.wanted) if form.is_valid() else (None, 422)
    return redirect("person", found.pk) if made else _draw(request, found, status=status, roles_form=form)


@require_POST
def access(request: Request, person_id: int) -> HttpResponse:
    """Disable, enable or reset an account."""
    changes.only_admins(request.user)
    found = _person(person_id)
    verb = request.POST.get("do", "")
    if verb not in AccessForm.VERBS:
        raise Refused(_("Disable, enable or reset."))
    if verb == "reset":
        accounts.not_oneself(found, request.user)
    form = AccessForm(request.POST, about=found)
    made, status = save(request, AccessCharter(found), form, form.wanted) if form.is_valid() else (None, 422)
    if made is None:
        return _draw(request, found, status=status, access_form=form)
    if verb == "reset" and made.state == Motion.State.IN_FORCE:
        return _show_link(request, found)
    return redirect("person", found.pk)


@require_POST
def link(request: Request, person_id: int) -> HttpResponse:
    """A new link for somebody who has no password yet; the one before stops working."""
    changes.only_admins(request.user)
    return _show_link(request, _person(person_id))


class Welcome(PasswordResetConfirmView):
    """The page behind a link: the person sets a name and a password, once."""

    template_name = "approvals/welcome.html"
    form_class = WelcomeForm
    token_generator = accounts.links
    success_url = reverse_lazy("account_login")

    def get_user(self, uidb64: str) -> Any:
        found = super().get_user(uidb64)
        return found if found and found.is_active else None

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        answer = super().form_valid(form)
        logout(self.request)  # whoever was signed in here before is somebody else
        messages.success(self.request, _("Your password is set. Sign in with it."))
        return answer


def _person(person_id: int) -> User:
    return get_object_or_404(User.objects.prefetch_related("roles"), pk=person_id)


def _show_link(request: Request, about: User) -> HttpResponse:
    path = accounts.link(about, request.user, proofs.proof(request))
    ends = timezone.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    context = {"person": about, "link": request.build_absolute_uri(path), "ends": ends}
    return render(request, "approvals/link.html", context)


def _draw(request: Request, about: User, *, status: int = 200, **forms: Any) -> HttpResponse:
    """One account from fresh rows."""
    holds, may = RolesCharter(about), AccessCharter(about)
    viewer = rosters.Viewer.named(f"person-{about.pk}", rosters.Roster.now())
    context = {
        "person": about,
        "roles_form": RolesForm(about=about, mark=changes.seen(holds), initial=holds.now()),
        "access_form": AccessForm(about=about, mark=changes.seen(may)),
        "matrix": rosters.matrix(rosters.Roster.now(), viewer),
        "waiting": open_changes(person=about),
        "events": Event.objects.filter(ABOUT_PEOPLE, detail__person=about.pk).order_by("-pk")[:HISTORY],
        **forms,
    }
    return render(request, "approvals/person.html", context, status=status)
