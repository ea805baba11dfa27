"""The floor: what somebody would write who wants the same rows and none of the guarantees.

The same post behind the same middleware, the same Celery hop, the same inserts and updates by plain ORM calls; no
checks, no locks, no facts, no policy.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from agents.models import Action, ActionVersion, Event, Task, TrustScore
from agents.toolbox.models import Effect
from approvals.models import Approval, CardView, Decision, Verdict
from bench.office import STEPS


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """One voice that is enough, and the hint to a worker."""
    _answer, pk, version, digest = request.POST["answer"].split(":")
    approval = Approval.objects.select_related("action").get(pk=pk)
    seen = {"version": int(version), "digest": digest, "nonce_hash": "0" * 64, "template_version": "card-1"}
    with transaction.atomic():
        view = CardView.objects.create(person=request.user, approval=approval, surface="board", **seen)
        Decision.objects.create(
            approval=approval, person=request.user, answer="approve", roles=["junior"], seat="junior", view=view,
            policy_version=1, session_hash="0" * 64, assurance="password", **seen,
        )  # fmt: skip
        write("decision.approve", approval.action)
        Approval.objects.filter(pk=approval.pk).update(state="satisfied", closed_at=Now())
        Action.objects.filter(pk=approval.action_id).update(state="APPROVED", moved_at=Now())
        write("action.approved", approval.action, source="PENDING", to="APPROVED")
        # Not the flag that the product raises here: its own sweep would take the task for one of its own.
        Task.objects.filter(pk=approval.action.task_id).update(percent=0)
        transaction.on_commit(lambda: act.apply_async((approval.action_id,), retry=False))
    return redirect("board")


@shared_task
def act(action_id: int) -> None:
    """Run one approved action and ask the next question, or end the task."""
    action = Action.objects.select_related("task", "agent", "tool").get(pk=action_id)
    task = Task.objects.filter(pk=action.task_id)
    task.update(leased_by="floor", leased_until=Now() + timedelta(seconds=60))
    with transaction.atomic():
        lease = Now() + timedelta(seconds=35)
        Action.objects.filter(pk=action.pk).update(
            state="EXECUTING", fence=1, epoch=1, attempts=1, leased_by="floor", leased_until=lease, moved_at=Now()
        )
        write("action.executing", action, source="APPROVED", to="EXECUTING")
        earned = {"agent": action.agent_id, "tool": action.tool_id, "agent_version": "1", "tool_version": "1"}
        TrustScore.objects.filter(**earned).update(hundredths=F("hundredths"), clean_ever=F("clean_ever") + 1)
        task.update(state="RUNNING", moved_at=Now())
        write("task.running", action, source="WAITING_APPROVAL", to="RUNNING")
    arguments = json.loads(bytes(ActionVersion.objects.get(action=action, version=1).body))["arguments"]
    effect = Effect.objects.create(
        action_id=action.pk, version=1, key=f"{action.pk}:1", tool="bench.post", family="bench",
        summary="Note posted", detail=arguments,
    )  # fmt: skip
    with transaction.atomic():
        Action.objects.filter(pk=action.pk).update(
            state="SUCCEEDED",
            result={"effect": effect.pk, "summary": effect.summary},
            leased_until=None,
            moved_at=Now(),
        )
        write("action.succeeded", action, source="EXECUTING", to="SUCCEEDED")
        task.update(done=F("done") + 1, percent=0, note="")
    following = action.position + 1
    to = "WAITING_APPROVAL" if following < STEPS else "SUCCEEDED"
    if following < STEPS:
        propose(action, following)
    with transaction.atomic():
        task.update(state=to, moved_at=Now(), leased_by="", leased_until=None)
        write(f"task.{to.lower()}", action, source="RUNNING", to=to)


def propose(last: Action, position: int) -> None:
    """The next question, as rows."""
    arguments = {"to": "anna", "text": f"Note {position}"}
    body = json.dumps({"agent": "bench", "task": last.task_id, "tool": last.tool_name, "arguments": arguments}).encode()
    digest = hashlib.sha256(body).hexdigest()
    earlier = Verdict.objects.get(action=last, version=1)
    prose = {"title": last.title, "why": last.why, "confidence": 0.95, "digest": digest}
    with transaction.atomic():
        action = Action.objects.create(
            task=last.task, agent=last.agent, tool=last.tool, tool_name=last.tool_name, tool_version="1",
            position=position, step=f"note-{position}", state="PENDING", level=last.level, **prose,
        )  # fmt: skip
        asked = ActionVersion.objects.create(action=action, version=1, body=body, target="anna", **prose)
        write("action.proposed", action, to="PROPOSED")
        verdict = Verdict.objects.create(
            action=action, version=1, facts=earlier.facts, score=earlier.score, level=earlier.level,
            reasons=earlier.reasons, outcome=earlier.outcome, tier_id=earlier.tier_id, policy_id=earlier.policy_id,
        )  # fmt: skip
        write("action.pending", action, source="PROPOSED", to="PENDING")
        Approval.objects.create(
            action=action, asked=asked, verdict=verdict, tier_id=earlier.tier_id,
            deadline=Now() + timedelta(minutes=60), urgency=Now() + timedelta(minutes=60),
        )  # fmt: skip


def write(kind: str, action: Action, **about: Any) -> None:
    Event.objects.create(
        kind=kind, actor_kind="floor", actor_name="floor", session_hash="0" * 64, task_id=action.task_id,
        action=action, version=1, digest=action.digest, **about,
    )  # fmt: skip
