"""Runs from outside put before the judge of the product: each run a task, each request an action, in real rows."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from agents import payloads, proposals, trust
from agents.models import Action, Agent, Message, Task, Tool
from agents.states import A
from approvals import cards, gate, judgement, policy, precedents
from approvals.models import Verdict
from approvals.petitions import NAME_LIMIT, Feedback, Request, schema

WORDS = {"review_after": "review"}
# Runs without a time of their own are days apart, so that sums over a day count within the run.
FIRST, APART = datetime(2000, 1, 1, tzinfo=UTC), timedelta(days=3)


@dataclass
class _Run:
    task: Task
    at: datetime
    asked: dict[Any, tuple[Action, Verdict]] = field(default_factory=dict)
    count: int = 0


class Hearing:
    """One stream of requests and feedback. Rows keep what later judgements read, and no more: nobody else looks at them."""

    def __init__(self) -> None:
        self.agents: dict[str, Agent] = {}
        self.tools: dict[str, Tool] = {}
        self.runs: dict[Any, _Run] = {}

    def answer(self, request: Request) -> dict[str, Any]:
        """Judge one call. What breaks the limits of payloads is blocked, as it is refused everywhere else."""
        # Before the transaction: what breaks in there must not take along rows that later requests point to.
        run = self._run(request)
        if request.context:
            Message.objects.bulk_create(Message(task=run.task, position=run.count, **one) for one in request.context)
        try:
            action, verdict = _propose(run, request, self._tool(request))
        except payloads.Refused as refusal:
            reason = _("These arguments are not accepted: %(reason)s") % {"reason": refusal}
            return _answer(request, "block", 1.0, "critical", [reason])
        run.count += 1
        run.asked[request.step] = action, verdict
        decision = WORDS.get(verdict.outcome, verdict.outcome)
        return _answer(request, decision, verdict.score, verdict.level, cards.sentences(verdict))

    @transaction.atomic
    def learn(self, feedback: Feedback) -> bool:
        """Let an operator's word move trust as a reviewer's would. False: there was no such request."""
        run = self.runs.get(feedback.run_id)
        found = run.asked.pop(feedback.step, None) if run else None
        if found is None:
            return False
        action, verdict = found
        if state := _outcome(verdict, feedback):
            _learn(action, verdict, feedback, state)
            _end(action, state)
        return True

    def _run(self, request: Request) -> _Run:
        if request.run_id not in self.runs:
            agent = self._agent(request.agent)
            task = Task.objects.create(agent=agent, agent_version=agent.version, goal="", state=Task.State.RUNNING)
            self.runs[request.run_id] = _Run(task, FIRST + APART * len(self.runs))
        return self.runs[request.run_id]

    def _agent(self, name: str) -> Agent:
        if name not in self.agents:
            slug = f"{slugify(name)[:80] or 'agent'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
            self.agents[name] = Agent.objects.create(slug=slug, name=name, kind=Agent.Kind.RECORDED)
        return self.agents[name]

    def _tool(self, request: Request) -> Tool:
        """The tool as this request describes it: another description or schema is another version."""
        name = _name(request)
        version = hashlib.sha256(json.dumps(request.spec, sort_keys=True).encode()).hexdigest()[:12]
        if name not in self.tools or self.tools[name].version != version:
            description, accepts = request.spec["description"] or "", schema(request.spec["parameters"])
            fields = {"version": version, "description": description, "schema": accepts, "source": Tool.Source.RECORDED}
            self.tools[name] = Tool.objects.update_or_create(name=name, defaults=fields | {"declared": False})[0]
        return self.tools[name]


def _name(request: Request) -> str:
    """One name for each tool of each domain, however long both are."""
    name = "/".join(filter(None, (request.domain, request.tool)))
    return name if len(name) <= NAME_LIMIT else f"{name[:180]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


@transaction.atomic
def _propose(run: _Run, request: Request, tool: Tool) -> tuple[Action, Verdict]:
    wish = proposals.Wish(
        f"{run.count}", tool.name, request.arguments, why=request.reasoning, confidence=request.confidence
    )
    made = proposals.draft(run.task, wish, tool)
    action = proposals.place(run.task, wish, made, run.count)
    action.created_at = request.at or run.at
    verdict = gate.weigh(action, proposals.version(action, made))
    if verdict.outcome == policy.BLOCK:
        _end(action, A.BLOCKED)
    return action, verdict


def _answer(request: Request, decision: str, risk: float, level: str, reasons: Iterable[str]) -> dict[str, Any]:
    return {
        "run_id": request.run_id,
        "step": request.step,
        "decision": decision,
        "risk": risk,
        "level": level,
        "reasons": list(reasons),
    }


def _outcome(verdict: Verdict, feedback: Feedback) -> str:
    """How the call ended; empty where that is known, or nobody said it."""
    if verdict.outcome == policy.BLOCK:
        return ""
    ended = (A.FAILED if feedback.error else A.SUCCEEDED) if feedback.ran else A.CANCELLED
    if verdict.outcome in policy.ALONE or feedback.operator == "approved":
        return ended
    if feedback.operator == "flagged" and feedback.ran:  # which somebody had approved before
        return ended
    return A.REJECTED if feedback.operator else ""


def _end(action: Action, state: str) -> None:
    # Not moved but set: nobody works on these rows or reads their story, and only the end counts for what follows.
    Action.objects.filter(pk=action.pk).update(state=state, evidence=action.evidence)


def _learn(action: Action, verdict: Verdict, feedback: Feedback, state: str) -> None:
    """What the operator's word is worth: a decision, and good or bad of what ran."""
    terms, alone = judgement.terms(verdict), verdict.outcome in policy.ALONE
    if state == A.REJECTED:
        trust.rejected(action, terms)
        precedents.refused(action, verdict)
    if state not in (A.SUCCEEDED, A.FAILED):
        return
    if not alone:
        trust.claimed(action, terms)
    if feedback.operator in ("flagged", "rejected"):
        trust.rated(action, terms, good=False)
        precedents.refused(action, verdict)
        return
    precedents.ran(action, verdict)
    if alone and feedback.operator == "approved":
        trust.rated(action, terms, good=True)
