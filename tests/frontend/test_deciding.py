"""No decision by accident: what a press of a button or a key does, and above all what it does not do."""

import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.conftest import Visit
from tests.frontend.regions import queue, row, running, tombstone

pytestmark = pytest.mark.browser
CONFLICT = '<div id="notes" role="status" hx-swap-oob="true"><div class="note bad">Jonas was faster</div></div>'


def approve(page: Page, id: int) -> None:
    page.locator(f"#approval-{id} button").click()


def answers(visit: Visit) -> list[str]:
    return [parse_qs(post)["answer"][0] for post in visit.posts]


def without_first() -> str:
    return queue([row(2), row(3)], [tombstone(1, "You approved")]) + running([1, 2, 3])


def test_one_click_is_one_post_with_the_version_on_screen(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    approve(page, 1)
    expect(page.locator("#approval-1.tombstone")).to_have_text("You approved")
    assert answers(visit) == ["approve:1:1:d"]
    assert "csrfmiddlewaretoken" in visit.posts[0]


def test_until_the_server_answered_the_row_says_deciding_and_a_double_click_sends_once(visit: Visit) -> None:
    visit.answer_later()
    page = visit.open("/")
    page.locator("#approval-1 button").dblclick()
    expect(page.locator("#approval-1 [data-label]")).to_have_text("Deciding…")
    expect(page.locator("#approval-1 button")).to_have_attribute("aria-busy", "true")
    visit.socket.push(queue([row(1), row(2), row(3)]))
    expect(page.locator("#approval-1 [data-label]")).to_have_text("Deciding…")
    page.locator("#approval-1 button").click(force=True)
    visit.reply(without_first())
    expect(page.locator("#approval-1.tombstone")).to_be_visible()
    assert answers(visit) == ["approve:1:1:d"]


def test_three_rows_in_quick_succession_are_three_answers(visit: Visit) -> None:
    visit.answer_later()
    page = visit.open("/")
    for id in (1, 2, 3):
        page.locator(f"#approval-{id} button").click()
    for left in ([2, 3], [3], []):
        visit.reply(queue([row(n) for n in left], [tombstone(n) for n in (1, 2, 3) if n not in left]))
    expect(page.locator(".tombstone")).to_have_count(3)
    assert answers(visit) == ["approve:1:1:d", "approve:2:1:d", "approve:3:1:d"]


@pytest.mark.parametrize("status", [409, 403, 422])
def test_a_refused_answer_says_why_and_gives_the_row_back(visit: Visit, status: int) -> None:
    visit.answer_with(lambda: CONFLICT, status)
    page = visit.open("/")
    approve(page, 1)
    expect(page.locator("#notes")).to_contain_text("Jonas was faster")
    expect(page.locator("#approval-1 [data-label]")).to_have_text("Approve")
    expect(page.locator("#approval-1 button")).not_to_have_attribute("aria-busy", "true")


@pytest.mark.parametrize("status", [500, 503])
def test_a_broken_server_is_told_and_the_row_comes_back(visit: Visit, status: int) -> None:
    visit.answer_with(lambda: "<h1>broken</h1>", status)
    page = visit.open("/")
    approve(page, 1)
    expect(page.locator("#notes")).to_contain_text("not certain that your decision was counted")
    expect(page.locator("#approval-1 [data-label]")).to_have_text("Approve")


def test_nothing_is_decided_in_the_first_moments_of_a_page(visit: Visit) -> None:
    visit.answer_with(without_first)
    visit.stop_time()
    page = visit.open("/", calm=False)
    page.locator("#approval-1 button").click(force=True)
    visit.settle()
    assert visit.posts == []
    page.clock.resume()
    expect(page.locator("#approval-1 button")).to_have_attribute("data-armed", "")
    approve(page, 1)
    expect(page.locator("#approval-1.tombstone")).to_be_visible()


def test_the_click_that_brings_the_window_back_decides_nothing(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    visit.stop_time()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.locator("#approval-1 button").click(force=True)
    visit.settle()
    assert visit.posts == []


def test_a_button_that_changes_its_version_under_the_finger_decides_nothing(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    page.locator("#approval-1 button").hover()
    page.mouse.down()
    visit.socket.push(queue([row(1, title="Something else", version=2), row(2), row(3)]))
    expect(page.locator("#approval-1 h3")).to_have_text("Something else")
    visit.pass_time(0.8)
    page.mouse.up()
    visit.settle()
    assert visit.posts == []


def test_rows_that_moved_cannot_be_decided_for_a_moment(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    visit.stop_time()
    page.locator("#approval-3 button").hover()
    visit.socket.push(queue([row(3), row(1), row(2)]))
    expect(page.locator("[data-fresh]")).to_be_visible()
    page.keyboard.press(".")
    page.mouse.down()
    page.mouse.up()
    visit.settle()
    assert visit.posts == []


def test_enter_in_a_field_sends_nothing(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    page.locator("#approval-2 input").fill("why")
    page.keyboard.press("Enter")
    visit.settle()
    assert visit.posts == []


def test_a_key_decides_the_row_with_the_focus_and_the_next_row_is_ready(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    visit.stop_time()
    page.keyboard.press("j")
    expect(page.locator("#approval-1 h3 a")).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator("#approval-1.tombstone")).to_be_visible()
    expect(page.locator("#approval-2 h3 a")).to_be_focused()
    page.keyboard.press("a")
    visit.settle()
    assert answers(visit) == ["approve:1:1:d"], "the second press came before the next row had been there for a moment"


def test_a_key_held_down_decides_once(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    page.keyboard.press("j")
    for _repeat in range(60):
        page.keyboard.down("a")
        visit.pass_time(0.03)
    page.keyboard.up("a")
    assert answers(visit) == ["approve:1:1:d"]


def test_enter_held_down_on_a_button_decides_once(visit: Visit) -> None:
    visit.answer_with(lambda: CONFLICT, 409)
    page = visit.open("/")
    page.locator("#approval-1 button").focus()
    for _repeat in range(60):
        page.keyboard.down("Enter")
        visit.pass_time(0.03)
    page.keyboard.up("Enter")
    assert len(visit.posts) == 1


def test_keys_are_letters_in_a_field_and_dead_under_a_sheet(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    page.locator("#approval-1 input").focus()
    page.keyboard.type("jakxe.p?")
    assert page.locator("#approval-1 input").input_value() == "jakxe.p?"
    page.locator("#approval-1 h3 a").focus()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    visit.settle()
    assert visit.posts == []


def test_single_keys_can_be_switched_off_and_then_no_button_names_one(visit: Visit) -> None:
    page = visit.open("/?keys=off")
    page.keyboard.press("j")
    expect(page.locator("#approval-1 h3 a")).not_to_be_focused()
    expect(page.locator(".search kbd[data-cap]")).to_be_hidden()


def test_single_keys_can_be_given_a_modifier(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/?keys=alt")
    page.keyboard.press("j")
    expect(page.locator("#approval-1 h3 a")).not_to_be_focused()
    page.keyboard.press("Alt+j")
    expect(page.locator("#approval-1 h3 a")).to_be_focused()
    page.keyboard.press("a")
    visit.settle()
    assert visit.posts == []
    page.keyboard.press("Alt+a")
    expect(page.locator("#approval-1.tombstone")).to_be_visible()


def test_a_key_of_ones_own_does_what_the_one_before_did_and_the_caps_say_so(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/?mine")
    page.keyboard.press("j")
    page.keyboard.press("a")
    visit.settle()
    assert visit.posts == []
    page.keyboard.press("?")
    expect(page.locator("#help div:has(kbd[data-cap=a])")).to_have_text("Y Approve", use_inner_text=True)
    page.keyboard.press("Escape")
    page.keyboard.press("y")
    expect(page.locator("#approval-1.tombstone")).to_be_visible()
    assert answers(visit) == ["approve:1:1:d"]


def test_a_letter_together_with_ctrl_or_shift_is_none_of_ours(visit: Visit) -> None:
    page = visit.open("/")
    page.keyboard.press("Control+j")
    page.keyboard.press("Shift+J")
    expect(page.locator("#approval-1 h3 a")).not_to_be_focused()


def test_j_and_k_walk_and_slash_searches(visit: Visit) -> None:
    page = visit.open("/")
    for key, focused in (("j", 1), ("j", 2), ("ArrowDown", 3), ("j", 3), ("k", 2), ("ArrowUp", 1)):
        page.keyboard.press(key)
        expect(page.locator(f"#approval-{focused} h3 a")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert page.get_by_role("searchbox").input_value() == ""


def test_a_key_that_stands_on_a_tombstone_decides_nothing(visit: Visit) -> None:
    visit.answer_with(without_first)
    page = visit.open("/")
    page.locator("#approval-1 h3 a").focus()
    visit.socket.push(queue([row(2), row(3)], [tombstone(1)]))
    expect(page.locator("#approval-1.tombstone")).to_be_focused()
    visit.pass_time(0.7)
    page.keyboard.press("a")
    page.keyboard.press("j")
    expect(page.locator("#approval-2 h3 a")).to_be_focused()
    assert visit.posts == []


def test_the_row_of_somebody_who_asked_for_it_offers_no_decision(visit: Visit) -> None:
    note = '<p class="who-can mine-note">You asked for this.</p>'
    page = visit.open("/")
    visit.socket.push(
        queue([row(1, extra=note).replace("data-version", 'data-requesters="3 7" data-version'), row(2), row(3)])
    )
    expect(page.locator("#approval-1 .mine-note")).to_be_visible()
    expect(page.locator("#approval-1 button")).to_be_hidden()
    expect(page.locator("#approval-2 button")).to_be_visible()


def test_own_names_read_you(visit: Visit) -> None:
    page = visit.open("/")
    page.locator("#approval-2 h3 a").hover()
    visit.socket.push(
        queue([row(2), row(3)], [tombstone(1, '<b data-by="7">Ines</b> and <b data-by="8">Omar</b> approved')])
    )
    expect(page.locator("#approval-1")).to_have_text("You and Omar approved")


def test_an_edited_field_is_marked_and_enter_in_it_sends_nothing(visit: Visit) -> None:
    page = visit.open("/gallery/")
    field = page.locator("#d")
    expect(page.locator(".field:has(> #d)")).not_to_have_class("field dirty")
    field.fill("Hello Omar")
    expect(page.locator(".field:has(> #d)")).to_have_class("field dirty")
    page.locator("#a").press("Enter")
    visit.settle()
    assert page.url.endswith("/gallery/")
    assert field.input_value() == "Hello Omar"


# --- the edit form


def test_save_and_approve_waits_as_every_approval_does(visit: Visit) -> None:
    visit.answer_with(lambda: "done")
    visit.stop_time()
    page = visit.open("/edit/", calm=False)
    both = page.get_by_role("button", name="Save and approve")
    both.click(force=True)
    page.locator("#text").focus()
    page.keyboard.press("Control+Enter")
    visit.settle()
    assert visit.posts == []
    page.clock.resume()
    expect(both).to_have_attribute("data-armed", "")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/decide/")
    assert [parse_qs(post)["save"] for post in visit.posts] == [["approve"]]


def test_save_and_approve_freezes_at_zero(visit: Visit) -> None:
    visit.answer_with(lambda: "done")
    visit.take_time()
    page = visit.open("/edit/", calm=False)
    visit.pass_time(140)
    expect(page.locator("[data-arm]")).to_have_attribute("aria-disabled", "true")
    page.locator("[data-arm]").click(force=True)
    visit.settle()
    assert visit.posts == []


# --- the card


def ready_card(visit: Visit) -> Page:
    page = visit.open("/card/")
    page.get_by_label("I have seen this").check()
    page.get_by_text("Body, 40 lines").click()
    expect(page.locator("[data-confirms]")).to_have_attribute("data-armed", "")
    return page


def test_a_card_is_armed_only_when_its_checks_are_ticked_and_its_folded_parts_were_opened(visit: Visit) -> None:
    page = visit.open("/card/")
    first = page.locator("[data-confirms]")
    expect(first).to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-arm-hint]")).to_have_text("Tick each failed check first.")
    page.get_by_label("I have seen this").check()
    expect(page.locator("[data-arm-hint]")).to_have_text("Open the folded parts first.")
    first.click(force=True)
    page.keyboard.press("a")
    expect(page.locator("#confirm")).to_be_hidden()
    page.get_by_text("Body, 40 lines").click()
    expect(first).to_have_attribute("data-armed", "")
    expect(page.locator("[data-arm-hint]")).to_have_text("You are the last approver.")


def test_a_card_is_not_armed_before_the_end_of_its_preview_was_on_screen(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 420})
    page = visit.open("/card/?long")
    page.get_by_label("I have seen this").check()
    page.evaluate("document.querySelector('[data-must-open]').open = true")
    page.evaluate("window.scrollTo(0, 0)")
    expect(page.locator("[data-arm-hint]")).to_have_text("Read to the end of the preview first.")
    page.evaluate("document.querySelector('[data-preview-end]').scrollIntoView()")
    expect(page.locator("[data-confirms]")).to_have_attribute("data-armed", "")


def test_v_goes_to_what_is_still_to_be_seen_and_a_tick_takes_no_key(visit: Visit) -> None:
    page = visit.open("/card/")
    check, part = page.get_by_label("I have seen this"), page.get_by_text("Body, 40 lines")
    page.keyboard.press("v")
    expect(check).to_be_focused()
    page.keyboard.press("v")
    expect(part).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("v")
    expect(check).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("[data-confirms]")).to_have_attribute("data-armed", "")
    page.keyboard.press("a")
    expect(page.locator("[data-target]")).to_be_focused()


def test_confirming_in_place_wants_the_target_and_never_starts_on_approve(visit: Visit) -> None:
    visit.answer_with(lambda: "done")
    page = ready_card(visit)
    page.keyboard.press("a")
    typed = page.locator("[data-target]")
    expect(typed).to_be_focused()
    page.keyboard.type("pro")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    visit.pass_time(0.8)
    assert visit.posts == []
    page.keyboard.type("d")
    page.keyboard.press("Enter")
    visit.settle()
    assert visit.posts == []
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/decide/")
    sent = parse_qs(visit.posts[0])
    assert (sent["answer"], sent["typed"], sent["ack"]) == (["approve:1:1:d"], ["prod"], ["0"])


ALL_DONE = """
    window.seen = {};
    document.addEventListener("DOMContentLoaded", () => {
      document.querySelector("[data-ack]").checked = true;
      document.querySelector("[data-must-open]").setAttribute("data-read", "");
      document.querySelector("[data-target]").value = "prod";
      const note = (change) => { seen[change.attributeName] ??= performance.now() };
      const look = new MutationObserver((changes) => changes.forEach(note));
      look.observe(document.querySelector("[data-confirm]"), { attributeFilter: ["data-open"] });
      look.observe(document.querySelector("[data-confirm] [data-arm]"), { attributeFilter: ["data-armed"] });
    });
"""


def test_an_address_of_the_confirmation_opens_it_and_never_arms_it_early(visit: Visit) -> None:
    visit.page.add_init_script(ALL_DONE)
    page = visit.open("/card/#confirm", calm=False)
    expect(page.locator("#confirm")).to_be_visible()
    expect(page.locator("[data-target]")).to_be_focused()
    expect(page.locator("#confirm [data-arm]")).to_have_attribute("data-armed", "")
    assert page.evaluate("seen['data-armed'] - seen['data-open']") >= 600


def test_an_address_of_the_confirmation_spares_nobody_the_checks(visit: Visit) -> None:
    visit.answer_with(lambda: "done")
    page = visit.open("/card/#confirm")
    page.locator("[data-target]").fill("prod")
    expect(page.locator("[data-arm-hint]")).to_have_text("Tick each failed check first.")
    page.locator("#confirm [data-arm]").click(force=True)
    page.keyboard.press("Control+Enter")
    visit.settle()
    assert visit.posts == []
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).to_be_hidden()


def test_escape_folds_the_confirmation_again(visit: Visit) -> None:
    page = ready_card(visit)
    page.keyboard.press("a")
    expect(page.locator("#confirm")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#confirm")).to_be_hidden()
    expect(page.locator("[data-confirms]")).to_be_focused()


def test_at_zero_the_card_freezes_and_says_so(visit: Visit) -> None:
    visit.take_time()
    page = visit.open("/card/", calm=False)
    page.get_by_label("I have seen this").check()
    page.get_by_text("Body, 40 lines").click()
    visit.pass_time(80)
    expect(page.locator("#urgent")).to_have_text("60 seconds left to decide.")
    visit.pass_time(60)
    expect(page.locator(".clock")).to_contain_text("Time is up")
    expect(page.locator("#urgent")).to_have_text("The time to decide is over.")
    expect(page.locator("[data-confirms]")).to_have_attribute("aria-disabled", "true")
    page.locator("[data-confirms]").click(force=True)
    expect(page.locator("#confirm")).to_be_hidden()


def test_opening_a_folded_part_tells_the_server_that_part_and_no_other(visit: Visit) -> None:
    told = []
    visit.page.on("request", lambda sent: told.append(sent.post_data) if sent.url.endswith("/opened/") else None)
    page = visit.open("/card/")
    assert told == []
    for _again in range(3):
        page.get_by_text("Body, 40 lines").click()
        expect(page.locator("[data-must-open]")).to_have_attribute("data-read", "")
    assert [re.findall(r'name="(?:part|nonce)"\s+(\w+)', body) for body in told] == [["n", "body"]]


@pytest.mark.parametrize("status", [302, 409, 500, 0])
def test_a_part_whose_opening_was_not_written_down_folds_again_and_arms_nothing(visit: Visit, status: int) -> None:
    answer = {"status": status, "headers": {"location": "/gallery/"}}
    visit.page.route("**/opened/", lambda route: route.fulfill(**answer) if status else route.abort())
    page = visit.open("/card/")
    page.get_by_label("I have seen this").check()
    page.get_by_text("Body, 40 lines").click()
    expect(page.locator("#notes")).to_contain_text("Open it again.")
    assert page.locator("[data-must-open]").get_attribute("open") is None
    expect(page.locator("[data-confirms]")).to_have_attribute("aria-disabled", "true")
    visit.page.unroute("**/opened/")
    page.get_by_text("Body, 40 lines").click()
    expect(page.locator("[data-confirms]")).to_have_attribute("data-armed", "")
