"""Who may fill which seat, and whether distinct people fill them all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from agents.clock import Moment
from agents.models import ActionVersion, Guidance, User
from agents.prepared import prepared
from approvals.models import Approval, Decision, Tier


class Forbidden(Exception):
    """This person may not do this. The message says who may."""


def seats(tier: Tier) -> list[str]:
    """The seats of a tier by role, one entry for each voice it demands."""
    return [need.role.slug for need in tier.requirements.all() for _ in range(need.count)]


Powers = dict[int, set[str]]


def powers(people: Iterable[int]) -> Powers:
    """The seats that each of these people could fill at this moment. Who is disabled fills none."""
    return held(people)[1]


def held(people: Iterable[int]) -> tuple[dict[int, set[str]], Powers]:
    """The roles that each of these people has at this moment, and their powers. One query."""
    roles: dict[int, set[str]] = defaultdict(set)
    able: Powers = defaultdict(set)
    for person, own, decides, other in _held(list(people)):
        roles[person].add(own)
        if decides:
            able[person] |= {own, other} - {None}
    return dict(roles), dict(able)


@prepared
def _held(people: list[int]) -> QuerySet[User, Any]:
    rows = User.objects.filter(pk__in=people, is_active=True, roles__isnull=False)
    return rows.order_by("pk").values_list("pk", "roles__slug", "roles__decides", "roles__fills__slug")


def agreed(approval: Approval) -> tuple[Powers, Powers]:
    """The seats that those who approved could fill at this moment, and the same for voices that are not too old. One query."""
    ever: Powers = defaultdict(set)
    fresh: Powers = defaultdict(set)
    lasts = timedelta(minutes=approval.tier.fresh_minutes)
    for person, at, now, own, other in _voices(approval.pk):
        for counted in (ever, fresh) if now - at <= lasts else (ever,):
            counted[person] |= {own, other} - {None}
    return dict(ever), dict(fresh)


@prepared
def _voices(approval_id: int) -> QuerySet[Decision, Any]:
    able = {"person__is_active": True, "person__roles__decides": True}
    voices = Decision.objects.filter(**able, approval=approval_id, answer=Decision.Answer.APPROVE)
    roles = ("person__roles__slug", "person__roles__fills__slug")
    return voices.annotate(now=Moment()).order_by("pk").values_list("person_id", "at", "now", *roles)


def filled(approval: Approval, powers: Mapping[int, set[str]]) -> bool:
    """Whether distinct people, none of them barred, fill every seat of the tier."""
    demanded, out = seats(approval.tier), barred(approval)
    eligible = {person: able for person, able in powers.items() if person not in out}
    return len(seated(eligible, demanded)) == len(demanded)


def seated(voices: Mapping[int, set[str]], demanded: list[str]) -> dict[int, str]:
    """The most seats that distinct people can fill, as person -> seat. Who comes first is never left without one for
    somebody later; a person fills one seat at most."""
    taken: dict[int, int] = {}

    def place(person: int, tried: set[int]) -> bool:
        for index, seat in enumerate(demanded):
            if seat in voices[person] and index not in tried:
                tried.add(index)
                if index not in taken or place(taken[index], tried):
                    taken[index] = person
                    return True
        return False

    for person in voices:
        place(person, set())
    return {person: demanded[index] for index, person in taken.items()}


def requesters(approval: Approval) -> set[int]:
    """Who asked for this action: started the task, owns the agent, edited a version of it, or dictated another draft."""
    action = approval.action
    editors = ActionVersion.objects.filter(action=action, editor__isnull=False).values_list("editor_id", flat=True)
    told = (
        Guidance.objects.filter(action=action, kind=Guidance.Kind.REDRAFT)
        .exclude(text="")
        .values_list("person_id", flat=True)
    )
    people = (action.task.starter_id, action.agent.owner_id, *editors.union(told))
    return {person for person in people if person is not None}


def barred(approval: Approval) -> set[int]:
    """Whose voices do not count here because they asked for the action."""
    return set() if approval.tier.requester_counts else requesters(approval)
