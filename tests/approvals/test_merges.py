"""Two admins change the policy at once: the second reads what the first changed, takes it over, and chooses where both did."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from agents.models import User
from approvals import merges
from approvals.merges import Source
from approvals.models import Policy, Trial
from approvals.thresholds import Thresholds
from tests.approvals.test_amendments import FIRST, MORE, ben, saved, tried
from tests.approvals.test_policy_pages import at_once, desk, typed

__all__ = ["at_once", "ben", "desk"]
NUMBERS = Thresholds().data()
OTHER = MORE | {"name": "Berta"}
HIDDEN = re.compile(r'name="(from|known)" value="(\d+)"')
CHOICE = re.compile(r'name="(keep-[a-z0-9-]+)" value="mine"')
page_of = "/policies/change/"


def source(*some: dict[str, Any], **numbers: Any) -> Source:
    return Source({row["name"]: row for row in some}, NUMBERS | numbers)


def told(base: Source, mine: Source, today: Source) -> list[tuple[str, bool]]:
    return [(one.name, one.both) for one in merges.differences(base, mine, today)]


def words(answer: Any) -> str:
    return " ".join(html.unescape(strip_tags(answer.content.decode())).split())


def hidden(answer: Any) -> dict[str, str]:
    return dict(HIDDEN.findall(answer.content.decode()))


def today_is(*some: dict[str, Any], **numbers: Any) -> Policy:
    """Another version comes into force."""
    last = Policy.objects.get(active=True)
    Policy.objects.filter(pk=last.pk).update(active=False)
    made_by = User.objects.get(username="ben")
    return Policy.objects.create(
        version=last.version + 1, active=True, rules=list(some), thresholds=last.thresholds | numbers, made_by=made_by
    )


CHANGED, TWICE = MORE | {"when": "rows > 7"}, MORE | {"when": "rows > 9"}


@pytest.mark.parametrize(
    ("base", "mine", "today", "found"),
    [
        ([FIRST], [FIRST, MORE], [FIRST], []),
        ([FIRST], [FIRST], [FIRST, MORE], [("Anna", False)]),
        ([FIRST], [FIRST, MORE], [FIRST, MORE], []),
        ([FIRST], [FIRST, MORE], [FIRST, CHANGED], [("Anna", True)]),
        ([FIRST, MORE], [FIRST, MORE], [FIRST, CHANGED], [("Anna", False)]),
        ([FIRST, MORE], [FIRST, CHANGED], [FIRST, MORE], []),
        ([FIRST, MORE], [FIRST, CHANGED], [FIRST, TWICE], [("Anna", True)]),
        ([FIRST, MORE], [FIRST, MORE], [FIRST], [("Anna", False)]),
        ([FIRST, MORE], [FIRST], [FIRST], []),
        ([FIRST, MORE], [FIRST], [FIRST, CHANGED], [("Anna", True)]),
        ([FIRST, MORE], [FIRST, CHANGED], [FIRST], [("Anna", True)]),
    ],
)
def test_what_today_has_otherwise_is_told_and_whether_both_changed_it(
    base: list[Any], mine: list[Any], today: list[Any], found: list[tuple[str, bool]]
) -> None:
    assert told(source(*base), source(*mine), source(*today)) == found


def test_numbers_are_told_like_rules() -> None:
    base = source()
    lower, lowest = source(limit_percent=10), source(limit_percent=5)
    assert told(base, base, lower) == [("limit_percent", False)]
    assert told(base, lowest, lower) == [("limit_percent", True)]
    assert told(base, lower, base) == []
    (one,) = merges.differences(base, lowest, lower)
    assert one.sides == ("5 %", "10 %")


def test_white_space_around_a_text_is_no_difference() -> None:
    assert told(source(MORE), source(MORE), source(MORE | {"when": f"{MORE['when']}\n"})) == []


def test_whoever_was_second_opens_the_kept_rules_and_takes_over_what_came_meanwhile(desk: Client, ben: User) -> None:
    trial = tried(User.objects.get(username="ada"), FIRST, MORE)
    today_is(FIRST, OTHER, trust_limit=0.1)
    late = desk.post(f"/policies/trials/{trial.pk}/", {"reason": "Mine."})
    editor = f"{page_of}?trial={trial.pk}"
    assert late.status_code == 409 and f'href="{editor}"' in late.content.decode() and "Mine." in late.content.decode()
    answer = desk.get(editor)
    said = words(answer)
    assert "Not in here: what version 2, by ben, has" in said and "Berta (new): When" in said
    assert "Limit of the bound: 20 % → 10 %" in said and 'value="Berta"' not in answer.content.decode()
    assert hidden(answer) == {"from": "1", "known": "2"}
    merged = desk.post(editor, typed(FIRST, MORE, merge="1", **hidden(answer)))
    page = merged.content.decode()
    assert merged.status_code == 200 and 'value="Berta"' in page and 'value="Anna"' in page
    assert 'name="trust-limit_percent" inputmode="decimal" value="10"' in page
    assert hidden(merged) == {"from": "2", "known": "2"} and "Not in here" not in words(merged)
    assert "Not in here" not in words(desk.get(page_of))


def test_what_was_typed_while_another_version_came_is_not_tried_before_that_is_read(desk: Client, ben: User) -> None:
    began = hidden(desk.get(page_of))
    today_is(FIRST, OTHER)
    mine = typed(FIRST, MORE | {"when": "rows > 77"}, **{"try": "1"})
    answer = desk.post(page_of, {**mine, **began})
    assert answer.status_code == 409 and not Trial.objects.exists()
    assert "Another version came into force meanwhile" in words(answer) and "rows > 77" in words(answer)
    # Who has read it may try what stands there all the same.
    assert desk.post(page_of, {**mine, **hidden(answer)}).status_code == 302
    assert [rule["name"] for rule in Trial.objects.get().rules] == [FIRST["name"], "Anna"]


@pytest.mark.parametrize(("choice", "kept"), [("mine", "rows > 9"), ("today", "rows > 7")])
def test_where_both_changed_a_rule_the_admin_chooses(desk: Client, ben: User, choice: str, kept: str) -> None:
    saved(User.objects.get(username="ada"), FIRST, MORE)
    began = hidden(desk.get(page_of))
    today_is(FIRST, CHANGED)
    mine = typed(FIRST, TWICE, merge="1")
    unread = desk.post(page_of, {**mine, **began})
    assert unread.status_code == 409
    asked = desk.post(page_of, {**mine, **hidden(unread)})
    said = words(asked)
    assert asked.status_code == 422 and "“Anna” was changed by both: choose one." in said
    assert "Keep mine: When records changed over 9" in said and "Take today's: When records changed over 7" in said
    (field,) = CHOICE.findall(asked.content.decode())
    drawn = desk.post(page_of, {**typed(FIRST, TWICE, add="1"), **hidden(asked), field: choice})
    assert f'value="{choice}" checked' in drawn.content.decode()
    merged = desk.post(page_of, {**mine, **hidden(asked), field: choice})
    assert merged.status_code == 200 and "changed by both" not in words(merged)
    assert f">{html.escape(kept)}</textarea>" in merged.content.decode()


def test_it_is_taken_over_in_a_text_too_and_a_broken_one_stays_as_it_is(desk: Client, ben: User) -> None:
    began = hidden(desk.get(page_of))
    today_is(FIRST, OTHER, trust_limit=0.1)
    text = "rules:\n  - name: Mine\n    when: rows > 5\n    outcome: block\n"
    known = {**began, "known": "2"}
    broken = desk.post(page_of, {"view": "text", "text": text.replace("rows", "row"), "merge": "1", **known})
    assert broken.status_code == 422 and "row > 5" in words(broken) and hidden(broken)["from"] == "1"
    merged = words(desk.post(page_of, {"view": "text", "text": text, "merge": "1", **known}))
    assert "name: Mine" in merged and "name: Berta" in merged and "limit_percent: 10" in merged


@pytest.mark.parametrize("name", ["from", "known"])
@pytest.mark.parametrize("value", ["", "0", "-1", "x", "99999999999999999999", "\0"])
def test_marks_that_name_nothing_break_nothing(desk: Client, name: str, value: str) -> None:
    assert desk.post(page_of, typed(FIRST, add="1", **{name: value})).status_code == 200
