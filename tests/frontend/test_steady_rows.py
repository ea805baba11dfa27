"""Pushes while somebody reads, points or types: nothing jumps, nothing typed is lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.conftest import Visit
from tests.frontend.regions import queue, row, running, tombstone

pytestmark = pytest.mark.browser
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) for (const source of entry.sources) {
    const shown = source.node?.outerHTML ?? source.node?.textContent;
    window.shifts.push(`${entry.value} ${shown?.slice(0, 80)}`);
  }
}).observe({ type: "layout-shift", buffered: false });
"""


def ids(page: Page, region: str = "#queue") -> list[str]:
    return page.locator(f"{region} li[id]").evaluate_all(
        "rows => rows.map((r) => r.id + (r.matches('.tombstone') ? '!' : ''))"
    )


def read(page: Page) -> None:
    """Put the pointer into the list, as somebody who reads."""
    page.locator("#approval-2 h3 a").hover()


def watched(visit: Visit) -> Page:
    """A board that somebody reads, with everything measured that moves from now on."""
    page = visit.open("/")
    visit.socket.push(queue([row(1), row(2), row(3)]) + running([1, 2, 3]))
    expect(page.locator("#chip")).to_contain_text("Live")
    read(page)
    page.wait_for_timeout(300)
    page.evaluate(WATCH_SHIFTS)
    return page


def test_while_somebody_reads_news_waits_and_nothing_moves(visit: Visit) -> None:
    page = watched(visit)
    before = page.locator("#approval-2").bounding_box()
    visit.socket.push(queue([row(9), row(3), row(2, title="Row 2 renewed"), row(8)], [tombstone(1)]))
    expect(page.locator("#approval-2 h3")).to_have_text("Row 2 renewed")
    expect(page.locator("[data-fresh]")).to_contain_text("2 · show")
    assert ids(page) == ["approval-1!", "approval-2", "approval-3"]
    assert page.locator("#approval-2").bounding_box() == before
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifts") == []


def test_a_hundred_pushes_under_the_pointer_shift_nothing(visit: Visit) -> None:
    page = watched(visit)
    for step in range(100):
        rows = [row(n, title=f"Row {n}, push {step}") for n in (2, 3, *range(10, 10 + step % 7))]
        visit.socket.push(queue(rows[:: 1 if step % 2 else -1], [tombstone(1)]) + running([1, 3, 10 + step % 3]))
    expect(page.locator("#approval-3 h3")).to_have_text("Row 3, push 99")
    assert ids(page) == ["approval-1!", "approval-2", "approval-3"]
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifts") == []


def test_a_tombstone_is_as_high_as_the_row_was(visit: Visit) -> None:
    page = visit.open("/")
    height = page.locator("#approval-1").bounding_box()["height"]
    read(page)
    visit.socket.push(queue([row(2), row(3)], [tombstone(1, "Jonas rejected")]))
    expect(page.locator("#approval-1.tombstone")).to_have_text("Jonas rejected")
    assert page.locator("#approval-1").bounding_box()["height"] == height


def test_the_dot_shows_what_waited_and_sorts_again(visit: Visit) -> None:
    page = visit.open("/")
    read(page)
    visit.socket.push(queue([row(9), row(3), row(2)], [tombstone(1)]))
    expect(page.locator("[data-fresh]")).to_be_visible()
    page.keyboard.press(".")
    assert ids(page) == ["approval-9", "approval-3", "approval-2"]
    expect(page.locator("[data-fresh]")).to_be_hidden()


def test_a_new_order_alone_waits_too(visit: Visit) -> None:
    page = visit.open("/")
    read(page)
    visit.socket.push(queue([row(3), row(1), row(2)]))
    expect(page.locator("[data-fresh]")).to_contain_text("order has changed")
    assert ids(page) == ["approval-1", "approval-2", "approval-3"]
    page.locator("[data-fresh]").click()
    assert ids(page) == ["approval-3", "approval-1", "approval-2"]


def test_when_nobody_reads_news_is_shown_at_once(visit: Visit) -> None:
    page = visit.open("/")
    visit.socket.push(queue([row(9), row(1), row(2), row(3)]))
    expect(page.locator("#approval-9")).to_be_visible()
    assert ids(page) == ["approval-9", "approval-1", "approval-2", "approval-3"]
    expect(page).to_have_title("(4) Board – HITL Dashboard")
    expect(page.locator(".rail [data-waiting-badge]")).to_contain_text("4")
    expect(page.locator("#said")).to_have_text("New: 1.")


def test_when_nobody_reads_a_tombstone_stays_in_its_place_and_goes_after_twenty_seconds(visit: Visit) -> None:
    visit.take_time()
    page = visit.open("/", calm=False)
    visit.socket.push(queue([row(1), row(3)], [tombstone(2)]))
    expect(page.locator("#approval-2.tombstone")).to_be_visible()
    assert ids(page) == ["approval-1", "approval-2!", "approval-3"]
    visit.pass_time(22)
    assert ids(page) == ["approval-1", "approval-3"]


def test_a_decision_about_a_row_nobody_saw_leaves_no_tombstone(visit: Visit) -> None:
    page = visit.open("/")
    visit.socket.push(queue([row(1), row(2), row(3, title="Row 3 renewed")], [tombstone(77)]))
    expect(page.locator("#approval-3 h3")).to_have_text("Row 3 renewed")
    assert ids(page) == ["approval-1", "approval-2", "approval-3"]


def test_a_row_that_is_simply_gone_is_not_pulled_away_from_its_reader(visit: Visit) -> None:
    page = visit.open("/")
    read(page)
    visit.socket.push(queue([row(1), row(3)]))
    expect(page.locator("#approval-2")).to_have_text("No longer waiting")
    assert ids(page) == ["approval-1", "approval-2!", "approval-3"]


def test_what_is_typed_survives_pushes_decisions_and_reconnects(visit: Visit) -> None:
    page = visit.open("/")
    note = page.locator("#approval-2 input")
    note.fill("wrong account")
    page.locator("#approval-1 input").fill("second note")
    for step in range(40):
        visit.socket.push(queue([row(1), row(2, title=f"Push {step}"), row(3)]))
    expect(page.locator("#approval-2 h3")).to_have_text("Push 39")
    visit.socket.close(1012)
    visit.pass_time(2)
    visit.until(lambda: len(visit.socket.routes) == 2)
    visit.socket.push(queue([row(1), row(3)], [tombstone(2, "Jonas approved")]))
    expect(page.locator("#approval-2 .acts")).to_have_text("Jonas approved")
    visit.socket.push(queue([row(1, version=2), row(2), row(3)]))
    expect(page.locator("#approval-1")).to_have_attribute("data-version", "2")
    assert note.input_value() == "wrong account"
    assert page.locator("#approval-1 input").input_value() == "second note"


def test_focus_caret_and_an_opened_part_stay_where_they_are(visit: Visit) -> None:
    more = "<details><summary>More</summary><p>{}</p></details>"
    page = visit.open("/")
    visit.socket.push(queue([row(1, extra=more.format("old")), row(2), row(3)]))
    page.locator("#approval-1 summary").click()
    field = page.locator("#approval-2 input")
    field.focus()
    page.keyboard.type("abc")
    page.keyboard.press("ArrowLeft")
    visit.socket.push(queue([row(1, extra=more.format("new")), row(2), row(3)]))
    expect(page.locator("#approval-1 details")).to_contain_text("new")
    expect(page.locator("#approval-1 details")).to_have_attribute("open", "")
    expect(field).to_be_focused()
    page.keyboard.type("X")
    assert field.input_value() == "abXc"


def test_a_focused_title_is_renewed_so_that_no_old_words_stand_over_a_new_version(visit: Visit) -> None:
    page = visit.open("/")
    page.locator("#approval-2 h3 a").focus()
    visit.socket.push(queue([row(1), row(2, title="Pay 9,000", version=2), row(3)]))
    expect(page.locator("#approval-2 h3 a")).to_have_text("Pay 9,000")
    expect(page.locator("#approval-2 h3 a")).to_be_focused()


def test_when_somebody_else_decides_the_focused_row_the_focus_stays_there(visit: Visit) -> None:
    page = visit.open("/")
    page.locator("#approval-2 h3 a").focus()
    visit.socket.push(queue([row(1), row(3)], [tombstone(2)]))
    expect(page.locator("#approval-2.tombstone")).to_be_focused()


def test_running_tasks_keep_their_slots(visit: Visit) -> None:
    visit.take_time()
    page = visit.open("/", calm=False)
    visit.socket.push(running([1, 3]))
    expect(page.locator("#task-2")).to_have_text("No longer running")
    assert ids(page, "#running") == ["task-1", "task-2!", "task-3"]
    visit.pass_time(4)
    visit.socket.push(running([7, 3, 1]))
    expect(page.locator("#task-7")).to_be_visible()
    assert ids(page, "#running") == ["task-1", "task-7", "task-3"]


def test_an_emptied_queue_says_so_and_a_first_row_comes_at_once(visit: Visit) -> None:
    page = visit.open("/")
    page.keyboard.press(".")
    card = '<div class="card empty">Nothing needs you</div>'
    visit.socket.push(f'<div id="queue" data-steady="rows" data-waiting="0" hx-swap-oob="morph">{card}</div>')
    expect(page.locator("#queue")).to_contain_text("Nothing needs you")
    expect(page).to_have_title("Board – HITL Dashboard")
    page.locator("#queue .empty").hover()
    visit.socket.push(queue([row(5)]))
    expect(page.locator("#approval-5")).to_be_visible()


def test_markup_in_a_title_stays_text_and_scripts_in_a_push_do_not_run(visit: Visit) -> None:
    page = visit.open("/")
    visit.socket.push(
        queue([row(1, title="&lt;img src=x onerror=boom()&gt;"), row(2), row(3)]) + "<script>window.boom = 1</script>"
    )
    expect(page.locator("#approval-1 h3")).to_have_text("<img src=x onerror=boom()>")
    assert page.evaluate("window.boom") is None
