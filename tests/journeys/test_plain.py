"""Without scripts, on a narrow screen, and too late: the same product."""

import pytest
from playwright.sync_api import Page, expect

from agents.models import Action
from agents.toolbox.models import Effect
from tests.journeys.conftest import SignIn
from tests.journeys.desk import armed, ask, ask_for_a_campaign, on_board, proofs_are_old, ran, state
from tests.processes.product import until

pytestmark = pytest.mark.browser


@pytest.fixture
def mara(sign_in: SignIn) -> Page:
    """Mara with scripts switched off."""
    return sign_in("mara", java_script_enabled=False)


def test_a_plain_form_rejects_with_a_reason(mara: Page) -> None:
    action = ask()
    mara.goto("/")
    row = on_board(mara, action)
    row.locator("summary").first.click()
    row.locator("button[value$=not_now]").click()
    until(lambda: state(action) == "REJECTED", 10, "the rejection")
    assert "Not now" in Action.objects.get(pk=action.pk).reason


def test_a_plain_form_edits_and_approves(mara: Page) -> None:
    action = ask()
    mara.goto("/")
    on_board(mara, action).locator("a[data-key=e]").click()
    mara.fill("textarea[name='f-text']", "Meeting at six.")
    mara.click("button[name=save][value=approve]")
    assert ran(action) == 1
    assert Effect.objects.get(action_id=action.pk).detail["text"] == "Meeting at six."


def test_a_plain_edit_that_comes_too_late_goes_on_from_the_newer_version(mara: Page, sign_in: SignIn) -> None:
    action = ask()
    mara.goto(f"/actions/{action.pk}/edit/")
    other = sign_in("jonas", java_script_enabled=False)
    other.goto(f"/actions/{action.pk}/edit/")
    for page, text in ((other, "Meeting at five."), (mara, "Meeting <b>at six</b>.")):
        page.fill("textarea[name='f-text']", text)
        page.click("button[name=save][value=save]")
    expect(mara.locator("h1")).to_contain_text("changed while you were reading")
    expect(mara.get_by_label("What you had written: Message")).to_have_value("Meeting <b>at six</b>.")
    mara.get_by_role("button", name="Edit the newer version").click()
    expect(mara.locator("textarea[name='f-text']")).to_have_value("Meeting <b>at six</b>.")
    mara.click("button[name=save][value=approve]")
    assert ran(action) == 1
    assert Effect.objects.get(action_id=action.pk).detail["text"] == "Meeting <b>at six</b>."


def test_a_plain_form_opens_what_is_folded_and_approves(sign_in: SignIn) -> None:
    action = ask_for_a_campaign()
    page = sign_in("ines", java_script_enabled=False)
    page.goto(f"/actions/{action.pk}/")
    page.click("button[form=opening]")
    for tick in page.locator("input[data-ack]").all():
        tick.check()
    expect(page.locator("details[data-must-open] .value").last).to_be_visible()
    page.locator("[data-confirm] button[value^=approve]").click()
    assert ran(action) == 1


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
def test_what_was_typed_comes_back_when_the_answer_is_refused(sign_in: SignIn, scripts: bool) -> None:
    action = ask("deploy.release", {"pool": "eu-1", "build": "7.4.1-dirty"})
    page = sign_in("ines", java_script_enabled=scripts)
    proofs_are_old()
    page.goto(f"/actions/{action.pk}/#confirm")
    page.locator("input[data-ack]").check()
    page.fill("#typed", "eu-1")
    page.fill("#password", "guess")
    if scripts:
        page.locator("[data-preview-end]").evaluate("end => end.scrollIntoView()")
        armed(page.locator("[data-confirm]"))
    page.locator("[data-confirm] button[value^=approve]").click()
    expect(page.locator("[role=alert]").first).to_contain_text("password")
    expect(page.locator("input[data-ack]")).to_be_checked()
    expect(page.locator("#typed")).to_have_value("eu-1")
    expect(page.locator("#password")).to_have_value("")
    page.fill("#password", "secret")
    if scripts:
        armed(page.locator("[data-confirm]"))
    page.locator("[data-confirm] button[value^=approve]").click()
    expect(page.locator("#standing")).to_contain_text("1 of 2 have approved")


def test_who_comes_second_reads_what_happened(mara: Page, sign_in: SignIn) -> None:
    action = ask()
    mara.goto("/")
    jonas = sign_in("jonas", java_script_enabled=False)
    on_board(jonas, action).locator("button[value^=approve]").click()
    with mara.expect_response("**/decide/**") as answered:
        on_board(mara, action).locator("button[value^=approve]").click()
    assert answered.value.status == 409
    expect(mara.locator("h1")).to_contain_text("decided already")
    expect(mara.locator("main")).to_contain_text("Jonas")
    assert ran(action) == 1


def test_nothing_scrolls_sideways_on_the_smallest_screen(sign_in: SignIn) -> None:
    """320 px are 1280 at 400 % zoom."""
    action, campaign = ask(arguments={"team": "platform", "text": "x" * 300}), ask_for_a_campaign()
    page = sign_in("mara", width=320)
    cards = [f"/actions/{row.pk}/{part}" for row in (action, campaign) for part in ("", "edit/", "feedback/?word=bad")]
    for address in (
        "/",
        "/?scope=all&q=x",
        *cards,
        "/audit/",
        "/tasks/",
        "/agents/",
        "/settings/",
        "/filters/?scope=all",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
