"""The people and the work of the tests: a fixed cast, and plain functions that make rows the way the product does."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.test import Client
from django.utils import timezone

from agents import leases, ledger, proposals, runner
from agents.models import Action, Agent, Task, Tool, User
from approvals import decisions, gate
from approvals.models import Approval, Decision, Role, Tier

NAMES = {
    "mara": ("junior",),
    "jonas": ("junior",),
    "ines": ("senior",),
    "omar": ("senior",),
    "sami": ("security",),
    "ada": ("admin",),
    "nobody": (),
}
Enter = Callable[[User], Client]
_nonces = itertools.count()


@cache
def _secret() -> str:
    """The hash of "secret", made once: a hundred milliseconds for each of seven people would slow every test."""
    return make_password("secret")


@pytest.fixture
def cast(db: None) -> dict[str, User]:
    """Mara and Jonas are juniors, Ines and Omar seniors, Sami is security, Ada admin, and one has no role."""
    roles = {role.slug: role for role in Role.objects.all()}
    people = {}
    for name, slugs in NAMES.items():
        people[name] = User.objects.create(username=name, password=_secret(), first_name=name.title())
        people[name].roles.set([roles[slug] for slug in slugs])
    at_a_glance()
    return people


def at_a_glance() -> None:
    """The people of the tests read as fast as they click, and what they approve may start at once."""
    Tier.objects.update(card_seconds=0, hold_seconds=0)


@pytest.fixture
def mara(cast: dict[str, User]) -> User:
    return cast["mara"]


@pytest.fixture
def jonas(cast: dict[str, User]) -> User:
    return cast["jonas"]


@pytest.fixture
def ines(cast: dict[str, User]) -> User:
    return cast["ines"]


@pytest.fixture
def sami(cast: dict[str, User]) -> User:
    return cast["sami"]


@pytest.fixture
def enter(db: None) -> Enter:
    """A browser of its own for each person, signed in a long time ago."""

    def sign_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return sign_in


SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "text": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
    "required": ["to"],
    "additionalProperties": False,
}
EFFECTS = {
    "low": {"affects_others": True},
    "medium": {"affects_others": True, "outside": True},
    "high": {"affects_others": True, "spends_money": True, "sensitive": True},
    "critical": {"affects_others": True, "sensitive": True},
    "auto": {"reversible": True},
}


def a_tool(level: str = "medium", **changes: Any) -> Tool:
    """A declared tool whose calls the gate rates at `level`; it lives in no toolbox, so its impact is nothing."""
    fields = {"version": "1", "schema": SCHEMA, "effect": EFFECTS[level], **changes}
    # The first policy lifts every deploy.* to critical.
    name = "deploy.test" if level == "critical" else f"test.{level}"
    return Tool.objects.update_or_create(name=name, defaults=fields)[0]


def a_task(*, starter: User | None = None, owner: User | None = None, total: int = 3, **changes: Any) -> Task:
    agent = (
        changes.pop("agent", None)
        or Agent.objects.get_or_create(slug="tester", defaults={"name": "Tester", "kind": "plan", "owner": owner})[0]
    )
    fields = {"agent_version": "1", "goal": "Test", "starter": starter, "total": total, "state": "RUNNING", **changes}
    return Task.objects.create(agent=agent, **fields)


def propose(
    level: str = "medium", *, task: Task | None = None, arguments: dict[str, Any] | None = None, **wish: Any
) -> Action:
    """One action, proposed and judged as the runner does it."""
    tool = wish.pop("tool", None) or a_tool(level).name
    task = task or a_task()
    position = task.actions.count()
    wish = {"why": "Because.", **wish}
    asked = proposals.Wish(f"step-{position}", tool, arguments or {"to": "anna"}, **wish)
    made = proposals.draft(task, asked)
    with transaction.atomic():
        action, version = proposals.add(task, asked, made, position)
        ledger.record("action.proposed", ledger.agent(task.agent), action=action, to="PROPOSED")
        gate.submit(action, version)
    action.refresh_from_db()
    return action


def question(action: Action) -> Approval:
    related = ("asked", "tier", "verdict__policy", "action__task", "action__agent", "action__tool")
    return Approval.objects.select_related(*related).filter(action=action).latest("pk")


def proof(at: Any = "now") -> decisions.Proof:
    return decisions.Proof("s" * 64, "password", timezone.now() if at == "now" else at)


@dataclass
class Answer:
    """How a person in a test answers: looks at the card first, then posts what it showed."""

    person: User

    def seen(self, approval: Approval, nonce: str = "") -> decisions.Seen:
        nonce = nonce or f"nonce-{next(_nonces)}"
        return decisions.Seen(approval.asked.version, approval.asked.digest, nonce)

    def give(self, action: Action, answer: str, *, nonce: str = "", look: bool = True, **more: Any) -> Decision:
        approval = question(action)
        seen = more.pop("seen", None) or self.seen(approval, nonce)
        if look and not approval.views.filter(nonce_hash=seen.nonce_hash, person=self.person).exists():
            decisions.show(approval, self.person, seen.nonce)
        more = {"proof": proof(), "typed": approval.asked.target, **more}
        decision = decisions.decide(approval, self.person, answer=answer, seen=seen, **more)
        action.refresh_from_db()
        return decision


def approve(action: Action, person: User, **more: Any) -> Decision:
    return Answer(person).give(action, "approve", **more)


def reject(action: Action, person: User, **more: Any) -> Decision:
    return Answer(person).give(action, "reject", note=more.pop("note", "wrong target"), **more)


def respond(action: Action, person: User, text: str = "Go on as you said.", **more: Any) -> Decision:
    """Answer a question; the agent makes its next version at the task's next stretch."""
    approval = question(action)
    seen = more.pop("seen", None) or Answer(person).seen(approval)
    decision = decisions.respond(approval, person, text=text, seen=seen, **{"proof": proof(), **more})
    action.refresh_from_db()
    return decision


def choose(action: Action, person: User, option: int) -> Approval:
    """Take an option of a question, by its number."""
    asked = question(action)
    again = decisions.choose(asked, person, option=option, seen=Answer(person).seen(asked), proof=proof())
    action.refresh_from_db()
    return again


def go_on(about: Action | Task) -> None:
    """The worker's turn: one stretch of the task, or of the action's."""
    taken = leases.take(about.task_id if isinstance(about, Action) else about.pk, "worker")
    assert taken
    while runner.advance(taken, gate=gate) and leases.renew(taken):
        pass
    leases.release(taken)
    about.refresh_from_db()


def kinds(action: Action) -> list[str]:
    return [event.kind for event in action.events.order_by("pk")]
