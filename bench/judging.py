"""What judging adds to a proposal: the same calls proposed with the judge and with a verdict at hand, on two histories."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from typing import Any
from unittest.mock import patch

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from agents import ledger, proposals
from agents.models import Action, ActionVersion, Agent, Message, Task, Tool
from approvals import evidence, gate, judgement, precedents
from approvals.models import Tier, Verdict
from bench import history
from bench.report import Figure

HISTORIES = (1_000, 1_000_000)
ROUNDS, WARM = 60, 10
# What an agent does of which nothing is declared: its effects are guessed, its messages read.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "read": ("Gets the orders of a customer.", {"customer": "C-1842", "limit": 20}),
    "small write": ("Adds a note to a ticket.", {"ticket": "T-77", "text": "Called back, all is well."}),
    "payment to two": (
        "Sends money to somebody.",
        {"recipients": ["anna@example.org", "otto@example.org"], "amount": 120, "currency": "USD", "iban": "DE89370400440532013000"},
    ),
}  # fmt: skip
NAMES = {"read": "shop/get_orders", "small write": "shop/add_note", "payment to two": "bank/send_money"}
SAID = (
    "Please settle what we owe. The order C-1842 arrived late, and Anna (anna@example.org) still waits for an answer. "
    * 5
)

Cost = tuple[float, float, int]  # wall and CPU in milliseconds, queries


def on_histories(_port: int) -> Iterator[Figure]:
    """Milliseconds that judging adds after a million decisions, beside the same after a thousand."""
    task, found, before = _run(), {}, 0
    for size in HISTORIES:
        history.grow(task, before, size)
        found[size], before = {name: _added(task, name) for name in CALLS}, size
    for name in CALLS:
        short, long = (found[size][name] for size in HISTORIES)
        said = f"{long[1]:.1f} ms of it CPU here; queries: {short[2]} and {long[2]}"
        yield Figure(
            f"judging a {name}: 1 M / 1 k decisions", long[0], short[0], "ms", "≤ 3 ms, ≤ 4 queries, 1 ×", said
        )


def _run() -> Task:
    """A run of five calls, each with what its agent had been told before it."""
    agent = Agent.objects.create(slug="judged", name="Judged", kind=Agent.Kind.RECORDED)
    task = Task.objects.create(agent=agent, agent_version="1", goal="Settle what we owe", state=Task.State.RUNNING)
    for name, (description, _arguments) in CALLS.items():
        fields = {"version": "1", "description": description, "schema": {"type": "object"}}
        Tool.objects.create(name=NAMES[name], declared=False, source=Tool.Source.RECORDED, **fields)
    for position in range(history.CALLS):
        texts = [Message(task=task, position=position, role=role, tool="shop/get_orders" if role == "tool" else "", text=SAID)
                 for role in ("user", "tool")]  # fmt: skip
        Message.objects.bulk_create(texts)
        _propose(task, "read", position)
    history.busy(agent)
    return task


@transaction.atomic
def _propose(task: Task, name: str, position: int) -> Verdict:
    """As the runner does it."""
    wish = proposals.Wish(f"step-{position}", NAMES[name], CALLS[name][1], why="It is what was asked for.")
    made = proposals.draft(task, wish)
    action, asked = proposals.add(task, wish, made, position)
    ledger.record("action.proposed", ledger.agent(task.agent), action=action, to="PROPOSED")
    return gate.submit(action, asked)


def _added(task: Task, name: str) -> Cost:
    """The difference that judging makes, both sides in turn; nothing of it stays."""
    given = _propose(task, name, history.CALLS)
    columns = {field.name: getattr(given, field.name) for field in Verdict._meta.concrete_fields}
    _forget(given)
    del columns["id"], columns["action"], columns["created_at"]
    sides: dict[bool, list[Cost]] = {True: [], False: []}
    for _round in range(WARM + ROUNDS):
        for judged, costs in sides.items():
            with ExitStack() as stack:
                if not judged:
                    stack.enter_context(patch.object(judgement, "judge", _given(columns)))
                    stack.enter_context(patch.object(precedents, "count", lambda *_given: None))
                costs.append(_cost(task, name, count=len(costs) == WARM - 1, judged=judged))
    # The fastest of many: what else the machine does is in all the others.
    told = {judged: [min(one[at] for one in costs[WARM:]) for at in range(2)] for judged, costs in sides.items()}
    wall, cpu = (told[True][at] - told[False][at] for at in range(2))
    return wall, cpu, sides[True][WARM - 1][2] - sides[False][WARM - 1][2]


def _given(columns: dict[str, Any]) -> Any:
    def judge(action: Action, asked: ActionVersion) -> Verdict:
        if columns["tier"]:  # whoever asks people reads whom, judged or not
            Tier.objects.get(pk=columns["tier"].pk)
        return Verdict.objects.create(action=action, **columns)

    return judge


def _forget(verdict: Verdict, *, counted: bool = True) -> None:
    """Nothing of it stays. A rollback would do that, too, and with it the client would forget its prepared statements."""
    if counted:
        precedents.discount(verdict.action.agent, evidence.clock(verdict.action), verdict.facts)
    history.forget(verdict.action)


def _cost(task: Task, name: str, *, count: bool, judged: bool) -> Cost:
    with CaptureQueriesContext(connection) if count else nullcontext() as asked:
        wall, cpu = time.perf_counter(), time.process_time()
        verdict = _propose(task, name, history.CALLS)
        spent = time.perf_counter() - wall, time.process_time() - cpu
    _forget(verdict, counted=judged)
    return spent[0] * 1_000, spent[1] * 1_000, len(asked) if asked else 0
