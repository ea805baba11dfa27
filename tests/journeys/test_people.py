"""An admin changes who decides, and the next action obeys; somebody is invited and comes in; a removed person is out."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from agents.models import User
from approvals.models import Change, Tier
from tests.journeys.conftest import SignIn
from tests.journeys.desk import armed, ask_for_a_campaign, for_everybody, on_board, press, state
from tests.processes.product import Product, until

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def as_before(product: Product) -> Iterator[None]:
    """The other journeys find the house as it was."""
    yield
    Change.objects.all().delete()
    Tier.objects.get(level="high").requirements.update(count=1)
    User.objects.filter(username__in=("mara", "ines")).update(is_active=True)
    Tier.objects.update(card_seconds=0)


def open_tier(page: Page, level: str) -> None:
    page.get_by_role("link", name="People").first.click()
    page.get_by_role("link", name="Who decides what").click()
    page.locator(f"a[href='/tiers/{level}/']").first.click()


def approve_on_card(page: Page, pk: int) -> None:
    page.goto(f"/actions/{pk}/")
    for part in page.locator("details[data-must-open]").all():
        part.locator("summary").click()
    page.locator("[data-preview-end]").first.scroll_into_view_if_needed()
    for tick in page.locator("input[data-ack]").all():
        tick.check()
    armed(page.locator("#card, .bar"))
    page.locator("button[data-confirms]").click()
    press(page.locator("#confirm button[data-decides]"))


@pytest.mark.parametrize("scripts", [True, False])
def test_an_admin_asks_for_two_seniors_and_the_next_action_obeys(
    product: Product, sign_in: SignIn, scripts: bool
) -> None:
    admin = sign_in("ada", java_script_enabled=scripts)
    open_tier(admin, "high")
    admin.get_by_label("Senior reviewer", exact=True).fill("2")
    admin.get_by_label("Why").fill("Campaigns reach everybody.")
    admin.get_by_role("button", name="Save").click()
    admin.wait_for_url("**/tiers/")
    expect(admin.locator("table").first).to_contain_text("2 voices")
    action = ask_for_a_campaign()
    senior = sign_in("ines")
    senior.goto(f"/actions/{action.pk}/")
    expect(senior.locator("#seats li")).to_have_count(2)
    junior = sign_in("mara")
    junior.goto("/?scope=all")
    expect(on_board(junior, action)).to_contain_text("Needs: Senior reviewer")
    junior.goto(f"/actions/{action.pk}/")
    expect(junior.locator(".bar")).to_contain_text("This needs: Senior reviewer")
    expect(junior.locator("button[data-decides]")).to_have_count(0)
    assert state(action) == "PENDING"


def test_somebody_is_invited_and_comes_in(product: Product, sign_in: SignIn, chromium: Browser) -> None:
    admin = sign_in("ada")
    admin.goto("/people/invite/")
    admin.get_by_label("Name to sign in with").fill("kim")
    admin.get_by_label("Why").fill("New in the team.")
    admin.get_by_role("button", name="Make the account").click()
    link = admin.get_by_label("Link").input_value()
    guest = chromium.new_context(base_url=product.address).new_page()
    guest.goto(link)
    assert link not in guest.url, "the secret does not stay in the address"
    guest.get_by_label("First name").fill("Kim")
    for field in ("new_password1", "new_password2"):
        guest.fill(f"[name={field}]", "a long way from anywhere")
    guest.get_by_role("button", name="Set the password").click()
    guest.wait_for_url("**/accounts/login/")
    guest.fill("[name=login]", "kim")
    guest.fill("[name=password]", "a long way from anywhere")
    guest.click("#sign-in button.go")
    guest.wait_for_url("**/")
    expect(guest.locator(".rail")).not_to_contain_text("People")
    guest.context.close()


def test_a_disabled_person_is_out_within_a_moment(product: Product, sign_in: SignIn) -> None:
    page, admin = sign_in("mara"), sign_in("ada")
    expect(page.locator("#chip")).to_have_attribute("data-state", "live", timeout=15_000)
    admin.goto(f"/people/{User.objects.get(username='mara').pk}/")
    admin.get_by_label("Why").last.fill("Left us.")
    admin.get_by_role("button", name="Disable").click()
    expect(page.locator("#chip")).to_have_attribute("data-state", "out", timeout=10_000)
    page.goto("/")
    page.wait_for_url("**/accounts/login/**")


def test_approve_waits_for_the_time_that_a_tier_asks_for(product: Product, sign_in: SignIn) -> None:
    Tier.objects.filter(level="medium").update(card_seconds=3)
    action = ask_for_a_campaign()
    Tier.objects.filter(level="high").update(card_seconds=3)
    page = sign_in("ines")
    page.goto(f"/actions/{action.pk}/")
    expect(page.locator("#card")).to_have_attribute("data-read-for", re.compile("[123]"))
    approve_on_card(page, action.pk)
    until(lambda: state(action) != "PENDING", 20, "the approval")


def test_the_pages_are_for_everybody(product: Product, sign_in: SignIn) -> None:
    ask_for_a_campaign()
    ada = User.objects.get(username="ada")
    told = {"kind": "tier", "slug": "high", "before": {"hold_seconds": 5}, "wanted": {"hold_seconds": 0}}
    Change.objects.create(**told, looser=True, reason="Please.", asked_by=User.objects.get(username="ines"))
    page = sign_in("ada", bypass_csp=True)
    for address in (
        "/people/", "/people/invite/", f"/people/{ada.pk}/", "/roles/", "/roles/new/", "/roles/junior/", "/roles/admin/",
        "/tiers/", "/tiers/?as=role-senior", "/tiers/high/", "/tiers/low/",
    ):  # fmt: skip
        for_everybody(page, address)
