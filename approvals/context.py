"""What every page of the shell shows."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from approvals import amendments, keys, queries


def shell(request: HttpRequest) -> dict[str, Any]:
    """The stops that are on now, how much waits, what this person may do and how they want it, for who is signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    own = SimpleLazyObject(lambda: queries.settings_of(user))
    return {
        "own": own,
        "keyboard": SimpleLazyObject(lambda: keys.Keyboard(keys.bindings(own.keys), own.single_keys)),
        "stops": queries.stop_banner,
        "waiting_count": cache(lambda: queries.waiting_for(user)),
        "runs_policy": cache(lambda: amendments.admin(user)),
        "second_admin": cache(lambda: amendments.second(user).value),
    }
