"""Changing people, roles and tiers: an admin asks with a reason, a second one agrees where it is looser."""

import hashlib
from typing import Any

import rfc8785
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from agents import ledger, stops
from agents.models import Action, User
from agents.payloads import Refused
from agents.states import A, Conflict
from agents.transactions import whole
from approvals import gate
from approvals.amendments import REASON_LIMIT, admin, waiver
from approvals.charters import ADMIN, AccessCharter, Charter, Data, RoleCharter, RolesCharter, TierCharter
from approvals.decisions import Forbidden, Proof
from approvals.models import Approval, Change, Motion

State = Motion.State
MOST_NAMED = 3


def only_admins(person: User) -> None:
    """Raises Forbidden for everybody who may not change people, roles and tiers. Says who may."""
    if admin(person):
        return
    found = User.objects.filter(roles__slug=ADMIN, is_active=True).order_by("pk")[:MOST_NAMED]
    names = ", ".join(str(one) for one in found) or _("nobody at the moment")
    raise Forbidden(_("Only an admin can see and change people, roles and tiers: %(names)s.") % {"names": names})


def seen(charter: Charter) -> str:
    """What a page was drawn from: a change names it, so that two admins never overwrite each other."""
    return _mark(charter.now())


def ask(charter: Charter, person: User, proof: Proof, *, wanted: Data, seen: str, reason: str) -> Change:
    """Change something. In force at once, unless it is looser: then it waits for a second admin."""
    made = _ask(charter, person, proof, wanted=wanted, seen=seen, reason=reason)
    if made.state == State.IN_FORCE:
        recount()
    return made


def agree(change: Change, person: User, proof: Proof) -> Change:
    """A second admin's yes: the change is in force."""
    made = _agree(change, person, proof)
    recount()
    return made


@whole
def refuse(change: Change, person: User, proof: Proof) -> None:
    """Refuse a change that waits, or take one's own back."""
    change = _take(change, person)
    Change.objects.filter(pk=change.pk).update(state=State.REFUSED, settled_by=person, settled_at=Now())
    _record("change.refused", charter_of(change), change, ledger.person(person, proof.session_hash))


def recount() -> None:
    """Count the voices of all that is approved and did not start yet: who or how many must agree has changed.

    Each in its own transaction. What a crash leaves out is counted again by the final gate.
    """
    waiting = Action.objects.filter(state=A.APPROVED, approvals__state=Approval.State.SATISFIED)
    for pk in waiting.order_by("pk").values_list("pk", flat=True).distinct():
        gate.recount(pk)


def charter_of(change: Change) -> Charter:
    """The thing that a stored change is about."""
    if change.kind == Change.Kind.TIER:
        return TierCharter(change.slug)
    if change.kind == Change.Kind.ROLE:
        return RoleCharter(change.slug)
    person: Any = change.person
    return RolesCharter(person) if change.kind == Change.Kind.ROLES else AccessCharter(person)


def alone(charter: Charter, person: User) -> bool:
    """Whether this admin has nobody to ask: there never was a second one. For others, not for oneself, and not for tiers."""
    # Who is disabled counts, too: disabling the other admin does not make anybody alone.
    others = User.objects.filter(roles__slug=ADMIN).exclude(pk=person.pk)
    about_somebody_else = charter.subject.get("person") not in (None, person)
    return about_somebody_else and not others.exists()


@whole
def _ask(charter: Charter, person: User, proof: Proof, *, wanted: Data, seen: str, reason: str) -> Change:
    _turn(person)
    before = charter.now()
    if seen != _mark(before):
        raise _overtaken(charter)
    charter.check(wanted)
    if wanted == before:
        raise Refused(_("Nothing was changed, so there is nothing to save."))
    if not reason.strip():
        raise Refused(_("Say why: whoever reads the history wants to know."))
    made = Change(
        kind=charter.kind, before=before, wanted=wanted, looser=charter.weakens(before, wanted),
        reason=reason.strip()[:REASON_LIMIT], asked_by=person, **charter.subject,
    )  # fmt: skip
    by = ledger.person(person, proof.session_hash)
    waits = made.looser and not alone(charter, person)
    made.waiver = waiver() if waits else None
    if waits and not made.waiver:
        made.save()
        _record("change.asked", charter, made, by)
        return made
    return _enact(charter, made, by)


@whole
def _agree(change: Change, person: User, proof: Proof) -> Change:
    change = _take(change, person)
    if change.asked_by_id == person.pk:
        raise Forbidden(_("You asked for this change. It is looser, so another admin has to agree."))
    charter = charter_of(change)
    if not admin(change.asked_by):
        raise Conflict(_("Who asked for this is no admin any more. Ask for it yourself."), kind="change")
    if charter.now() != change.before:
        raise _overtaken(charter)
    charter.check(change.wanted)
    change.settled_by = person
    return _enact(charter, change, ledger.person(person, proof.session_hash))


def _enact(charter: Charter, change: Change, by: ledger.Actor) -> Change:
    """Put it into the rows. No waiting action is approved by it: voices are counted at the next one, or at the claim."""
    charter.put(change.wanted)
    change.state, change.settled_at = State.IN_FORCE, Now()
    change.save()
    _overtake(charter, change, by)
    _record(charter.event(change.before, change.wanted), charter, change, by)
    return change


def _overtake(charter: Charter, change: Change, by: ledger.Actor) -> None:
    """What still waited was asked of how things were: it ends, and its Event says what it was and what overtook it."""
    waiting = Change.objects.filter(state=State.OPEN, kind=change.kind, slug=change.slug, person=change.person)
    for one in waiting.select_related("asked_by", "waiver").order_by("pk"):
        Change.objects.filter(pk=one.pk).update(state=State.OVERTAKEN, settled_at=Now())
        _record("change.overtaken", charter, one, by, overtaken_by=change.pk)


def _turn(person: User) -> None:
    """One admin after the other, and no claim that began before is still under way when this returns."""
    stops.take()
    only_admins(person)


def _take(change: Change, person: User) -> Change:
    _turn(person)
    found = Change.objects.select_related("person", "asked_by").get(pk=change.pk)
    if found.state != State.OPEN:
        raise Conflict(_("This change does not wait any more."), kind="change")
    return found


def _overtaken(charter: Charter) -> Conflict:
    about = Q(kind=charter.kind, state=State.IN_FORCE, **charter.subject)
    last = Change.objects.select_related("asked_by").filter(about).order_by("-settled_at", "-pk").first()
    who = str(last.asked_by) if last else _("somebody")
    said = _("%(who)s changed this meanwhile. Nothing of yours was saved: look at it as it is now, and save again.")
    return Conflict(said % {"who": who}, kind="change")


def _record(kind: str, charter: Charter, change: Change, by: ledger.Actor, **more: int) -> None:
    names = [name for name in {**change.before, **change.wanted} if change.before.get(name) != change.wanted.get(name)]
    detail = {
        **charter.told,
        "change": change.pk,
        "before": {name: change.before.get(name) for name in names},
        "after": {name: change.wanted.get(name) for name in names},
        "looser": change.looser,
        **({"waived_by": change.waiver.version} if change.waiver else {}),
        "asked_by": str(change.asked_by),
        **more,
    }
    ledger.record(kind, by, reason=change.reason, detail=detail, person=change.person_id, **charter.about)


def _mark(data: Data) -> str:
    return hashlib.sha256(rfc8785.dumps(data)).hexdigest()
