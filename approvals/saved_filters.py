"""Views of the queue that somebody keeps under a name: their own, a sensible number."""

from django.utils.translation import gettext as _

from agents.models import User
from agents.payloads import Refused, storable
from agents.transactions import whole
from approvals.models import SavedFilter
from approvals.queries import Filter

MOST = 20
LONGEST = 60


def of(person: User) -> list[SavedFilter]:
    return list(SavedFilter.objects.filter(person=person).order_by("name", "pk"))


@whole
def keep(person: User, name: str, wanted: Filter) -> None:
    """Keep a view of the queue under a name that is free."""
    _touch(person)
    if SavedFilter.objects.filter(person=person).count() >= MOST:
        raise Refused(_("You keep %(most)d filters already. Delete one that you no longer use.") % {"most": MOST})
    SavedFilter.objects.create(person=person, name=_free(person, name), query=wanted.lasting)


@whole
def rename(person: User, number: int, name: str) -> None:
    _touch(person)
    SavedFilter.objects.filter(person=person, pk=number).update(name=_free(person, name, number))


def delete(person: User, number: int) -> None:
    SavedFilter.objects.filter(person=person, pk=number).delete()


def _touch(person: User) -> None:
    """Two tabs of one person keep one after the other, so that number and names hold."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _free(person: User, name: str, besides: int = 0) -> str:
    found = storable(name).strip()
    if not found:
        raise Refused(_("Give it a name."))
    if len(found) > LONGEST:
        raise Refused(_("A name may have %(longest)d characters.") % {"longest": LONGEST})
    if SavedFilter.objects.filter(person=person, name=found).exclude(pk=besides).exists():
        raise Refused(_("You keep another filter under this name already."))
    return found
