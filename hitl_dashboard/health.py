"""Whether the installation does its work, for probes."""

from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from agents.models import Heartbeat
from approvals import tasks

LATE_SECONDS = 30
PATIENCE_SECONDS = 1


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Database, Redis, the last worker heartbeat and the oldest runnable task; 503 when one is bad."""
    checks = {**_rows(), "redis": {"ok": _redis()}}
    good = all(check["ok"] for check in checks.values())
    return JsonResponse({"status": "ok" if good else "bad", **checks}, status=200 if good else 503)


def _rows() -> dict[str, dict[str, Any]]:
    try:
        beat = _age(Heartbeat.objects.order_by("-at"), "at")
        oldest = _age(tasks.runnable(), "runnable_at")
    except DatabaseError:
        return {"database": {"ok": False}}
    return {
        "database": {"ok": True},
        "worker": {"ok": beat is not None and beat < LATE_SECONDS, "last_heartbeat_age_seconds": beat},
        "runnable": {"ok": oldest is None or oldest < LATE_SECONDS, "oldest_age_seconds": oldest},
    }


def _age(rows: QuerySet[Any, Any], column: str) -> float | None:
    """Seconds since the first row's time, by the database's clock."""
    since = ExpressionWrapper(Now() - F(column), output_field=DurationField())
    age = rows.annotate(age=since).values_list("age", flat=True).first()
    return None if age is None else round(age.total_seconds(), 1)


def _redis() -> bool:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
