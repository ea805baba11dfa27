"""What people do all day, in a real browser against the real processes."""

import pytest
from playwright.sync_api import expect

from agents import leases
from agents.models import Action
from agents.toolbox.models import Effect
from approvals.models import Decision, Policy, Tier
from tests.approvals.test_batches import alike, states
from tests.cast import at_a_glance
from tests.journeys.conftest import SignIn
from tests.journeys.desk import (
    NOTICE,
    armed,
    ask,
    ask_for_a_campaign,
    for_everybody,
    on_board,
    press,
    proofs_are_old,
    ran,
    ready,
)
from tests.processes.product import Product, until

pytestmark = pytest.mark.browser
MAIL = {"to": "anna.13@customers.example", "subject": "Your parcel", "body": "It arrives tomorrow before noon."}


def test_a_row_arrives_is_approved_and_happens_once_without_a_reload(product: Product, sign_in: SignIn) -> None:
    page = sign_in("mara")
    expect(page.locator("#chip")).to_contain_text("Live", timeout=10_000)
    page.mouse.move(2, 2)
    action = ask()
    mine = on_board(page, action)
    expect(mine).to_be_visible(timeout=12_000)
    armed(mine)
    mine.locator("button[value^=approve]").click()
    expect(page.locator("#queue")).to_contain_text("You approved", timeout=15_000)
    assert ran(action) == 1


def test_a_long_queue_is_live_too(product: Product, sign_in: SignIn) -> None:
    """Far above the 64 KiB that a browser may send here in one message."""
    for _row in range(40):
        ask()
    page = sign_in("ines")
    expect(page.locator("#chip")).to_contain_text("Live", timeout=10_000)
    page.mouse.move(2, 2)
    assert len(page.content()) > 70_000
    ask()
    expect(page.locator("#counts")).to_contain_text("41", timeout=12_000)


def test_a_rejection_carries_its_reason(product: Product, sign_in: SignIn) -> None:
    action = ask()
    page = sign_in("mara")
    mine = on_board(page, action)
    mine.locator("summary").first.click()
    press(mine.locator("button[value$=wrong_target]"))
    until(lambda: Action.objects.get(pk=action.pk).state == "REJECTED", 10, "the rejection")
    assert "target" in Action.objects.get(pk=action.pk).reason.lower()


def test_an_edit_is_saved_approved_and_runs_as_edited(product: Product, sign_in: SignIn) -> None:
    action = ask()
    page = sign_in("mara")
    page.goto(f"/actions/{action.pk}/edit/")
    page.fill("textarea[name='f-text']", "Meeting at three.")
    page.click("button[name=save][value=approve]")
    assert ran(action) == 1
    assert Effect.objects.get(action_id=action.pk).detail["text"] == "Meeting at three."
    assert Action.objects.get(pk=action.pk).version == 2


def test_a_question_is_answered_and_what_comes_of_it_approved(product: Product, sign_in: SignIn) -> None:
    action = ask("email.send", MAIL, confidence=0.6)
    page = sign_in("ines")
    on_board(page, action).get_by_role("link", name="Answer…").click()
    expect(page.locator("button[value^=approve]")).to_have_count(0)
    page.fill("#answer-text", "Yes, but only this once.")
    press(page.get_by_role("button", name="Send the answer"))
    until(lambda: Action.objects.get(pk=action.pk).version == 2, 20, "the next version")
    page.goto(f"/actions/{action.pk}/")
    expect(page.locator("#card")).to_contain_text("Yes, but only this once.")
    page.locator("[data-preview-end]").evaluate("end => end.scrollIntoView()")
    for check in page.locator("input[data-ack]").all():
        check.check()
    armed(page.locator("#card"))
    page.locator("[data-confirms]").click()
    confirm = page.locator("#confirm button[value^=approve]")
    expect(confirm).to_have_attribute("data-armed", "", timeout=10_000)
    confirm.click()
    assert ran(action) == 1


def test_what_ran_alone_is_found_fine_from_its_own_queue(product: Product, sign_in: SignIn) -> None:
    active = Policy.objects.get(active=True)
    look = {"name": "Look at searches", "when": 'tool == "web.search"', "outcome": "review_after"}
    Policy.objects.update(active=False)
    Policy.objects.create(version=active.version + 1, active=True, rules=[*active.rules, look])
    action = ask("web.search", {"query": "notice"})
    leases.wake(action.task_id)
    until(lambda: action.approvals.exists(), 30, "the question afterwards")
    page = sign_in("mara")
    page.get_by_role("link", name="Ran alone").click()
    mine = on_board(page, action)
    armed(mine)
    mine.get_by_role("button", name="Fine").click()
    until(lambda: not action.approvals.filter(state="open").exists(), 10, "the verdict")
    expect(page.locator("#queue")).not_to_contain_text("Wrong", timeout=15_000)


def test_two_people_race_for_one_row_and_the_other_is_told(product: Product, sign_in: SignIn) -> None:
    action = ask()
    first, second = sign_in("mara"), sign_in("jonas")
    for page in (first, second):
        page.goto(f"/actions/{action.pk}/")
    armed(first.locator("#card"))
    first.locator("button[value^=approve]").first.click()
    until(lambda: Action.objects.get(pk=action.pk).state != "PENDING", 10, "the first answer")
    expect(second.locator("#standing")).to_contain_text("Mara", timeout=10_000)
    assert ran(action) == 1


def test_critical_takes_two_people_and_the_typed_target(product: Product, sign_in: SignIn) -> None:
    action = ask("deploy.restart_pool", {"pool": "eu-2"})
    for name in ("ines", "sami"):
        page = sign_in(name)
        page.goto(f"/actions/{action.pk}/")
        armed(page.locator("#card"))
        page.locator("[data-confirms]").click()
        page.fill("[name=typed]", "eu-2")
        page.locator("[data-confirm] button[data-armed][value^=approve]").click()
        page.wait_for_load_state()
        until(
            lambda n=name: action.approvals.get().decisions.filter(person__username=n).exists(), 10, f"{name}'s voice"
        )
    assert ran(action) == 1


def test_what_is_folded_is_opened_before_a_high_risk_is_approved(product: Product, sign_in: SignIn) -> None:
    action = ask_for_a_campaign()
    page = sign_in("ines")
    page.goto(f"/actions/{action.pk}/")
    for tick in page.locator("input[data-ack]").all():
        tick.check()
    expect(page.locator("[data-arm-hint]")).to_have_text("Open the folded parts first.")
    page.locator("details[data-must-open] > summary").click()
    armed(page.locator("#card"))
    page.locator("[data-confirms]").click()
    page.locator("[data-confirm] button[data-armed][value^=approve]").click()
    assert ran(action) == 1
    assert [view.openings.count() for view in action.approvals.get().views.filter(decisions__isnull=False)] == [1]


def test_critical_asks_for_the_password_when_the_last_proof_is_old(sign_in: SignIn) -> None:
    action = ask("deploy.restart_pool", {"pool": "eu-1"})
    page = sign_in("omar")
    proofs_are_old()
    for password in ("wrong", "secret"):
        page.goto(f"/actions/{action.pk}/")
        armed(page.locator("#card"))
        page.locator("[data-confirms]").click()
        page.fill("[name=typed]", "eu-1")
        page.fill("[name=password]", password)
        page.locator("[data-confirm] button[data-armed][value^=approve]").click()
        page.wait_for_load_state()
        expected = "The password is not right" if password == "wrong" else "Your answer to this version"
        expect(page.locator("main")).to_contain_text(expected, timeout=10_000)
    assert [voice.person.username for voice in action.approvals.get().decisions.all()] == ["omar"]


def test_the_board_repairs_itself_after_the_server_was_restarted(product: Product, sign_in: SignIn) -> None:
    page = sign_in("mara")
    expect(page.locator("#chip")).to_contain_text("Live", timeout=10_000)
    product.kill("web")
    expect(page.locator("#chip")).not_to_contain_text("Live", timeout=10_000)
    expect(page.locator("#lost")).not_to_be_empty()
    action = ask()
    product.start("web")
    expect(on_board(page, action)).to_be_visible(timeout=40_000)
    expect(page.locator("#chip")).to_contain_text("Live")
    expect(page.locator("#lost")).to_be_empty()


def test_keys_alone_decide(product: Product, sign_in: SignIn) -> None:
    action = ask()
    page = sign_in("mara")
    armed(on_board(page, action))
    page.keyboard.press("j")
    page.keyboard.press("a")
    assert ran(action) == 1


def test_a_phone_is_enough(product: Product, sign_in: SignIn) -> None:
    action = ask()
    page = sign_in("mara", width=390)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    armed(on_board(page, action))
    on_board(page, action).locator("button[value^=approve]").click()
    assert ran(action) == 1


def test_without_scripts_it_is_plain_forms(product: Product, sign_in: SignIn) -> None:
    action = ask()
    page = sign_in("mara", java_script_enabled=False)
    on_board(page, action).locator("button[value^=approve]").click()
    page.wait_for_load_state()
    assert ran(action) == 1


def test_hostile_text_stays_text(product: Product, sign_in: SignIn) -> None:
    attack = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e{{7*7}}"
    action = ask(arguments={"team": "platform", "text": attack})
    page, alarms = sign_in("mara"), []
    page.on("request", lambda asked: alarms.append(asked.url) if not asked.url.startswith(product.address) else None)
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    for address in ("/", f"/actions/{action.pk}/", f"/actions/{action.pk}/edit/", "/actions/", "/audit/"):
        page.goto(address)
        assert page.locator("img[src=x]").count() == 0
    page.goto(f"/actions/{action.pk}/")
    expect(page.locator("main")).to_contain_text("U+202E")
    assert alarms == []


def test_an_option_is_taken_with_one_key(product: Product, sign_in: SignIn) -> None:
    later = {**NOTICE, "text": "Meeting at three."}
    asks = {"ask": "Which of these?", "options": [{"arguments": NOTICE}, {"arguments": later}]}
    action = ask(question=asks)
    page = sign_in("mara")
    expect(on_board(page, action)).to_contain_text("2 options", timeout=12_000)
    page.goto(f"/actions/{action.pk}/")
    second = page.locator("button[data-key='2']")
    ready(second)
    page.keyboard.press("2")
    assert ran(action) == 1
    assert Effect.objects.get(action_id=action.pk).detail["text"] == "Meeting at three."


def test_a_question_is_answered_in_its_fields(product: Product, sign_in: SignIn) -> None:
    asks = {"ask": "Until when?", "lacks": ["A day."], "fields": {"day": {"type": "string", "format": "date"}}}
    action = ask(question=asks)
    page = sign_in("mara")
    page.goto(f"/actions/{action.pk}/")
    page.fill("input[name='q-day']", "2027-03-01")
    press(page.locator("button[value^=respond]"))
    until(lambda: Action.objects.get(pk=action.pk).version == 2, 30, "the agent's next version")
    assert action.guidance.get().fields == {"day": "2027-03-01"}


def test_a_stack_is_opened_each_row_seen_approved_and_taken_back_at_once(product: Product, sign_in: SignIn) -> None:
    Tier.objects.update(hold_seconds=600)
    actions = alike(6)
    page = sign_in("mara", bypass_csp=True)
    stack = page.locator(".item.stack")
    expect(stack).to_contain_text("6 actions like this")
    stack.get_by_role("link", name="Open batch").click()
    expect(page.locator("#batch")).to_be_visible()
    for_everybody(page, page.url)
    page.set_viewport_size({"width": 800, "height": 400})
    page.reload()
    hint, approve = page.locator("[data-arm-hint]"), page.locator("button[value=approve]")
    expect(hint).to_have_text("Scroll until you have seen each row.")
    for row in page.locator("tbody tr").all():
        row.scroll_into_view_if_needed()
        expect(row.locator("[data-preview-end]")).to_have_attribute("data-read", "")
    expect(hint).to_have_text("Say why first: so many at once need a reason.")
    page.locator("input[data-row]").first.press("Space")
    expect(approve).to_contain_text("Approve 5 actions")
    page.locator("input[data-row]").first.check()
    page.fill("#note", "All of them are known.")
    armed(page.locator("#batch"))
    press(approve)
    expect(page.locator("h1")).to_have_text("6 actions approved", timeout=30_000)
    assert states(actions) == ["APPROVED"] * 6
    for_everybody(page, f"/batches/{Decision.objects.latest('pk').batch}/")
    press(page.get_by_role("button", name="Undo all"))
    expect(page.locator("h1")).to_have_text("6 approvals taken back", timeout=30_000)
    assert states(actions) == ["PENDING"] * 6
    at_a_glance()
