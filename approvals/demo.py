"""The demo: eight people, a sandbox office, and a beat that keeps its agents at work."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from celery import shared_task
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from agents import ledger, plans, stops, tools, trust
from agents.models import Agent, StopSwitch, Task, TrustScore, User
from agents.payloads import Refused
from agents.toolbox.seed import seed
from approvals import controls, decisions, tasks
from approvals.models import Approval, Decision, Policy, Role

ACCOUNTS = {  # username: (first name, last name, role)
    "operator": ("Olivia", "Reyes", "junior"),
    "junior": ("Jun", "Watanabe", "junior"),
    "senior": ("Sana", "Iqbal", "senior"),
    "senior2": ("Stefan", "Novak", "senior"),
    "security": ("Selma", "Costa", "security"),
    "security2": ("Sipho", "Dlamini", "security"),
    "admin": ("Ada", "Moreau", "admin"),
    "admin2": ("Anders", "Lind", "admin"),
}
MAY = {  # role: what its members do, in the words of the sign-in page
    "junior": _("decides low and medium risk"),
    "senior": _("decides up to high risk, settles and lifts stops"),
    "security": _("is the second voice at critical risk"),
    "admin": _("looks after the house and decides nothing"),
}
PASSWORD = "demo"  # noqa: S105 -- these accounts exist in demo mode only, which listens on this machine alone
OPENING = 6
RUNNING = 3
WAITING = 12
EACH = 2
EARNER, SHORT, MOST_EARNED = "records", 2, 40
BY = ledger.Actor("demo", name="Demo")

Work = tuple[str, dict[str, Any]]
_rng = random.Random()  # noqa: S311 -- it picks what to show, nothing depends on it


def accounts() -> list[dict[str, Any]]:
    """The accounts of the demo, each with what it may do."""
    return [{"username": username, "may": MAY[role]} for username, (_first, _last, role) in ACCOUNTS.items()]


def fill() -> None:
    """Make the demo's people, office and agents, and set some to work. Filling again changes nothing that is there."""
    for username in ACCOUNTS:
        _account(username)
    seed()
    tools.sync()
    plans.sync()
    if not Task.objects.exists():
        _earn()
        for slug, parameters in _opening():
            _start(slug, parameters)


def pulse() -> Task | None:
    """One beat: start a task when few run, and only one whose questions still fit on the board."""
    stopped = stops.engaged()
    if stopped.filter(scope=StopSwitch.Scope.EVERYTHING).exists():
        return None
    busy = Task.objects.filter(state__in=(Task.State.QUEUED, Task.State.RUNNING)).select_related("agent")
    if len(busy) >= RUNNING:
        return None
    coming = sum(_questions(plans.steps_of(task), task.mode) for task in busy)
    waiting = Counter(Approval.objects.filter(state=Approval.State.OPEN).values_list("action__agent__slug", flat=True))
    room = max(0, WAITING - waiting.total() - coming)
    # Without the second set, what only seniors decide would slowly crowd out everything else.
    silent = set(stopped.exclude(agent=None).values_list("agent__slug", flat=True))
    silent |= {slug for slug, questions in waiting.items() if questions >= EACH}
    fitting = (work for work in _choices(50) if work[0] not in silent and _asks(work) <= room)
    work = next(fitting, None)
    return _start(*work) if work else None


@shared_task(name="approvals.tasks.demo")
def demo() -> None:
    """A hint that the demo may go on."""
    if settings.DEMO:
        pulse()


def _account(username: str) -> None:
    first, last, role = ACCOUNTS[username]
    if User.objects.filter(username=username).exists():
        return
    person = User.objects.create(username=username, first_name=first, last_name=last, password=make_password(PASSWORD))
    Role.objects.get(slug=role).members.add(person)


def _start(slug: str, parameters: dict[str, Any]) -> Task | None:
    with suppress(Refused):  # stopped in this moment
        return controls.start(Agent.objects.get(slug=slug), parameters, by=BY)
    return None


def _earn() -> None:
    """Let the records agent come two approvals short of acting alone: real work, approved by the operator and done."""
    operator = User.objects.get(username="operator")
    terms = trust.Terms.of(Policy.objects.get(active=True).thresholds)
    for _task in range(MOST_EARNED):
        row = TrustScore.objects.filter(agent__slug=EARNER).first() or TrustScore()
        if (trust.missing(row, terms.limit) or 0) <= SHORT:
            return
        plan = plans.find(EARNER)
        task = _start(EARNER, plan.example(_rng)) if plan else None
        if task is None:
            return
        tasks.advance(task.pk)
        for approval in Approval.objects.select_related("asked").filter(action__task=task, state=Approval.State.OPEN):
            seen = decisions.Seen(approval.asked.version, approval.asked.digest, f"demo-{approval.pk}")
            proof = decisions.Proof("", "demo", None)
            decisions.decide(approval, operator, answer=Decision.Answer.APPROVE, seen=seen, proof=proof)
        tasks.advance(task.pk)


def _choices(most: int) -> Iterator[Work]:
    return (plans.choose(_rng) for _try in range(most))


def _opening() -> Iterator[Work]:
    """The first pieces of work, each of another agent."""
    chosen = {slug: (slug, parameters) for slug, parameters in _choices(200)}
    first = [chosen.pop(EARNER)] if EARNER in chosen else []
    return islice([*first, *chosen.values()], OPENING)


def _asks(work: Work) -> int:
    slug, parameters = work
    plan = plans.find(slug)
    return _questions(plan.steps(parameters), plan.mode) if plan else 0


def _questions(steps: Sequence[plans.Step], mode: str) -> int:
    """How many questions these steps may have open at once. What only reads asks nobody."""
    found = [tools.find(step.tool) for step in steps]
    asking = sum(not (tool and tool.effect.read_only) for tool in found)
    return min(asking, 1) if mode == Task.Mode.BLOCKING else asking
