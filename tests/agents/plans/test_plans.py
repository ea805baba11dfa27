"""The agents that work in this process, from their form to the end of their tasks."""

import random
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agents import leases, ledger, payloads, plans, runner, tools
from agents.models import Agent, Task, User
from agents.plans.steps import Plan
from agents.toolbox.models import Effect
from agents.toolbox.seed import SEGMENTS
from approvals import controls, gate
from approvals.models import Approval
from tests.agents.toolbox.conftest import customers, office
from tests.cast import approve, choose, question, reject, respond

__all__ = ["customers", "office"]

PLANS = dict(plans.registry())
FAILS = {"publisher": {"finished": False}, "deployer": {"pool": "us-1"}}


@pytest.fixture
def house(office: Path) -> Path:
    tools.sync()
    plans.sync()
    return office


def begin(slug: str, **changes: Any) -> Task:
    plan = PLANS[slug]
    parameters = {**plans.defaults(plan), **changes}
    return controls.start(Agent.objects.get(slug=slug), parameters, by=ledger.Actor("demo"))


def stretch(task: Task) -> None:
    """What a worker does with a task until it has to wait."""
    leases.wake(task.pk)
    if taken := leases.take(task.pk, "tester"):
        while runner.advance(taken, gate=gate) and leases.renew(taken):
            pass
        leases.release(taken)
    task.refresh_from_db()


def decide(task: Task, people: list[User], answer: Any) -> bool:
    """Everybody who may answers what waits; False when nothing does."""
    waiting = task.actions.filter(state="PENDING").first()
    if waiting is None:
        return False
    asked = question(waiting)
    if answer is approve and asked.kind == Approval.Kind.INPUT:
        if asked.asked.question.get("options"):
            choose(waiting, people[0], 1)
        else:
            respond(waiting, people[0])
        return True
    level = asked.tier.level
    for person in people if level == "critical" and answer is approve else people[:1]:
        answer(waiting, person)
    return True


def through(task: Task, people: list[User], answer: Any) -> None:
    stretch(task)
    while decide(task, people, answer):
        stretch(task)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_a_plan_is_sound(house: Path, plan: Plan) -> None:
    Draft202012Validator.check_schema(plan.parameters)
    rng = random.Random(1)
    for _round in range(20):
        parameters = {**plans.defaults(plan), **plan.example(rng)}
        assert payloads.fits(plan.parameters, parameters) == []
        assert plan.goal(parameters)
        steps, seen = plan.steps(parameters), set()
        for step in steps:
            tool = tools.find(step.tool)
            assert tool and step.why and step.key not in seen
            assert {*step.depends_on, *filter(None, [step.instead_of])} <= seen
            assert callable(step.arguments) or payloads.fits(tool.schema, step.arguments) == []
            seen.add(step.key)


def test_the_agents_differ() -> None:
    assert len(PLANS) >= 8
    assert {plan.mode for plan in PLANS.values()} == {"blocking", "queue"}
    stated = {s.confidence for plan in PLANS.values() for s in plan.steps(plans.defaults(plan))}
    assert None in stated and min(filter(None, stated)) < 0.7 and max(filter(None, stated)) > 0.9


@pytest.mark.parametrize("slug", PLANS)
def test_with_every_yes_a_plan_does_all_it_can(house: Path, slug: str, ines: User, sami: User) -> None:
    task = begin(slug)
    through(task, [ines, sami], approve)
    if slug == "clerk":  # its wire is lost on the way, and a person has to find out
        assert list(task.actions.filter(state="UNKNOWN").values_list("step", flat=True)) == ["wire"]
        assert (task.state, task.done) == ("WAITING_APPROVAL", task.total - 1)
        return
    assert (task.state, task.done, task.progress_percent) == ("SUCCEEDED", task.total, 100), task.reason
    assert task.result == {"steps": {action.step: "SUCCEEDED" for action in task.actions.all()}, "skipped": []}


@pytest.mark.parametrize("slug", PLANS)
def test_with_every_no_nothing_reaches_anybody(house: Path, slug: str, ines: User, sami: User) -> None:
    task = begin(slug)
    through(task, [ines, sami], reject)
    assert task.state in ("SUCCEEDED", "STOPPED")
    assert not task.actions.filter(state__in=("PENDING", "APPROVED", "UNKNOWN", "FAILED")).exists()
    asked = task.actions.filter(state="REJECTED").values_list("pk", flat=True)
    assert not Effect.objects.filter(action_id__in=asked).exists()
    assert not Effect.objects.filter(tool__in=("payments.refund", "email.send", "email.send_campaign")).exists()


@pytest.mark.parametrize("slug", FAILS)
def test_failure_is_part_of_the_demo(house: Path, slug: str, ines: User, sami: User) -> None:
    task = begin(slug, **FAILS[slug])
    through(task, [ines, sami], approve)
    assert task.state == "FAILED" and task.actions.filter(state="FAILED").count() == 1
    assert task.actions.get(state="FAILED").title in task.reason


def test_the_campaign_waits_with_its_preview_before_anybody_gets_mail(house: Path) -> None:
    task = begin("outreach")
    stretch(task)
    waiting = task.actions.get(state="PENDING")
    assert (task.state, waiting.level) == ("WAITING_APPROVAL", "high")
    assert waiting.title == f"Email “Your spring renewal offer” to {SEGMENTS['contracts-ending-may']:,} recipients"
    assert not Effect.objects.filter(tool="email.send_campaign").exists()


def test_the_notice_says_why_who_and_what(house: Path, mara: User) -> None:
    task = begin("notices")
    stretch(task)
    approve(task.actions.get(step="book"), mara)
    stretch(task)
    asked = task.actions.get(step="notify").versions.get()
    assert (asked.why, asked.who, asked.what) != ("", "", "") and "12 people" in asked.who
    assert "12" in asked.title


def test_a_refused_deletion_becomes_an_archive(house: Path, ines: User) -> None:
    task = begin("cleaner")
    stretch(task)
    assert task.actions.get(state="PENDING").step == "delete"
    reject(task.actions.get(step="delete"), ines)
    stretch(task)
    assert task.actions.get(step="archive").state == "SUCCEEDED"
    assert (task.state, task.done) == ("SUCCEEDED", task.total)
    assert not list((house / "tmp").iterdir())


def test_the_researcher_needs_nobody(house: Path) -> None:
    task = begin("researcher")
    stretch(task)
    assert task.state == "SUCCEEDED" and not Effect.objects.exists()


def test_the_support_agent_goes_on_with_the_others_while_one_waits(house: Path) -> None:
    task = begin("support", replies=3)
    stretch(task)
    assert task.actions.filter(state="PENDING").count() == 3


def test_a_plan_whose_earlier_result_is_missing_stops_with_a_reason(house: Path) -> None:
    task = begin("traveller")
    taken = leases.take(task.pk, "tester")
    assert taken and runner.advance(taken, gate=gate)
    task.actions.update(state="SUCCEEDED", result=None)  # as when a person settled it by hand
    while runner.advance(taken, gate=gate) and leases.renew(taken):
        pass
    task.refresh_from_db()
    assert task.state == "STOPPED" and "cannot be worked out" in task.reason


def test_an_agent_without_a_plan_ends_as_not_done(house: Path) -> None:
    agent = Agent.objects.create(slug="gone", name="Gone", kind="plan")
    task = runner.start(agent=agent, goal="?", parameters={}, mode="queue", by=ledger.CLOCK)
    stretch(task)
    assert task.state == "STOPPED"


def test_the_demo_meets_every_agent(house: Path) -> None:
    rng = random.Random(3)
    chosen = [plans.choose(rng) for _round in range(400)]
    assert {slug for slug, _parameters in chosen} == set(PLANS)
    assert all(payloads.fits(PLANS[slug].parameters, parameters) == [] for slug, parameters in chosen)
