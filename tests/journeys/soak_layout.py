"""Ten minutes in front of a board on which all the time something comes, is decided and runs: nothing moves by itself.

`make soak` names this file; SECONDS_OF_SOAK makes it shorter.
"""

import os
import time
from itertools import count

import pytest
from playwright.sync_api import expect

from agents.models import User
from tests.cast import approve, reject
from tests.journeys.conftest import SignIn
from tests.journeys.desk import ask
from tests.processes.product import Product

pytestmark = pytest.mark.browser
SECONDS = float(os.environ.get("SECONDS_OF_SOAK", "600"))
WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  const shown = ({ node }) => (node?.outerHTML ?? node?.textContent ?? "").slice(0, 80);
  for (const entry of list.getEntries()) window.shifts.push([entry.value, ...entry.sources.map(shown)]);
}).observe({ type: "layout-shift" });
"""
ROWS = "#queue li.item:not(.tombstone) h3 a"


def test_nothing_shifts_while_somebody_reads(product: Product, sign_in: SignIn) -> None:
    ines = User.objects.get(username="ines")
    waiting = [ask(arguments={"team": "sales", "text": f"First {n}."}) for n in range(6)]
    page = sign_in("ines")
    expect(page.locator("#chip")).to_contain_text("Live", timeout=20_000)
    page.locator(ROWS).first.hover()
    page.evaluate("document.fonts.ready.then(() => 0)")
    page.wait_for_timeout(1_000)
    page.evaluate(WATCH)
    end, pushed = time.monotonic() + SECONDS, 0
    for number in count():
        if time.monotonic() > end:
            break
        waiting.append(ask(arguments={"team": "platform", "text": f"News {number}."}))
        if number % 2:
            (approve if number % 4 == 1 else reject)(waiting.pop(0), ines)
        pushed += 1 + number % 2
        rows = page.locator(ROWS)
        if number % 3 == 0 and rows.count():
            rows.nth(number % min(5, rows.count())).hover()
        page.wait_for_timeout(1_000)
    print(f"{pushed} moves in {SECONDS:.0f} s, {page.locator('li.tombstone').count()} tombstones")
    shifts = page.evaluate("window.shifts")
    total = sum(value for value, *_shown in shifts)
    print(f"layout shift {total:.7f}", *shifts, sep="\n")
    assert round(total, 3) == 0, shifts
