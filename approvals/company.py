"""Who else is at work on a question. A row with a lease: it outlasts a lost Redis, and each board reads all of them at once."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agents import facts
from agents.clock import NOW, Moment, later
from agents.models import Action, User
from agents.payloads import Refused
from agents.states import Conflict
from agents.transactions import whole
from approvals.models import Approval, Attention

LEASE = timedelta(seconds=90)
SNOOZES = (15, 60, 240)
SNOOZE_ENDS = timedelta(minutes=5)


@whole
def read(action_id: int, person: User) -> None:
    """This person has the open question about an action before their eyes, for another 90 s. Others are told once."""
    asked = Approval.objects.filter(action=action_id, state=Approval.State.OPEN).first()
    if asked is None:
        return
    lease = {"reading_until": later(LEASE)}
    if _reading(action_id, person).filter(approval=asked, reading_until__gt=NOW).update(**lease):
        return
    Attention.objects.update_or_create(approval=asked, person=person, defaults=lease)
    _tell(action_id)


@whole
def leave(action_id: int, person: User) -> None:
    """They have left its page."""
    if _reading(action_id, person).update(reading_until=None):
        _tell(action_id)


@whole
def lapse() -> None:
    """End what no page has renewed: a browser that crashed, a lid that was closed."""
    over = Attention.objects.filter(reading_until__lte=NOW)
    actions = set(over.values_list("approval__action", flat=True))
    over.update(reading_until=None)
    for action_id in actions:
        _tell(action_id)


@whole
def snooze(action_id: int, person: User, minutes: int) -> None:
    """Keep the open question about an action out of this person's queue for so long, and at the latest until five minutes
    before its deadline. Nobody else's queue changes, and its clock goes on. 0 brings it back."""
    asked = Approval.objects.annotate(now=Moment()).filter(action=action_id, state=Approval.State.OPEN).first()
    if asked is None:
        raise Conflict(_("This action no longer waits."), kind="decided", action=Action.objects.get(pk=action_id))
    until = asked.now + timedelta(minutes=minutes)
    if asked.deadline:
        until = min(until, asked.deadline - SNOOZE_ENDS)
    if minutes and until <= asked.now:
        raise Refused(_("Less than five minutes are left, so it stays in your queue."))
    wanted = {"snoozed_until": until if minutes else None}
    Attention.objects.update_or_create(approval=asked, person=person, defaults=wanted)
    queue_changed(person.pk)


def queue_changed(person_id: int) -> None:
    """The boards of this person, and of nobody else, look again what is theirs."""
    facts.tell(kind="queue", person=person_id)


def _reading(action_id: int, person: User) -> QuerySet[Attention]:
    return Attention.objects.filter(approval__action=action_id, person=person, reading_until__isnull=False)


def _tell(action_id: int) -> None:
    """Boards and cards draw anew; this is news of the moment, nothing for the ledger."""
    facts.tell(kind="reading", action=action_id)
