"""What every page of the shell shows."""

from functools import cache
from typing import Any

from django.http import HttpRequest

from approvals import amendments, queries


def shell(request: HttpRequest) -> dict[str, Any]:
    """The stops that are on now, how much waits, and what this person may do, for people who are signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "stops": queries.stop_banner,
        "waiting_count": cache(lambda: queries.waiting_for(user)),
        "runs_policy": cache(lambda: amendments.admin(user)),
        "second_admin": cache(lambda: amendments.second(user).value),
    }
