"""The folded parts of a card: which there are, who has opened them, and what is still closed."""

import hashlib
from collections.abc import Iterable

from django.utils.translation import gettext as _

from agents import payloads
from agents.models import User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import visible
from approvals.models import Approval, CardOpening, CardView

NAMED = 3


def nonce_hash(nonce: str) -> str:
    """How a page's nonce is kept: who reads the rows cannot answer in its place."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def parts(approval: Approval) -> dict[str, str]:
    """Key and JSON path of each argument that the card of this version folds."""
    return visible.folded(payloads.arguments(bytes(approval.asked.body)))


def opened(approval: Approval, person: User) -> set[str]:
    """Keys of the parts that this person has opened on any card of this version."""
    found = CardOpening.objects.filter(view__approval=approval, view__person=person, view__digest=approval.asked.digest)
    return set(found.values_list("part", flat=True))


def keep(action_id: int, person: User, nonce: str, keys: Iterable[str]) -> None:
    """Write down which parts this person has opened on the card of this nonce. Again is the same."""
    views = CardView.objects.select_related("approval__asked").filter(approval__action_id=action_id, person=person)
    view = views.filter(nonce_hash=nonce_hash(nonce), surface=CardView.Surface.CARD).order_by("-pk").first()
    if view is None:
        raise Conflict(_("Load the card of this action again, and open its parts there."), kind="unseen")
    wanted = set(keys)
    if wanted - set(parts(view.approval)):
        raise Refused(_("This card has no such part. Load it again."))
    rows = [CardOpening(view=view, part=key) for key in sorted(wanted)]
    CardOpening.objects.bulk_create(rows, ignore_conflicts=True)


def demand(approval: Approval, person: User) -> None:
    """Refuse an approval while this person has not opened every part that the card folds."""
    folds = parts(approval)
    if not folds:
        return
    seen = opened(approval, person)
    closed = [place for key, place in folds.items() if key not in seen]
    if closed:
        left = len(closed) - NAMED
        named = ", ".join(closed[:NAMED]) + (" " + _("and %(count)s more") % {"count": left} if left > 0 else "")
        message = _("Open these parts in full before you approve: %(parts)s.") % {"parts": named}
        raise Conflict(message, kind="unopened", action=approval.action)
