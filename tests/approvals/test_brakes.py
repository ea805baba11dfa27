"""Stops and pauses: nothing new starts, decisions and deadlines go on, and who may let it go on again."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from agents import execution, leases, plans, runner, tools
from agents.models import Action, Agent, Event, StopSwitch, Task, Tool, User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import controls, gate, tasks
from approvals.decisions import Forbidden
from approvals.models import Approval
from tests.approvals.test_gate import notice, perform, taken
from tests.cast import Enter, approve, proof, propose, question, reject

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def office(cast: dict[str, User]) -> None:
    tools.sync()


def scopes(action: Action) -> list[dict[str, Any]]:
    return [{}, {"agent": action.agent}, {"tool": action.tool}]


@pytest.mark.parametrize("scope", range(3))
def test_under_a_stop_nothing_is_claimed_and_decisions_and_deadlines_go_on(cast: dict[str, User], scope: int) -> None:
    free, refused, late = notice(), notice(), notice()
    controls.engage(cast["mara"], proof(), **scopes(free)[scope])
    approve(free, cast["mara"])
    reject(refused, cast["jonas"])
    Approval.objects.filter(action=late).update(deadline=Now() - timedelta(seconds=1))
    tasks.sweep()
    late.refresh_from_db()
    assert not perform(free)
    assert (free.state, refused.state, late.state) == ("APPROVED", "REJECTED", "EXPIRED")


def test_a_stop_of_a_tool_leaves_the_others_alone(mara: User) -> None:
    stopped, other = notice(), propose(tool="web.search", arguments={"query": "refunds"})
    approve(stopped, mara)
    controls.engage(mara, proof(), tool=Tool.objects.get(name="chat.post"))
    assert perform(other) and not perform(stopped)


def test_what_is_in_mid_flight_runs_to_its_end_and_is_listed(mara: User) -> None:
    action = notice()
    approve(action, mara)
    seen: list[Action] = []
    claimed = Action.objects.select_related("tool", "task", "agent").get(pk=action.pk)
    claimed.task = taken(action.task)
    with pytest.MonkeyPatch.context() as here:
        run = tools.run

        def stopped_meanwhile(*given: Any) -> Any:
            seen.extend(controls.engage(mara, proof()))
            return run(*given)

        here.setattr("agents.tools.run", stopped_meanwhile)
        execution.perform(claimed, gate=gate)
    assert seen == [action] and Action.objects.get(pk=action.pk).state == "SUCCEEDED"


def test_a_stopped_or_paused_agent_proposes_nothing(mara: User) -> None:
    plans.sync()
    agent = Agent.objects.get(slug="researcher")
    task = controls.start(agent, plans.defaults(plans.find("researcher")), by=tasks.ledger.CLOCK)
    controls.pause_agent(agent, mara, proof())
    assert not runner.advance(taken(task), gate=gate) and not task.actions.exists()
    with pytest.raises(Refused, match="paused"):
        controls.start(agent, plans.defaults(plans.find("researcher")), by=tasks.ledger.CLOCK)
    Task.objects.update(leased_by="", leased_until=None, runnable_at=None)
    controls.resume_agent(agent, mara, proof())
    assert list(tasks.runnable()) == [task.pk]
    assert runner.advance(taken(task), gate=gate) and task.actions.exists()


def test_a_paused_agent_starts_nothing_until_any_reviewer_resumes_it(mara: User, jonas: User) -> None:
    action = notice()
    approve(action, mara)
    controls.pause_agent(action.agent, mara, proof())
    assert not perform(action) and action.state == "APPROVED"
    with pytest.raises(Conflict, match="already"):
        controls.pause_agent(action.agent, jonas, proof())
    controls.resume_agent(action.agent, jonas, proof())
    with pytest.raises(Conflict, match="not paused"):
        controls.resume_agent(action.agent, jonas, proof())
    assert perform(action)
    told = Event.objects.filter(kind__startswith="agent.").order_by("pk").values_list("kind", "actor_name")
    assert list(told) == [("agent.paused", "Mara"), ("agent.resumed", "Jonas")]


def test_a_stop_takes_the_place_of_a_pause_and_only_a_senior_lifts_it(cast: dict[str, User]) -> None:
    agent = notice().agent
    controls.pause_agent(agent, cast["mara"], proof())
    controls.engage(cast["mara"], proof(), agent=agent)
    stop = agent.stops.get(lifted_at=None)
    assert not stop.pause
    with pytest.raises(Conflict):
        controls.resume_agent(agent, cast["ines"], proof())
    with pytest.raises(Forbidden):
        controls.lift(stop, cast["mara"], proof())
    assert controls.lift(stop, cast["ines"], proof())
    assert not agent.stops.filter(lifted_at=None).exists()


def test_a_pause_is_no_stop_that_a_senior_lifts(cast: dict[str, User]) -> None:
    agent = notice().agent
    controls.pause_agent(agent, cast["mara"], proof())
    with pytest.raises(Conflict):
        controls.lift(agent.stops.get(), cast["ines"], proof())


@pytest.mark.parametrize("verb", [controls.pause_agent, controls.resume_agent])
def test_who_has_no_role_pauses_and_resumes_nothing(cast: dict[str, User], verb: Any) -> None:
    with pytest.raises(Forbidden):
        verb(notice().agent, cast["nobody"], proof())
    assert not StopSwitch.objects.exists()


# In the browser --------------------------------------------------------------------------------------------------------


def words(enter: Enter, person: User, address: str) -> str:
    answer = enter(person).get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_an_agent_is_paused_and_resumed_on_its_page(enter: Enter, mara: User, jonas: User) -> None:
    agent = notice().agent
    address = f"/agents/{agent.slug}/"
    assert f'formaction="{address}pause/"' in words(enter, mara, address)
    assert enter(mara).post(f"{address}pause/")["Location"] == address
    html = words(enter, jonas, address)
    assert "This agent is paused." in html and "Mara</bdi> paused it," in html
    assert f'formaction="{address}resume/"' in html and f"/stop/?agent={agent.slug}" in html
    assert "Paused" in words(enter, jonas, "/agents/")
    assert 'class="banner"' not in html
    assert enter(mara).post(f"{address}pause/").status_code == 409
    enter(jonas).post(f"{address}resume/")
    assert "This agent is paused." not in words(enter, mara, address)


def test_the_page_of_the_brake_leads_to_one_agent_or_one_tool_and_tells_what_will_wait(
    enter: Enter, mara: User
) -> None:
    action = notice()
    approve(action, mara)
    html = words(enter, mara, "/stop/")
    assert f'<option value="{action.agent.slug}">' in html and '<option value="chat.post">' in html
    html = words(enter, mara, "/stop/?tool=chat.post")
    assert "Stop <bdi" in html and "1 approved action has not started" in html
    assert "has not started" not in words(enter, mara, "/stop/?tool=email.send")
    answer = enter(mara).post("/stop/", {"tool": "chat.post", "reason": "It posts twice."})
    assert "From this moment nothing in its scope starts" in answer.content.decode()
    assert f'href="/stop/?tool={action.tool_name}"' in words(enter, mara, f"/actions/{action.pk}/")


@pytest.mark.parametrize(
    "address", ["/", "/tasks/", "/agents/", "/actions/", "/decisions/", "/audit/", "/people/", "/stop/", "/nowhere/"]
)
def test_the_banner_of_a_stop_is_on_every_page(enter: Enter, mara: User, address: str) -> None:
    controls.engage(mara, proof(), tool=Tool.objects.get(name="chat.post"), reason="It posts twice.")
    html = enter(mara).get(address).content.decode()
    assert "The tool chat.post is stopped." in html and "It posts twice." in html


@pytest.mark.parametrize("kind", ["actions", "tasks", "agents"])
def test_an_open_page_hears_of_a_stop(enter: Enter, mara: User, kind: str) -> None:
    action = notice()
    pages = {"actions": action.pk, "tasks": action.task_id, "agents": action.agent.slug}
    controls.engage(mara, proof())
    answer = enter(mara).get(f"/{kind}/{pages[kind]}/", headers={"HX-Request": "true"}).content.decode()
    assert answer.index("Everything is stopped.") < answer.index("</div>\n</div>")
    assert answer.lstrip().startswith('<div id="stops" hx-swap-oob="morph">')


# From the shell --------------------------------------------------------------------------------------------------------


def test_the_shell_stops_and_lists_and_a_senior_lifts_it(ines: User, capsys: pytest.CaptureFixture[str]) -> None:
    flying = propose("auto", arguments={"to": "anna\x1b[2K"})
    Action.objects.filter(pk=flying.pk).update(state="EXECUTING", fence=1, leased_until="2100-01-01T00:00Z")
    call_command("stop", "--agent", "tester", "--reason", "It runs wild.")
    said = capsys.readouterr().out
    assert "Stopped: Tester." in said and f"In mid-flight: #{flying.pk} " in said and "\x1b" not in said
    call_command("stop", "--list")
    assert "It runs wild." in capsys.readouterr().out
    event = Event.objects.get(kind="stop.engaged")
    assert (event.actor_kind, event.reason, event.detail["agent"]) == ("command", "It runs wild.", "tester")
    assert controls.lift(StopSwitch.objects.get(), ines, proof())


def test_the_shell_says_what_it_does_not_know() -> None:
    with pytest.raises(CommandError, match="no tool nothing"):
        call_command("stop", "--tool", "nothing")
    with pytest.raises(CommandError):
        call_command("stop")
    assert not StopSwitch.objects.exists()


def test_a_page_draws_the_stop_of_the_shell(enter: Enter, mara: User) -> None:
    call_command("stop", "--everything")
    assert "Everything is stopped." in words(enter, mara, "/") and "Stop of everything" in words(enter, mara, "/stop/")


def test_a_paused_task_is_left_where_it_is_and_goes_on(mara: User) -> None:
    action = notice()
    approve(action, mara)
    controls.pause(action.task, mara, proof())
    assert question(action).state == "satisfied"
    leases.wake(action.task_id)
    assert leases.take(action.task_id, "worker") is None
    controls.resume(action.task, mara, proof())
    assert perform(action)
