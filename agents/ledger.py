"""The only writer of Event rows, and of the hash chain that seals them afterwards."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import rfc8785
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Now

from agents import facts
from agents.models import Action, Agent, Event, Seal, Task, User
from agents.prepared import insert

GENESIS = "0" * 64
# Transactions that began before the newest sealed Event may still commit a lower id; this far back we look for them.
STRAGGLERS = 10_000


@dataclass(frozen=True)
class Actor:
    """Who did it, as it will be read in years: a kind, an id where there is one, and the name of that day."""

    kind: str
    id: int | None = None
    name: str = ""
    session_hash: str = ""


CLOCK = Actor("clock")
GATE = Actor("gate")
PROBE = Actor("probe")


def person(user: User, session_hash: str = "") -> Actor:
    return Actor("person", user.pk, str(user), session_hash)


def agent(row: Agent) -> Actor:
    return Actor("agent", row.pk, row.name)


def worker(name: str) -> Actor:
    return Actor("worker", None, name)


def record(
    kind: str,
    by: Actor,
    *,
    task: Task | None = None,
    action: Action | None = None,
    whose: int | None = None,
    person: int | None = None,
    **about: Any,
) -> Event:
    """Write one Event in the caller's transaction and tell who watches once that is committed.

    `whose` names the agent of an Event that is about no task or action, `person` whose rights it changes: their sockets
    look again who they serve. `about` takes the columns source, to, tier, policy_version, reason, version, digest and detail.
    """
    task_id = action.task_id if action else task.pk if task else None
    if action:
        about.setdefault("version", action.version)
        about.setdefault("digest", action.digest)
    event = insert(
        Event(
            kind=kind,
            actor_kind=by.kind,
            actor_id=by.id,
            actor_name=by.name[:200],
            session_hash=by.session_hash,
            task_id=task_id,
            action=action,
            **about,
        )
    )
    rights = {"person": person} if person else {}
    agent_id = action.agent_id if action else task.agent_id if task else whose
    facts.tell(kind=kind, task=task_id, action=action.pk if action else None, agent=agent_id, **rights)
    return event


def seal(limit: int = 5_000) -> int:
    """Chain up to `limit` unsealed Events; how many were sealed. Two sealers at once: one of them seals nothing."""
    last = Seal.objects.order_by("-position").first()
    position, previous = (last.position, last.hash) if last else (0, GENESIS)
    newest = Seal.objects.aggregate(newest=Max("event_id"))["newest"] or 0
    waiting = Event.objects.filter(id__gt=newest - STRAGGLERS, seal=None).order_by("id")[:limit]
    links = []
    for event in waiting:
        position += 1
        digest = link(previous, event)
        links.append(Seal(position=position, event=event, previous=previous, hash=digest))
        previous = digest
    try:
        with transaction.atomic():
            Seal.objects.bulk_create(links, batch_size=500)
    except IntegrityError:
        return 0
    return len(links)


def link(previous: str, event: Event) -> str:
    """The hash that binds an Event, all its meaning included, to the one sealed before it."""
    fields = {name: getattr(event, name) for name in Event.SEALED}
    fields["at"] = event.at.isoformat(timespec="microseconds")
    body = rfc8785.dumps({"format": Seal.FORMAT, "previous": previous, "event": fields})
    return hashlib.sha256(b"hitl-dashboard/ledger/v1\x00" + body).hexdigest()


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold, and why."""

    position: int
    reason: str


def verify() -> tuple[int, Break | None]:
    """How many Events verified, and the first broken position if there is one. Memory does not grow with the ledger."""
    verified, previous = 0, GENESIS
    for entry in _seals():
        expected = verified + 1
        if entry.position != expected:
            return verified, Break(expected, "a seal is missing")
        if entry.previous != previous:
            return verified, Break(expected, "the seal does not follow the one before it")
        if link(previous, entry.event) != entry.hash:
            return verified, Break(expected, f"event {entry.event_id} is not what was sealed")
        verified, previous = expected, entry.hash
    if lost := _unsealed_too_long():
        return verified, Break(verified + 1, f"event {lost} was never sealed")
    return verified, None


def _seals() -> Iterator[Seal]:
    return Seal.objects.select_related("event").order_by("position").iterator(chunk_size=2_000)


def _unsealed_too_long(age: timedelta = timedelta(hours=1)) -> int | None:
    return Event.objects.filter(seal=None, at__lt=Now() - age).values_list("id", flat=True).order_by("id").first()
