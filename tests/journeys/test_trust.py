"""An agent earns its way to running alone, is rejected once and asks again: seen on its page, without a reload."""

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from agents.models import Action, Agent, TrustScore, User
from agents.toolbox.customers import LABELS
from agents.toolbox.models import Customer
from agents.toolbox.seed import customers
from tests.cast import a_task, approve, propose
from tests.journeys.conftest import SignIn
from tests.journeys.desk import armed, for_everybody, on_board, press, state
from tests.processes.product import Product, until

pytestmark = pytest.mark.browser
_labels = itertools.cycle(LABELS)


def label(segment: str = "trial-users") -> Action:
    """A question of the records agent that a junior decides."""
    agent = Agent.objects.get(slug="records")
    task = a_task(agent=agent, total=1, goal="Label customers")
    arguments = {"segment": segment, "label": next(_labels)}
    return propose(tool="crm.label", arguments=arguments, task=task, confidence=0.9)


def earn(times: int) -> None:
    """So many labels, approved and carried out by the product's own worker."""
    if not Customer.objects.exists():
        Customer.objects.bulk_create(customers())
    mara = User.objects.get(username="mara")
    made = [label() for _time in range(times)]
    for action in made:
        approve(action, mara)
    until(lambda: all(state(action) == "SUCCEEDED" for action in made), 60, "the labels")


def approve_on_board(page: Page, action: Action) -> None:
    mine = on_board(page, action)
    armed(mine)
    mine.locator("button[value^=approve]").click()
    until(lambda: state(action) == "SUCCEEDED", 30, "the label")
    # What leaves the queue disarms the others for a moment: they are armed anew only after this.
    expect(mine).to_have_class(re.compile("tombstone"))


def test_it_earns_to_run_alone_and_one_rejection_takes_it_back(product: Product, sign_in: SignIn) -> None:
    earn(12)
    first, second, third = label("newsletter"), label("inactive-a-year"), label("contracts-ending-may")
    watch, desk = sign_in("ada"), sign_in("mara")
    watch.goto("/agents/records/")
    trust = watch.locator("#trust")
    expect(trust).to_contain_text("2 more clean approvals until it may run alone")
    expect(watch.locator("#chip")).to_contain_text("Live", timeout=10_000)
    watch.evaluate("document.body.dataset.same = 'yes'")
    approve_on_board(desk, first)
    expect(trust).to_contain_text("1 more clean approval until it may run alone", timeout=10_000)
    approve_on_board(desk, second)
    expect(trust).to_contain_text("Level 4 of 4: Acts, and reports later", timeout=10_000)
    expect(trust).to_contain_text("May now act alone")

    desk.goto("/agents/records/start/")
    desk.get_by_role("button", name="Start").last.click()
    desk.wait_for_url("**/tasks/*/")
    number = int(desk.url.rstrip("/").rsplit("/", 1)[1])
    until(lambda: Action.objects.filter(task=number, state="SUCCEEDED").exists(), 30, "the label without anyone")
    assert not Action.objects.get(task=number).approvals.filter(kind="approve").exists()

    desk.goto("/")
    mine = on_board(desk, third)
    mine.locator("summary").first.click()
    press(mine.locator("button[value$=wrong_target]"))
    expect(trust).to_contain_text("14 more clean approvals until it may run alone", timeout=15_000)
    expect(trust).to_contain_text("Asks again")
    assert watch.evaluate("document.body.dataset.same") == "yes"
    assert state(label("newsletter")) == "PENDING"


def test_people_say_on_the_card_that_it_went_badly(product: Product, sign_in: SignIn) -> None:
    earn(1)
    action = Action.objects.filter(tool_name="crm.label", state="SUCCEEDED").latest("pk")
    page = sign_in("mara", java_script_enabled=False)
    page.goto(f"/actions/{action.pk}/")
    page.locator("#mark-bad summary").click()
    page.fill("#comment-bad", "The wrong segment.")
    page.get_by_role("button", name="It was bad").click()
    expect(page.locator("#feedback-card")).to_contain_text("The wrong segment.")
    assert TrustScore.objects.get().clean_since == 0


def test_its_pages_are_for_everybody(product: Product, sign_in: SignIn) -> None:
    earn(2)
    action = Action.objects.filter(tool_name="crm.label", state="SUCCEEDED").latest("pk")
    page = sign_in("ada", reduced_motion="reduce", bypass_csp=True)
    for address in ("/agents/records/", f"/actions/{action.pk}/", "/actions/?agent=records"):
        for_everybody(page, address)
