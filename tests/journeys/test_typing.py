"""What somebody has typed is theirs: no push and no reconnect takes it away."""

import pytest
from playwright.sync_api import expect

from agents.models import Action
from tests.journeys.conftest import SignIn
from tests.journeys.desk import ask, on_board, press, ran, state
from tests.processes.product import Product, until

pytestmark = pytest.mark.browser
WORDS = "because the room is"


def test_words_of_a_rejection_survive_the_pushes(product: Product, sign_in: SignIn) -> None:
    action = ask()
    page = sign_in("mara")
    row = on_board(page, action)
    row.locator("summary").first.click()
    field = row.locator("input[name^=note]")
    field.fill(WORDS)
    for number in range(10):
        ask(arguments={"team": "sales", "text": f"News {number}."})
    expect(page.locator("[data-fresh]")).to_contain_text("10", timeout=10_000)
    expect(field).to_have_value(WORDS)
    expect(field).to_be_focused()
    press(row.get_by_text("Reject with these words"))
    until(lambda: state(action) == "REJECTED", 10, "the rejection")
    assert WORDS in Action.objects.get(pk=action.pk).reason


def test_an_edit_survives_a_restart_of_the_server(product: Product, sign_in: SignIn) -> None:
    action = ask()
    page = sign_in("mara")
    page.goto(f"/actions/{action.pk}/edit/")
    expect(page.locator("#chip")).to_contain_text("Live", timeout=10_000)
    page.fill("textarea[name='f-text']", "Meeting at four.")
    product.kill("web")
    product.start("web")
    expect(page.locator("#chip")).to_contain_text("Live", timeout=40_000)
    expect(page.locator("textarea[name='f-text']")).to_have_value("Meeting at four.")
    page.click("button[name=save][value=approve]")
    assert ran(action) == 1


def test_a_mistake_comes_back_with_what_was_typed(sign_in: SignIn) -> None:
    action = ask("email.send", {"to": "anna.13@customers.example", "subject": "Hello", "body": "Hello"})
    page = sign_in("mara")
    page.goto(f"/actions/{action.pk}/edit/")
    page.fill("[name='f-to']", "nobody at all")
    page.click("button[name=save][value=approve]")
    expect(page.locator("[name='f-to']")).to_have_value("nobody at all")
    expect(page.locator("[name='f-to']")).to_have_attribute("aria-invalid", "true")
    assert state(action) == "PENDING"


def test_who_answers_an_old_version_is_told_and_nothing_is_counted(product: Product, sign_in: SignIn) -> None:
    """The card of a version that nobody can approve any more freezes; a post that comes all the same is a conflict."""
    action = ask()
    page = sign_in("mara", java_script_enabled=False)
    page.goto(f"/actions/{action.pk}/")
    other = sign_in("jonas")
    other.goto(f"/actions/{action.pk}/edit/")
    other.fill("textarea[name='f-text']", "Meeting at five.")
    other.click("button[name=save][value=save]")
    until(lambda: Action.objects.get(pk=action.pk).version == 2, 10, "the edit")
    with page.expect_response("**/decide/") as answered:
        page.locator("button[value^=approve]").first.click()
    assert answered.value.status == 409
    expect(page.locator("h1")).to_contain_text("changed while you were reading")
    assert state(action) == "PENDING"


def test_a_draft_is_there_on_another_device_and_meets_a_newer_version(product: Product, sign_in: SignIn) -> None:
    mail = {"to": "anna.13@customers.example", "subject": "Hello", "body": "We meet at two."}
    action = ask("email.send", mail)
    here = sign_in("mara")
    here.goto(f"/actions/{action.pk}/edit/")
    expect(here.locator("#chip")).to_contain_text("Live", timeout=10_000)
    here.fill("[name='f-subject']", "Hello from Mara")
    expect(here.locator("[data-draft-said]")).to_contain_text("kept on the server", timeout=10_000)
    there = sign_in("mara")
    there.goto(f"/actions/{action.pk}/edit/")
    expect(there.locator("[name='f-subject']")).to_have_value("Hello from Mara")
    other = sign_in("jonas")
    other.goto(f"/actions/{action.pk}/edit/")
    other.fill("[name='f-body']", "We meet at three.")
    other.click("button[name=save][value=save]")
    expect(other.locator(".told")).to_contain_text("three")
    other.click(".told button[name=save][value=save]")
    here.fill("[name='f-subject']", "Hello from Mara and Jonas")
    here.get_by_text("Compare").click(timeout=20_000)
    expect(here.locator("#standing ins")).to_contain_text("three")
    expect(here.locator("[name='f-subject']")).to_have_value("Hello from Mara and Jonas")
    here.get_by_role("link", name="Load v2").click()
    expect(here.locator("[name='version']")).to_have_value("2")
    expect(here.locator("[name='f-subject']")).to_have_value("Hello from Mara and Jonas")
    expect(here.locator("[name='f-body']")).to_have_value("We meet at three.")
