"""What expired was neither rejected nor did it fail: its agent may be told to ask once more, and the old one never runs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents import plans, tools
from agents.models import Action, Agent, Event, Task, User
from approvals import controls, gate
from approvals.models import Approval
from tests.cast import Enter, go_on, kinds, proof, propose, question


@pytest.fixture
def expired(cast: dict[str, User]) -> Action:
    """A message of a built-in agent to which nobody said anything in time."""
    tools.sync()
    plans.sync()
    task = controls.start(Agent.objects.get(slug="notices"), plans.defaults(plans.find("notices")), by=gate.ledger.GATE)
    go_on(task)
    action = task.actions.get(state="PENDING")
    Approval.objects.filter(action=action).update(deadline=timezone.now() - timedelta(seconds=1))
    gate.expire(question(action))
    action.refresh_from_db()
    assert action.state == "EXPIRED"
    return action


def test_the_agent_asks_again_and_the_old_action_stays_as_it_is(enter: Enter, expired: Action, mara: User) -> None:
    browser = enter(mara)
    page = browser.get(f"/actions/{expired.pk}/").content.decode()
    assert "Ask agent to retry" in page and "no rejection and no failure" in page
    assert "nobody answered in time" in page
    answer = browser.post(f"/actions/{expired.pk}/renew/")
    task = Task.objects.get(renews=expired)
    assert answer["Location"] == f"/tasks/{task.pk}/" and task.starter == mara
    go_on(task)
    again = task.actions.get(step=expired.step)
    assert (again.state, question(again).kind) == ("PENDING", Approval.Kind.APPROVE)
    expired.refresh_from_db()
    assert expired.state == "EXPIRED" and kinds(expired)[-1] == "action.renewed"
    assert f"/tasks/{task.pk}/" in browser.get(f"/actions/{expired.pk}/").content.decode()
    for place in (f"/actions/{again.pk}/", f"/tasks/{task.pk}/"):
        assert f'href="/actions/{expired.pk}/"' in browser.get(place).content.decode()


def test_asked_twice_it_is_one_task(expired: Action, mara: User, cast: dict[str, User]) -> None:
    first = controls.renew(expired, mara, proof())
    assert controls.renew(expired, cast["ines"], proof()) == first
    assert Event.objects.filter(kind="action.renewed").count() == 1


def test_who_has_no_role_starts_nothing(enter: Enter, expired: Action, cast: dict[str, User]) -> None:
    assert enter(cast["nobody"]).post(f"/actions/{expired.pk}/renew/").status_code == 403
    assert not Task.objects.filter(renews=expired).exists()


def test_what_still_waits_is_not_asked_again(enter: Enter, mara: User) -> None:
    action = propose()
    assert enter(mara).post(f"/actions/{action.pk}/renew/").status_code == 409
    assert "Ask agent to retry" not in enter(mara).get(f"/actions/{action.pk}/").content.decode()
    assert Task.objects.count() == 1


def test_a_run_that_is_only_played_again_says_so(enter: Enter, expired: Action, mara: User) -> None:
    Task.objects.filter(pk=expired.task_id).update(script=[])
    answer = enter(mara).post(f"/actions/{expired.pk}/renew/")
    assert answer.status_code == 422 and "only played again" in answer.content.decode()
