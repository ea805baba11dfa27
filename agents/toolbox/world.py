"""What every tool of the sandbox shares: leaving a trace, taking time, finding its folder."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import number_format

from agents.toolbox.models import Effect
from agents.tools import Call, ToolFailed

QUOTE_LIMIT = 80
SENDER = "sales@acme.example"
# How long slow tools take: 1 as an office does, 0 no time at all.
PACE = float(os.environ.get("HITL_SANDBOX_SPEED", "1"))


def happened(call: Call, tool: str, summary: str, /, *, receipt: str | None = None, **detail: Any) -> dict[str, Any]:
    """Write down one effect; what the tool gives back says where to find it."""
    effect = Effect.objects.create(
        action_id=call.action_id, version=call.version, key=call.key, receipt=receipt, tool=tool,
        family=tool.split(".")[0], summary=summary, detail=detail,
    )  # fmt: skip
    return {"effect": effect.pk, "summary": summary}


def earlier(call: Call, tool: str) -> dict[str, Any] | None:
    """What this very call did already: a tool that honours its key acts once for it."""
    effect = Effect.objects.filter(tool=tool, key=call.key).first()
    return {"effect": effect.pk, "summary": effect.summary, "repeated": True} if effect else None


def honour(call: Call, tool: str, act: Callable[[], tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Act once for a key, however often and by how many at a time it is asked: what an idempotent target promises.

    `act` works in this transaction and returns the summary and the detail of its effect.
    """
    try:
        with transaction.atomic():
            if done := earlier(call, tool):
                return done
            summary, detail = act()
            return happened(call, tool, summary, receipt=call.key, **detail)
    except IntegrityError:
        if done := earlier(call, tool):
            return done
        raise


def work(call: Call, seconds: float, note: str = "", steps: int = 10) -> None:
    """Take time and report progress, as slow tools do."""
    for step in range(1, steps + 1):
        time.sleep(seconds * PACE / steps)
        call.progress(100 * step // steps, note)


def count(number: int) -> str:
    return number_format(number, force_grouping=True)


def folder() -> Path:
    """The workspace folder, made on the first use."""
    place = Path(settings.WORKSPACE_DIR)
    place.mkdir(parents=True, exist_ok=True)
    return place.resolve()


def inside(name: str) -> Path:
    """A path in the workspace. Raises ToolFailed for everything that leads out of it, links included."""
    place = folder()
    try:
        path = (place / name).resolve()
        path.stat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, a circle of links
        raise ToolFailed(f"{name!r} is no path of a file") from None
    if Path(name).is_absolute() or not path.is_relative_to(place):
        raise ToolFailed(f"{name!r} is not in the workspace folder")
    return path


def day(ahead: int) -> str:
    """The date so many days from now, as tools take it."""
    return (timezone.localdate() + timedelta(days=ahead)).isoformat()


def quoted(text: str) -> str:
    """Somebody's words as part of a title: in marks that they cannot close, in one line, and not endless."""
    plain = " ".join(text.replace("“", '"').replace("”", '"').split())
    return f"“{plain if len(plain) <= QUOTE_LIMIT else plain[: QUOTE_LIMIT - 1] + '…'}”"


def text(title: str, **limits: Any) -> dict[str, Any]:
    """The schema of a text argument."""
    return {"type": "string", "title": title, "minLength": 1, "maxLength": 200, **limits}


def schema(required: tuple[str, ...] = (), /, **properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of a tool's arguments; nothing beyond what is named is accepted."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": list(required or properties),
        "additionalProperties": False,
    }


MONEY: dict[str, dict[str, Any]] = {
    "amount_minor": {"type": "integer", "title": "Amount", "description": "In cents", "minimum": 1, "maximum": 10**9},
    "currency": {"type": "string", "title": "Currency", "enum": ["EUR", "USD", "GBP"], "default": "EUR"},
}
EMAIL = {"type": "string", "title": "To", "format": "email", "maxLength": 254}
