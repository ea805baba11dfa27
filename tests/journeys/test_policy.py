"""An admin changes the rules: tried on history, saved with a reason, and the next action obeys."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from approvals.models import Policy
from tests.cast import question
from tests.journeys.conftest import SignIn
from tests.journeys.desk import ask, for_everybody
from tests.processes.product import Product

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def rules_as_before(product: Product) -> Iterator[None]:
    """The other journeys go by the rules that were in force before these: once more, as a version of their own."""
    before = Policy.objects.get(active=True)
    yield
    comes_into_force(before.rules, before.thresholds)


@transaction.atomic
def comes_into_force(some: list[Any], numbers: dict[str, Any]) -> None:
    """Another version, as if another admin had saved it."""
    Policy.objects.filter(active=True).update(active=False)
    last = Policy.objects.latest("version").version
    Policy.objects.create(version=last + 1, active=True, thresholds=numbers, rules=some)


def add_a_rule(page: Page, at: int, name: str, limit: str = "20") -> None:
    page.goto("/policies/change/")
    page.get_by_role("button", name="Add a rule").click()
    page.fill(f"#rule-{at}-name", name)
    page.select_option(f"#rule-{at}-word", "tool")
    page.fill(f"#rule-{at}-value", "chat.post")
    page.get_by_role("button", name="Add to the condition").nth(at).click()
    page.select_option(f"#rule-{at}-tier", "critical")
    page.fill("#trust-limit_percent", limit)
    page.get_by_role("button", name="Try this policy").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_admin_tries_a_rule_on_history_saves_it_and_the_next_action_obeys(
    product: Product, sign_in: SignIn, scripts: bool
) -> None:
    before = ask()
    in_force = Policy.objects.get(active=True)
    page = sign_in("ada", java_script_enabled=scripts)
    page.get_by_role("link", name="Policies").first.click()
    add_a_rule(page, len(in_force.rules), f"Notices {scripts}")
    expect(page.locator("#h-tiers")).to_be_visible(timeout=30_000)
    expect(page.locator("#h-added")).to_be_visible()
    assert Policy.objects.get(active=True) == in_force
    page.fill("#f-reason", "Notices reach everybody.")
    page.get_by_role("button", name="Save and put into force").click()
    page.wait_for_url("**/policies/")
    expect(page.locator(".rules")).to_contain_text("When tool is chat.post, ask the people of the tier “Critical”")
    assert Policy.objects.get(active=True).version == in_force.version + 1
    assert (question(ask()).tier.level, question(before).tier.level) == (
        "critical",
        question(before).verdict.tier.level,
    )


def test_a_reviewer_finds_no_way_there(product: Product, sign_in: SignIn) -> None:
    page = sign_in("ines")
    expect(page.get_by_role("link", name="Policies")).to_have_count(0)
    page.goto("/policies/")
    expect(page.locator("main")).to_contain_text("Only an admin can see and change the policy")


def test_the_pages_are_for_everybody(product: Product, sign_in: SignIn) -> None:
    ask()
    page = sign_in("ada", bypass_csp=True)
    add_a_rule(page, len(Policy.objects.get(active=True).rules), "One more", limit="19")
    expect(page.locator("#h-tiers")).to_be_visible(timeout=30_000)
    expect(page.locator("#h-numbers")).to_be_visible()
    tried = page.url
    for address in ("/policies/", "/policies/1/", "/policies/change/", tried):
        for_everybody(page, address)
    now = Policy.objects.get(active=True)
    same = {"name": "One more", "when": "rows > 9", "outcome": "block"}
    comes_into_force([*now.rules, same, same | {"name": "Another"}], now.thresholds | {"trust_limit": 0.18})
    editor = f"/policies/change/?trial={tried.rstrip('/').rsplit('/', 1)[-1]}"
    page.goto(editor)
    expect(page.get_by_role("group", name="One more: changed by both")).to_be_visible()
    for_everybody(page, editor)
    comes_into_force(now.rules, now.thresholds)
