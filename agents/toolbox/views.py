"""Where the effects of the sandbox can be looked at and counted."""

from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from agents.pages import page, row_id
from agents.toolbox.models import Account, Effect
from agents.toolbox.world import folder

FAMILIES = {
    "email": _("Outbox"),
    "payments": _("Account statement"),
    "files": _("Files"),
    "chat": _("Chat"),
    "calendar": _("Calendar"),
    "crm": _("Customers"),
    "flights": _("Bookings"),
    "site": _("Website"),
    "deploy": _("Production"),
}
MOST_FILES = 200


@require_GET
def sandbox(request: HttpRequest) -> HttpResponse:
    """Everything that really happened, newest first: all of it, one family, or what one action did."""
    family, action = request.GET.get("family", ""), row_id(request.GET.get("action", ""))
    family = family if family in FAMILIES else ""
    rows = Effect.objects.all()
    if family:
        rows = rows.filter(family=family)
    if action:
        rows = rows.filter(action_id=action)
    context = {
        "page": page(rows, request.GET),
        "filtered": bool(family or action),
        "families": FAMILIES,
        "family": family,
        "of_action": action,
        "accounts": Account.objects.order_by("pk") if family == "payments" else (),
        "files": files() if family == "files" else (),
    }
    return render(request, "sandbox/sandbox.html", context)


def files() -> list[tuple[str, int]]:
    """Path and size in bytes of what lies in the workspace folder; links are not followed."""
    place = folder()
    found = (path for path in place.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted((str(path.relative_to(place)), path.stat().st_size) for path in islice(found, MOST_FILES))
