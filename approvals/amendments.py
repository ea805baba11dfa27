"""Changing the rules: an admin saves what was tried, a second one agrees where it is looser, and it is in force."""

from dataclasses import replace
from enum import StrEnum
from typing import Any

from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from agents import ledger, trust
from agents.models import User
from agents.payloads import Refused
from agents.states import Conflict
from agents.transactions import whole
from approvals import autonomy, rules, thresholds
from approvals.decisions import Forbidden, Proof
from approvals.models import Amendment, Finding, Policy, Trial
from approvals.thresholds import Thresholds

ADMIN = "admin"
REASON_LIMIT = 2_000
State = Amendment.State
SHELL = ledger.Actor("command", name="policy")
ENOUGH = 2


class Second(StrEnum):
    """How it stands with the admin who has to agree to what one admin wants looser."""

    THERE = "there"
    WAIVED = "waived"
    FIRST = "first"  # there never was another
    LEFT = "left"  # the others are disabled


def admin(person: User) -> bool:
    return bool(person.is_active and person.roles.filter(slug=ADMIN).exists())


def only_admins(person: User) -> None:
    """Raises Forbidden for everybody who may not change the policy."""
    if not admin(person):
        raise Forbidden(_("Only an admin can see and change the policy. Ask one of the admins."))


def waiver() -> Policy | None:
    """The version in force, where it asks for no second admin."""
    active = Policy.objects.get(active=True)
    return None if Thresholds.of(active.thresholds).second_admin else active


def second(person: User) -> Second:
    """Whether somebody else could agree to what this admin wants looser, and why not."""
    if waiver():
        return Second.WAIVED
    others = User.objects.filter(roles__slug=ADMIN).exclude(pk=person.pk).values_list("is_active", flat=True)
    return (Second.THERE if any(others) else Second.LEFT) if others else Second.FIRST


@whole
def save(trial: Trial, person: User, proof: Proof, *, reason: str) -> Amendment:
    """Save what was tried. What is stricter is in force at once, what is looser waits for a second admin."""
    only_admins(person)
    _may_be_saved(trial)
    looser = loosens(trial)
    made = Amendment(trial=trial, looser=looser, reason=_worded(reason), asked_by=person)
    by = ledger.person(person, proof.session_hash)
    if looser and Thresholds.of(trial.base.thresholds).second_admin:
        _still_active(trial.base)
        made.save()
        ledger.record("policy.asked", by, policy_version=trial.base.version, reason=made.reason, detail=_about(made))
        return made
    made.waiver = trial.base if looser else None
    return _enact(made, by)


def loosens(trial: Trial) -> bool:
    """Whether anything of what was tried is looser than what it was tried beside."""
    before, after = (Thresholds.of(row.thresholds) for row in (trial.base, trial))
    by_rules = rules.looser(rules.stored(trial.base.rules), rules.stored(trial.rules))
    return by_rules or thresholds.looser(before, after)


@whole
def agree(amendment: Amendment, person: User, proof: Proof, *, note: str = "") -> Amendment:
    """A second admin's yes: what is looser is in force."""
    _take(amendment, person)
    if amendment.asked_by_id == person.pk:
        raise Forbidden(_("You asked for this change. It is looser, so another admin has to agree."))
    amendment.settled_by, amendment.note = person, note[:REASON_LIMIT]
    return _enact(amendment, ledger.person(person, proof.session_hash))


@whole
def refuse(amendment: Amendment, person: User, proof: Proof, *, note: str = "") -> None:
    """Refuse a change that waits, or take one's own back."""
    _take(amendment, person)
    change = {"state": State.REFUSED, "settled_by": person, "settled_at": Now(), "note": note[:REASON_LIMIT]}
    Amendment.objects.filter(pk=amendment.pk).update(**change)
    by = ledger.person(person, proof.session_hash)
    ledger.record("policy.refused", by, reason=note[:REASON_LIMIT], detail=_about(amendment))


@whole
def ask_for_second(wanted: bool, *, reason: str) -> Policy:
    """From the server's shell: whether what is looser waits for a second admin. Where there are two, they agree on the page."""
    base = Policy.objects.get(active=True)
    before = Thresholds.of(base.thresholds)
    if before.second_admin == wanted:
        raise Refused(_("It is so already, by version %d.") % base.version)
    if not wanted and User.objects.filter(roles__slug=ADMIN, is_active=True).count() >= ENOUGH:
        raise Refused(_("There are two admins or more: one asks for it on the policy page, another agrees."))
    _retire(base)
    after = replace(before, second_admin=wanted)
    made = _next(base.rules, after.stored(), _worded(reason))
    _overtake(made, SHELL)
    detail = {"from": base.version, "looser": not wanted, "thresholds": {"second_admin": [not wanted, wanted]}}
    ledger.record("policy.activated", SHELL, policy_version=made.version, reason=made.note, detail=detail)
    return made


def _next(some: Any, numbers: Any, note: str, made_by: User | None = None) -> Policy:
    last = Policy.objects.aggregate(last=Max("version"))["last"] or 0
    return Policy.objects.create(
        version=last + 1, active=True, thresholds=numbers, rules=some, note=note, made_by=made_by
    )


def _enact(amendment: Amendment, by: ledger.Actor) -> Amendment:
    """Make the next version of what was tried. No waiting action is touched: each is judged when its turn comes."""
    base = amendment.trial.base
    _retire(base)
    tried = amendment.trial
    made = _next(tried.rules, tried.thresholds, amendment.reason, amendment.asked_by)
    amendment.state, amendment.policy, amendment.settled_at = State.IN_FORCE, made, Now()
    amendment.save()
    if _numbers(tried):
        trust.weigh(autonomy.terms(made.thresholds))
    _overtake(made, by)
    ledger.record(
        "policy.activated", by, policy_version=made.version, reason=amendment.reason, detail=_about(amendment)
    )
    return amendment


def _overtake(version: Policy, by: ledger.Actor) -> None:
    """What still waited was asked of an older version: it ends, and its Event says what it was and what overtook it."""
    waiting = Amendment.objects.filter(state=State.OPEN).select_related("trial__base", "trial__back_to", "asked_by")
    for one in waiting.order_by("pk"):
        Amendment.objects.filter(pk=one.pk).update(state=State.OVERTAKEN, settled_at=Now())
        ledger.record("policy.overtaken", by, policy_version=version.version, reason=one.reason, detail=_about(one))


def _retire(base: Policy) -> None:
    """The one conditional update that two admins race for."""
    if not Policy.objects.filter(pk=base.pk, active=True).update(active=False):
        raise _overtaken()


def _still_active(base: Policy) -> None:
    """Locks the version in force, so that what is asked of it is overtaken together with it."""
    if not Policy.objects.filter(pk=base.pk, active=True).update(active=True):
        raise _overtaken()


def _overtaken() -> Conflict:
    now = Policy.objects.select_related("made_by").get(active=True)
    who = str(now.made_by or _("the installation"))
    said = _(
        "Version %(version)d, by %(who)s, came into force meanwhile. Your rules are kept: open them, and try them on that version."
    )
    return Conflict(said % {"version": now.version, "who": who}, kind="policy")


def _take(amendment: Amendment, person: User) -> None:
    """Lock the row, then see whether it still waits."""
    only_admins(person)
    if not Amendment.objects.filter(pk=amendment.pk, state=State.OPEN).update(state=State.OPEN):
        raise Conflict(_("This change does not wait any more."), kind="policy")


def _may_be_saved(trial: Trial) -> None:
    if trial.ended_at is None:
        raise Refused(_("These rules are still being tried on history. Wait until that is done."))
    if Amendment.objects.filter(trial=trial).exists():
        raise Conflict(_("These rules were saved already."), kind="policy")
    if trial.rules == trial.base.rules and not _numbers(trial):
        raise Refused(_("Nothing was changed, so there is nothing to save."))
    left = trial.findings.filter(kind=Finding.Kind.PASSES, opened_at=None).count()
    if left:
        raise Refused(
            _("Open each action that people rejected or edited and that would now pass. Not opened: %d.") % left
        )


def _numbers(trial: Trial) -> dict[str, list[Any]]:
    before, after = (Thresholds.of(row.thresholds).stored() for row in (trial.base, trial))
    return {name: [before[name], after[name]] for name in after if before[name] != after[name]}


def _worded(reason: str) -> str:
    if not reason.strip():
        raise Refused(_("Say why: whoever reads the history wants to know."))
    return reason.strip()[:REASON_LIMIT]


def _about(amendment: Amendment) -> dict[str, Any]:
    """What changed: the names of rules, and each number before and after."""
    before, after = ({row["name"]: row for row in some} for some in (amendment.trial.base.rules, amendment.trial.rules))
    back = amendment.trial.back_to
    return {
        "amendment": amendment.pk,
        "from": amendment.trial.base.version,
        "digest": amendment.trial.digest,
        "looser": amendment.looser,
        **({"waived_by": amendment.waiver.version} if amendment.waiver else {}),
        "asked_by": str(amendment.asked_by),
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": [name for name in after if name in before and after[name] != before[name]],
        **({"thresholds": numbers} if (numbers := _numbers(amendment.trial)) else {}),
        **({"back_to": back.version} if back else {}),
    }
