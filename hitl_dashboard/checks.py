"""What must not be true in production. `check --deploy` and every start ask."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, register

LOOPBACK = {"127.0.0.1", "localhost", "::1", ""}


@register()
def safe_to_serve(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Refuse DEBUG, any host, any origin, and a Redis without password on another machine."""
    return [Error(message, id=f"hitl.{name}") for name, message in _faults()]


def _faults() -> Iterator[tuple[str, str]]:
    redis = urlsplit(settings.REDIS_URL)
    if redis.hostname not in LOOPBACK and not redis.password:
        yield (
            "redis",
            "REDIS_URL names another machine without a password: anybody there could send hints.",
        )
    if settings.EMBEDDED:
        if strangers := set(settings.ALLOWED_HOSTS) - LOOPBACK:
            yield (
                "embedded",
                f"ALLOWED_HOSTS has {min(strangers)}: embedded mode is plain http, for this machine only.",
            )
        return
    if settings.DEBUG:
        yield "debug", "DEBUG shows secrets to everybody who meets an error."
    if any(host == "*" or host.startswith(".") for host in settings.ALLOWED_HOSTS):
        yield "hosts", "ALLOWED_HOSTS must name each host: a wildcard lets others put their name on this site."
    if any("*" in origin or not origin.startswith("https://") for origin in settings.ORIGINS):
        yield "origins", "ORIGINS must name each origin with https: sockets are let in by it."
    if len(settings.SECRET_KEY) < 32:
        yield "secret", "SECRET_KEY is too short: give it at least 32 random characters."
