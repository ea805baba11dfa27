from typing import Any

from django.conf import settings
from django.http import HttpRequest

from approvals import demo as demonstration


def demo(request: HttpRequest) -> dict[str, Any]:
    """Whether this is a demo, and the accounts that its sign-in page lists."""
    return {"DEMO": settings.DEMO, "demo_accounts": demonstration.accounts if settings.DEMO else ()}
