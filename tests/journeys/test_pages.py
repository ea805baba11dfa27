"""Every page in both themes, wide and narrow: nothing that axe objects to, nothing that scrolls sideways."""

import pytest

from agents.models import User
from approvals.models import Tier
from tests.cast import a_task, approve, at_a_glance, propose
from tests.journeys.conftest import SignIn
from tests.journeys.desk import ALL_VIEWS, VIEWS, for_everybody
from tests.processes.product import Product

pytestmark = pytest.mark.browser


def test_pages_are_for_everybody(product: Product, sign_in: SignIn) -> None:
    action = propose(tool="chat.post", arguments={"team": "platform", "text": "Meeting at two."}, task=a_task())
    high = propose(tool="deploy.restart_pool", arguments={"pool": "eu-2"}, task=a_task())
    Tier.objects.update(hold_seconds=3_600)
    held = propose(tool="chat.post", arguments={"team": "sales", "text": "Meeting at two."}, task=a_task())
    approve(held, User.objects.get(username="jonas"))
    at_a_glance()
    page = sign_in("ines", bypass_csp=True)
    addresses = [
        "/", f"/actions/{action.pk}/", f"/actions/{high.pk}/", f"/actions/{held.pk}/",
        f"/actions/{action.pk}/edit/", f"/tasks/{action.task_id}/",
        "/tasks/", "/agents/", "/agents/clerk/", "/agents/clerk/start/", "/actions/", "/decisions/", "/audit/", "/stop/", "/settings/", "/?scope=all&q=meeting", "/filters/?scope=all",
        "/sandbox/", "/sandbox/?family=payments", "/actions/999999/",
        "/accounts/logout/", "/accounts/reauthenticate/", "/accounts/login/",
    ]  # fmt: skip
    for address in addresses:
        if address == "/accounts/login/":
            page.context.clear_cookies()
        for_everybody(page, address, ALL_VIEWS if address == "/" else VIEWS)
