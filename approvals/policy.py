"""What the assessment leads to. Pure: the strictest of the defaults and of every rule that fits."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext_noop as _

from agents.models import Autonomy
from agents.trust import Terms, bound
from approvals.risk import (
    CONFIDENCE,
    CONFLICT,
    CRITICAL,
    LEVELS,
    LOW,
    MEDIUM,
    UNSURE_BELOW,
    UNUSUAL,
    Assessment,
    Proposal,
    Reason,
)
from approvals.rules import APPROVE, AUTO, BLOCK, INPUT, OUTCOMES, REVIEW_AFTER, Demand, Found, Rule, apply, stricter
from approvals.vocabulary import Subject, words

__all__ = ["APPROVE", "AUTO", "BLOCK", "INPUT", "OUTCOMES", "REVIEW_AFTER", "Ruling", "broken", "route", "stricter"]
SURE_ABOVE = 0.95
ALONE = (AUTO, REVIEW_AFTER)
NOTHING, UNASKED = Demand(), Found()
ASKS_ABOVE = 0.5


@dataclass(frozen=True)
class Trust:
    """What an agent has earned with one tool: the score, and the evidence that alone can buy anything.

    `bound` is the upper confidence bound of the share of wrong actions; `limit` what the policy allows; `ceiling` how
    far an admin lets it go at most.
    """

    score: float = 0.0
    clean: int = 0
    wrong: int = 0
    bound: float = 1.0
    limit: float = 0.20
    ceiling: int = Autonomy.ACTS

    @classmethod
    def of(cls, proposal: Proposal) -> "Trust":
        """The trust that was weighed when a proposal was judged, as its facts keep it."""
        return cls(**proposal.trust)

    def under(self, terms: Terms) -> "Trust":
        """The same evidence by other terms. What nobody had granted is granted only where that needs nobody."""
        found = bound(self.wrong, self.wrong + self.clean)
        granted = self.bound < 1.0 or (terms.automatic and found < terms.limit)
        return replace(self, bound=round(found, 4) if granted else 1.0, limit=terms.limit)

    def covers(self, risk: float) -> bool:
        return risk / (1 + self.score) <= ASKS_ABOVE

    @property
    def proven(self) -> bool:
        return self.bound < self.limit and self.ceiling > Autonomy.SURE


NO_TRUST = Trust()


@dataclass(frozen=True)
class Ruling:
    """The answers of the gate: how high the stakes are, what has to happen, and what rules ask beyond that."""

    level: str
    outcome: str
    reasons: tuple[Reason, ...]
    demand: Demand = NOTHING
    found: Found = UNASKED

    @property
    def tier(self) -> str:
        """Whose voices it needs, by the level that the tier belongs to."""
        return stricter(LEVELS, self.level, self.demand.tier or self.level)

    def not_below(self, level: str, outcome: str, tier: str = "") -> "Ruling":
        """The same ruling, raised to what an earlier version already demanded."""
        demand = self.demand | Demand(tier=tier)
        raised = (stricter(LEVELS, self.level, level), stricter(OUTCOMES, self.outcome, outcome), demand)
        same = raised == (self.level, self.outcome, self.demand)
        return self if same else replace(self, level=raised[0], outcome=raised[1], demand=demand)


def route(assessment: Assessment, trust: Trust, rules: Iterable[Rule], subject: Subject) -> Ruling:
    """Decide who is asked. No rule can lower what the defaults say."""
    return combine(assessment, trust, apply(rules, words(assessment, subject)))


def combine(assessment: Assessment, trust: Trust, found: Found) -> Ruling:
    """The defaults and what the rules say about the same action: the stricter of both in each field."""
    demand = found.demand
    raised = replace(assessment, level=stricter(LEVELS, assessment.level, demand.floor or LOW))
    outcome, weighed = default_outcome(raised, trust)
    outcome = stricter(OUTCOMES, outcome, demand.outcome or AUTO)
    reasons = [
        *assessment.reasons,
        *weighed,
        *(Reason(_("Rule: %(name)s"), {"name": rule.name}) for rule in found.matched),
    ]
    for trouble in found.troubles:
        said = {"name": trouble.rule, "problem": trouble.problem}
        reasons.append(Reason(_("Rule “%(name)s” gave no answer in time or none at all: %(problem)s"), said))
    reasons += [Reason("%(problem)s", {"problem": problem}) for problem in assessment.proposal.problems]
    return Ruling(raised.level, outcome, tuple(reasons), demand, found)


def default_outcome(assessment: Assessment, trust: Trust) -> tuple[str, list[Reason]]:
    """The when-to-ask table, and what trust had to say about it."""
    proposal = assessment.proposal
    # A reading that a foreign tool declares nothing about goes on: whoever runs it refuses it, and nothing can happen.
    if proposal.problems and not (proposal.reads_only and not proposal.declared):
        return BLOCK, []
    if proposal.asks:
        return INPUT, []
    if proposal.reads_only:
        steered = proposal.misled or (proposal.secrets and proposal.leaves)
        return _trusted(assessment, trust) if not steered and assessment.level == LOW else (APPROVE, [])
    if needs_an_answer(proposal):
        return INPUT, []
    if always_asks(proposal) or assessment.level not in (LOW, MEDIUM):
        return APPROVE, []
    return _trusted(assessment, trust)


def needs_an_answer(proposal: Proposal) -> bool:
    """Where a plain yes would be a guess: the agent is unsure, what it says disagrees, or it is far from usual.

    What a person has answered about an earlier version is no doubt any more.
    """
    doubts = {CONFIDENCE: _unsure(proposal.confidence), CONFLICT: bool(proposal.conflicts), UNUSUAL: proposal.unusual}
    return any(holds for doubt, holds in doubts.items() if doubt not in proposal.settled)


def always_asks(proposal: Proposal) -> bool:
    """What nothing spares, neither confidence nor trust."""
    effect = proposal.effect
    undoable = proposal.known and (proposal.declared or bool(proposal.guess)) and bool(effect.get("reversible"))
    strange = proposal.findings or proposal.exposed or (proposal.secrets and proposal.leaves)
    return bool(
        not undoable or effect.get("affects_others") or effect.get("spends_money") or proposal.fields or strange
        or _unproven(proposal)
    )  # fmt: skip


def _unproven(proposal: Proposal) -> bool:
    """New for this agent: an account; and a tool whose effect is only a guess."""
    kinds = _novel(proposal)
    return "account" in kinds or ("tool" in kinds and not proposal.declared)


def _novel(proposal: Proposal) -> set[str]:
    return {one["kind"] for one in proposal.new}


def _trusted(assessment: Assessment, trust: Trust) -> tuple[str, list[Reason]]:
    """What may run alone by its nature, under the ceiling that an admin set."""
    outcome, weighed = _alone(assessment, trust)
    capped = _capped(outcome, assessment, trust.ceiling)
    return capped, weighed if capped == outcome else [Reason(_("An admin's ceiling keeps it from acting alone"))]


def _capped(outcome: str, assessment: Assessment, ceiling: int) -> str:
    """What a ceiling leaves of acting alone. Reading changes nothing, so it has none."""
    if outcome not in ALONE or assessment.proposal.reads_only:
        return outcome
    least = Autonomy.ASKS if assessment.level == LOW else Autonomy.SMALL
    if ceiling <= least:
        return APPROVE
    return REVIEW_AFTER if ceiling == Autonomy.REVIEWED and assessment.level == MEDIUM else outcome


def _alone(assessment: Assessment, trust: Trust) -> tuple[str, list[Reason]]:
    """What may run alone by its nature: at low unless trust was lost, at medium when sure or proven."""
    proposal = assessment.proposal
    covered = trust.covers(assessment.score)
    if assessment.level == LOW:
        if not covered:
            return APPROVE, [Reason(_("Earlier decisions about this agent and tool went against it"))]
        return (REVIEW_AFTER if proposal.effect.get("draft") else AUTO), []
    sure = proposal.declared and proposal.confidence is not None and proposal.confidence > SURE_ABOVE
    if sure and trust.score >= 0 and not _novel(proposal):
        return AUTO, []
    if covered and trust.proven and not _novel(proposal) - {"tool"}:
        return AUTO, [Reason(_("Spared by trust: %(clean)s clean decisions"), {"clean": trust.clean})]
    return APPROVE, []


def broken(reason: str) -> Ruling:
    """What holds when judgement itself failed: the highest tier, and the reason on the card."""
    return Ruling(CRITICAL, APPROVE, (Reason(_("The check itself failed: %(reason)s"), {"reason": reason}),))


def _unsure(confidence: float | None) -> bool:
    return confidence is not None and confidence < UNSURE_BELOW
