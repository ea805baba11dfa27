"""The agent page tells how it went: by week, by stated confidence, and what went wrong."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from agents.models import Action, Agent, Event, User
from approvals import feedback, histories
from approvals.histories import Band, Shares
from approvals.models import Decision
from approvals.templatetags import parts
from tests.approvals.test_earned import keeper, label, labelled
from tests.approvals.test_redrafts import regenerate
from tests.approvals.test_trust import run
from tests.cast import Enter, a_task, approve, go_on, propose, reject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]


def before(action: Action, weeks: int, times: int = 1, confidence: float | None = 0.9) -> None:
    """So many actions as this one, with the same answers, so many weeks ago."""
    decisions = Decision.objects.filter(approval__action=action).select_related("approval__asked", "approval__verdict")
    for at in range(times):
        decided = list(decisions.order_by("pk"))
        copy = Action.objects.get(pk=action.pk)
        copy.pk, copy.step, copy.position = None, f"past-{weeks}-{at}-{confidence}", Action.objects.count() + 1_000
        copy.save(force_insert=True)
        for decision in decided:
            approval = decision.approval
            rows: list[Any] = [approval.asked, approval.verdict]
            for row in rows:
                row.pk, row.action = None, copy
            approval.asked.confidence = confidence
            for row in rows:
                row.save(force_insert=True)
            approval.pk, approval.action = None, copy
            approval.asked, approval.verdict = rows
            approval.save(force_insert=True)
            decision.pk, decision.approval = None, approval
            decision.at = timezone.now() - timedelta(weeks=weeks)
            decision.save(force_insert=True)


def shares(found: Shares) -> tuple[int, int, int]:
    return found.approved, found.edited, found.rejected


def words(enter: Enter, person: User) -> str:
    return " ".join(strip_tags(enter(person).get("/agents/records/").content.decode()).split())


def test_shares_of_each_week_newest_first(mara: User, ines: User) -> None:
    yes, no = labelled(mara), label({"segment": "newsletter", "label": "quiet"})
    reject(no, mara)
    before(yes, weeks=3, times=3)
    before(no, weeks=3)
    before(yes, weeks=25)
    before(yes, weeks=26)  # no longer told
    found = histories.of(keeper())
    assert len(found.weeks) == 26 and found.decided == 7
    assert [shares(found.weeks[at]) for at in (0, 1, 3, 25)] == [(1, 0, 1), (0, 0, 0), (3, 0, 1), (1, 0, 0)]
    assert found.weeks[3].percents == (75, 0, 25) and found.weeks[3].stops == (75, 75)
    assert all(week.monday.weekday() == 0 for week in found.weeks)


def test_an_action_is_rejected_else_edited_else_approved(cast: dict[str, User]) -> None:
    found = Shares()
    for answer, edited, redrafted, rejected in (
        ("approve", False, False, False), ("approve", True, False, False), ("edit", True, False, False),
        ("edit", True, False, True), ("reject", True, False, True), ("approve", False, False, True),
        ("reject", False, False, True), ("regenerate", False, True, False), ("approve", False, True, False),
        ("edit", True, True, False), ("regenerate", True, True, False), ("regenerate", False, True, True),
    ):  # fmt: skip
        found.count(answer, edited, redrafted, rejected, 1)
    assert shares(found) == (1, 3, 2)


def test_one_voice_of_two_and_then_a_no_is_a_rejection(cast: dict[str, User]) -> None:
    action = propose("critical")
    approve(action, cast["ines"])
    reject(action, cast["sami"])
    found = histories.of(Agent.objects.get(slug="tester"))
    assert [shares(week) for week in found.weeks] == [(0, 0, 1)]


def test_a_redrafted_action_is_not_approved_as_it_was(mara: User) -> None:
    action = propose("medium", arguments={"to": "anna", "text": "We meet at two. It is very early."})
    regenerate(action, mara, "shorter")
    go_on(action)
    approve(action, mara)
    assert shares(histories.of(Agent.objects.get(slug="tester")).weeks[0]) == (0, 1, 0)


def test_two_voices_are_one_action(cast: dict[str, User]) -> None:
    action = propose("critical")
    approve(action, cast["ines"])
    approve(action, cast["sami"])
    assert shares(histories.of(Agent.objects.get(slug="tester")).weeks[0]) == (1, 0, 0)


def test_bands_of_what_it_said(mara: User) -> None:
    yes = labelled(mara)
    no = label({"segment": "newsletter", "label": "quiet"})
    reject(no, mara)
    for confidence in (0.0, 0.09, 0.3, 0.7, 1.0, None):
        before(yes, weeks=1, confidence=confidence)
    before(no, weeks=1, times=11, confidence=0.95)
    found = histories.of(keeper()).bands
    assert [(band.least, band.total) for band in found] == [(90, 14), (70, 1), (30, 1), (0, 2), (None, 1)]
    assert found[0].percents == (14, 0, 86) and found[0].holds == "more"
    assert [band.holds for band in found[1:]] == ["few", "few", "few", ""]


@pytest.mark.parametrize(("approved", "holds"), [(9, "few"), (18, "as"), (14, "more"), (20, "as")])
def test_what_a_band_says(approved: int, holds: str) -> None:
    rejected = 0 if holds == "few" else 20 - approved
    assert Band(least=90, approved=approved, rejected=rejected).holds == holds
    assert Band(least=50, approved=20).holds == "less"


def test_incidents_of_this_agent_alone(mara: User, cast: dict[str, User], enter: Enter) -> None:
    action = labelled(mara)
    feedback.give(action, mara, good=False, comment="The wrong segment.")
    other = propose(tool="chat.post", arguments={"team": "platform", "text": "Hello."}, task=a_task())
    approve(other, mara)
    run(other)
    feedback.give(other, mara, good=False)
    Event.objects.create(
        kind="stop.engaged", actor_kind="person", actor_name="Ines", reason="Too many.", detail={"agent": "records"},
        at=timezone.now() - timedelta(weeks=2),
    )  # fmt: skip
    found = histories.of(keeper())
    assert [event.kind for event in found.incidents] == ["stop.engaged", "feedback.bad"]
    assert [week.incidents for week in found.weeks] == [1, 0, 1] and found.happened == 2
    page = words(enter, mara)
    assert "2 in 26 weeks" in page and "The wrong segment." in page and "Ines stopped records" in page


def test_the_page_has_a_table_for_each_chart(mara: User, enter: Enter) -> None:
    before(labelled(mara), weeks=1, times=12)
    page = words(enter, mara)
    monday = histories.of(keeper()).weeks[0].monday
    assert f"{parts.day(monday)} 1 100% 1 0% 0 0% 0 0" in page
    assert "90–100% 13 100% 13 as it says" in page
    html = enter(mara).get("/agents/records/").content.decode()
    assert (
        html.count('<svg class="share"') + html.count('<svg class="share tall"')
        == html.count('preserveAspectRatio="none" aria-hidden="true"')
        == 3
    )
    assert 'style="' not in html


def test_an_agent_without_a_past_says_so(mara: User, enter: Enter) -> None:
    page = words(enter, mara)
    assert "Nobody has decided about its actions in the last 26 weeks" in page
    assert "Nothing to compare yet" in page
    assert "None in the last 26 weeks: nothing failed" in page


def test_it_asks_three_times_however_much_happened(mara: User) -> None:
    yes = labelled(mara)
    before(yes, weeks=2, times=5)
    feedback.give(yes, mara, good=False)
    agent = keeper()
    with CaptureQueriesContext(connection) as asked:
        histories.of(agent)
    assert len(asked) == 3


def test_the_figures_are_the_same_in_every_zone(mara: User) -> None:
    before(labelled(mara), weeks=1, times=3)
    with timezone.override("Pacific/Kiritimati"):
        there = histories.of(keeper())
    assert there == histories.of(keeper()) and there.decided
