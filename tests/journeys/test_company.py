"""Two people at one queue, in real browsers."""

import pytest
from playwright.sync_api import expect

from agents.models import User
from tests.cast import reject
from tests.journeys.conftest import SignIn
from tests.journeys.desk import ask, ask_for_a_campaign, on_board, press

pytestmark = pytest.mark.browser


def test_reading_handing_over_writing_and_snoozing_side_by_side(sign_in: SignIn) -> None:
    action, other = ask_for_a_campaign(), ask()
    hers, his = sign_in("ines"), sign_in("omar")
    expect(hers.locator("#chip")).to_contain_text("Live", timeout=10_000)
    his.goto(f"/actions/{action.pk}/")
    expect(on_board(hers, action)).to_contain_text("Omar is reading", timeout=15_000)
    expect(his.locator("#present")).to_be_empty()
    his.keyboard.press("h")
    his.fill("#up-note", "You know these customers.")
    his.select_option("#to", label="Ines")
    press(his.get_by_role("button", name="Hand it over"))
    expect(on_board(hers, action)).to_contain_text("handed to you by Omar", timeout=15_000)
    hers.goto(f"/actions/{action.pk}/")
    expect(hers.locator("#card")).to_contain_text("You know these customers.")
    hers.keyboard.press("x")
    words = hers.locator(".bar .panel input[name^=note-]")
    words.fill("Not to these people")
    reject(action, User.objects.get(username="omar"))
    expect(hers.locator("#notes")).to_contain_text("Omar rejected version 1 while you were writing", timeout=15_000)
    assert words.input_value() == "Not to these people"
    hers.goto("/")
    his.goto("/")
    on_board(hers, other).locator("h3 a").focus()
    hers.keyboard.press("s")
    hers.keyboard.press("Enter")
    expect(hers.locator("#scopes")).to_contain_text("Snoozed", timeout=15_000)
    expect(on_board(his, other)).to_contain_text("Approve")
