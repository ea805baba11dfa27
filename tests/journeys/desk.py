"""What the journeys share: an action that somebody has to decide, its row on a board, and what came of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

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
AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BARRIERS = """rules => Promise.race([
  axe.run({ runOnly: rules, resultTypes: ["violations"], preload: false })
    .then((found) => found.violations.map((v) => [v.id, v.nodes[0].html.slice(0, 150)])),
  new Promise((_, refuse) => setTimeout(refuse, 60_000, "axe came to no end")),
])"""
Theme = Literal["light", "dark"]
# A theme changes colours and a width what is where: one page is looked at in every pair, the others in these.
VIEWS: tuple[tuple[int, Theme], ...] = ((1440, "light"), (390, "dark"))
ALL_VIEWS: tuple[tuple[int, Theme], ...] = (*VIEWS, (1440, "dark"), (390, "light"))


def ask(tool: str = "chat.post", arguments: dict[str, Any] | None = None, **wish: Any) -> Action:
    """An action that an agent proposes now."""
    return propose(tool=tool, arguments=arguments or NOTICE, task=a_task(), **wish)


def ask_for_a_campaign(subject: str = LONG_MAIL["subject"]) -> Action:
    """An email of high risk, to thousands, whose text is longer than a card shows unasked."""
    if not Customer.objects.exists():
        Customer.objects.bulk_create(customers())
    return ask("email.send_campaign", {**LONG_MAIL, "subject": subject})


def on_board(page: Page, action: Action) -> Locator:
    return page.locator(f"#approval-{action.approvals.latest('pk').pk}")


def armed(place: Locator) -> None:
    """Wait until what approves there may be pressed."""
    expect(place.locator("[data-arm]").first).to_have_attribute("data-armed", "", timeout=10_000)


def ready(button: Locator) -> Locator:
    """The button, as soon as the page takes a click there for meant."""
    until(lambda: button.evaluate("button => Boolean(window.hitl?.ready?.(button))"), 30, "the button")
    return button


def press(button: Locator) -> None:
    ready(button).click()


@contextmanager
def nothing_is_decided(page: Page) -> Iterator[None]:
    """In here the page may ask for what it wants, and sends no answer of anybody."""
    sent: list[str] = []
    page.on(
        "request",
        lambda request: (
            sent.append(request.url) if request.method == "POST" and "/reading/" not in request.url else None
        ),
    )
    yield
    page.evaluate(
        "fetch('/healthz', { signal: AbortSignal.timeout(30_000) }).then(() => 0)"
    )  # what was sent before this, is known by now
    assert sent == []


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


def for_everybody(page: Page, address: str, views: Iterable[tuple[int, Theme]] = VIEWS) -> None:
    """Open a page and see that axe objects to nothing in any of these widths and themes, and that nothing scrolls sideways."""
    page.goto(address)
    page.add_script_tag(path=str(AXE))
    for width, theme in views:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # a colour on its way to another is no finding
        found = page.evaluate(BARRIERS, RULES)
        assert found == [], (address, width, theme, found)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)
