"""The command palette: what it offers, how it is driven, and that it decides nothing that a key would not."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.frontend.conftest import Visit
from tests.frontend.regions import queue, row, tombstone
from tests.frontend.test_deciding import answers, ready_card, without_first

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[1] / "vendor/axe.min.js"
FOUND = (
    '<div role="group" aria-label="Actions"><div role="option" id="found-1-1" aria-selected="false"'
    ' data-href="/gallery/?found"><span>Pay &lt;b&gt;Ada&lt;/b&gt;</span></div></div>'
)


def opened(page: Page) -> Locator:
    page.keyboard.press("Control+k")
    palette = page.locator("#palette")
    expect(palette.get_by_role("combobox")).to_be_focused()
    return palette


def active(palette: Locator) -> Locator:
    """The option that Enter takes, as a screen reader hears it."""
    return palette.locator(f"#{palette.get_by_role('combobox').get_attribute('aria-activedescendant')}")


def searched(visit: Visit) -> list[str]:
    asked: list[str] = []

    def answer(route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=FOUND, content_type="text/html")

    visit.page.route("**/find/?*", answer)
    return asked


def test_a_row_is_approved_from_the_palette_as_by_its_key(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    page.keyboard.press("j")
    palette = opened(page)
    page.keyboard.type("appr")
    expect(active(palette)).to_have_text("Approve: Row 1A")
    expect(active(palette).locator("kbd")).to_have_text("A")
    page.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    expect(page.locator("#approval-1.tombstone")).to_be_visible()
    assert answers(visit) == ["approve:1:1:d"]


@pytest.mark.parametrize("meanwhile", ["another version", "decided by another", "only now"])
def test_what_changed_under_the_palette_is_not_decided(visit: Visit, meanwhile: str) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    page.keyboard.press("j")
    palette = opened(page)
    page.keyboard.type("approve")
    expect(active(palette)).to_contain_text("Row 1")
    first = [] if meanwhile == "decided by another" else [row(1, title="Another", version=2)]
    if meanwhile == "only now":
        visit.stop_time()
    visit.socket.push(queue([*first, row(2), row(3)], [] if first else [tombstone(1)]))
    expect(page.locator("#approval-1")).to_contain_text("Another" if first else "Jonas approved")
    if meanwhile != "only now":
        visit.pass_time(0.8)
    page.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    visit.settle()
    assert visit.posts == []


def test_enter_never_decides_what_has_to_be_confirmed(visit: Visit) -> None:
    page = ready_card(visit)
    for _twice in range(2):
        palette = opened(page)
        page.keyboard.type("approve")
        expect(active(palette)).to_contain_text("Approve: Email 2,451 people")
        page.keyboard.press("Enter")
        expect(palette).to_be_hidden()
        visit.pass_time(0.8)
        if page.locator("[data-target]").input_value() == "":
            expect(page.locator("[data-target]")).to_be_focused()
            page.keyboard.type("prod")
    expect(page.locator("#confirm button[data-decides]")).to_be_focused()
    visit.settle()
    assert visit.posts == []


def test_enter_held_down_runs_one_command(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    page.keyboard.press("j")
    opened(page)
    page.keyboard.type("approve")
    for _repeat in range(40):
        page.keyboard.down("Enter")
        visit.pass_time(0.03)
    page.keyboard.up("Enter")
    assert answers(visit) == ["approve:1:1:d"]


def test_pages_are_gone_to_and_only_what_helps_here_is_offered(visit: Visit) -> None:
    page = visit.open("/quiet/")
    palette = opened(page)
    expect(palette.get_by_role("option", name="Pause live updates")).to_be_visible()
    for absent in ("Next action", "Approve", "Undo"):
        expect(palette.get_by_role("option", name=re.compile(absent))).to_have_count(0)
    palette.get_by_role("option", name="Board", exact=True).click()
    page.wait_for_url(visit.site + "/")


def test_the_arrows_walk_round_and_escape_gives_the_focus_back(visit: Visit) -> None:
    page = visit.open("/")
    page.keyboard.press("j")
    palette = opened(page)
    names = palette.get_by_role("option").all_inner_texts()
    page.keyboard.press("ArrowUp")
    expect(active(palette)).to_have_text(names[-1], use_inner_text=True)
    page.keyboard.press("ArrowDown")
    expect(active(palette)).to_have_text(names[0], use_inner_text=True)
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    expect(page.locator("#approval-1 h3 a")).to_be_focused()


def test_what_the_server_finds_is_text_and_leads_there(visit: Visit) -> None:
    page = visit.open("/")
    asked = searched(visit)
    palette = opened(page)
    page.keyboard.type("pay <b>")
    expect(palette.locator("#found-1-1")).to_have_text("Pay <b>Ada</b>")
    expect(palette.get_by_role("status")).to_have_text("Offered: 2.")
    assert asked == [f"{visit.site}/find/?q=pay%20%3Cb%3E"]
    page.keyboard.press("ArrowUp")
    expect(active(palette)).to_have_text("Pay <b>Ada</b>")
    page.keyboard.press("Enter")
    page.wait_for_url("**/gallery/?found")


def test_a_page_in_place_of_an_answer_is_not_shown_among_the_options(visit: Visit) -> None:
    """Who was signed out meanwhile is sent to the page for that."""
    page = visit.open("/")
    visit.page.route("**/find/?*", lambda route: route.fulfill(body="<h1>Sign in</h1>", content_type="text/html"))
    palette = opened(page)
    with page.expect_response("**/find/?*"):
        page.keyboard.type("pay")
    visit.settle()
    expect(palette).not_to_contain_text("Sign in")


def test_words_in_the_search_box_go_on_in_the_palette(visit: Visit) -> None:
    page = visit.open("/")
    searched(visit)
    page.keyboard.press("/")
    page.keyboard.type("invoice 7")
    page.keyboard.press("ArrowDown")
    palette = page.locator("#palette")
    expect(palette.get_by_role("combobox")).to_have_value("invoice 7")
    expect(active(palette)).to_have_text("Search all actions for “invoice 7”")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Commands and search").first.click()
    expect(palette).to_be_visible()


def test_the_palette_is_no_barrier(visit: Visit) -> None:
    page = visit.open("/")
    searched(visit)
    palette = opened(page)
    page.evaluate(AXE.read_text())
    for _empty_and_with_words in range(2):
        assert page.evaluate("() => axe.run('#palette').then((r) => r.violations.map((v) => v.id))") == []
        page.keyboard.type("pay")
        expect(palette.locator("#found-1-1")).to_be_visible()
