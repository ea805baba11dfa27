"""What is one person's own: how they want their screens, and the filters they keep."""

from typing import Any

from django.contrib import messages
from django.forms import model_to_dict
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.pages import row_id
from agents.payloads import Refused
from approvals import queries, readers, saved_filters
from approvals.addresses import filter_from
from approvals.models import UserSettings
from approvals.requests import Request, back_to
from approvals.settings_forms import KeysForm, ReadingForm, ScreenForm

FORMS: dict[str, Any] = {"screen": ScreenForm, "reading": ReadingForm, "keys": KeysForm}


@require_http_methods(["GET", "POST"])
def settings(request: Request) -> HttpResponse:
    """Your settings: each card of the page is a form that saves its own part."""
    person, part = request.user, request.POST.get("save", "")
    now = {**model_to_dict(queries.settings_of(person)), "language": person.language, "time_zone": person.time_zone}
    forms = {name: kind(request.POST if name == part else None, initial=now) for name, kind in FORMS.items()}
    if part == "reset-keys":
        UserSettings.objects.update_or_create(person=person, defaults={"keys": {}})
    elif part in forms and forms[part].is_valid():
        forms[part].keep(person)
    else:
        return render(request, "approvals/settings.html", {"forms": forms}, status=422 if part else 200)
    with readers.reader(person, request.headers.get("Accept-Language", "")).reads():  # which may be new
        messages.success(request, _("Your settings are saved."))
    return redirect("settings")


@require_POST
def theme(request: Request) -> HttpResponse:
    """Light, dark or the system's choice, from the account menu."""
    chosen = request.POST.get("theme", "")
    if chosen in UserSettings.Theme.values:
        UserSettings.objects.update_or_create(person=request.user, defaults={"theme": chosen})
    return redirect(back_to(request, "board"))


@require_http_methods(["GET", "POST"])
def filters(request: Request) -> HttpResponse:
    """Your saved filters: keep what the board shows under a name, rename, delete."""
    sent, problem = request.POST, ""
    wanted = filter_from(QueryDict(sent.get("query") or request.GET.urlencode()))
    try:
        match sent.get("do"):
            case "keep":
                saved_filters.keep(request.user, sent.get("name", ""), wanted)
                return redirect(f"{reverse('board')}?{wanted.lasting}")
            case "rename":
                saved_filters.rename(request.user, row_id(sent.get("filter", "")), sent.get("name", ""))
            case "delete":
                saved_filters.delete(request.user, row_id(sent.get("filter", "")))
        if request.method == "POST":
            return redirect("filters")
    except Refused as refused:
        problem = str(refused)
    rows = [(row, filter_from(QueryDict(row.query))) for row in saved_filters.of(request.user)]
    context = {"rows": rows, "wanted": wanted, "problem": problem, "sent": sent, "longest": saved_filters.LONGEST}
    return render(request, "approvals/filters.html", context, status=422 if problem else 200)
