"""The door, by hand: every other journey comes in with a session that was made for it."""

import pytest
from playwright.sync_api import Browser, expect

from tests.processes.product import Product

pytestmark = pytest.mark.browser


def test_who_mistypes_is_told_and_then_comes_in_and_leaves(product: Product, chromium: Browser) -> None:
    context = chromium.new_context(base_url=product.address)
    page = context.new_page()
    page.goto("/")
    for password in ("wrong", "secret"):
        page.fill("[name=login]", "mara")
        page.fill("[name=password]", password)
        page.click("#sign-in button.go")
        if password == "wrong":
            expect(page.locator(".errors").first).to_be_visible()
    page.wait_for_url(f"{product.address}/")
    expect(page.locator("#chip")).to_contain_text("Live", timeout=10_000)
    page.goto("/accounts/logout/")
    page.locator("main form button").click()
    page.wait_for_url("**/accounts/login/**")
    page.goto("/")
    page.wait_for_url("**/accounts/login/**")
    context.close()
