"""Whoever decides leaves no error behind in the browser's console: every push finds its place on every page."""

import pytest
from playwright.sync_api import Page, expect

from agents.models import User
from tests.cast import approve
from tests.journeys.conftest import SignIn
from tests.journeys.desk import armed, ask, on_board, ran, state
from tests.processes.product import Product, until

pytestmark = pytest.mark.browser


def listen(page: Page) -> list[str]:
    """What the console of a page says from now on that is an error."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


def live(page: Page) -> None:
    expect(page.locator("#chip")).to_contain_text("Live", timeout=10_000)


def test_deciding_on_the_board_and_on_cards_leaves_no_error(product: Product, sign_in: SignIn) -> None:
    page = sign_in("mara")
    errors = listen(page)
    first, second, third = ask(), ask(), ask()
    page.goto("/")
    live(page)
    armed(on_board(page, first))
    on_board(page, first).locator("button[value^=approve]").click()
    assert ran(first) == 1

    page.goto(f"/actions/{second.pk}/")
    live(page)
    armed(page.locator("#card"))
    page.locator("button[value^=approve]").click()
    assert ran(second) == 1
    expect(page.locator("#standing")).to_contain_text("Succeeded", timeout=15_000)

    page.goto(f"/actions/{third.pk}/")
    live(page)
    page.locator("summary[data-key=x]").click()
    armed(page.locator("#card"))
    page.locator("button[value$=wrong_target]").click()
    expect(page.locator("#standing")).to_contain_text("Rejected", timeout=15_000)
    assert errors == []


def test_news_of_an_action_find_their_place_on_its_card_and_in_its_form(product: Product, sign_in: SignIn) -> None:
    """Somebody else decides while one person has the form open, and what asked nobody has a card, too."""
    page, action = sign_in("mara"), ask()
    errors = listen(page)
    page.goto(f"/actions/{action.pk}/edit/")
    live(page)
    approve(action, User.objects.get(username="jonas"))
    assert ran(action) == 1
    expect(page.locator("#standing")).to_contain_text("Succeeded", timeout=15_000)

    alone = ask("files.write", {"path": "notes/today.txt", "text": "Nothing new."})
    until(lambda: state(alone) != "PENDING", 10, "its verdict")
    page.goto(f"/actions/{alone.pk}/")
    live(page)
    assert errors == []
