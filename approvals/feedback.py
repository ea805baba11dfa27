"""What people think of what was done: one word for each person and action, and it moves trust."""

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from agents import leases, ledger, trust
from agents.models import Action, User
from agents.payloads import Refused
from agents.states import Conflict
from agents.transactions import whole
from approvals import judgement, tiers
from approvals.models import Feedback, Verdict

COMMENT_LIMIT = 2_000


@whole
def give(action: Action, person: User, *, good: bool, comment: str = "", by: ledger.Actor | None = None) -> Feedback:
    """Say that what ran was good or bad. The same word again changes nothing; good may become bad, never back.

    Raises Refused for what did not run, tiers.Forbidden for who decides nothing, Conflict for bad that would be good.
    """
    if len(comment) > COMMENT_LIMIT:
        raise Refused(_("A comment may have %(limit)s characters.") % {"limit": COMMENT_LIMIT})
    if not may(person):
        raise tiers.Forbidden(_("Only people who decide about actions can say how they went."))
    leases.lock(action.task_id)
    now = Action.objects.select_related("task", "agent", "tool").select_for_update(of=("self",)).get(pk=action.pk)
    if not now.ran:
        raise Refused(_("This action did not run, so there is nothing to say about how it went."))
    earlier = Feedback.objects.filter(action=now, person=person).first()
    if earlier and (good or not earlier.good):
        if earlier.good != good:
            raise Conflict(_("You have called this bad. That stays: it has counted."), kind="feedback", action=now)
        return earlier
    verdict = Verdict.objects.select_related("policy").get(action=now, version=now.version)
    trust.rated(now, judgement.terms(verdict), good=good)
    Action.objects.filter(pk=now.pk).update(evidence=now.evidence)
    words = {"good": good, "comment": comment, "at": Now()}
    given, _made = Feedback.objects.update_or_create(action=now, person=person, defaults=words)
    kind = "feedback.good" if good else "feedback.bad"
    ledger.record(kind, by or ledger.person(person), action=now, reason=comment)
    return given


def may(person: User) -> bool:
    """Whether this person may say how an action went."""
    return bool(tiers.powers([person.pk]))
