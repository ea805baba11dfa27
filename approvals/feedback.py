"""What people think of what was done: one word for each person and action, an example for its agent, and it moves trust."""

from collections.abc import Collection

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from agents import leases, ledger, lessons, trust
from agents.models import Action, Agent, Feedback, Preference, User
from agents.payloads import Refused
from agents.states import Conflict
from agents.transactions import whole
from approvals import judgement, tiers
from approvals.models import Verdict

COMMENT_LIMIT = 2_000


@whole
def give(
    action: Action,
    person: User,
    *,
    good: bool,
    reasons: Collection[str] = (),
    comment: str = "",
    by: ledger.Actor | None = None,
) -> Feedback:
    """Say that what ran was good or bad. Good may become bad, never back; the same word again may say more about it and
    counts once.

    Raises Refused for what did not run, tiers.Forbidden for who could not have decided about it, Conflict for bad that
    would be good.
    """
    if len(comment) > COMMENT_LIMIT:
        raise Refused(_("A comment may have %(limit)s characters.") % {"limit": COMMENT_LIMIT})
    leases.lock(action.task_id)
    now = Action.objects.select_related("task", "agent", "tool").select_for_update(of=("self",)).get(pk=action.pk)
    verdict = Verdict.objects.select_related("policy", "tier").filter(action=now, version=now.version).first()
    _may(now, verdict, person)
    if verdict is None or not now.ran:
        raise Refused(_("This action did not run, so there is nothing to say about how it went."))
    earlier = Feedback.objects.filter(action=now, person=person).first()
    if earlier and earlier.good != good and good:
        raise Conflict(_("You have called this bad. That stays: it has counted."), kind="feedback", action=now)
    reasons = [reason for reason, _words in Feedback.chips(good=good) if reason in reasons]
    by = by or ledger.person(person)
    if earlier and earlier.good == good:
        return _say_more(earlier, reasons, comment, by)
    trust.rated(now, judgement.terms(verdict), good=good)
    Action.objects.filter(pk=now.pk).update(evidence=now.evidence)
    words = {"good": good, "reasons": reasons, "comment": comment, "at": Now(), "agent": now.agent, "tool": now.tool}
    given, _made = Feedback.objects.update_or_create(action=now, person=person, defaults=words)
    ledger.record("feedback.good" if good else "feedback.bad", by, action=now, reason=given.told, detail=_detail(given))
    return given


def _say_more(given: Feedback, reasons: list[str], comment: str, by: ledger.Actor) -> Feedback:
    """Other reasons or another comment for a word that was given: it has counted, and counts no more."""
    if not (reasons or comment) or (reasons, comment) == (given.reasons, given.comment):
        return given
    given.reasons, given.comment = reasons, comment
    given.save(update_fields=["reasons", "comment"])
    ledger.record("feedback.reworded", by, action=given.action, reason=given.told, detail=_detail(given))
    return given


@whole
def prefer(agent: Agent, preference_id: int, person: User, by: ledger.Actor, value: str | None) -> bool:
    """Let an agent keep to another value of a preference, or with None to it no longer. False: there is none.

    Raises Refused for a value that is none of its kind, tiers.Forbidden for who decides nothing.
    """
    if not tiers.powers([person.pk]):
        raise tiers.Forbidden(_("Only people who decide about actions can say what an agent keeps to."))
    rows = Preference.objects.select_for_update(of=("self",)).select_related("agent", "tool")
    found = rows.filter(pk=preference_id, agent=agent).first()
    if found is None:
        return False
    if value is None:
        lessons.forget(found, by)
    elif value != found.value:
        lessons.change(found, value, person, by)
    return True


def _detail(given: Feedback) -> dict[str, object]:
    return {"good": given.good, "reasons": given.reasons}


def _may(action: Action, verdict: Verdict | None, person: User) -> None:
    """Only who could decide about an action has a word on how it went; of what asked nobody, whoever decides at all."""
    asked = action.approvals.select_related("tier").order_by("-pk").first()
    tier = asked.tier if asked else verdict and verdict.tier
    able = tiers.powers([person.pk]).get(person.pk, set())
    if not able:
        raise tiers.Forbidden(_("Only people who decide about actions can say how they went."))
    if tier and not able & set(tiers.seats(tier)):
        needed = ", ".join(dict.fromkeys(need.role.name for need in tier.requirements.all()))
        raise tiers.Forbidden(
            _("Only who could decide about this action can say how it went: %(roles)s.") % {"roles": needed}
        )
