"""What is one person's own: how they want their screens."""

from typing import Any

from django.contrib import messages
from django.forms import model_to_dict
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from approvals import queries
from approvals.models import UserSettings
from approvals.requests import Request, back_to
from approvals.settings_forms import KeysForm, ScreenForm

FORMS = {"screen": ScreenForm, "keys": KeysForm}


@require_http_methods(["GET", "POST"])
def settings(request: Request) -> HttpResponse:
    """Your settings: each card of the page is a form that saves its own part."""
    part, now = request.POST.get("save", ""), model_to_dict(queries.settings_of(request.user))
    forms = {name: kind(request.POST if name == part else None, initial=now) for name, kind in FORMS.items()}
    wanted: dict[str, Any]
    if part == "reset-keys":
        wanted = {"keys": {}}
    elif part in forms and forms[part].is_valid():
        wanted = forms[part].wanted
    else:
        return render(request, "approvals/settings.html", {"forms": forms}, status=422 if part else 200)
    UserSettings.objects.update_or_create(person=request.user, defaults=wanted)
    messages.success(request, _("Your settings are saved."))
    return redirect("settings")


@require_POST
def theme(request: Request) -> HttpResponse:
    """Light, dark or the system's choice, from the account menu."""
    chosen = request.POST.get("theme", "")
    if chosen in UserSettings.Theme.values:
        UserSettings.objects.update_or_create(person=request.user, defaults={"theme": chosen})
    return redirect(back_to(request, "board"))
