"""An agent earns its way to running alone, is rejected once and asks again: seen on its page, without a reload."""

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from agents import ledger, payloads
from agents.models import Action, Agent, Preference, Task, User
from agents.toolbox.customers import LABELS
from agents.toolbox.models import Customer
from agents.toolbox.seed import customers
from approvals import controls, feedback
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


def reply(task: Task) -> Action:
    """What the support agent answers in this task, as soon as it waits."""
    rows = Action.objects.filter(task=task, tool_name="email.send", state="PENDING")
    until(rows.exists, 30, "the reply")
    return rows.get()


def written(action: Action) -> str:
    return str(payloads.arguments(bytes(action.versions.get(version=action.version).body))["body"])


def test_a_bad_word_with_guidance_is_tried_again_and_the_draft_is_another(product: Product, sign_in: SignIn) -> None:
    agent, wish = Agent.objects.get(slug="support"), {"ticket": 5_120, "replies": 1}
    first = reply(controls.start(agent, wish, by=ledger.Actor("demo")))
    approve(first, User.objects.get(username="mara"))
    until(lambda: state(first) == "SUCCEEDED", 30, "the mail")
    page = sign_in("mara")
    page.goto(f"/actions/{first.pk}/")
    page.keyboard.press("-")
    expect(page.locator("#comment-bad")).to_be_focused()
    page.keyboard.type("Address her as Dr Berg.")
    page.get_by_label("Too cold").check()
    page.get_by_role("button", name="Bad: try again with guidance").click()
    page.wait_for_url("**/tasks/*/")
    second = reply(Task.objects.get(again__action=first))
    page.goto(f"/actions/{second.pk}/")
    expect(page.locator(".ask")).to_contain_text("Dear Dr Berg,")
    expect(page.locator(".ctx")).to_contain_text("Too cold: Address her as Dr Berg.")
    assert written(first) != written(second) and "Thank you for your trust in us." in written(second)
    page.goto("/agents/support/")
    expect(page.locator("#learnt")).to_contain_text("Address her as Dr Berg.")


def test_its_pages_are_for_everybody(product: Product, sign_in: SignIn) -> None:
    earn(2)
    action = Action.objects.filter(tool_name="crm.label", state="SUCCEEDED").latest("pk")
    page = sign_in("ada", bypass_csp=True)
    mara = User.objects.get(username="mara")
    feedback.give(action, mara, good=False, reasons=["wrong_target"], comment="Not these.")
    kept = {"kind": "length", "value": "40", "learnt_from": action.versions.get(), "person": mara}
    Preference.objects.create(agent=action.agent, tool=action.tool, **kept)
    own = f"/actions/{action.pk}/"
    for address in ("/agents/records/", own, f"{own}feedback/", "/actions/?agent=records"):
        for_everybody(page, address)
