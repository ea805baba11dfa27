"""What every page that changes people, roles or tiers does with its form."""

from django.contrib import messages
from django.utils.translation import gettext as _

from agents.payloads import Refused
from agents.states import Conflict
from approvals import changes, proofs
from approvals.charter_forms import ChangeForm
from approvals.charters import Charter, Data, Misfit
from approvals.models import Change, Motion
from approvals.requests import Request


def save(request: Request, charter: Charter, form: ChangeForm, wanted: Data) -> tuple[Change | None, int]:
    """Ask for a change. None, with a status: what is wrong now stands in the form, with everything that was typed."""
    told = form.cleaned_data
    try:
        made = changes.ask(
            charter, request.user, proofs.proof(request), wanted=wanted, seen=told["seen"], reason=told["reason"]
        )
    except Misfit as misfit:
        form.blame(misfit)
        return None, 422
    except Refused as refusal:
        form.add_error(None if told["reason"].strip() else "reason", str(refusal))
        return None, 422
    except Conflict as conflict:
        form.add_error(None, str(conflict))
        form.draw_again(changes.seen(charter))
        return None, 409
    waits = made.state == Motion.State.OPEN
    messages.success(request, _("Asked: a second admin has to agree.") if waits else _("Saved, and in force."))
    return made, 302
