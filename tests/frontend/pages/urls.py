"""The shell's addresses with nothing behind them, and the pages of this folder."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.views import serve
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from django.utils import timezone

from approvals import keys
from approvals.models import UserSettings

HERE = Path(__file__).parent
SHELL = ("tasks", "agents", "actions", "audit", "stop", "settings", "find", "theme", "account_logout", "account_login")


def person() -> SimpleNamespace:
    class Ines(SimpleNamespace):
        def __str__(self) -> str:
            return "Ines Ruiz"

    return Ines(pk=7, is_authenticated=True, roles=SimpleNamespace(all=lambda: ["senior"]))


def context(request: HttpRequest) -> dict[str, object]:
    now: datetime = timezone.now()
    stop = SimpleNamespace(
        agent_id=3, agent="Price crawler", tool_id=None, engaged_by="Mara", engaged_at=now, reason=""
    )
    own = UserSettings(
        counter="uncounted" not in request.GET,
        tones="tones" in request.GET,
        theme=request.GET.get("theme", "system"),
        single_keys=request.GET.get("keys", "on"),
    )
    own.keys = {"a": "y"} if "mine" in request.GET else {}
    return {
        "user": person(),
        "own": own,
        "keyboard": keys.Keyboard(keys.bindings(own.keys), own.single_keys),
        "waiting_count": 7,
        "now": now,
        "soon": now + timedelta(minutes=2, seconds=14),
        "minutes": now + timedelta(minutes=26),
        "hours": now + timedelta(hours=3),
        "start": now - timedelta(minutes=8),
        "past": now - timedelta(seconds=12),
        "stops": [stop] if "stops" in request.GET else [],
        "bands": [0.96, 0.71, 0.41, None],
    }


def page(name: str) -> Callable[[HttpRequest], HttpResponse]:
    @login_not_required
    def view(request: HttpRequest) -> HttpResponse:
        source = (HERE / f"{name}.html").read_text()
        return HttpResponse(engines["django"].from_string(source).render(context(request), request))

    return view


@login_not_required
def nothing(request: HttpRequest, **_kept: object) -> HttpResponse:
    return HttpResponse(status=204)


urlpatterns = [
    path("", page("board"), name="board"),
    path("gallery/", page("gallery"), name="gallery"),
    path("card/", page("card"), name="card"),
    path("quiet/", page("quiet"), name="quiet"),
    path("edit/", page("edit"), name="edit"),
    path("actions/<int:pk>/", nothing, name="action"),
    path("decide/", nothing, name="decide"),
    path("opened/", nothing),
    *(path(f"{name}/", nothing, name=name) for name in SHELL),
    path("static/<path:path>", login_not_required(serve), {"insecure": True}),
]
