"""What a tab tells somebody who looks elsewhere, and how little a screen reader is interrupted."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.conftest import Visit
from tests.frontend.regions import queue, row, tombstone

pytestmark = pytest.mark.browser
CRITICAL = '<span class="risk c">Critical</span>'
LISTEN = """
window.notes = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { window.notes += 1; return start.apply(this, at); };
"""
COUNT = """
window.said = [];
for (const place of document.querySelectorAll("#said, #urgent")) {
  new MutationObserver(() => place.textContent && window.said.push(performance.now()))
    .observe(place, { childList: true, characterData: true, subtree: true });
}
"""
SOON = '<div class="due soon"><b>2:00</b></div>'


def listening(visit: Visit, path: str) -> Page:
    visit.page.add_init_script(LISTEN)
    page = visit.open(path)
    visit.socket.push(queue([row(1), row(2), row(3)]))
    expect(page.locator("#chip")).to_contain_text("Live")
    return page


def pushed(visit: Visit, *rows: str) -> None:
    visit.socket.push(queue([*rows, row(1, title="Heard")]))
    expect(visit.page.locator("#approval-1 h3")).to_have_text("Heard")


@pytest.mark.parametrize(("path", "notes"), [("/?tones", 2), ("/", 0)])
def test_a_tone_is_for_critical_alone_and_for_who_asked(visit: Visit, path: str, notes: int) -> None:
    page = listening(visit, path)
    page.locator("#approval-2 h3 a").hover()  # so that what comes waits behind the pill
    pushed(visit, row(7), row(8, extra=CRITICAL))
    assert page.evaluate("window.notes") == notes
    visit.socket.push(queue([row(8, extra=CRITICAL), row(1, title="Again")], [tombstone(2)]))
    expect(page.locator("#approval-1 h3")).to_have_text("Again")
    assert page.evaluate("window.notes") == notes, "what was told is not told again"


def test_what_one_asked_for_oneself_makes_no_sound(visit: Visit) -> None:
    page = listening(visit, "/?tones")
    pushed(visit, row(8, extra=CRITICAL).replace("data-version", 'data-requesters="7" data-version'))
    assert page.evaluate("window.notes") == 0


def test_the_title_counts_only_for_who_wants_it(visit: Visit) -> None:
    page = listening(visit, "/?uncounted")
    pushed(visit, row(7))
    expect(page.locator(".rail [data-waiting-badge]")).to_contain_text("2")
    expect(page).to_have_title("Board – HITL Dashboard")


def test_the_icon_has_a_ring_while_something_is_nearly_over(visit: Visit) -> None:
    page = listening(visit, "/")
    icon = page.locator("link[rel=icon]")
    usual: Any = icon.get_attribute("href")
    pushed(visit, row(7, extra=SOON))
    expect(icon).to_have_attribute("href", "/static/favicon-soon.svg")
    visit.socket.push(queue([row(1)], [tombstone(7)]))
    expect(page.locator("#approval-7")).to_have_text("Jonas approved")
    expect(icon).to_have_attribute("href", f"{visit.site}{usual}")


def test_at_most_twelve_announcements_a_minute_under_load(visit: Visit) -> None:
    """Two pushes a second, each with something new, for more than a minute by the page's clock."""
    visit.stop_time()
    page = visit.open("/", calm=False)
    page.evaluate(COUNT)
    for step in range(130):
        visit.socket.push(queue([row(1, title=f"Push {step}"), row(10 + step), row(11 + step)]))
        expect(page.locator("#approval-1 h3")).to_have_text(f"Push {step}")
        visit.pass_time(0.5)
    said = page.evaluate("window.said")
    assert len(said) > 12
    assert all(later - first >= 60_000 for first, later in zip(said, said[12:], strict=False)), said
