"""What the journeys share: an action that somebody has to decide, its row on a board, and what came of it."""

from pathlib import Path
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from playwright.sync_api import Locator, Page, expect

from agents.models import Action
from agents.toolbox.models import Customer, Effect
from agents.toolbox.seed import customers
from tests.cast import a_task, propose
from tests.processes.product import until

NOTICE = {"team": "platform", "text": "Meeting at two."}
LONG_MAIL = {"segment": "contracts-ending-may", "subject": "Your offer", "body": "To unsubscribe, say so. " * 40}
ARMED = 900
AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# In the other theme the same page has other colours and nothing else; those are the same at every width.
THEMES: tuple[tuple[Any, list[str]], ...] = (("light", RULES), ("dark", ["color-contrast"]))


def ask(tool: str = "chat.post", arguments: dict[str, Any] | None = None, **wish: Any) -> Action:
    """An action that an agent proposes now."""
    return propose(tool=tool, arguments=arguments or NOTICE, task=a_task(), **wish)


def ask_for_a_campaign() -> Action:
    """An email of high risk, to thousands, whose text is longer than a card shows unasked."""
    if not Customer.objects.exists():
        Customer.objects.bulk_create(customers())
    return ask("email.send_campaign", LONG_MAIL)


def on_board(page: Page, action: Action) -> Locator:
    return page.locator(f"#approval-{action.approvals.latest('pk').pk}")


def armed(place: Locator) -> None:
    """Wait until what approves there may be pressed."""
    expect(place.locator("[data-arm]").first).to_have_attribute("data-armed", "", timeout=10_000)


def state(action: Action) -> str:
    return str(Action.objects.values_list("state", flat=True).get(pk=action.pk))


def ran(action: Action) -> int:
    """How many effects the action had, once it has run."""
    until(lambda: state(action) == "SUCCEEDED", 30, "the action")
    return Effect.objects.filter(action_id=action.pk).count()


def proofs_are_old() -> None:
    """As if everybody who is signed in had given the password an hour ago."""
    for session in Session.objects.all():
        store = SessionStore(session.session_key)
        for record in store.get("account_authentication_methods", []):
            record["at"] -= 3_600
        store["account_authentication_methods"] = store.get("account_authentication_methods", [])
        store.save()


def for_everybody(page: Page, address: str) -> None:
    """Open a page and see that axe objects to nothing, wide in either theme, and that it does not scroll sideways."""
    page.goto(address)
    page.add_script_tag(path=str(AXE))
    wide = page.viewport_size and page.viewport_size["width"] > 600
    for theme, rules in THEMES if wide else THEMES[:1]:
        page.emulate_media(color_scheme=theme)
        found = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations'], preload: false})", rules)
        barriers = [(v["id"], v["nodes"][0]["html"][:150]) for v in found["violations"]]
        assert barriers == [], (address, theme, barriers)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
