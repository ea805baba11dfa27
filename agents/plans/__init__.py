"""Agents that live in this process: scripted plans, and recorded runs played again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from random import Random
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error as DatabaseFault

from agents import trust
from agents.models import Agent, Task
from agents.payloads import Refused
from agents.plans.drafting import Redraft, redraft
from agents.plans.recorded import recorded_result, recorded_steps
from agents.plans.steps import (
    Answer,
    Done,
    Place,
    Plan,
    Refined,
    Step,
    Wait,
    holding,
    narrowed,
    next_step,
    places,
    refined,
)
from agents.transactions import whole

__all__ = [
    "Answer", "Broken", "Done", "Place", "Plan", "Redraft", "Refined", "Step", "Wait", "blamed", "choose", "defaults", "find", "holding",
    "length", "next_step", "places", "recorded_result", "redraft", "refined", "steps_of", "sync",
]  # fmt: skip

# One module an agent; each has a PLAN.
PLANS = (
    "agents.plans.campaign",
    "agents.plans.notice",
    "agents.plans.analyst",
    "agents.plans.cleaner",
    "agents.plans.clerk",
    "agents.plans.researcher",
    "agents.plans.deployer",
    "agents.plans.traveller",
    "agents.plans.support",
    "agents.plans.publisher",
    "agents.plans.records",
)

# What breaks around a plan is not its fault: the same plan may go on a moment later.
OUTSIDE = (DatabaseFault, ConnectionError)
# Nor need it be when its worker runs out of memory or time, unless that happens again and again.
AROUND = (*OUTSIDE, MemoryError, SoftTimeLimitExceeded)


class Broken(Exception):
    """A plan raised what nobody foresaw; the message is the name of that."""


@contextmanager
def blamed() -> Iterator[None]:
    """The code of a plan runs in here: what it raises leaves as Broken, but for a Refused and what breaks around it."""
    try:
        yield
    except (Refused, Broken, *AROUND):
        raise
    except Exception as error:
        raise Broken(type(error).__name__) from error


@cache
def registry() -> Mapping[str, Plan]:
    return {plan.slug: plan for plan in (import_module(name).PLAN for name in PLANS)}


def find(slug: str) -> Plan | None:
    return registry().get(slug)


@blamed()
def steps_of(task: Task) -> list[Step]:
    """All steps of a task, in order: from its recorded run, or from its agent's plan and its parameters; of one that tries
    an action again, that step and what it needs. Raises Broken."""
    if task.script is not None:
        return recorded_steps(task.script)
    plan = find(task.agent.slug)
    steps = list(plan.steps({**defaults(plan), **task.parameters})) if plan else []
    return narrowed(steps, task.anew.step) if task.anew else steps


def length(steps: Sequence[Step]) -> int:
    """How many steps a plan takes: an alternative is counted in the place of what it stands for."""
    return sum(not step.instead_of for step in steps)


def defaults(plan: Plan) -> dict[str, Any]:
    """What the start form of an agent is filled with."""
    return {name: field["default"] for name, field in plan.parameters["properties"].items() if "default" in field}


def choose(rng: Random) -> tuple[str, dict[str, Any]]:
    """The next piece of work for a demo: an agent by its weight, with parameters of its own."""
    plans = list(registry().values())
    plan = rng.choices(plans, weights=[plan.weight for plan in plans])[0]
    return plan.slug, {**defaults(plan), **plan.example(rng)}


@whole
def sync() -> None:
    """Write the rows of the built-in agents."""
    for plan in registry().values():
        fields = {"name": plan.name, "description": plan.description, "version": plan.version, "kind": Agent.Kind.PLAN}
        Agent.objects.update_or_create(slug=plan.slug, defaults=fields)
    trust.outgrown()
