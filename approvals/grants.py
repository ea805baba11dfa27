"""What admins say about autonomy: how far an agent or a tool may go at most, and yes to what was earned."""

from django.utils.translation import gettext as _

from agents import ledger, trust
from agents.models import Agent, Autonomy, Tool, TrustScore, User
from agents.payloads import Refused
from agents.states import Conflict
from agents.transactions import whole
from approvals import amendments, autonomy
from approvals.decisions import Proof
from approvals.models import Policy


@whole
def set_ceiling(row: Agent | Tool, level: int, person: User, proof: Proof, *, reason: str) -> None:
    """Say how far an agent, or everybody with a tool, may go at most. It holds for whatever is claimed from now on."""
    amendments.only_admins(person)
    if level not in Autonomy.values:
        raise Refused(_("Choose one of the levels."))
    if not reason.strip():
        raise Refused(_("Say why: the reason is kept on the record."))
    kind = type(row)
    before = kind._default_manager.select_for_update().values_list("ceiling", flat=True).get(pk=row.pk)
    if before == level:
        return
    kind._default_manager.filter(pk=row.pk).update(ceiling=level)
    row.ceiling = level
    name = {"agent": row.slug} if isinstance(row, Agent) else {"tool": row.name}
    ledger.record(
        "autonomy.ceiling",
        ledger.person(person, proof.session_hash),
        reason=reason[: amendments.REASON_LIMIT],
        detail={**name, "from": before, "to": level},
        whose=row.pk if isinstance(row, Agent) else None,
    )


@whole
def agree(row: TrustScore, person: User, proof: Proof) -> None:
    """Let an agent act alone where its evidence reaches and policy leaves the last word to an admin."""
    amendments.only_admins(person)
    terms = autonomy.terms(Policy.objects.get(active=True).thresholds)
    if not trust.grant(row, terms, person, ledger.person(person, proof.session_hash)):
        raise Conflict(_("The evidence no longer reaches, or somebody has already agreed."), kind="trust")
