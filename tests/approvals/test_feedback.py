"""Words on how an action went: who has one, from where they are said, and what is kept of them."""

import re
from html import escape

import pytest

from agents import ledger, plans, tools
from agents.models import Action, Agent, Event, Feedback, Preference, Task, TrustScore, User
from approvals import controls, feedback, tiers
from approvals.models import Policy, Trial
from tests.approvals.test_trust import approved, asked
from tests.approvals.test_trust import run as carry_out
from tests.cast import Enter, approve, proof, propose

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]
WORDS = "Zu lang – <b>„ärgerlich“</b> 長すぎる \u202e"


def refunded(*people: User) -> Action:
    """Something that only seniors decide about, done."""
    wanted = {"to": "Kontor 19", "amount_minor": 200_000, "currency": "EUR", "reference": "double charge"}
    action = propose(tool="payments.refund", arguments=wanted)
    for person in people:
        approve(action, person)
    return carry_out(action)


def test_a_word_is_kept_with_agent_tool_and_reasons_as_an_example(mara: User, enter: Enter) -> None:
    action = approved(mara)
    post = {"word": "bad", "reason": ["too_long", "clear", "nonsense"], "comment-bad": WORDS, "comment-good": "no"}
    assert enter(mara).post(f"/actions/{action.pk}/feedback/", post)["Location"] == f"/actions/{action.pk}/"
    kept = Feedback.objects.get()
    assert (kept.agent, kept.tool, kept.good, kept.reasons) == (action.agent, action.tool, False, ["too_long"])
    assert kept.comment == WORDS.strip()
    event = Event.objects.get(kind="feedback.bad")
    assert event.reason == f"Too long: {WORDS.strip()}" and event.detail["reasons"] == ["too_long"]


def test_more_may_be_said_of_the_same_word_and_it_counts_once(mara: User, jonas: User) -> None:
    action = approved(mara)
    for comment in ("Long.", "Long.", "Far too long.", ""):
        feedback.give(action, mara, good=False, reasons=["too_long"] if comment else [], comment=comment)
    assert Feedback.objects.get().told == "Too long: Far too long."
    assert (
        Event.objects.filter(kind="feedback.bad").count() == Event.objects.filter(kind="feedback.reworded").count() == 1
    )
    assert TrustScore.objects.get().hundredths == 10 - 5
    feedback.give(action, jonas, good=True, reasons=["clear"])
    assert TrustScore.objects.get().hundredths == 10 - 5 + 5


def test_only_who_could_decide_about_an_action_has_a_word_on_it(cast: dict[str, User], enter: Enter) -> None:
    action = refunded(cast["ines"])
    assert action.ran
    for name, why in (("mara", "Only who could decide"), ("ada", "Only people who decide"), ("nobody", "Only people")):
        with pytest.raises(tiers.Forbidden, match=why):
            feedback.give(action, cast[name], good=True)
    answer = enter(cast["mara"]).post(f"/actions/{action.pk}/feedback/", {"word": "bad", "comment-bad": "Mine."})
    assert answer.status_code == 403 and "Senior reviewer" in answer.content.decode()
    feedback.give(action, cast["omar"], good=True)
    assert Feedback.objects.get().person == cast["omar"]


def test_what_is_refused_gives_back_what_was_written(mara: User, enter: Enter) -> None:
    client, waiting, done = enter(mara), asked(), approved(mara)
    page = client.post(f"/actions/{waiting.pk}/feedback/", {"word": "bad", "comment-bad": "Too early."})
    assert page.status_code == 422 and "did not run" in page.content.decode()
    assert client.post(f"/actions/{done.pk}/feedback/", {"word": "maybe"}).status_code == 422
    long = {"word": "bad", "reason": "too_cold", "comment-bad": "ü" * 2_001}
    page = client.post(f"/actions/{done.pk}/feedback/", long)
    text = page.content.decode()
    assert page.status_code == 422 and "ü" * 2_001 in text
    assert re.search(r'value="too_cold"[^>]*checked', text) and not Feedback.objects.exists()
    feedback.give(done, mara, good=False)
    page = client.post(f"/actions/{done.pk}/feedback/", {"word": "good", "comment-good": "Well."})
    assert page.status_code == 409 and "That stays" in page.content.decode()
    assert client.get("/actions/999999/feedback/").status_code == 404


def test_it_is_said_from_card_board_and_list(mara: User, enter: Enter) -> None:
    action, client = approved(mara), enter(mara)
    place = f"/actions/{action.pk}/feedback/"
    board, card, past = (
        client.get(at).content.decode() for at in ("/", f"/actions/{action.pk}/", "/actions/?agent=tester")
    )
    assert f'formaction="{place}"' in board and f'href="{place}?next=/"' in board
    assert f'formaction="{place}"' in past and f'href="{place}?next=%2Factions%2F%3Fagent%3Dtester"' in past
    assert all(f'data-key="{key}"' in card for key in "+-") and 'name="comment-bad"' in card
    assert client.post(place, {"word": "good"}, headers={"hx-request": "true"}).status_code == 204
    assert re.search(r"Mara.*</b> found <a[^>]*>.*</a> good", client.get("/").content.decode())
    form = client.get(f"{place}?next=/actions/").content.decode()
    assert 'name="next" value="/actions/"' in form and "Mara" in form
    assert client.post(place, {"word": "bad", "next": "/actions/"})["Location"] == "/actions/"
    assert 'name="next" value="https' not in client.get(f"{place}?next=https://evil.example/").content.decode()


def label(mara: User) -> Action:
    """A label that the records agent set, approved by Mara."""
    tools.sync()
    plans.sync()
    agent = Agent.objects.get(slug="records")
    plan = plans.find("records")
    assert plan is not None
    task = controls.start(agent, plans.defaults(plan), by=ledger.Actor("demo"))
    step = next(step for step in plans.steps_of(task) if not callable(step.arguments) and step.tool == "crm.label")
    action = propose(tool=step.tool, arguments=step.arguments, task=task)
    Action.objects.filter(pk=action.pk).update(step=step.key)
    Task.objects.filter(pk=task.pk).update(state="RUNNING")
    approve(action, mara)
    carry_out(action)
    action.refresh_from_db()
    return action


def test_trying_again_goes_to_the_new_task_and_both_pages_tell(mara: User, enter: Enter) -> None:
    action, client = label(mara), enter(mara)
    place = f"/actions/{action.pk}/feedback/"
    refused = client.post(place, {"word": "again"})
    assert refused.status_code == 422 and "what to do otherwise" in refused.content.decode()
    assert not Feedback.objects.exists() and TrustScore.objects.get().hundredths == 10
    post = {"word": "again", "reason": "wrong_target", "comment-bad": WORDS}
    answer = client.post(place, post)
    task = Task.objects.get(again__isnull=False)
    assert answer["Location"] == client.post(place, post)["Location"] == f"/tasks/{task.pk}/"
    assert f"/tasks/{task.pk}/" in client.get(f"/actions/{action.pk}/").content.decode()
    told = client.get(f"/tasks/{task.pk}/").content.decode()
    assert f"/actions/{action.pk}/" in told and "&lt;b&gt;" in told and "<b>„" not in told
    assert TrustScore.objects.get().hundredths == 10 - 5


def test_a_stopped_agent_tries_nothing_again_and_nothing_is_kept(mara: User, enter: Enter) -> None:
    action = label(mara)
    controls.pause_agent(action.agent, mara, proof())
    page = enter(mara).post(f"/actions/{action.pk}/feedback/", {"word": "again", "comment-bad": "Otherwise."})
    assert page.status_code == 422 and "paused" in page.content.decode() and "Otherwise." in page.content.decode()
    assert not Feedback.objects.exists() and TrustScore.objects.get().hundredths == 10


def greeted(mara: User) -> tuple[Agent, Preference]:
    """The agent of a done action, and a greeting that an edit of it taught."""
    action = approved(mara)
    version = action.versions.get()
    what = {"agent": action.agent, "tool": action.tool, "kind": "greeting", "value": "Dear {name},"}
    return action.agent, Preference.objects.create(**what, learnt_from=version, person=mara)


def test_the_page_of_the_agent_tells_what_it_has_learnt_and_from_where(mara: User, enter: Enter) -> None:
    agent, kept = greeted(mara)
    action = kept.learnt_from.action
    feedback.give(action, mara, good=False, reasons=["too_long"], comment="<i>Far</i> too long")
    page = enter(mara).get(f"/agents/{agent.slug}/").content.decode().split('id="learnt"')[1].split("</section>")[0]
    assert 'value="Dear {name},"' in page and page.count(f"/actions/{action.pk}/") == 2
    assert "Too long: &lt;i&gt;Far&lt;/i&gt; too long" in page


def test_reviewers_change_and_take_away_what_it_keeps_to(cast: dict[str, User], enter: Enter) -> None:
    agent, kept = greeted(cast["mara"])
    client, place = enter(cast["mara"]), f"/agents/{agent.slug}/preferences/{kept.pk}/"
    for name in ("ada", "nobody"):
        assert enter(cast[name]).post(place, {"verb": "forget"}).status_code == 403
    wrong = client.post(place, {"verb": "change", "value": "<b>no greeting</b>"})
    assert wrong.status_code == 422 and "&lt;b&gt;no greeting&lt;/b&gt;" in wrong.content.decode()
    assert client.post(place, {"verb": "burn"}).status_code == 422
    assert client.post(place, {"verb": "change", "value": "Hello {name},"}).status_code == 302
    kept.refresh_from_db()
    assert kept.value == "Hello {name},"
    changed = Event.objects.get(kind="preference.changed")
    assert changed.reason == "Hello {name}," and changed.detail["was"] == "Dear {name},"
    assert client.post(f"/agents/records/preferences/{kept.pk}/", {"verb": "forget"}).status_code == 404
    assert client.post(place, {"verb": "forget"}).status_code == 302
    assert client.post(place, {"verb": "forget"}).status_code == 404
    assert not Preference.objects.exists() and Event.objects.filter(kind="preference.forgotten").count() == 1


def test_an_admin_may_make_a_rule_of_a_bad_word_and_nothing_changes_before_it_is_saved(
    cast: dict[str, User], enter: Enter
) -> None:
    action = approved(cast["mara"])
    mark = feedback.give(action, cast["mara"], good=False, reasons=["not_needed"])
    fine = feedback.give(action, cast["jonas"], good=True)
    place, page = f"/policies/change/?example={mark.pk}", f"/agents/{action.agent.slug}/"
    assert place in enter(cast["ada"]).get(page).content.decode()
    assert place not in enter(cast["mara"]).get(page).content.decode()
    before = Policy.objects.count()
    editor = enter(cast["ada"]).get(place).content.decode()
    when = f'agent == "{action.agent.slug}" && tool == "chat.post"'
    assert escape(when) in editor and f"action {action.pk} was bad" in editor
    assert Policy.objects.count() == before and not Trial.objects.exists()
    assert enter(cast["mara"]).get(place).status_code == 403
    assert enter(cast["ada"]).get(f"/policies/change/?example={fine.pk}").status_code == 404
