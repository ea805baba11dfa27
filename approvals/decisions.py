"""The human: one verb, one transaction each, the parent row first."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import execution, leases, ledger, lessons, proposals, questions, reasons, states, trust
from agents.clock import NOW, Moment, later
from agents.models import Action, Guidance, User
from agents.payloads import Refused
from agents.prepared import insert, prepared, update
from agents.states import A, Conflict
from agents.transactions import whole
from approvals import company, drafts, feedback, gate, holds, judgement, openings, precedents, risk, tiers
from approvals.models import Approval, CardView, Decision, Level, Tier
from approvals.tasks import hint
from approvals.tiers import Forbidden as Forbidden

PROOF_LASTS = timedelta(minutes=5)
ONE_CLICK = (Level.LOW, Level.MEDIUM)
CARD_TEMPLATE = "card-1"
QUESTION = ("action__task", "tier", "verdict__policy")
Answer = Decision.Answer
# A worker keeps a hint that is for later in memory: the end of a longer hold is found by the sweep.
HINTED_SECONDS = 60
STARTED = (A.EXECUTING, A.SUCCEEDED, A.FAILED, A.UNKNOWN)
SETTLED = {Answer.HAPPENED: A.SUCCEEDED, Answer.DID_NOT_HAPPEN: A.FAILED}


class ProofNeeded(Exception):
    """The last proof of identity is too old for this answer."""


@dataclass(frozen=True)
class Proof:
    """How the person at the keyboard signed in, and when they last proved who they are."""

    session_hash: str
    assurance: str
    at: datetime | None

    @property
    def fresh(self) -> bool:
        return self.at is not None and timezone.now() - self.at <= PROOF_LASTS


@dataclass(frozen=True)
class Seen:
    """What was on screen when the person answered: the exact version, under a nonce that the page was given, and
    whether it was approved already and held. `batch` names what was answered together with it from one table."""

    version: int
    digest: str
    nonce: str
    held: bool = False
    batch: str = ""

    @property
    def nonce_hash(self) -> str:
        return openings.nonce_hash(self.nonce)


@whole
def show(approval: Approval, person: User, nonce: str) -> CardView:
    """Write down that this person has opened the card of this version."""
    seen = Seen(approval.asked.version, approval.asked.digest, nonce)
    return _view(approval, person, seen, CardView.Surface.CARD)


@whole
def decide(
    approval: Approval, person: User, *, answer: str, seen: Seen, proof: Proof, note: str = "", typed: str = ""
) -> Decision:
    """Give one voice, approve or reject, about the version on screen. The same nonce again gets the same answer.

    In a batch only what may be decided among others. What is approved and held can still be rejected by whoever has not answered yet.
    """
    held = seen.held and answer == Answer.REJECT
    desk = _at_desk(approval, person, seen, A.APPROVED if held else A.PENDING)
    if desk.earlier:
        return desk.earlier
    if held:
        desk.still_held()
    else:
        desk.still_open()
    if seen.batch and (why := alone(desk.approval)):
        raise Refused(why)
    if answer == Answer.APPROVE and desk.approval.kind == Approval.Kind.INPUT:
        raise Refused(_("This is a question. Answer it, edit the action or reject it; a yes alone would be a guess."))
    seat = desk.seat_for(answer)
    view = _seen_by(desk.approval, person, seen, answer)
    if answer == Answer.APPROVE:
        _confirmed(desk.approval, proof, typed)
    decision = _voice(desk, answer, proof, view, seat, note)
    if answer == Answer.REJECT:
        _reject(desk, proof, note)
    elif desk.filled(answer):
        _approve(desk, proof)
    return decision


@whole
def undo(approval: Approval, person: User, *, seen: Seen, proof: Proof) -> Decision:
    """Take an approval back while it is held: the same action waits again, as a version that nobody has answered.

    Open to whoever approved it and to whoever may reject it.
    """
    # One page has one nonce, and the approval itself may have come from the same page.
    seen = replace(seen, nonce=f"{seen.nonce}/{Answer.UNDO}")
    desk = _at_desk(approval, person, seen, A.APPROVED)
    if desk.earlier:
        return desk.earlier
    desk.still_held()
    decision = _heard(desk, Answer.UNDO, proof)
    by = ledger.person(person, proof.session_hash)
    gate.ask_again(desk.action, desk.approval.asked, reasons.TAKEN_BACK, by=by)
    return decision


@whole
def edit(
    approval: Approval,
    person: User,
    *,
    made: proposals.Draft,
    seen: Seen,
    proof: Proof,
    note: str = "",
    approve: bool = False,
) -> Approval:
    """Save a person's version: earlier voices go stale and the gate judges again, never more softly.

    With `approve`, the editor's voice counts for it at once where the tier lets requesters count.
    """
    desk = _at_desk(approval, person, seen, A.PENDING)
    action = desk.action
    if desk.earlier and desk.earlier.answer == Answer.EDIT:
        return action.approvals.latest("pk")
    desk.still_open()
    _heard(desk, Answer.EDIT, proof, note)
    settled = risk.DOUBTS if desk.approval.kind == Approval.Kind.INPUT else ()
    by = ledger.person(person, proof.session_hash)
    trust.edited(action, judgement.terms(desk.approval.verdict))
    again = gate.resubmit(action, made, by=by, editor=person, reason=note, settled=settled)
    if again is None:
        raise Refused(_("These arguments are not allowed: %(reason)s") % {"reason": action.reason})
    drafts.drop(action, person)
    lessons.learn(action, person, by)
    if approve and again.tier.requester_counts and one_click(again.tier):
        own = Seen(again.asked.version, again.asked.digest, seen.nonce)
        decide(again, person, answer=Answer.APPROVE, seen=own, proof=proof, note=note)
    return again


@whole
def respond(
    approval: Approval, person: User, *, text: str, seen: Seen, proof: Proof, fields: Mapping[str, Any] | None = None
) -> Decision:
    """Answer a question, in words and in the fields that it asks for. The agent makes its next version of that, and the
    gate judges it again, never more softly."""
    desk = _at_desk(approval, person, seen, A.PENDING)
    if desk.earlier:
        return desk.earlier
    desk.asked()
    filled = questions.told(desk.approval.asked.question, fields or {})
    decision = _heard(desk, Answer.RESPOND, proof, "; ".join(part for part in (*filled, text) if part))
    Guidance.objects.create(
        action=desk.action, version=seen.version, text=text, fields=dict(fields or {}), person=person
    )
    # Its deadline goes on: where the agent makes nothing of the answer in time, the action expires.
    gate.close(desk.action, Approval.State.ANSWERED)
    _on(desk.action)
    return decision


@whole
def choose(approval: Approval, person: User, *, option: int, seen: Seen, proof: Proof) -> Approval:
    """Take one of the options of a question, by its number: a next version as the agent offered it, judged again.

    It is a voice for that option where one click is enough; elsewhere the option waits on its card to be approved. It is
    no edit: who chooses wrote nothing.
    """
    desk = _at_desk(approval, person, seen, A.PENDING)
    action, asked = desk.action, desk.approval.asked
    if desk.earlier and desk.earlier.answer == Answer.CHOOSE:
        return action.approvals.latest("pk")
    desk.still_open()
    options = asked.question.get("options", [])
    if not 1 <= option <= len(options):
        raise Refused(_("There is no such option. Reload the page and choose again."))
    if asked.question.get("chosen") == option:
        raise Refused(_("This option is chosen already. Approve it, or choose another one."))
    chosen = options[option - 1]
    _heard(desk, Answer.CHOOSE, proof, chosen["title"])
    made = proposals.redraft(action, asked, chosen["arguments"], why=chosen["why"] or reasons.OPTION_OFFERED)
    made = replace(made, question={**asked.question, "chosen": option})
    by = ledger.person(person, proof.session_hash)
    again = gate.resubmit(action, made, by=by, editor=asked.editor, reason=chosen["title"], settled=risk.DOUBTS)
    if again is None:
        raise Refused(_("This option is not allowed: %(reason)s") % {"reason": action.reason})
    takes = again.kind == Approval.Kind.APPROVE and one_click(again.tier)
    if takes and not why_not(again, person, Answer.APPROVE):
        own = Seen(again.asked.version, again.asked.digest, seen.nonce)
        decide(again, person, answer=Answer.APPROVE, seen=own, proof=proof)
    return again


@whole
def hand_over(
    approval: Approval, person: User, *, to: User | None = None, note: str, seen: Seen, proof: Proof
) -> Decision:
    """Pass on what waits, in the time that is left: to somebody who may decide it, whose queue it leads from then on, or,
    without `to`, to the tier above. It answers nothing, and gives nobody a right."""
    desk = _at_desk(approval, person, seen, A.PENDING)
    if desk.earlier:
        return desk.earlier
    desk.still_open()
    if to is not None:
        if not desk.may_go_to(to):
            raise Refused(
                _("This person cannot decide it: they lack the role, asked for it, or have answered already.")
            )
        decision = _heard(desk, Answer.HAND_OVER, proof, note, to=to)
        before = desk.approval.handed_to_id
        update(Approval, {"pk": desk.approval.pk}, {"handed_to": to.pk})
        for one in {to.pk, before} - {None}:
            company.queue_changed(one)
        return decision
    above = gate.tier_above(desk.approval.tier)
    if above is None:
        raise Refused(_("This is the highest tier, so nobody stands above it: answer, edit or reject it."))
    decision = _heard(desk, Answer.HAND_UP, proof, note)
    by = ledger.person(person, proof.session_hash)
    gate.hand_up(desk.approval, above, at=desk.approval.read_at, by=by, note=note)
    return decision


@whole
def regenerate(approval: Approval, person: User, *, asks: list[str], text: str, seen: Seen, proof: Proof) -> Decision:
    """Ask the agent for another draft. It makes its next version by that, which is judged again, never more softly."""
    desk = _at_desk(approval, person, seen, A.PENDING)
    if desk.earlier:
        return desk.earlier
    desk.still_open()
    action = desk.action
    if desk.approval.kind != Approval.Kind.APPROVE:
        raise Refused(_("This is a question: answer it, and the agent makes its next version of that."))
    if not can_redraft(action):
        raise Refused(_("This run is only played again: nobody writes another draft. Edit it yourself, or reject it."))
    wanted = Guidance(
        action=action, version=seen.version, kind=Guidance.Kind.REDRAFT, asks=asks, text=text, person=person
    )
    said = ": ".join(part for part in (", ".join(wanted.wishes), text) if part)
    decision = _heard(desk, Answer.REGENERATE, proof, said)
    wanted.save(force_insert=True)
    # Not right yet, as with an edit: what comes of it is not what the agent wanted at first.
    trust.edited(action, judgement.terms(desk.approval.verdict))
    update(Action, {"pk": action.pk}, {"evidence": action.evidence})
    # Its deadline goes on: where the agent makes nothing of it in time, the action expires.
    gate.close(action, Approval.State.ANSWERED)
    _on(action)
    return decision


def can_redraft(action: Action) -> bool:
    """Whether somebody is there who could write another draft of this action."""
    return action.task.script is None


@whole
def review(approval: Approval, person: User, *, answer: str, seen: Seen, proof: Proof, note: str = "") -> Decision:
    """Say of what ran alone whether it was fine or wrong. It changes nothing that happened; it is evidence."""
    desk = _at_desk(approval, person, seen, A.SUCCEEDED)
    if desk.earlier:
        return desk.earlier
    if desk.approval.kind != Approval.Kind.REVIEW or answer not in (Answer.FINE, Answer.WRONG):
        raise Refused(_("What ran alone is found fine or wrong, nothing else."))
    if desk.approval.state != Approval.State.OPEN:
        raise Conflict(_("Somebody has already looked at this."), kind="decided", action=desk.action)
    decision = _heard(desk, answer, proof, note)
    gate.close(desk.action, Approval.State.ANSWERED)
    by = ledger.person(person, proof.session_hash)
    feedback.give(desk.action, person, good=answer == Answer.FINE, comment=note, by=by)
    return decision


@whole
def settle(approval: Approval, person: User, *, answer: str, seen: Seen, proof: Proof, note: str) -> Decision:
    """Say what became of an action whose outcome is unknown. "Cannot tell" is a note and leaves it open."""
    if not note.strip():
        raise Refused(_("Say what you base this on: the text is kept as evidence."))
    desk = _at_desk(approval, person, seen, A.UNKNOWN)
    if desk.earlier:
        return desk.earlier
    decision = _heard(desk, answer, proof, note)
    if answer in SETTLED and desk.filled(answer):
        state, by = SETTLED[Answer(answer)], ledger.person(person, proof.session_hash)
        execution.count(desk.action, state)
        gate.close(desk.action, Approval.State.SATISFIED)
        states.move(desk.action, A.UNKNOWN, state, by=by, reason=note)
        _on(desk.action)
    return decision


def why_not(approval: Approval, person: User, answer: str) -> str:
    """The sentence that says why this person may not give this answer and who may; empty when they may."""
    return _refusal(approval, person, answer, tiers.powers([person.pk]))


def _refusal(approval: Approval, person: User, answer: str, powers: Mapping[int, set[str]]) -> str:
    if not powers.get(person.pk, set()) & set(tiers.seats(approval.tier)):
        needed = ", ".join(dict.fromkeys(need.role.name for need in approval.tier.requirements.all()))
        return _("This needs: %(roles)s. Your roles do not include that.") % {"roles": needed}
    if answer == Answer.APPROVE and person.pk in tiers.barred(approval):
        return _("You asked for this action, edited it or told the agent what to write, so somebody else decides it.")
    return ""


@dataclass
class _Desk:
    """One person about to answer: the question and all voices on it, read under the locks that this answer holds."""

    approval: Any
    person: User
    seen: Seen
    decisions: list[Decision]
    roles: Mapping[int, set[str]] = field(default_factory=dict)
    powers: tiers.Powers = field(default_factory=dict)

    @property
    def action(self) -> Action:
        return self.approval.action

    @property
    def earlier(self) -> Decision | None:
        """The answer that this person already gave from this page."""
        return next((d for d in self.decisions if self._own(d) and d.nonce_hash == self.seen.nonce_hash), None)

    def still_open(self) -> None:
        if self.approval.state == Approval.State.OPEN and self.approval.deadline > self.approval.read_at:
            return
        stale = self.approval.state == Approval.State.STALE
        raise Conflict(
            _("A newer version of this action waits.") if stale else _("The time to answer is over."),
            kind="stale" if stale else "expired",
            action=self.action,
        )

    def asked(self) -> None:
        """Only a question that is open can be answered in words."""
        self.still_open()
        if self.approval.kind != Approval.Kind.INPUT:
            raise Refused(_("This action asks no question. Approve, edit or reject it."))

    def still_held(self) -> None:
        if not holds.held(self.action, self.approval.read_at):
            raise _too_late(self.action)

    def seat_for(self, answer: str) -> str:
        """The seat that this answer takes; "" where it needs none. Nobody loses a seat to who comes later."""
        heard = list(dict.fromkeys(d.person_id for d in self.decisions if d.answer in Decision.VOICES))
        self.roles, self.powers = tiers.held([*heard, self.person.pk])
        takes_back_own = answer == Answer.UNDO and self.person.pk in heard
        if not takes_back_own and (problem := _refusal(self.approval, self.person, answer, self.powers)):
            raise Forbidden(problem)
        if self.person.pk in heard and answer in Decision.VOICES:
            raise Conflict(_("You have already answered about this version."), kind="voiced", action=self.action)
        in_order = {pk: self.powers[pk] for pk in (*heard, self.person.pk) if pk in self.powers}
        seat = tiers.seated(in_order, tiers.seats(self.approval.tier)).get(self.person.pk, "")
        if answer == Answer.APPROVE and not seat:
            agreed = {pk: self.powers[pk] for pk in self._agreed() if pk in self.powers}
            # Voices given under a tier that asked for more may fill it by now: then the next one is what counts them.
            if tiers.filled(self.approval, agreed):
                return min(self.powers[self.person.pk] & set(tiers.seats(self.approval.tier)))
            raise Conflict(
                _("The seat you could fill is taken; another role is still needed."), kind="voiced", action=self.action
            )
        return seat

    def may_go_to(self, to: User) -> bool:
        """Whether that person could give one of the voices that are still missing."""
        heard = list(dict.fromkeys(d.person_id for d in self.decisions if d.answer in Decision.VOICES))
        powers = tiers.powers([*heard, to.pk])
        if to.pk in (self.person.pk, *heard) or _refusal(self.approval, to, Answer.APPROVE, powers):
            return False
        in_order = {pk: powers[pk] for pk in (*heard, to.pk) if pk in powers}
        return to.pk in tiers.seated(in_order, tiers.seats(self.approval.tier))

    def filled(self, answer: str) -> bool:
        """Whether everybody who gives this answer, this person now among them, fills the tier."""
        agreed = self._agreed(answer) | {self.person.pk}
        return tiers.filled(self.approval, {pk: able for pk, able in self.powers.items() if pk in agreed})

    def _agreed(self, answer: str = Answer.APPROVE) -> set[int]:
        return {decision.person_id for decision in self.decisions if decision.answer == answer}

    def _own(self, decision: Decision) -> bool:
        return decision.person_id == self.person.pk


def _at_desk(approval: Approval, person: User, seen: Seen, state: str) -> _Desk:
    """Lock the question as it was on screen. When the action has moved on, say what happened to it."""
    (found,) = _question(approval.pk)
    desk = _Desk(found, person, seen, _given(approval.pk))
    action = desk.action
    on_screen = (action.state, action.version, action.digest) == (state, seen.version, seen.digest)
    if on_screen or desk.earlier:
        return desk
    if state == A.APPROVED and action.state in STARTED:
        raise _too_late(action)
    kind = "stale" if action.state == state else "expired" if action.state == A.EXPIRED else "decided"
    raise Conflict(_("This action has moved on since you opened it."), kind=kind, action=action)


def _too_late(action: Action) -> Conflict:
    return Conflict(_("The hold is over, and nothing calls it back."), kind="over", action=action)


@prepared
def _question(approval_id: int) -> QuerySet[Approval]:
    rows = Approval.objects.select_related(*QUESTION).select_for_update(of=("action__task", "action", "self"))
    unread = (
        "action__result",
        "action__task__script",
        "action__task__result",
        "verdict__reasons",
        "verdict__policy__rules",
    )
    found = rows.defer(*unread).annotate(read_at=Moment()).filter(pk=approval_id)
    return found.prefetch_related("tier__requirements")


@prepared
def _given(approval_id: int) -> QuerySet[Decision]:
    return Decision.objects.filter(approval=approval_id).order_by("pk")


def _seen_by(approval: Approval, person: User, seen: Seen, answer: str) -> CardView:
    """The view behind an answer. Above medium, and where a tier asks for time, an approval needs the card, every part of it
    opened; the board will do for the rest."""
    view = next(iter(_views(approval.pk, person.pk, seen.nonce_hash, seen.version, seen.digest)), None)
    needs_card = answer == Answer.APPROVE and not one_click(approval.tier)
    if view and (view.surface == CardView.Surface.CARD or not needs_card):
        if needs_card:
            openings.demand(approval, person)
            _looked_long_enough(approval, person)
        return view
    if needs_card:
        raise Conflict(_("Open the card to approve this."), kind="unseen", action=approval.action)
    return _view(approval, person, seen, CardView.Surface.BOARD)


@prepared
def _views(approval_id: int, person_id: int, nonce_hash: str, version: int, digest: str) -> QuerySet[CardView]:
    what = {"version": version, "digest": digest}
    return CardView.objects.filter(approval=approval_id, person=person_id, nonce_hash=nonce_hash, **what).order_by("pk")


def one_click(tier: Tier) -> bool:
    """Whether the row on the board is enough to approve."""
    return tier.level in ONE_CLICK and not tier.card_seconds


def alone(approval: Approval) -> str:
    """The sentence that says why this is decided by itself; empty where it may be decided among others like it."""
    tier = approval.tier
    if approval.kind != Approval.Kind.APPROVE:
        return _("It asks something, so it is answered on its card.")
    if tier.level != Level.LOW or approval.verdict.level != Level.LOW:
        return _("It is not of low risk.")
    if not one_click(tier) or tier.reauthenticate:
        return _("Its tier wants the card to be read.")
    if len(tiers.seats(tier)) != 1:
        return _("It needs more than one approval.")
    if (approval.action.confidence or 0) < risk.SURE_FROM:
        return _("The agent is not confident enough.")
    return ""


def seconds_left(approval: Approval, person: User, now: datetime) -> int:
    """How much longer this person has to have the card of this version open before their approval counts."""
    views = approval.views.filter(person=person, surface=CardView.Surface.CARD, digest=approval.asked.digest)
    first = views.order_by("pk").values_list("at", flat=True).first() or now
    return max(0, ceil(approval.tier.card_seconds - (now - first).total_seconds()))


def _looked_long_enough(approval: Any, person: User) -> None:
    if approval.tier.card_seconds and (left := seconds_left(approval, person, approval.read_at)):
        said = _("Read it for %(seconds)d seconds before you approve it: %(left)d to go. Nothing else is missing.")
        raise Refused(said % {"seconds": approval.tier.card_seconds, "left": left})


def _view(approval: Approval, person: User, seen: Seen, surface: str) -> CardView:
    return insert(
        CardView(
            person=person,
            approval=approval,
            version=seen.version,
            digest=seen.digest,
            template_version=CARD_TEMPLATE,
            surface=surface,
            nonce_hash=seen.nonce_hash,
        )
    )


def _confirmed(approval: Approval, proof: Proof, typed: str) -> None:
    """Critical asks for the target in words and for a fresh proof of identity."""
    if approval.level == Level.CRITICAL and typed.strip() != approval.asked.target:
        raise Refused(_("Type the target exactly as shown to approve this."))
    if approval.tier.reauthenticate and not proof.fresh:
        raise ProofNeeded(_("Enter your password again to approve this."))


def _heard(desk: _Desk, answer: str, proof: Proof, note: str = "", to: User | None = None) -> Decision:
    """Write an answer down that nothing more has to confirm, from whoever may give it."""
    seat = desk.seat_for(answer)
    return _voice(desk, answer, proof, _seen_by(desk.approval, desk.person, desk.seen, answer), seat, note, to)


def _voice(
    desk: _Desk, answer: str, proof: Proof, view: CardView, seat: str, note: str, to: User | None = None
) -> Decision:
    approval, person, seen = desk.approval, desk.person, desk.seen
    policy_version = approval.verdict.policy.version
    decision = Decision(
        approval=approval, person=person, answer=answer, note=note, roles=sorted(desk.roles.get(person.pk, ())),
        seat=seat, version=seen.version, digest=seen.digest, view=view, template_version=view.template_version,
        policy_version=policy_version, session_hash=proof.session_hash, assurance=proof.assurance,
        nonce_hash=seen.nonce_hash, batch=seen.batch,
    )  # fmt: skip
    insert(decision)
    told = {"to": to.pk, "name": str(to)} if to else {}
    detail = {"seat": seat, **({"batch": seen.batch} if seen.batch else {}), **told}
    about: dict[str, Any] = {"tier": approval.level, "policy_version": policy_version, "detail": detail}
    by = ledger.person(person, proof.session_hash)
    ledger.record(f"decision.{answer}", by, action=approval.action, reason=note, **about)
    return decision


def _approve(desk: _Desk, proof: Proof) -> None:
    approval = desk.approval
    _closed(approval, Approval.State.SATISFIED)
    hold = holds.seconds(approval.tier, approval.verdict)
    held: dict[str, Any] = {"hold_until": later(timedelta(seconds=hold))} if hold else {}
    by = ledger.person(desk.person, proof.session_hash)
    states.move(desk.action, A.PENDING, A.APPROVED, by=by, about={"tier": approval.level}, **held)
    _on(desk.action)
    if 0 < hold <= HINTED_SECONDS:
        hint(desk.action.task_id, hold)


def _reject(desk: _Desk, proof: Proof, note: str) -> None:
    approval = desk.approval
    _closed(approval, Approval.State.REJECTED)
    by = ledger.person(desk.person, proof.session_hash)
    trust.rejected(desk.action, judgement.terms(approval.verdict))
    states.move(
        desk.action, desk.action.state, A.REJECTED, by=by, reason=note, about={"tier": approval.level},
        evidence=desk.action.evidence,
    )  # fmt: skip
    precedents.refused(desk.action, approval.verdict)
    _on(desk.action)


def _closed(approval: Approval, state: str) -> None:
    update(Approval, {"pk": approval.pk}, {"state": state, "closed_at": NOW})


def _on(action: Action) -> None:
    """The task may go on: said in the row, and hinted once that is committed."""
    leases.wake(action.task_id)
    hint(action.task_id)
