"""A whole shift by keyboard: what each key does, and when keys do nothing."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from agents.models import Action
from approvals.models import Tier
from tests.cast import at_a_glance
from tests.journeys.conftest import SignIn
from tests.journeys.desk import (
    armed,
    ask,
    ask_for_a_campaign,
    for_everybody,
    nothing_is_decided,
    on_board,
    press,
    ran,
    ready,
    state,
)
from tests.processes.product import Product, until

pytestmark = pytest.mark.browser
LIVE_ROWS = "#queue li.item:not(.tombstone)"


@pytest.fixture
def board(sign_in: SignIn) -> Page:
    """Mara's board with two rows, armed."""
    ask(arguments={"team": "sales", "text": "One."})
    ask(arguments={"team": "platform", "text": "Two."})
    page = sign_in("mara")
    expect(page.locator(LIVE_ROWS)).to_have_count(2)
    armed(page.locator("#queue"))
    return page


@pytest.fixture
def held() -> Iterator[None]:
    """What is approved meanwhile can be taken back for as long as a journey lasts."""
    Tier.objects.update(hold_seconds=600)
    yield
    at_a_glance()


def in_focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('li.item')?.id ?? ''"))


def test_j_and_k_walk_and_e_opens_the_form(board: Page) -> None:
    rows = [row.get_attribute("id") for row in board.locator(LIVE_ROWS).all()]
    walked = []
    for key in "jjk":
        board.keyboard.press(key)
        walked.append(in_focus(board))
    assert walked == [rows[0], rows[1], rows[0]]
    board.keyboard.press("e")
    board.wait_for_url("**/edit/")


def test_x_asks_for_the_reason_and_enter_gives_it(board: Page) -> None:
    board.keyboard.press("j")
    row = board.locator(f"#{in_focus(board)}")
    board.keyboard.press("x")
    expect(row.locator("[open] .panel")).to_be_visible()
    board.keyboard.press("Enter")
    expect(row).to_have_class("item tombstone", timeout=10_000)


def test_enter_on_a_title_opens_and_never_decides(board: Page) -> None:
    board.keyboard.press("j")
    board.keyboard.press("Enter")
    board.wait_for_url("**/actions/*/")
    armed(board.locator("#card"))
    with nothing_is_decided(board):
        board.keyboard.press("Enter")
    expect(board.locator("#standing")).to_contain_text("Waiting for approval")


def test_the_question_mark_opens_the_sheet_and_keys_sleep_under_it(board: Page) -> None:
    board.keyboard.press("j")
    row = board.locator(f"#{in_focus(board)}")
    board.keyboard.press("?")
    expect(board.locator("#help")).to_be_visible()
    with nothing_is_decided(board):
        board.keyboard.press("a")
    board.keyboard.press("Escape")
    expect(board.locator("#help")).to_be_hidden()
    expect(row).not_to_have_attribute("data-deciding", "")
    expect(row.locator("h3")).to_be_visible()


def test_keys_are_letters_in_a_field(board: Page) -> None:
    board.keyboard.press("j")
    row = board.locator(f"#{in_focus(board)}")
    board.keyboard.press("x")
    field = row.locator("input[name^=note]")
    field.focus()
    with nothing_is_decided(board):
        board.keyboard.type("a jax")
        board.keyboard.press("Enter")
    expect(field).to_have_value("a jax")
    expect(row.locator("h3")).to_be_visible()


def test_a_key_held_down_decides_once(sign_in: SignIn) -> None:
    first, second = ask(), ask(arguments={"team": "sales", "text": "Stay."})
    page = sign_in("mara")
    armed(on_board(page, first))
    on_board(page, first).locator("h3 a").focus()
    for _repeat in range(30):
        page.keyboard.down("a")
        page.wait_for_timeout(60)
    page.keyboard.up("a")
    assert ran(first) == 1
    assert state(second) == "PENDING"
    expect(on_board(page, second).locator("h3 a")).to_be_focused()


def test_a_card_is_approved_by_a_alone(sign_in: SignIn) -> None:
    action = ask()
    page = sign_in("mara")
    page.goto(f"/actions/{action.pk}/")
    armed(page.locator("#card"))
    page.keyboard.press("a")
    assert ran(action) == 1
    expect(page.locator("#standing")).to_contain_text("Succeeded", timeout=10_000)


def test_a_approves_z_takes_it_back_and_it_is_back_on_the_board(board: Page, held: None) -> None:
    board.keyboard.press("j")
    row = board.locator(f"#{in_focus(board)}")
    before, action = in_focus(board), Action.objects.get(approvals=in_focus(board).removeprefix("approval-"))
    board.keyboard.press("a")
    expect(row.locator(".hold")).to_have_text(re.compile(r"Sends in \d+:\d\d\."), timeout=30_000)
    # The focus is on the next row, and Z still knows what it was.
    until(lambda: in_focus(board) not in ("", before), 30, "the next row")
    ready(board.locator(".feed [data-key=z]").first)
    board.keyboard.press("z")
    until(lambda: state(action) == "PENDING", 30, "the way back")
    expect(on_board(board, action)).to_contain_text("v2", timeout=30_000)
    board.goto(f"/actions/{action.pk}/")
    armed(board.locator("#card, .bar"))
    board.keyboard.press("a")
    back = board.locator("#standing [data-key=z]")
    expect(back).to_be_visible(timeout=30_000)
    press(back)
    expect(board.locator("#standing")).to_contain_text("Waiting for approval", timeout=30_000)
    assert state(action) == "PENDING"


def test_another_draft_is_asked_for_and_half_of_it_taken_by_keyboard(product: Product, sign_in: SignIn) -> None:
    body = "Hello,\n\nyour parcel for ticket #5120 arrives tomorrow before noon.\n\nAcme support"
    action = ask("email.send", {"to": "anna.13@customers.example", "subject": "Your ticket #5120", "body": body})
    page = sign_in("mara", bypass_csp=True)
    page.goto(f"/actions/{action.pk}/")
    page.keyboard.press("r")
    expect(page.locator("input[name=ask]").first).to_be_focused()
    page.locator("input[name=ask][value=warmer]").press("Space")
    page.locator("#guidance").fill("#5121, not #5120")
    ready(page.locator("button[value^=regenerate]")).press("Enter")
    until(lambda: Action.objects.get(pk=action.pk).version == 2, 30, "the next draft")
    for_everybody(page, f"/actions/{action.pk}/compare/?old=1")
    page.locator("input[name=take]").first.press("Space")
    page.get_by_role("button", name="Use what is ticked").press("Enter")
    expect(page.locator(".told")).to_contain_text("This is what you change.")
    page.locator(".told button[value=save]").press("Enter")
    until(lambda: Action.objects.get(pk=action.pk).version == 3, 20, "the edit")


def test_a_high_risk_is_found_checked_approved_and_judged_without_a_mouse(product: Product, sign_in: SignIn) -> None:
    action = ask_for_a_campaign("Your quarter")
    page = sign_in("ines")
    page.keyboard.press("Control+k")
    page.keyboard.type("your quarter")
    expect(page.locator("#found-1-1")).to_be_visible(timeout=20_000)
    page.keyboard.press("ArrowUp")  # from “Search all actions”, which was there before the answer came
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/actions/{action.pk}/")
    left = page.locator("input[data-ack]:not(:checked), details[data-must-open]:not([data-read])")
    for _each in range(left.count()):
        before = left.count()
        page.keyboard.press("v")
        page.keyboard.press("Space")
        expect(left).to_have_count(before - 1, timeout=20_000)
    page.keyboard.press("End")
    armed(page.locator("#card"))
    page.keyboard.press("a")
    confirm = page.locator("#confirm button[value^=approve]")
    ready(confirm)
    page.keyboard.press("a")
    assert ran(action) == 1
    page.goto(f"/actions/{action.pk}/")
    page.keyboard.press("-")
    page.keyboard.type("Too many people.")
    page.keyboard.press("Control+Enter")
    until(lambda: action.feedback.filter(comment="Too many people.").exists(), 20, "the word")
