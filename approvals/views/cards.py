"""One action: the review card, and the answer to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from agents import ledger, payloads, questions
from agents.models import Action, Guidance, User
from agents.pages import row_id
from agents.payloads import Refused
from agents.prepared import prepared
from agents.states import Conflict
from approvals import cards, company, decisions, extensions, openings, proofs, queries
from approvals.addresses import filter_from, number
from approvals.forms import SchemaForm
from approvals.models import Approval, Decision
from approvals.requests import Request

NOTE_LIMIT = 2_000
# The field with the words of an answer, where it is not the one beside its buttons.
FIELDS = {
    Decision.Answer.RESPOND: "note",
    Decision.Answer.REGENERATE: "guidance",
    Decision.Answer.HAND_UP: "up-note",
    Decision.Answer.HAND_OVER: "up-note",
}
WORDS_NEEDED: dict[str, Any] = {
    Decision.Answer.REJECT: gettext_lazy("Say why you reject it: the reason goes to the agent."),
    Decision.Answer.HAND_UP: gettext_lazy("Say what the next person should know: the note goes up with the question."),
    Decision.Answer.HAND_OVER: gettext_lazy("Say what the next person should know: the note is for them."),
    Decision.Answer.WRONG: gettext_lazy("Say what was wrong: it is kept with the agent and the tool."),
}


@dataclass(frozen=True)
class Answer:
    """One answer as a button names it: answer:approval:version:digest[:reason[:held]]."""

    answer: str
    approval: int
    version: int
    digest: str
    reason: str = ""
    held: bool = False

    @classmethod
    def parse(cls, value: str) -> "Answer":
        parts = value.split(":")
        numbers = parts[1:3]
        fits = (len(parts) in (4, 5) or parts[5:] == ["held"]) and all(
            n.isascii() and n.isdecimal() and len(n) < 10 for n in numbers
        )
        if not fits or parts[0] not in Decision.Answer.values or len(parts[3]) != 64:
            raise Refused(_("This answer names no action. Reload the page and decide again."))
        return cls(parts[0], int(numbers[0]), int(numbers[1]), parts[3], "".join(parts[4:5]), len(parts) == 6)


@require_GET
def action(request: Request, action_id: int) -> HttpResponse:
    """The card of an action that waits, or the record of one that does not; for htmx just where it stands."""
    found = queries.standing(action_id, number(request.GET.get("version", "")) if request.htmx else 0)
    if found is None:
        return render(request, "404.html", status=404)
    if request.htmx:
        return render(request, cards.regions(request.GET.get("page", "")), {**found, "pushed": True})
    return card(request, found)


def card(request: Request, found: dict[str, Any], *, status: int = 200, **more: Any) -> HttpResponse:
    """Draw the card and write down that this person has seen this version of it."""
    nonce = proofs.issue(request.user)
    approval = found["approval"]
    if approval and approval.state == Approval.State.OPEN:
        decisions.show(approval, request.user, nonce)
    who = queries.audience(request.user, filter_from(request.GET))
    recipient = number(request.GET.get("recipient", ""))
    context = {
        **found,
        **cards.content(found, request.user, recipient),
        "nonce": nonce,
        "next_rows": queries.up_next(who),
    }
    context["password_needed"] = not proofs.proof(request).fresh
    if approval and approval.kind == Approval.Kind.INPUT and approval.asked.question.get("fields"):
        context["question_form"] = _question_form(approval)
    return render(request, "approvals/review.html", {**context, **more}, status=status)


@require_GET
def letter(request: Request, action_id: int) -> HttpResponse:
    """The draft as one of its recipients gets it: where it stands on the card for htmx, else on the whole card."""
    found = queries.standing(action_id)
    if found is None:
        return render(request, "404.html", status=404)
    if not request.htmx:
        return card(request, found)
    shown = cards.letter(found, number(request.GET.get("recipient", "")))
    return render(request, "approvals/_letter.html", {**found, **shown, "open": True})


@prepared
def _question(approval_id: int) -> QuerySet[Approval]:
    return Approval.objects.select_related("tier", "asked").filter(pk=approval_id)


@require_POST
def decide(request: Request) -> HttpResponse:
    """One answer from the board or a card."""
    given = Answer.parse(request.POST.get("answer", ""))
    approval = next(iter(_question(given.approval)), None)
    if approval is None:
        raise Http404
    nonce = proofs.check(request.user, request.POST.get("nonce", ""))
    seen = decisions.Seen(given.version, given.digest, nonce, given.held)
    try:
        _answer(request, approval, given, seen, note_of(request, given))
    except (decisions.ProofNeeded, Refused, Conflict) as problem:
        if request.htmx or getattr(problem, "kind", "unopened") != "unopened":
            raise
        found = queries.standing(approval.action_id) or {}
        more: dict[str, Any] = {"problem": str(problem), "kept": _kept(request, given, found)}
        if isinstance(problem, Unfilled):
            more["question_form"] = problem.form
        return card(request, found, status=422, **more)
    if request.htmx and request.POST.get("from") != "card":
        who = queries.audience(request.user, filter_from(request.GET))
        return render(request, "approvals/board.html#live", {**queries.board(who), "pushed": True})
    return redirect("action" if request.POST.get("from") == "card" else "board", *_place(request, approval))


@require_POST
def opened(request: Request, action_id: int) -> HttpResponse:
    """Parts of the card that were opened: one by one from scripts, all that were left from the form without them."""
    nonce = proofs.check(request.user, request.POST.get("nonce", ""))
    openings.keep(action_id, request.user, nonce, request.POST.getlist("part"))
    return HttpResponse(status=204) if request.htmx else redirect("action", action_id)


@require_POST
def reading(request: Request, action_id: int) -> HttpResponse:
    """The page of a card says that it is still before somebody's eyes, or that they left it."""
    (company.leave if request.POST.get("left") else company.read)(action_id, request.user)
    return HttpResponse(status=204)


@require_POST
def snooze(request: Request, action_id: int) -> HttpResponse:
    """Keep an action out of one's own queue for a while, or bring it back."""
    get_object_or_404(Action, pk=action_id)
    minutes = request.POST.get("minutes", "")
    if minutes not in {str(one) for one in (0, *company.SNOOZES)}:
        raise Refused(_("Choose for how long."))
    company.snooze(action_id, request.user, int(minutes))
    return HttpResponse(status=204) if request.htmx else redirect("board")


@require_POST
def extend(request: Request, action_id: int) -> HttpResponse:
    """Ten minutes more for the question that is open about an action."""
    found = get_object_or_404(Action, pk=action_id)
    approval = found.approvals.filter(state=Approval.State.OPEN).select_related("action").first()
    if approval is None:
        raise Conflict(_("This action no longer waits, so it needs no more time."), kind="decided", action=found)
    reason = payloads.check({"reason": request.POST.get("reason", "")})["reason"]
    by = ledger.person(request.user, proofs.proof(request).session_hash)
    times = number(request.POST.get("times", ""))
    extensions.extend(approval, request.user, times=times, reason=reason, by=by)
    return redirect("action", action_id)


def _kept(request: Request, given: Answer, found: dict[str, Any]) -> dict[str, Any]:
    """What came with a refused answer, for its form; what confirms one version is kept for that version alone."""
    approval, post = found["approval"], request.POST
    same = approval and (approval.asked.version, approval.asked.digest) == (given.version, given.digest)
    return {
        "answer": given.answer,
        "text": post.get("note", ""),
        "words": post.get(f"note-{given.approval}", ""),
        "guidance": post.get("guidance", ""),
        "up": post.get("up-note", ""),
        "to": row_id(post.get("to", "")),
        "asks": _asks(request),
        "ticks": post.getlist("ack") if same else [],
        "typed": post.get("typed", "") if same else "",
    }


def _place(request: Request, approval: Approval) -> list[int]:
    return [approval.action_id] if request.POST.get("from") == "card" else []


def _answer(request: Request, approval: Approval, given: Answer, seen: decisions.Seen, note: str) -> None:
    """Give the answer that a form names: what may be given depends on what is asked."""
    if password := request.POST.get("password", ""):
        proofs.prove(request, password)
    give = OF_KIND.get(approval.kind) or OF_ANSWER.get(given.answer)
    if give is None:
        raise Refused(_("This action is approved or rejected, nothing else."))
    give(approval, request, given, note, {"seen": seen, "proof": proofs.proof(request)})


def _settle(approval: Approval, request: Request, given: Answer, note: str, how: dict[str, Any]) -> None:
    decisions.settle(approval, request.user, answer=given.answer, note=note, **how)


def _review(approval: Approval, request: Request, given: Answer, note: str, how: dict[str, Any]) -> None:
    decisions.review(approval, request.user, answer=given.answer, note=note, **how)


def _respond(approval: Approval, request: Request, given: Answer, note: str, how: dict[str, Any]) -> None:
    decisions.respond(approval, request.user, text=note, fields=_filled(request, approval, note), **how)


def _choose(approval: Approval, request: Request, given: Answer, note: str, how: dict[str, Any]) -> None:
    decisions.choose(approval, request.user, option=number(given.reason), **how)


def _hand_up(approval: Approval, request: Request, given: Answer, note: str, how: dict[str, Any]) -> None:
    decisions.hand_over(approval, request.user, note=note, **how)


def _hand_over(approval: Approval, request: Request, given: Answer, note: str, how: dict[str, Any]) -> None:
    to = User.objects.filter(pk=row_id(request.POST.get("to", "")), is_active=True).first()
    if to is None:
        raise Refused(_("Choose who should decide it."))
    decisions.hand_over(approval, request.user, to=to, note=note, **how)


def _undo(approval: Approval, request: Request, given: Answer, note: str, how: dict[str, Any]) -> None:
    decisions.undo(approval, request.user, **how)


def _regenerate(approval: Approval, request: Request, given: Answer, note: str, how: dict[str, Any]) -> None:
    asks = _asks(request)
    if not asks and not note:
        raise Refused(_("Say what the next draft should be: choose a chip, or write it."))
    decisions.regenerate(approval, request.user, asks=asks, text=note, **how)


def _decide(approval: Approval, request: Request, given: Answer, note: str, how: dict[str, Any]) -> None:
    if given.answer == Decision.Answer.APPROVE:
        cards.acknowledged(approval, request.POST.getlist("ack"))
    typed = request.POST.get("typed", "")[:1_000]
    decisions.decide(approval, request.user, answer=given.answer, note=note, typed=typed, **how)


Give = Callable[[Approval, Request, Answer, str, dict[str, Any]], None]
# What became of an action, and what is thought of it, is asked in words of its own: those refuse every other answer.
OF_KIND: dict[str, Give] = {Approval.Kind.SETTLE: _settle, Approval.Kind.REVIEW: _review}
OF_ANSWER: dict[str, Give] = {
    Decision.Answer.APPROVE: _decide,
    Decision.Answer.REJECT: _decide,
    Decision.Answer.RESPOND: _respond,
    Decision.Answer.CHOOSE: _choose,
    Decision.Answer.REGENERATE: _regenerate,
    Decision.Answer.HAND_UP: _hand_up,
    Decision.Answer.HAND_OVER: _hand_over,
    Decision.Answer.UNDO: _undo,
}


class Unfilled(Refused):
    """The fields of a question do not hold an answer yet."""

    def __init__(self, form: SchemaForm) -> None:
        super().__init__(_("Write an answer, or fill in its fields: the agent goes on by what you say."))
        self.form = form


def _question_form(approval: Approval, sent: Any = None) -> SchemaForm:
    return SchemaForm(questions.form(approval.asked.question), {}, data=sent, prefix="q")


def _filled(request: Request, approval: Approval, note: str) -> dict[str, Any]:
    """What stands in the fields of the question."""
    form = _question_form(approval, request.POST)
    if not form.is_valid() or not (form.arguments or note):
        raise Unfilled(form)
    return form.arguments


def _asks(request: Request) -> list[str]:
    """The chips of a guidance, each once."""
    chosen = request.POST.getlist("ask")
    return [ask for ask in Guidance.Ask.values if ask in chosen]


def note_of(request: Request, given: Answer) -> str:
    """The reason in words: the chip that was pressed, the text beside it, or both."""
    text = request.POST.get(FIELDS.get(Decision.Answer(given.answer), f"note-{given.approval}"), "")
    if len(text) > NOTE_LIMIT:
        raise Refused(_("A note may have %(limit)s characters.") % {"limit": NOTE_LIMIT})
    reason = cards.reason_of(given.answer, given.reason)
    note = payloads.check({"note": ": ".join(part for part in (reason, text.strip()) if part)})["note"]
    if given.answer in WORDS_NEEDED and not note:
        raise Refused(WORDS_NEEDED[given.answer])
    return note
