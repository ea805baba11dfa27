"""Actions that are alike, decided from one table."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents import payloads
from agents.models import User
from agents.payloads import Refused
from approvals import batches, decisions, holds, proofs, tiers
from approvals.addresses import plain
from approvals.batches import Alike, Named
from approvals.models import Decision
from approvals.requests import Request
from approvals.views.cards import NOTE_LIMIT

ANSWERS = (Decision.Answer.APPROVE.value, Decision.Answer.REJECT.value)
LONGEST_TOOL, LONGEST_VERSION = 200, 64


@require_http_methods(["GET", "HEAD", "POST"])
def table(request: Request) -> HttpResponse:
    """The table of what waits and is alike, and the one answer to what of it is ticked."""
    if request.method == "POST":
        return _decide(request)
    return _page(request, _alike(request.GET))


@require_GET
def batch(request: Request, name: str) -> HttpResponse:
    """What became of a batch."""
    return _batch(request, name)


@require_POST
def undo(request: Request, name: str) -> HttpResponse:
    """Take back what of a batch is still held."""
    nonce = proofs.check(request.user, request.POST.get("nonce", ""))
    outcome = batches.undo(name, request.user, nonce=nonce, proof=proofs.proof(request))
    return _batch(request, name, undone=outcome)


def _alike(wanted: Any) -> Alike:
    tool, version = plain(wanted.get("tool", ""), LONGEST_TOOL), plain(wanted.get("version", ""), LONGEST_VERSION)
    return Alike(plain(wanted.get("agent", "")), tool, version)


def _page(request: Request, alike: Alike, *, status: int = 200, **more: Any) -> HttpResponse:
    found = batches.table(alike)
    context: dict[str, Any] = {
        "alike": alike,
        "table": found,
        "nonce": proofs.issue(request.user),
        "words_above": batches.WORDS_ABOVE,
    }
    if found.lines:
        first = found.lines[0].approval
        context |= {
            "first": first,
            "cannot": decisions.why_not(first, request.user, Decision.Answer.REJECT),
            "effects": list(dict.fromkeys((line.preview.effect, line.preview.undo) for line in found.lines)),
            "hold": max(holds.seconds(line.approval.tier, line.approval.verdict) for line in found.lines),
            "approve_words": _counted(ANSWERS[0]),
            "reject_words": _counted(ANSWERS[1]),
        }
    return render(request, "approvals/batches.html", {**context, **more}, status=status)


def _counted(answer: str) -> list[str]:
    """What a button reads for each number of ticked rows: a language has its own forms."""
    numbers = range(batches.MOST + 1)
    if answer == Decision.Answer.REJECT:
        return [ngettext("Reject %(count)d action", "Reject %(count)d actions", n) % {"count": n} for n in numbers]
    return [ngettext("Approve %(count)d action", "Approve %(count)d actions", n) % {"count": n} for n in numbers]


def _decide(request: Request) -> HttpResponse:
    answer, values = request.POST.get("answer", ""), list(dict.fromkeys(request.POST.getlist("row")))
    if answer not in ANSWERS:
        raise Refused(_("Actions of one table are approved or rejected, nothing else."))
    named = [_named(value) for value in values]
    nonce = proofs.check(request.user, request.POST.get("nonce", ""))
    note = request.POST.get("note", "").strip()
    if len(note) > NOTE_LIMIT:
        raise Refused(_("A note may have %(limit)s characters.") % {"limit": NOTE_LIMIT})
    note = payloads.check({"note": note})["note"]
    given: dict[str, Any] = {"answer": answer, "nonce": nonce, "proof": proofs.proof(request), "note": note}
    try:
        outcome = batches.decide(named, request.user, **given)
    except batches.Wordless as problem:
        kept = {"problem": str(problem), "kept": values}
        return _page(request, _alike(request.POST), status=422, **kept)
    return _batch(request, outcome.batch, outcome=outcome)


def _named(value: str) -> Named:
    """A row as a form names it: approval:version:digest."""
    parts = value.split(":")
    numbers = parts[:2]
    if (
        len(parts) != 3
        or len(parts[2]) != 64
        or not all(n.isascii() and n.isdecimal() and len(n) < 10 for n in numbers)
    ):
        raise Refused(_("This answer names no action. Reload the page and decide again."))
    return Named(int(parts[0]), int(parts[1]), parts[2])


def _batch(request: Request, name: str, **news: Any) -> HttpResponse:
    given = list(batches.answers(name))
    outcome, now = news.get("outcome"), timezone.now()
    if not given and outcome is None:
        raise Http404
    held = [one for one in given if _held(one, now)]
    first = given[0].approval if given else outcome.out[0][0] if outcome else None
    context = {
        "name": name,
        "given": given,
        "held": held,
        "first_to_start": min((one.approval.action.hold_until or now for one in held), default=None),
        "may_undo": bool(held) and _may_undo(held[0], request.user),
        "nonce": proofs.issue(request.user),
        "alike": Alike.of(first) if first else None,
    }
    nothing = outcome is not None and not outcome.done
    return render(request, "approvals/batch.html", {**context, **news}, status=409 if nothing else 200)


def _held(given: Decision, now: datetime) -> bool:
    """Whether what was approved with this answer, and no later version of it, can still be taken back."""
    action = given.approval.action
    return given.answer == Decision.Answer.APPROVE and given.version == action.version and holds.held(action, now)


def _may_undo(given: Decision, person: User) -> bool:
    able = tiers.powers([person.pk]).get(person.pk, set())
    return given.person_id == person.pk or bool(able & set(tiers.seats(given.approval.tier)))
