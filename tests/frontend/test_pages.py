"""What everybody gets: any width, theme, direction, no scripts, a strict policy, no barrier."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.frontend.conftest import Visit, visiting

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[1] / "vendor/axe.min.js"
PATHS = ("/gallery/?stops", "/", "/card/")
FIND = "() => axe.run().then((r) => r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target)}`))"
VIEWS: tuple[tuple[int, Any], ...] = ((1440, "light"), (390, "dark"))
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """[...document.querySelectorAll("a, button, summary, input, select, textarea, label.tick")].filter((e) => {
  const box = e.getBoundingClientRect();
  const inline = e.matches("p a, td a, dd a, h3 a, .errors a, .skip, .sr, .seen input, .tick input");
  return e.checkVisibility() && !inline && box.width > 0 && (box.width < 24 || box.height < 24);
}).map((e) => e.outerHTML.slice(0, 120))"""


def test_no_page_has_a_barrier(chromium: Browser, site: str) -> None:
    with visiting(chromium, site, reduced_motion="reduce") as visit:
        for path in PATHS:
            page = visit.open(path)
            page.evaluate(AXE.read_text())
            for width, theme in VIEWS:
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=theme)
                assert page.evaluate(FIND) == [], (path, width, theme)


def test_no_page_scrolls_sideways_and_every_target_can_be_hit(chromium: Browser, site: str) -> None:
    with visiting(chromium, site) as visit:
        for path in PATHS:
            page = visit.open(path, calm=False)
            for width, direction in product((320, 390, 760, 1024, 1440), ("ltr", "rtl")):
                page.set_viewport_size({"width": width, "height": 800})
                page.evaluate(f"document.documentElement.dir = '{direction}'")
                assert page.evaluate(SIDEWAYS) <= 0, (path, width, direction)
                assert page.evaluate(SMALL) == [], (path, width, direction)


def test_larger_text_fits_too(chromium: Browser, site: str) -> None:
    with visiting(chromium, site, viewport={"width": 640, "height": 800}) as visit:
        for path in PATHS:
            page = visit.open(path, calm=False)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate(SIDEWAYS) <= 0, path


def test_without_scripts_the_board_is_a_form_and_renews_itself(chromium: Browser, site: str) -> None:
    with visiting(chromium, site, java_script_enabled=False) as visit:
        visit.answer_with(lambda: "decided")
        page = visit.open("/", calm=False)
        assert page.locator("noscript").first.inner_html().strip() == '<meta http-equiv="refresh" content="30">'
        expect(page.locator("#chip")).to_be_hidden()
        page.locator("#approval-2 button").click()
        expect(page.locator("body")).to_have_text("decided")
        assert "answer=approve%3A2%3A1%3Ad" in visit.posts[0]


def test_without_scripts_the_card_shows_its_confirmation_and_posts_it(chromium: Browser, site: str) -> None:
    with visiting(chromium, site, java_script_enabled=False) as visit:
        visit.answer_with(lambda: "decided")
        page = visit.open("/card/", calm=False)
        page.get_by_label("Type prod").fill("prod")
        page.get_by_role("button", name="Approve, send to 2,451").click()
        expect(page.locator("body")).to_have_text("decided")
        assert "typed=prod" in visit.posts[0]


def test_the_policy_is_strict_and_the_sprite_is_drawn_under_it(visit: Visit) -> None:
    response = visit.page.goto(visit.site + "/gallery/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    drawn = visit.page.locator(".brand svg use").evaluate("use => use.getBBox().width")
    assert drawn > 5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chosen_theme_is_drawn_by_the_server(chromium: Browser, site: str, theme: str) -> None:
    with visiting(chromium, site, java_script_enabled=False) as visit:
        page = visit.open(f"/gallery/?theme={theme}", calm=False)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)


def test_motion_stops_for_who_asked_for_that(chromium: Browser, site: str) -> None:
    with visiting(chromium, site, reduced_motion="reduce") as visit:
        page = visit.open("/gallery/", calm=False)
        assert page.evaluate("document.getAnimations().length") == 0


def test_forced_colours_keep_the_shapes(chromium: Browser, site: str) -> None:
    with visiting(chromium, site, forced_colors="active") as visit:
        page = visit.open("/gallery/", calm=False)
        border = page.locator(".btn").first.evaluate("e => getComputedStyle(e).borderTopStyle")
        assert border == "solid"


def test_the_keyboard_reaches_the_content_first(visit: Visit) -> None:
    page = visit.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_scripts_styles_and_fonts_stay_small(visit: Visit) -> None:
    sizes: dict[str, int] = {}
    visit.page.on("requestfinished", lambda request: sizes.update({request.url: request.sizes()["responseBodySize"]}))
    visit.open("/gallery/")
    fonts = {name: size for name, size in sizes.items() if name.endswith(".woff2")}
    assert 2 <= len(fonts) <= 3, "only the Latin faces that a page needs"
    assert sum(fonts.values()) < 150_000
