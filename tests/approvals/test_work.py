"""Tasks, agents and the brake, as people meet them in the browser."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents import plans, tools
from agents.models import Agent, StopSwitch, Task, User
from agents.plans.steps import Step
from tests.cast import Enter, a_task, propose, reject


@pytest.fixture
def agent(db: None) -> Agent:
    """A built-in agent, as it stands after the first start."""
    tools.sync()
    plans.sync()
    return Agent.objects.get(slug="researcher")


def posted(agent: Agent, **parameters: object) -> dict[str, str]:
    """What the start form of the agent sends in its JSON view, with what it proposes unless told otherwise."""
    return {"save": "start", "f--raw": json.dumps({**plans.defaults(plans.find(agent.slug)), **parameters})}


def shown(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.parametrize("address", ["/tasks/", "/agents/", "/stop/"])
def test_strangers_are_sent_to_the_door(client: Client, db: None, address: str) -> None:
    assert "login" in client.get(address)["Location"]


@pytest.mark.parametrize(("address", "advice"), [("/tasks/", "Choose an agent"), ("/agents/", "manage.py demo")])
def test_an_empty_house_says_what_to_do(enter: Enter, mara: User, address: str, advice: str) -> None:
    assert advice in shown(enter(mara), address)


def test_tasks_show_state_and_progress_and_can_be_filtered(enter: Enter, mara: User) -> None:
    paused, done = a_task(state="PAUSED", done=1, goal="Tidy up"), a_task(state="SUCCEEDED", done=3, goal="Count")
    page = shown(enter(mara), "/tasks/")
    assert "Paused" in page
    assert "1 of 3 steps" in page
    only = shown(enter(mara), "/tasks/?state=SUCCEEDED")
    assert f"/tasks/{done.pk}/" in only
    assert f"/tasks/{paused.pk}/" not in only
    assert "No task fits this filter" in shown(enter(mara), "/tasks/?agent=nobody")


def test_the_list_of_agents_tells_who_is_at_work_and_who_is_stopped(enter: Enter, mara: User, agent: Agent) -> None:
    a_task(state="RUNNING")
    StopSwitch.objects.create(scope="agent", agent=agent, engaged_by=mara)
    page = shown(enter(mara), "/agents/")
    assert "1 task" in page
    assert "Stopped" in page
    assert f'href="/agents/{agent.slug}/start/"' not in page
    assert 'href="/stop/?agent=tester"' in page


def test_the_list_of_agents_counts_what_waits_for_people(enter: Enter, mara: User, agent: Agent) -> None:
    first, second = a_task(), a_task()
    for task in (first, first, second):
        propose("medium", task=task)
    reject(propose("high", task=second), User.objects.get(username="ines"))
    page = shown(enter(mara), "/agents/")
    mine, other = part(page, "tester"), part(page, agent.slug)
    assert '<a href="/?scope=all&amp;agent=tester">3 actions</a>' in mine
    assert '<a href="/tasks/?agent=tester">2 tasks</a>' in mine
    assert "scope=all" not in other
    assert shown(enter(mara), "/?scope=all&agent=tester").count('<li class="item"') == 3


def part(page: str, slug: str) -> str:
    """One agent of the list."""
    start = page.index(f'id="agent-{slug}"')
    return page[start : page.index("</li>", start)]


def test_the_list_of_agents_asks_the_database_no_more_often_for_many(enter: Enter, mara: User, agent: Agent) -> None:
    def asked() -> int:
        client = enter(mara)
        with CaptureQueriesContext(connection) as queries:
            shown(client, "/agents/")
        return len(queries)

    before = asked()
    for number in range(4):
        made = Agent.objects.create(slug=f"more-{number}", name=f"More {number}", kind="plan")
        propose("medium", task=Task.objects.create(agent=made, agent_version="1", goal="x", total=2, state="RUNNING"))
    assert asked() == before


def test_an_agents_page_tells_what_became_of_its_actions(enter: Enter, mara: User, agent: Agent) -> None:
    reject(propose("medium"), mara)
    propose("medium")
    answer = enter(mara).get("/agents/tester/")
    assert answer.context["record"] == [("Rejected", 1)]
    page = shown(enter(mara), f"/agents/{agent.slug}/")
    assert agent.description in page
    assert "None has ended yet." in page
    assert f"/agents/{agent.slug}/start/" in page


def test_a_task_starts_from_the_form_of_its_agent(enter: Enter, mara: User, agent: Agent) -> None:
    assert "Start the task" in shown(enter(mara), f"/agents/{agent.slug}/start/")
    answer = enter(mara).post(f"/agents/{agent.slug}/start/", posted(agent))
    task = Task.objects.get()
    assert answer["Location"] == f"/tasks/{task.pk}/"
    assert (task.starter, task.state) == (mara, "QUEUED")
    assert task.total > 0
    assert task.events.get().actor_name == "Mara"


def test_parameters_that_do_not_fit_come_back_with_the_reason(enter: Enter, mara: User, agent: Agent) -> None:
    answer = enter(mara).post(f"/agents/{agent.slug}/start/", posted(agent, surprise="<script>"))
    assert answer.status_code == 422
    assert "cannot be kept yet" in answer.content.decode()
    assert "<script>" not in answer.content.decode().split("<main", 1)[1]
    assert not Task.objects.exists()


def test_the_fields_of_the_form_start_the_task_too(enter: Enter, mara: User, agent: Agent) -> None:
    page = shown(enter(mara), f"/agents/{agent.slug}/start/")
    fields = {f"f-{name}": value for name, value in plans.defaults(plans.find(agent.slug)).items()}
    assert all(f'name="{name}"' in page for name in fields)
    assert enter(mara).post(f"/agents/{agent.slug}/start/", {"save": "start", **fields}).status_code == 302
    assert Task.objects.get().parameters == plans.defaults(plans.find(agent.slug))


def test_looking_at_the_form_starts_nothing(enter: Enter, mara: User, agent: Agent) -> None:
    enter(mara).post(f"/agents/{agent.slug}/start/", {})
    assert not Task.objects.exists()


def test_an_agent_without_a_plan_says_that_it_cannot_be_started(enter: Enter, mara: User) -> None:
    a_task()
    assert enter(mara).get("/agents/tester/start/").status_code == 422
    assert 'href="/agents/tester/start/"' not in shown(enter(mara), "/agents/tester/")


@pytest.mark.parametrize(
    "address", ["/agents/nobody/", "/agents/nobody/start/", "/stop/?agent=nobody", "/stop/?tool=x%00"]
)
def test_what_is_not_there_is_not_found(enter: Enter, mara: User, address: str) -> None:
    shown(enter(mara), address, 404)


def test_the_brake_asks_before_it_is_pulled(enter: Enter, mara: User) -> None:
    page = shown(enter(mara), "/stop/")
    assert "Stop everything?" in page
    assert "two seniors" in page
    assert not StopSwitch.objects.exists()


def test_after_stopping_everybody_reads_who_and_why(enter: Enter, mara: User, jonas: User) -> None:
    page = enter(mara).post("/stop/", {"reason": "wrong <b>segment</b>"}).content.decode()
    assert "In mid-flight when you stopped" in page
    other = shown(enter(jonas), "/stop/")
    assert "Everything is stopped" in other
    assert "Mara" in other
    assert "wrong &lt;b&gt;segment" in other
    assert "needs two people" in other


def test_only_a_stopped_agents_own_calls_are_listed_as_in_mid_flight(enter: Enter, mara: User, agent: Agent) -> None:
    flying = propose("auto")
    type(flying).objects.filter(pk=flying.pk).update(state="EXECUTING", fence=1, leased_until="2100-01-01T00:00Z")
    assert f"/actions/{flying.pk}/" in shown(enter(mara), "/stop/?agent=tester")
    assert f"/actions/{flying.pk}/" not in shown(enter(mara), f"/stop/?agent={agent.slug}")


def test_a_person_without_a_role_cannot_pull_the_brake(enter: Enter, cast: dict[str, User]) -> None:
    assert enter(cast["nobody"]).post("/stop/").status_code == 403
    assert not StopSwitch.objects.exists()


def test_a_stop_of_an_agent_and_a_tool_at_once_is_one_of_the_agent(enter: Enter, mara: User, agent: Agent) -> None:
    assert enter(mara).post("/stop/", {"agent": agent.slug, "tool": "web.search"}).status_code == 200
    assert StopSwitch.objects.get().scope == "agent"


def test_a_stopped_agent_cannot_be_started(enter: Enter, mara: User, agent: Agent) -> None:
    enter(mara).post("/stop/", {"agent": agent.slug})
    assert "This agent is stopped." in shown(enter(mara), f"/agents/{agent.slug}/")
    assert enter(mara).post(f"/agents/{agent.slug}/start/", posted(agent)).status_code == 422
    assert not Task.objects.exists()


def test_a_senior_lifts_the_stop_of_an_agent_with_the_password(
    enter: Enter, mara: User, ines: User, agent: Agent
) -> None:
    enter(mara).post("/stop/", {"agent": agent.slug})
    stop = StopSwitch.objects.get()
    assert enter(mara).post(f"/stop/{stop.pk}/lift/", {"password": "secret"}).status_code == 403
    browser = enter(ines)
    assert 'type="password"' in shown(browser, "/stop/")
    assert browser.post(f"/stop/{stop.pk}/lift/").status_code == 422
    wrong = browser.post(f"/stop/{stop.pk}/lift/", {"password": "guess"})
    assert wrong.status_code == 422
    assert "password is not right" in wrong.content.decode()
    assert browser.post(f"/stop/{stop.pk}/lift/", {"password": "secret"}).status_code == 302
    stop.refresh_from_db()
    assert stop.lifted_by == ines
    assert browser.post(f"/stop/{stop.pk}/lift/", {"password": "secret"}).status_code == 409


def test_a_stop_of_everything_is_lifted_by_two_people(enter: Enter, mara: User, cast: dict[str, User]) -> None:
    enter(mara).post("/stop/")
    stop = StopSwitch.objects.get()
    ines, omar = enter(cast["ines"]), enter(cast["omar"])
    for _twice in range(2):
        ines.post(f"/stop/{stop.pk}/lift/", {"password": "secret"})
        assert StopSwitch.objects.get().lifted_at is None
    assert "another senior has to lift it" in shown(ines, "/stop/")
    assert "Ines</bdi> has asked" in shown(omar, "/stop/") or "Ines has asked" in shown(omar, "/stop/")
    omar.post(f"/stop/{stop.pk}/lift/", {"password": "secret"})
    assert StopSwitch.objects.get().lifted_at is not None
    assert "Stop everything?" in shown(omar, "/stop/")


@pytest.mark.parametrize(
    ("address", "most"), [("/tasks/", 19), ("/agents/", 19), ("/agents/tester/", 26), ("/stop/", 19)]
)
def test_a_longer_page_asks_the_database_no_more_often(enter: Enter, mara: User, address: str, most: int) -> None:
    browser, asked = enter(mara), []
    browser.get(address)  # the first page of a session also writes down that it is in use
    for more in (1, 15):
        for _ in range(more):
            propose("low", task=a_task())
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= most


def told(page: str, number: int) -> str:
    """What the page says of one step of a plan."""
    start = page.index(f'id="step-{number}"')
    return page[start : page.index("</li>", start)]


def branching(monkeypatch: pytest.MonkeyPatch, **last: object) -> None:
    """A plan of four: the second follows from the first, the third is for itself, the fourth as a test wants it."""
    steps = [
        Step("step-0", "test.high", {}), Step("step-1", "test.low", {}, depends_on=("step-0",)),
        Step("step-2", "test.low", {}), Step("step-3", "test.low", {}, **last),
    ]  # fmt: skip
    monkeypatch.setattr(plans, "steps_of", lambda _task: steps)


def test_a_task_that_goes_on_says_what_waits_for_whom_and_what_goes_on(
    enter: Enter, mara: User, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    branching(monkeypatch)
    task = a_task(mode="queue", total=4)
    gated = propose("high", task=task)
    page = shown(enter(mara), f"/tasks/{task.pk}/")
    assert "Step 1 waits for people." in page and "Steps 3 and 4 go on meanwhile." in page
    assert (
        "Waits for: Senior reviewer." in told(page, 1)
        and "data-due" in told(page, 1)
        and "then expires" in told(page, 1)
    )
    assert "Waits for step 1, which needs: Senior reviewer." in told(page, 2)
    assert "Goes on meanwhile" in told(page, 3)
    reject(gated, ines)
    page = shown(enter(mara), f"/tasks/{task.pk}/")
    assert "waits for people" not in page and "Left out" in told(page, 2) and "To come" in told(page, 3)


def test_a_task_that_waits_says_that_nothing_goes_on(enter: Enter, mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    branching(monkeypatch)
    task = a_task(mode="blocking", total=4)
    propose("high", task=task)
    page = shown(enter(mara), f"/tasks/{task.pk}/")
    assert "Nothing else goes on until then." in page
    assert "Waits for step 1, which needs: Senior reviewer." in told(page, 3)


def test_a_step_with_a_mode_of_its_own_says_so(enter: Enter, mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    branching(monkeypatch, holds=True)
    page = shown(enter(mara), f"/tasks/{a_task(mode='queue').pk}/")
    assert "holds the plan" in told(page, 4) and "holds the plan" not in told(page, 3)


def test_a_plan_of_many_steps_asks_the_database_no_more_often(
    enter: Enter, mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, asked = enter(mara), []
    browser.get("/tasks/")
    for length in (2, 12):
        steps = [Step(f"step-{number}", "test.high", {}) for number in range(length)]
        monkeypatch.setattr(plans, "steps_of", lambda _task, steps=steps: steps)
        task = a_task(mode="queue")
        for _number in range(length):
            propose("high", task=task)
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/tasks/{task.pk}/")
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 22


@pytest.mark.parametrize(("mode", "expected"), [("", "blocking"), ("queue", "queue"), ("blocking", "blocking")])
def test_whoever_starts_a_task_chooses_whether_it_waits(
    enter: Enter, mara: User, agent: Agent, mode: str, expected: str
) -> None:
    browser = enter(mara)
    assert browser.post(f"/agents/{agent.slug}/start/", {**posted(agent), "mode": mode}).status_code == 302
    assert Task.objects.get().mode == expected


def test_a_mode_that_does_not_exist_starts_nothing(enter: Enter, mara: User, agent: Agent) -> None:
    answer = enter(mara).post(f"/agents/{agent.slug}/start/", {**posted(agent), "mode": "<b>often"})
    assert (answer.status_code, Task.objects.count()) == (422, 0)
    assert "choose one" in answer.content.decode()
