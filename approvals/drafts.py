"""What a person has typed into the form of an action and not saved yet: theirs alone, kept until it is saved or discarded."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils.translation import gettext as _

from agents.models import Action, User
from agents.payloads import Refused, storable
from agents.transactions import whole
from approvals.models import Decision, Draft
from approvals.openings import nonce_hash

SIZE_LIMIT = 512 * 1024
LASTS = timedelta(days=30)


@whole
def keep(action: Action, person: User, *, version: int, fields: Mapping[str, Iterable[str]], nonce: str) -> bool:
    """Keep what stands in the form, in the place of what was kept before. False: the page behind it has been saved."""
    kept = {storable(name): [storable(words) for words in some] for name, some in fields.items()}
    if sum(len(words.encode()) for name, some in kept.items() for words in (name, *some)) > SIZE_LIMIT:
        raise Refused(
            _("A draft may have %(limit)d KB. Shorten it; it stays in this form.") % {"limit": SIZE_LIMIT // 1024}
        )
    # A message that was on its way when the same page saved its edit must not bring the draft back.
    if Decision.objects.filter(approval__action=action, person=person, nonce_hash=nonce_hash(nonce)).exists():
        return False
    what = {"version": version, "fields": kept, "at": Now()}
    Draft.objects.update_or_create(action=action, person=person, defaults=what)
    return True


def of(action: Action, person: User) -> Draft | None:
    """What this person has typed about this action, if anything is kept."""
    return Draft.objects.filter(action=action, person=person).first()


def controls(draft: Draft) -> QueryDict:
    """The draft as the form would send it."""
    sent = QueryDict(mutable=True)
    for name, some in draft.fields.items():
        sent.setlist(name, some)
    return sent


def drop(action: Action, person: User) -> None:
    """Forget it: it was saved, or its owner wants it gone."""
    Draft.objects.filter(action=action, person=person).delete()


def outlived() -> QuerySet[Draft]:
    """What nobody has come back to for so long that it is forgotten."""
    return Draft.objects.filter(at__lt=Now() - LASTS)
