"""A phone is enough for the whole triage: everything that can be pressed is as large as a finger."""

import pytest
from playwright.sync_api import Page, expect

from agents.models import Action
from tests.journeys.conftest import SignIn
from tests.journeys.desk import NOTICE, ask, ask_for_a_campaign, on_board, press, ran
from tests.processes.product import Product, until

pytestmark = pytest.mark.browser
MAIL = {"to": "anna.13@customers.example", "subject": "Your parcel", "body": "It arrives tomorrow before noon."}
# A link within a sentence is as high as its line; a row's title covers its row, a box its label.
SMALL = """() => {
  const within = "p a, dd a, td a, .crumb a, h3 a, .past a, .skip, .sr, .sr *, label input";
  const all = document.querySelectorAll("a, button, summary, input, select, textarea, label:has([type=checkbox], [type=radio])");
  const shown = [...all].filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.matches(within));
  return shown.flatMap((e) => {
    const { width, height, left, right } = e.getBoundingClientRect();
    const least = e.closest(".bar") && !e.closest(".panel, .field") ? 48 : 44;
    const outside = e.closest(".panel") && (left < 0 || right > innerWidth);  // where no finger comes
    return Math.min(width, height) < least - 0.5 || outside ? [`${location.href} ${width}x${height} at ${left} ${e.outerHTML.slice(0, 110)}`] : [];
  });
}"""
POPS = "details.pop > summary, #card .fold > summary, .menu > summary"


def small(page: Page, address: str = "") -> list[str]:
    """What is too small for a finger there, and in each part that opens, or out of its reach; nothing scrolls sideways."""
    if address:
        page.goto(address)
    found: list[str] = page.evaluate(SMALL)
    for summary in page.locator(POPS).all():
        if summary.is_visible():
            summary.evaluate("summary => { summary.parentElement.open = true }")
            found += page.evaluate(SMALL)
            summary.evaluate("summary => { summary.parentElement.open = false }")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    return list(dict.fromkeys(found))


def test_every_target_is_as_large_as_a_finger(product: Product, sign_in: SignIn) -> None:
    plain, campaign, letter = ask(), ask_for_a_campaign(), ask("email.send", MAIL)
    options = [{"arguments": NOTICE}, {"arguments": {**NOTICE, "text": "Meeting at three."}}]
    choice = ask(question={"ask": "Which of these?", "options": options})
    fields = {"day": {"type": "string", "format": "date"}, "sure": {"type": "boolean"}}
    question = ask(question={"ask": "Until when?", "lacks": ["A day."], "fields": fields})
    critical = ask("deploy.restart_pool", {"pool": "eu-2"})
    page = sign_in("ines", width=390)
    found = small(page)
    for address in ("/?scope=all&q=meeting", "/filters/?scope=all", "/settings/"):
        found += small(page, address)
    for action in (campaign, letter, choice, question, critical):
        found += small(page, f"/actions/{action.pk}/#confirm")
        found += small(page, f"/actions/{action.pk}/edit/")
    page.goto(f"/actions/{letter.pk}/edit/")
    page.fill("[name='f-subject']", "Your parcel is late")
    page.click("button[name=save][value=save]")
    expect(page.locator(".told")).to_be_visible()
    page.wait_for_load_state()
    found += small(page)  # word by word, before it is saved
    page.click(".told button[value=save]")
    until(lambda: Action.objects.get(pk=letter.pk).version == 2, 20, "the edit")
    found += small(page, f"/actions/{letter.pk}/compare/?old=1")
    page.goto("/")
    press(on_board(page, plain).locator("button[value^=approve]"))
    assert ran(plain) == 1
    found += small(page, f"/actions/{plain.pk}/")
    found += small(page, f"/actions/{plain.pk}/feedback/?word=bad")
    assert found == []
