"""What translations do to pages: German, words two fifths longer, and the other direction of reading."""

from collections.abc import Iterator
from math import ceil
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import trans_real
from playwright.sync_api import Page, Route

from agents.models import User
from tests.journeys.conftest import SignIn
from tests.journeys.desk import ask, ask_for_a_campaign
from tests.processes.product import Product

pytestmark = pytest.mark.browser
PADDING = "überaus "
# Of what is on screen: controls over each other, and words of a button or a tab outside of it.
FAULTS = r"""() => {
  const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".sr, .skip");
  const named = (e) => `${e.tagName.toLowerCase()} “${(e.innerText || e.name || e.id).trim().slice(0, 40)}”`;
  const layer = (e) => { while (e && !/fixed|sticky/.test(getComputedStyle(e).position)) e = e.parentElement; return e; };
  const controls = [...document.querySelectorAll("a[href], button, summary, input, select, textarea")].filter(shown);
  // What a list that scrolls keeps out of sight lies over nothing.
  const clipped = (box, e) => {
    for (let up = e.parentElement; up; up = up.parentElement) {
      if (getComputedStyle(up).overflow === "visible") continue;
      const by = up.getBoundingClientRect();
      box = { left: Math.max(box.left, by.left), right: Math.min(box.right, by.right),
              top: Math.max(box.top, by.top), bottom: Math.min(box.bottom, by.bottom) };
    }
    return box;
  };
  const boxes = controls.map((e) => [...e.getClientRects()].map((box) => clipped(box, e)));
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  const faults = [];
  controls.forEach((one, i) => controls.slice(i + 1).forEach((other, j) => {
    if (one.contains(other) || layer(one) !== layer(other)) return;
    if (boxes[i].some((a) => boxes[i + 1 + j].some((b) => over(a, b)))) faults.push(`${named(one)} over ${named(other)}`);
  }));
  for (const one of controls.filter((e) => e.matches("button, .btn, summary, nav a"))) {
    const words = document.createTreeWalker(one, NodeFilter.SHOW_TEXT), box = one.getBoundingClientRect();
    while (words.nextNode()) {
      const place = words.currentNode.parentElement;
      if (!words.currentNode.data.trim() || !shown(place) || place.closest(".value")) continue;  // values fold on purpose
      if (getComputedStyle(place).clipPath !== "none") continue;  // a name that an icon stands for
      const range = document.createRange();
      range.selectNodeContents(words.currentNode);
      const out = (r) => r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1;
      if ([...range.getClientRects()].some(out)) faults.push(`${named(one)} is cut`);
    }
  }
  const sideways = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (sideways > 0) faults.push(`${sideways} px sideways`);
  return faults;
}"""


def longer(text: str) -> str:
    """As a language with longer words would say it: one word grows, several become more."""
    more = ceil(0.4 * len(text))
    padding = (PADDING if " " in text.strip() else PADDING.strip()) * more
    return f"{text} {padding[:more]}" if " " in text.strip() else text + padding[:more]


def make_wordy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this process translates comes out longer from now on."""

    def patched(name: str) -> Any:
        said = getattr(trans_real, name)
        return lambda *words: longer(said(*words))

    for name in ("gettext", "ngettext", "pgettext", "npgettext"):
        monkeypatch.setattr(translation._trans, name, patched(name))


def desk_of(sign_in: SignIn, name: str) -> Page:
    """A browser whose pages come from this process, which may translate otherwise; what belongs to them is the product's."""
    page, client = sign_in(name), Client()
    client.force_login(User.objects.get(username=name))

    def answer(route: Route) -> None:
        if route.request.resource_type != "document":
            return route.fallback()
        asked = urlsplit(route.request.url)
        found = client.get(f"{asked.path}?{asked.query}", headers={"host": asked.netloc})
        return route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

    page.route("**/*", answer)
    page.route_web_socket("**/live/**", lambda _socket: None)
    return page


def faults(page: Page, addresses: tuple[str, ...], ways: tuple[str, ...]) -> Iterator[tuple[str, int, str, str]]:
    for address in addresses:
        page.goto(address)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            for direction in ways:
                page.evaluate("way => document.documentElement.dir = way", direction)
                yield from ((address, width, direction, fault) for fault in page.evaluate(FAULTS))


def test_german_longer_words_and_the_other_direction_break_no_page(
    product: Product, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    action, campaign = ask(), ask_for_a_campaign()
    cards = (f"/actions/{campaign.pk}/", f"/actions/{action.pk}/")
    senior, admin = (desk_of(sign_in, name) for name in ("ines", "ada"))
    User.objects.filter(username__in=("ines", "ada")).update(language="de")
    found = [
        *faults(senior, ("/", *cards, "/settings/"), ("ltr",)),
        *faults(admin, ("/policies/", "/tiers/"), ("ltr",)),
    ]
    User.objects.update(language="en")
    make_wordy(monkeypatch)
    found += faults(senior, ("/", *cards), ("ltr", "rtl"))
    found += faults(admin, ("/policies/", "/policies/change/", "/agents/records/", "/audit/"), ("ltr", "rtl"))
    assert not found, found
