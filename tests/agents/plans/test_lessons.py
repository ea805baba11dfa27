"""What people said of the work of the agents of this process, and what their edits show, changes what comes next."""

from pathlib import Path
from typing import Any

import pytest

from agents import ledger, lessons, payloads, proposals
from agents.models import Action, Event, Feedback, Preference, Task, User
from agents.payloads import Refused
from approvals import controls, decisions, feedback
from tests.agents.plans.test_plans import begin, customers, house, office, stretch
from tests.cast import Answer, approve, choose, proof, question

__all__ = ["customers", "house", "office"]


def reply(task: Task | None = None) -> Action:
    """The first answer to a customer that the support agent proposes."""
    task = task or begin("support", replies=1)
    stretch(task)
    return task.actions.get(step="reply-1")


def sent(person: User, action: Action | None = None) -> Action:
    action = action or reply()
    approve(action, person)
    stretch(action.task)
    action.refresh_from_db()
    assert action.state == "SUCCEEDED"
    return action


def notice(person: User) -> Action:
    """What the notice agent tells a team of a meeting that was booked."""
    task = begin("notices")
    stretch(task)
    sent(person, task.actions.get(step="book"))
    return task.actions.get(step="notify")


def said(action: Action) -> dict[str, Any]:
    return payloads.arguments(bytes(action.versions.get(version=action.version).body))


def bad(action: Action, person: User, *reasons: str, comment: str = "") -> Feedback:
    return feedback.give(action, person, good=False, reasons=reasons, comment=comment)


def saved(action: Action, person: User, **changes: Any) -> None:
    """An edit of a waiting action that its editor does not approve yet."""
    asked = question(action)
    made = proposals.redraft(action, asked.asked, {**said(action), **changes})
    decisions.edit(asked, person, made=made, seen=Answer(person).seen(asked), proof=proof())
    action.refresh_from_db()


def again(action: Action, person: User, *reasons: str, comment: str = "") -> Task:
    return controls.try_again(action, person, ledger.person(person), reasons=reasons, comment=comment)


def test_a_reply_called_too_cold_makes_the_next_one_warmer_and_says_why(house: Path, mara: User) -> None:
    first = sent(mara)
    bad(first, mara, "too_cold")
    following = reply()
    assert "Thank you for your trust in us." in said(following)["body"] != said(first)["body"]
    assert f"“Too cold”, Mara on #{first.pk}" in following.why


def test_each_time_that_it_is_too_long_the_next_one_is_shorter(house: Path, mara: User) -> None:
    lengths = []
    for _time in range(3):
        lengths.append(len(said(action := notice(mara))["text"].split()))
        bad(sent(mara, action), mara, "too_long")
    assert lengths == sorted(set(lengths), reverse=True)


def test_a_wrong_greeting_is_not_used_again(house: Path, mara: User) -> None:
    first = sent(mara)
    assert said(first)["body"].startswith("Hello,")
    bad(first, mara, "wrong_greeting")
    second = sent(mara)
    assert said(second)["body"].startswith("Dear ")
    bad(second, mara, "wrong_greeting")
    third = said(reply())["body"]
    assert third.splitlines()[0] not in (said(first)["body"].splitlines()[0], said(second)["body"].splitlines()[0])


def test_of_opposite_wishes_the_newer_one_holds(house: Path, mara: User) -> None:
    bad(sent(mara), mara, "too_cold")
    bad(sent(mara), mara, "too_casual")
    assert "Thank you for your trust" not in said(reply())["body"]
    found = lessons.lessons(lessons.examples(Task.objects.latest("pk").agent, "email.send"))
    assert [lesson.asks for lesson in found] == [("formal",), ()]


def test_what_had_to_be_asked_for_before_it_was_good_is_done_at_once(house: Path, mara: User) -> None:
    first = reply()
    asked = question(first)
    decisions.regenerate(asked, mara, asks=["warmer"], text="", seen=Answer(mara).seen(asked), proof=proof())
    stretch(first.task)
    first.refresh_from_db()
    sent(mara, first)
    plain = said(reply())["body"]
    feedback.give(first, mara, good=True)
    assert "Thank you for your trust" not in plain
    assert "Thank you for your trust" in said(reply())["body"]


def test_a_comment_on_one_letter_does_not_write_its_names_into_others(house: Path, mara: User) -> None:
    bad(sent(mara), mara, comment="Address her as Dr Berg. Mention the invoice. It is 30 June.")
    text = said(reply())["body"]
    assert "Berg" not in text and "invoice" not in text and "June" not in text


def test_examples_of_another_agent_or_tool_change_nothing_and_there_is_an_end_to_them(house: Path, mara: User) -> None:
    first = sent(mara)
    bad(first, mara, "too_cold")
    assert lessons.examples(first.agent, "chat.post") == []
    task = begin("notices")
    stretch(task)
    assert lessons.examples(task.agent, "email.send") == []
    assert len(lessons.examples(first.agent, "email.send", most=0)) == 0


def test_trying_again_does_that_step_anew_by_the_words_and_is_linked_both_ways(house: Path, mara: User) -> None:
    first = sent(mara)
    task = again(first, mara, "too_cold", comment="Address her as Dr Berg")
    assert task.again.action == first and task.goal.startswith("Again: ") and task.starter == mara
    assert Event.objects.get(kind="feedback.retried").detail == {"task": task.pk}
    assert Event.objects.get(kind="task.queued", task=task).detail == {"again": first.pk}
    stretch(task)
    second = task.actions.get()
    assert said(second)["body"].startswith("Dear Dr Berg,") and "“Too cold: Address her as Dr Berg”" in second.why
    assert said(second)["to"] == said(first)["to"]
    assert again(first, mara, comment="Once more") == task
    assert Task.objects.filter(again__isnull=False).count() == 1


def test_trying_again_takes_along_what_the_step_needs_and_leaves_out_the_rest(house: Path, ines: User) -> None:
    task = begin("traveller")
    stretch(task)
    booking = task.actions.get(step="book")
    choose(booking, ines, 1)
    sent(ines, booking)
    retry = again(booking, ines, "wrong_target")
    assert retry.total == 2
    stretch(retry)
    assert list(retry.actions.order_by("position").values_list("step", flat=True)) == ["search", "book"]


def test_trying_again_needs_words_and_a_plan(house: Path, mara: User) -> None:
    first = sent(mara)
    with pytest.raises(Refused, match="what to do otherwise"):
        again(first, mara)
    assert not Feedback.objects.exists()
    Task.objects.filter(pk=first.task_id).update(script={"steps": []})
    first.task.refresh_from_db()
    with pytest.raises(Refused, match="played again"):
        again(first, mara, "too_long")
    assert not Feedback.objects.exists() and not Event.objects.filter(kind="feedback.bad").exists()


def test_an_edited_greeting_is_kept_for_the_next_reader(house: Path, mara: User) -> None:
    first = reply()
    name = said(first)["to"].split(".")[0].title()
    saved(first, mara, body=said(first)["body"].replace("Hello,", f"Good morning {name},"))
    kept = Preference.objects.get()
    assert (kept.kind, kept.value, kept.learnt_from.action) == ("greeting", "Good morning {name},", first)
    assert Event.objects.get(kind="preference.learnt").reason == "Good morning {name},"
    other = reply(begin("support", ticket=5121, replies=1))
    reader = said(other)["to"].split(".")[0].title()
    assert reader != name and said(other)["body"].startswith(f"Good morning {reader},")
    assert f"#{first.pk}" in other.why


def test_an_edit_that_halves_a_text_limits_the_next_one(house: Path, mara: User) -> None:
    saved(notice(mara), mara, text="Meeting on Monday at 14:00 in the Library.")
    assert [(one.kind, one.value) for one in Preference.objects.all()] == [("length", "8")]
    text = said(notice(mara))["text"]
    assert "14:00" in text and "half an hour" not in text


def test_a_cheaper_flight_sets_a_price_and_a_dearer_one_does_not(house: Path, ines: User) -> None:
    stretch(task := begin("traveller"))
    booking = task.actions.get(step="book")
    offers = task.actions.get(step="search").result["options"]
    cheapest = min(offers, key=lambda one: one["price_minor"])
    saved(booking, ines, flight=cheapest["flight"])
    kept = Preference.objects.get()
    assert kept.kind == "price" and lessons.price(kept.value) == (cheapest["price_minor"], "EUR")
    stretch(following := begin("traveller"))
    second = following.actions.get(step="book")
    assert said(second)["flight"] == cheapest["flight"] and kept.value in second.why
    lessons.change(kept, "1.00 EUR", ines, ledger.person(ines))
    stretch(third := begin("traveller"))
    assert "Nothing costs 1.00 EUR or less." in third.actions.get(step="book").why
    lessons.forget(Preference.objects.get(), ledger.person(ines))
    dearest = max(offers, key=lambda one: one["price_minor"])
    saved(second, ines, flight=dearest["flight"])
    assert not Preference.objects.exists()


@pytest.mark.parametrize("kind, value", [
    ("length", "none"), ("length", "0"), ("length", "99999"), ("price", "cheap"), ("price", "380"), ("greeting", "My letter"),
    ("greeting", ""), ("greeting", "Dear " + "x" * 200),
])  # fmt: skip
def test_a_preference_has_to_be_one_of_its_kind(kind: str, value: str) -> None:
    with pytest.raises(Refused):
        lessons.checked(kind, value)


def test_what_the_tool_would_not_take_is_not_done(house: Path, mara: User) -> None:
    first = sent(mara)
    bad(first, mara, "too_cold")
    tool = first.tool
    assert tool is not None
    tool.schema["properties"]["body"]["maxLength"] = len(said(first)["body"])
    tool.save()
    assert said(reply())["body"] == said(first)["body"]


def test_what_was_taught_costs_a_proposal_a_fixed_number_of_queries(
    house: Path, mara: User, django_assert_max_num_queries: Any
) -> None:
    for _time in range(3):
        bad(sent(mara), mara, "too_long", "wrong_greeting")
    action = reply()
    wish = lessons.Wish("reply-1", "email.send", {"to": "a@b.example", "body": "Hello,\n\nOne. Two. Three.\n\nAcme"})
    task, tool = Task.objects.select_related("agent").get(pk=action.task_id), action.tool
    with django_assert_max_num_queries(4):
        lessons.follow(task, wish, tool)
