"""Actions so much alike that one person decides them from one table. Each keeps its own decision; a batch only names them."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import payloads, tools
from agents.models import User
from agents.payloads import Refused
from agents.states import A, Conflict
from approvals import decisions, openings, visible
from approvals.decisions import Forbidden, Proof, Seen
from approvals.models import Approval, Decision, Level, Precedent

FEWEST = 3  # fewer are decided as quickly one by one
MOST = 20
WORDS_ABOVE = 5  # so many are approved without a reason
LOOKED_AT = 100  # waiting ones among which the usual amount is found
FAR_ABOVE = 2  # times the median
NAMED = ("asked", "tier", "verdict", "action__agent", "action__task", "action__tool")
Answer = Decision.Answer


@dataclass(frozen=True)
class Alike:
    """What all actions of one batch have in common."""

    agent: str
    tool: str
    version: str

    @classmethod
    def of(cls, approval: Approval) -> "Alike":
        return cls(approval.action.agent.slug, approval.action.tool_name, approval.action.tool_version)

    @property
    def query(self) -> str:
        """The address of their table."""
        return urlencode({"agent": self.agent, "tool": self.tool, "version": self.version})

    @property
    def mark(self) -> str:
        """What their row is called on a page."""
        return hashlib.sha256(self.query.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Line:
    """One action in the table: what of its arguments differs from the others, each with its name."""

    approval: Approval
    preview: tools.Preview
    cells: list[tuple[str, Any]]

    @property
    def value(self) -> str:
        """How a form names this version."""
        return f"{self.approval.pk}:{self.approval.asked.version}:{self.approval.asked.digest}"


@dataclass(frozen=True)
class Table:
    """What waits and is alike: `same` is said once, `out` are those that are decided by themselves, each with why."""

    lines: list[Line]
    columns: list[str]
    same: dict[str, Any]
    out: list[tuple[Approval, str]]
    left: int = 0


@dataclass(frozen=True)
class Named:
    """A version of an action as a form names it."""

    approval: int
    version: int
    digest: str


@dataclass
class Outcome:
    """What became of each: the ones that were answered, and the others with why not."""

    batch: str
    done: list[Approval] = field(default_factory=list)
    out: list[tuple[Approval, str]] = field(default_factory=list)


def stacks(approvals: Iterable[Approval]) -> list[list[Approval]]:
    """Those among loaded questions that fold into one row of the board, in the order in which they come."""
    found: dict[Alike, list[Approval]] = defaultdict(list)
    for approval in approvals:
        if not decisions.alone(approval):
            found[Alike.of(approval)].append(approval)
    alike = ([one for one in every if not _unusual(one, Usual.of(every))] for every in found.values())
    return [members for members in alike if len(members) >= FEWEST]


def table(alike: Alike) -> Table:
    """What waits and is alike, the most urgent first. The number of queries does not depend on how much that is, save for
    what the tool looks up for its previews."""
    found = list(_waiting(alike))
    usual, left = Usual.of(found), 0
    fit: list[tuple[Approval, dict[str, Any], tools.Preview]] = []
    out = []
    for approval in found:
        if len(fit) == MOST:
            left += 1
            continue
        arguments, preview = _looked_at(approval)
        if why := _stands_out(approval, arguments, preview, usual):
            out.append((approval, why))
        else:
            fit.append((approval, arguments, preview))
    names = dict.fromkeys(name for _approval, arguments, _preview in fit for name in arguments)
    differing = [name for name in names if len({_bytes(arguments, name) for _one, arguments, _preview in fit}) > 1]
    lines = [
        Line(approval, preview, [(name, arguments.get(name, payloads.ABSENT)) for name in differing])
        for approval, arguments, preview in fit
    ]
    same = {name: value for name, value in fit[0][1].items() if name not in differing} if fit else {}
    return Table(lines, differing, same, out, left)


def name_of(nonce: str, answer: str) -> str:
    """The name of the batch that is answered so from one page."""
    return openings.nonce_hash(f"{nonce}/{answer}")[:32]


def decide(named: Sequence[Named], person: User, *, answer: str, nonce: str, proof: Proof, note: str = "") -> Outcome:
    """Give one answer to each of these, every one a decision of its own. What has moved on, stands out or may not be
    decided so is left out with why, and the others go on. The same page again gets the same answers."""
    rows = _named(named)
    if not note and (answer == Answer.REJECT or len(named) > WORDS_ABOVE):
        raise Wordless(answer)
    usual, batch = Usual.of(_among(rows)), name_of(nonce, answer)

    def one(approval: Approval, seen: Seen) -> None:
        if approval.state == Approval.State.OPEN and (why := _stands_out(approval, *_looked_at(approval), usual)):
            raise Refused(why)
        decisions.decide(approval, person, answer=answer, seen=seen, proof=proof, note=note)

    seen = {one.approval: Seen(one.version, one.digest, nonce, batch=batch) for one in named}
    return _each(batch, [(approval, seen[approval.pk]) for approval in rows], one)


def undo(batch: str, person: User, *, nonce: str, proof: Proof) -> Outcome:
    """Take back what of a batch is still held, each for itself; what is left out had started or was decided since."""
    given = answers(batch).filter(answer=Answer.APPROVE)
    rows = [(given_.approval, Seen(given_.version, given_.digest, nonce, batch=batch)) for given_ in given]
    return _each(batch, rows, lambda approval, seen: decisions.undo(approval, person, seen=seen, proof=proof))


def answers(batch: str) -> QuerySet[Decision]:
    """The decisions of a batch, in the order in which they were given."""
    related = ("person", *(f"approval__{name}" for name in NAMED))
    given = Decision.objects.filter(batch=batch, answer__in=(Answer.APPROVE, Answer.REJECT))
    return given.exclude(batch="").select_related(*related).order_by("pk")


class Wordless(Refused):
    """So many are decided at once, or rejected, that a reason is asked for."""

    def __init__(self, answer: str) -> None:
        rejects = answer == Answer.REJECT
        super().__init__(
            _("Say why you reject them: the reason goes to the agent.")
            if rejects
            else _("Say why you approve more than %(count)d at once: the reason is kept with each.")
            % {"count": WORDS_ABOVE}
        )


def _each(batch: str, rows: Iterable[tuple[Approval, Seen]], answer: Callable[[Approval, Seen], Any]) -> Outcome:
    """Answer one after the other, each in a transaction of its own."""
    outcome, forbidden = Outcome(batch), None
    for approval, seen in rows:
        try:
            answer(approval, seen)
        except Conflict as problem:
            outcome.out.append((approval, _moved(problem)))
        except (Forbidden, Refused) as problem:
            forbidden = problem if isinstance(problem, Forbidden) else forbidden
            outcome.out.append((approval, str(problem)))
        else:
            outcome.done.append(approval)
    if forbidden and not outcome.done:
        raise forbidden
    return outcome


def _moved(problem: Conflict) -> str:
    if problem.kind == "stale":
        return _("It changed meanwhile: its newest version has to be read.")
    if problem.kind == "expired":
        return _("Its time was over.")
    if problem.kind == "decided" and problem.action:
        return _("It was decided or ended meanwhile: %(state)s.") % {"state": problem.action.get_state_display()}
    return str(problem)


def _waiting(alike: Alike) -> QuerySet[Approval]:
    same = {
        "action__agent__slug": alike.agent,
        "action__tool_name": alike.tool,
        "action__tool_version": alike.version,
    }
    low = {"kind": Approval.Kind.APPROVE, "tier__level": Level.LOW, "action__state": A.PENDING}
    open_now = Approval.objects.filter(state=Approval.State.OPEN, deadline__gt=timezone.now(), **low)
    return _loaded(open_now.filter(**same)).order_by("urgency", "pk")[:LOOKED_AT]


def _loaded(rows: QuerySet[Approval]) -> QuerySet[Approval]:
    return rows.select_related(*NAMED).prefetch_related("tier__requirements")


def _named(named: Sequence[Named]) -> list[Approval]:
    """The actions that a form names, as they stand: of one agent and one tool, no more than fit into one table."""
    if not named:
        raise Refused(_("Tick at least one action."))
    if len(named) > MOST:
        raise Refused(_("No more than %(count)d actions are decided at once.") % {"count": MOST})
    ids = {one.approval for one in named}
    if len(ids) < len(named):
        raise Refused(_("This form names one action twice. Reload the page and decide again."))
    rows = list(_loaded(Approval.objects.filter(pk__in=ids)).order_by("urgency", "pk"))
    if len(rows) < len(ids) or len({Alike.of(approval) for approval in rows}) > 1:
        raise Refused(_("Only actions of one agent, one tool and one version of it are decided together."))
    return rows


def _among(rows: list[Approval]) -> list[Approval]:
    """These and whatever else waits beside them: what is usual is judged by all of it, not by what somebody ticked."""
    ids = {approval.pk for approval in rows}
    return [*rows, *(other for other in _waiting(Alike.of(rows[0])) if other.pk not in ids)]


@dataclass(frozen=True)
class Usual:
    """What most of some actions are about: their currency, and the median of the amounts in it."""

    currency: str = ""
    amount: float = 0

    @classmethod
    def of(cls, approvals: Iterable[Approval]) -> "Usual":
        every = (approval.verdict.facts for approval in approvals)
        amounts = [(facts.get("currency", ""), facts["amount_minor"]) for facts in every if facts.get("amount_minor")]
        if not amounts:
            return cls()
        ((currency, _count),) = Counter(currency for currency, _amount in amounts).most_common(1)
        return cls(currency, median(amount for of, amount in amounts if of == currency))


def _looked_at(approval: Approval) -> tuple[dict[str, Any], tools.Preview]:
    arguments = payloads.arguments(bytes(approval.asked.body))
    return arguments, tools.preview(approval.action.tool, approval.action.tool_name, arguments)


def _stands_out(approval: Approval, arguments: dict[str, Any], preview: tools.Preview, usual: Usual) -> str:
    """Why an action does not belong into one table with the others; empty where it does."""
    if why := decisions.alone(approval) or _unusual(approval, usual):
        return why
    if visible.folded(arguments):
        return _("A part of it is too long for a table.")
    failed = [check.text for check in preview.checks if not check.ok]
    return _("A check failed: %(check)s.") % {"check": ", ".join(failed)} if failed else ""


def _unusual(approval: Approval, usual: Usual) -> str:
    """What the gate knew of an action that sets it apart."""
    facts = approval.verdict.facts
    amount = facts.get("amount_minor", 0)
    if amount and facts.get("currency", "") != usual.currency:
        return _("Its amount is in another currency than the others.")
    if amount > FAR_ABOVE * usual.amount:
        return _("Its amount is more than twice the usual one here.")
    reached = [new for new in facts.get("new", ()) if new["kind"] in (Precedent.Kind.RECIPIENT, Precedent.Kind.ACCOUNT)]
    return _("New recipient: %(who)s.") % {"who": ", ".join(str(new["value"]) for new in reached)} if reached else ""


def _bytes(arguments: dict[str, Any], name: str) -> bytes | None:
    return payloads.canonical(arguments[name]) if name in arguments else None
