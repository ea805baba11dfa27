"""More time for an open question: by whoever may answer it, ten minutes at a time, each with a reason."""

from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from agents import leases, ledger
from agents.clock import NOW
from agents.models import User
from agents.payloads import Refused
from agents.prepared import update
from agents.states import Conflict
from agents.transactions import whole
from approvals import decisions
from approvals.models import Approval, Decision

STEP = timedelta(minutes=10)
REASON_LIMIT = 500
_LATER: dict[str, Any] = {"deadline": F("deadline") + STEP, "urgency": F("urgency") + STEP}


@whole
def extend(approval: Approval, person: User, *, times: int, reason: str, by: ledger.Actor) -> None:
    """Give a question ten minutes more. `times`: how often that was done before, on the page. Where it was done again
    since then, by a double click or by somebody else, it has its time, and nothing changes.

    Raises Forbidden for who could not answer it, Refused without a reason and after the last time, Conflict when its
    time is over or it is answered.
    """
    leases.lock(approval.action.task_id)
    question = Approval.objects.select_related("action__task", "action__agent", "tier").get(pk=approval.pk)
    if problem := decisions.why_not(question, person, Decision.Answer.REJECT):
        raise decisions.Forbidden(problem)
    if question.deadline is None:
        raise Refused(_("This waits without a deadline. It needs no more time."))
    if not reason.strip():
        raise Refused(_("Say why it needs more time: the reason is kept."))
    if len(reason) > REASON_LIMIT:
        raise Refused(_("A reason may have %(limit)s characters.") % {"limit": REASON_LIMIT})
    open_now = {"pk": question.pk, "state": Approval.State.OPEN, "deadline__gt": NOW}
    if times > question.extended:
        raise Refused(_("This page is not as it was made. Reload it and ask again."))
    if times < question.extended and Approval.objects.filter(**open_now).exists():
        return
    if question.extended >= Approval.MOST_EXTENDED:
        raise Refused(
            _("It has been given more time %(times)d times. Decide it, or let it end.") % {"times": question.extended}
        )
    if not update(Approval, {**open_now, "extended": times}, {**_LATER, "extended": times + 1}):
        raise Conflict(_("The time to answer is over."), kind="expired", action=question.action)
    detail = {"minutes": STEP.seconds // 60, "times": times + 1}
    ledger.record(
        "approval.extended", by, action=question.action, tier=question.level, reason=reason.strip(), detail=detail
    )
