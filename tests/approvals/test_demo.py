"""The demo: it fills once, never runs dry, never floods the board, and obeys the brake."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import Client
from django.test.utils import override_settings
from pytest_django import DjangoDbBlocker, Settings

from agents import plans, tools
from agents.models import Agent, StopSwitch, Task, Tool, User
from agents.toolbox.models import Effect
from approvals import demo, earned
from approvals.models import Approval, Decision
from tests.cast import propose
from tests.office import kept

pytestmark = pytest.mark.django_db


# Before the rows of the others are there.
def test_without_demo_mode_nobody_gets_a_known_password(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("demo")
    demo.demo()
    assert not User.objects.exists()
    assert not Task.objects.exists()


@pytest.fixture(scope="module")
def first_start(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """What the first start of the demo leaves."""
    folder = tmp_path_factory.mktemp("workspace")
    with kept(django_db_blocker), override_settings(WORKSPACE_DIR=folder, DEMO=True):
        demo.fill()
        yield folder


@pytest.fixture
def filled(first_start: Path, settings: Settings) -> None:
    settings.WORKSPACE_DIR = first_start
    settings.DEMO = True


@pytest.fixture
def idle(filled: None) -> None:
    """The demo with nothing at work and nothing waiting."""
    Task.objects.filter(state="QUEUED").update(state="STOPPED", runnable_at=None)


def started_by(beats: int) -> list[Task]:
    return [task for task in (demo.pulse() for _ in range(beats)) if task]


def only_reads(task: Task) -> bool:
    return all(tools.find(step.tool).effect.read_only for step in plans.steps_of(task))


def test_the_accounts_of_the_sign_in_page_are_there_with_their_roles(filled: None) -> None:
    roles = {person.username: [role.slug for role in person.roles.all()] for person in User.objects.order_by("pk")}
    assert roles == {
        "operator": ["junior"], "junior": ["junior"], "senior": ["senior"], "senior2": ["senior"],
        "security": ["security"], "security2": ["security"], "admin": ["admin"], "admin2": ["admin"],
    }  # fmt: skip
    assert str(authenticate(username="operator", password="demo")) == "Olivia Reyes"
    assert [account["username"] for account in demo.accounts()] == list(roles)


def test_the_board_is_alive_from_the_start(filled: None) -> None:
    assert Tool.objects.count() >= 14
    assert Agent.objects.count() >= 8
    tasks = Task.objects.filter(state="QUEUED")
    assert len(tasks) == demo.OPENING
    assert len({task.agent_id for task in tasks}) == demo.OPENING
    assert not Agent.objects.exclude(owner=None).exists()
    assert not Task.objects.exclude(starter=None).exists()


def test_one_agent_is_two_approvals_short_of_acting_alone(filled: None) -> None:
    rung = earned.ladder(Agent.objects.get(slug=demo.EARNER))[0]
    assert (rung.missing, rung.alone, rung.row.wrong_ever) == (2, False, 0)
    assert Effect.objects.filter(tool="crm.label").count() == Decision.objects.count() == 12
    assert demo.EARNER in Task.objects.filter(state="QUEUED").values_list("agent__slug", flat=True)


def test_filling_again_changes_nothing(filled: None) -> None:
    User.objects.get(username="operator").roles.clear()
    changed = User.objects.get(username="senior")
    changed.set_password("mine")
    changed.save()
    before = [model.objects.count() for model in (User, Task, Agent, Tool)]
    demo.fill()
    assert [model.objects.count() for model in (User, Task, Agent, Tool)] == before
    assert not User.objects.get(username="operator").roles.exists()
    assert User.objects.get(username="senior").check_password("mine")


def test_the_beat_keeps_a_few_tasks_at_work_and_no_more(idle: None) -> None:
    assert len(started_by(10)) == demo.RUNNING
    Task.objects.filter(state="QUEUED").update(state="PAUSED", runnable_at=None)
    assert len(started_by(10)) == demo.RUNNING


def test_when_much_waits_only_work_that_asks_nobody_is_started(idle: None) -> None:
    for _ in range(demo.WAITING):
        propose("medium")
    Task.objects.filter(state="RUNNING").update(state="WAITING_APPROVAL")
    made = []
    for _ in range(8):
        made += started_by(1)
        Task.objects.filter(state="QUEUED").update(state="PAUSED", runnable_at=None)
    assert made
    assert all(only_reads(task) for task in made)
    assert Approval.objects.filter(state="open").count() == demo.WAITING


def test_nothing_is_started_whose_questions_no_longer_fit(idle: None) -> None:
    for _ in range(demo.WAITING - 1):
        propose("medium")
    Task.objects.filter(state="RUNNING").update(state="WAITING_APPROVAL")
    for _ in range(30):
        for task in started_by(1):
            asking = [step for step in plans.steps_of(task) if not tools.find(step.tool).effect.read_only]
            assert task.mode == "blocking" or len(asking) <= 1
        Task.objects.filter(state="QUEUED").update(state="PAUSED", runnable_at=None)


def test_with_room_on_the_board_the_beat_starts_more_than_readers(idle: None) -> None:
    made = []
    for _ in range(30):
        made += started_by(1)
        Task.objects.filter(state="QUEUED").update(state="PAUSED", runnable_at=None)
    assert any(not only_reads(task) for task in made)
    assert len({task.agent_id for task in made}) >= 4


def test_a_stop_of_everything_holds_the_demo(idle: None) -> None:
    StopSwitch.objects.create(scope="everything")
    assert started_by(5) == []


def test_a_stopped_agent_is_left_alone(idle: None) -> None:
    awake = Agent.objects.get(slug="notices")
    for agent in Agent.objects.exclude(pk=awake.pk):
        StopSwitch.objects.create(scope="agent", agent=agent)
    made = [task for _ in range(5) for task in started_by(3)]
    assert made
    assert {task.agent_id for task in made} == {awake.pk}


def test_the_accounts_stand_on_the_sign_in_page_of_a_demo_only(client: Client, settings: Settings) -> None:
    settings.DEMO = True
    assert all(f"<b>{name}</b>" in client.get("/accounts/login/").content.decode() for name in demo.ACCOUNTS)
    settings.DEMO = False
    assert "<b>operator</b>" not in client.get("/accounts/login/").content.decode()


def test_an_agent_with_two_open_questions_makes_way_for_others(idle: None) -> None:
    asking = Agent.objects.get(slug="notices")
    task = Task.objects.create(
        agent=asking, agent_version="1", goal="Tell everybody", total=2, state="WAITING_APPROVAL"
    )
    for _ in range(demo.EACH):
        propose("medium", task=task)
    for _ in range(40):
        for made in started_by(1):
            assert made.agent_id != asking.pk
        Task.objects.filter(state="QUEUED").update(state="PAUSED", runnable_at=None)
