"""The chip tells the truth about the connection, and the page repairs itself."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.conftest import Visit
from tests.frontend.regions import queue, row, tombstone

pytestmark = pytest.mark.browser


def later(visit: Visit) -> Page:
    """The board, with a clock that the test alone moves."""
    visit.stop_time()
    page = visit.open("/", calm=False)
    visit.socket.push(queue([row(1), row(2), row(3)]))
    expect(page.locator("#chip")).to_contain_text("Live")
    return page


def polls(visit: Visit, status: int = 200, body: str = "") -> list[str]:
    asked: list[str] = []

    def answer(route) -> None:
        asked.append(route.request.headers.get("hx-request", ""))
        route.fulfill(status=status, body=body, content_type="text/html")

    visit.page.unroute("**/?poll")
    visit.page.route("**/?poll", answer)
    return asked


def test_beats_keep_the_chip_live_and_never_reach_the_page(visit: Visit) -> None:
    page = later(visit)
    for _second in range(12):
        visit.socket.beat()
        visit.pass_time(2)
    expect(page.locator("#chip")).to_have_attribute("data-state", "live")
    assert page.locator("#beat").count() == 0
    expect(page.locator("#lost")).to_be_empty()


def test_silence_is_told_after_three_seconds_and_the_page_asks_after_ten(visit: Visit) -> None:
    page = later(visit)
    asked = polls(visit, body=queue([row(9), row(1), row(2), row(3)]))
    visit.pass_time(3.5)
    expect(page.locator("#chip")).to_have_attribute("data-state", "stale")
    expect(page.locator("#lost")).to_contain_text("Connection lost")
    assert asked == []
    visit.pass_time(7)
    expect(page.locator("#chip")).to_have_attribute("data-state", "polling")
    expect(page.locator("#approval-9")).to_be_visible()
    assert asked == ["true"]
    expect(page.locator("body")).not_to_have_attribute("data-locked", "")
    visit.socket.beat()
    expect(page.locator("#chip")).to_have_attribute("data-state", "live")
    expect(page.locator("#lost")).to_be_empty()


def test_a_page_that_asks_for_nothing_does_not_say_that_it_asks(visit: Visit) -> None:
    visit.stop_time()
    page = visit.open("/quiet/", calm=False)
    visit.socket.beat()
    expect(page.locator("#chip")).to_have_attribute("data-state", "live")
    visit.pass_time(10.5)
    expect(page.locator("#chip")).to_contain_text("Not live")
    expect(page.locator("#lost")).to_contain_text("What you see may be old.")
    assert "5 s" not in page.locator("body").inner_text()
    visit.socket.beat()
    expect(page.locator("#chip")).to_contain_text("Live")


def test_decisions_lock_only_when_asking_fails_too_and_open_again(visit: Visit) -> None:
    visit.answer_with(lambda: queue([row(2), row(3)], [tombstone(1)]))
    page = later(visit)
    polls(visit, status=500)
    visit.pass_time(10.5)
    expect(page.locator("#chip")).to_have_attribute("data-state", "lost")
    expect(page.locator("#lost")).to_contain_text("decisions are locked")
    page.locator("#approval-1 button").click(force=True)
    page.locator("#approval-1 h3 a").focus()
    page.keyboard.press("a")
    assert visit.posts == []
    polls(visit, body=queue([row(1), row(2), row(3)]))
    page.get_by_role("button", name="Retry now").click()
    expect(page.locator("body")).not_to_have_attribute("data-locked", "")
    expect(page.locator("#chip")).to_have_attribute("data-state", "polling")
    visit.pass_time(0.7)
    page.locator("#approval-1 button").click()
    expect(page.locator("#approval-1.tombstone")).to_be_visible()


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 3000, 4000])
def test_after_any_other_end_the_socket_opens_again(visit: Visit, code: int) -> None:
    page = visit.open("/")
    visit.socket.beat()
    visit.socket.close(code)
    visit.pass_time(2)
    visit.until(lambda: len(visit.socket.routes) == 2)
    visit.socket.push(queue([row(5), row(1), row(2), row(3)]))
    expect(page.locator("#approval-5")).to_be_visible()
    expect(page.locator("#chip")).to_have_attribute("data-state", "live")


@pytest.mark.parametrize("code", [4401, 4403])
def test_a_session_that_ended_shows_the_way_back_and_does_not_knock_again(visit: Visit, code: int) -> None:
    visit.answer_with(lambda: "")
    page = visit.open("/")
    visit.socket.close(code)
    expect(page.locator("#chip")).to_contain_text("Signed out")
    link = page.locator("#lost").get_by_role("link", name="Sign in")
    expect(link).to_have_attribute("href", re.compile(r"/account_login/\?next=%2F$"))
    page.locator("#approval-1 button").click(force=True)
    visit.pass_time(30)
    visit.settle()
    assert len(visit.socket.routes) == 1
    assert visit.posts == []


def test_asking_that_is_sent_to_the_sign_in_page_shows_the_way_back(visit: Visit) -> None:
    page = later(visit)
    page.route("**/?poll", lambda route: route.fulfill(status=302, headers={"location": "/account_login/"}))
    visit.pass_time(10.5)
    expect(page.locator("#chip")).to_contain_text("Signed out")
    expect(page.locator("#queue li")).to_have_count(3)


def test_pause_holds_news_back_counts_it_and_then_shows_it(visit: Visit) -> None:
    page = visit.open("/")
    page.get_by_role("button", name="Pause live updates").click()
    expect(page.locator("#said")).to_have_text("Live updates are paused.")
    for n in range(3):
        visit.socket.push(queue([row(10 + n), row(1), row(2), row(3)]))
    visit.socket.beat()
    expect(page.locator("#chip")).to_contain_text("Paused")
    expect(page.locator("#chip")).to_contain_text("3 held back")
    expect(page.locator("#queue li")).to_have_count(3)
    page.mouse.move(700, 20)
    page.keyboard.press("p")
    expect(page.locator("#approval-12")).to_be_visible()
    expect(page.locator("#approval-10")).to_have_count(0)
    expect(page.locator("#chip")).to_contain_text("Live")


def test_the_live_region_says_at_most_one_sentence_in_five_seconds(visit: Visit) -> None:
    page = later(visit)
    page.evaluate("window.said = []; new MutationObserver(() => said.push(document.getElementById('said').textContent))"
                  ".observe(document.getElementById('said'), { childList: true })")  # fmt: skip
    started = page.evaluate("performance.now()")
    for second in range(30):
        visit.socket.push(queue([row(n) for n in (*range(10, 11 + second), 1, 2, 3)]))
        visit.pass_time(1)
    elapsed_seconds = (page.evaluate("performance.now()") - started) / 1000
    assert 2 <= len(page.evaluate("said")) <= elapsed_seconds / 5 + 1


def test_clocks_count_by_the_time_of_the_server(visit: Visit) -> None:
    visit.take_time("2001-01-01T00:00:00Z")
    visit.stop_time()
    page = visit.open("/card/", calm=False)
    shown = page.locator(".clock time")
    expect(shown).to_have_text(re.compile("^2:1[34]$"))
    visit.pass_time(15)
    expect(shown).to_have_text(re.compile("^1:5[89]$"))


def test_ages_grow(visit: Visit) -> None:
    visit.stop_time()
    page = visit.open("/gallery/", calm=False)
    first = page.locator(".feed time").first
    expect(first).to_have_text("12 s ago")
    visit.pass_time(60)
    expect(first).to_have_text("1 min ago")


def test_a_page_that_is_not_live_shows_no_chip(visit: Visit) -> None:
    page = visit.open("/gallery/")
    expect(page.locator("#chip")).to_be_hidden()
    expect(page.locator("#pause")).to_be_hidden()
    assert visit.socket.routes == []
