"""How far an agent goes with a tool: the level in words, from what it earned and what an admin allows at most."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from agents import trust
from agents.models import Autonomy, Tool, TrustScore
from approvals import effects, policy, risk

TRUSTED = policy.Trust(score=1.0, bound=0.0)
COVERED = 0.5  # what an action's risk, divided by 1 + trust, may be without asking
MEDIUM_ENDS = 0.70
SMALLEST_CHANGE = 0.30


def terms(thresholds: Mapping[str, Any]) -> trust.Terms:
    """What a policy asks of trust, and with which tools trust buys anything: what grants autonomy goes by these."""
    return replace(trust.Terms.of(thresholds), spares=lambda tool: not why_always(tool))


def why_always(tool: Tool) -> tuple[str, ...]:
    """What the tool does that always asks a person, whatever was earned; nothing where trust can spare a question.

    The gate's own answer about a call that is small, clear and fully trusted.
    """
    effect, guess = tool.effect, {}
    if not tool.declared:
        if effects.told_by_arguments(tool.name, tool.description, tool.schema):
            return ()
        inferred = effects.infer(tool.name, tool.description, tool.schema, {})
        effect, guess = dict(inferred.effect), {"why": inferred.why, "word": inferred.word} if inferred.sure else {}
    assessment = risk.assess(risk.Proposal(tool.name, True, tool.declared, effect, guess=guess))
    if policy.default_outcome(assessment, TRUSTED)[0] in policy.ALONE:
        return ()
    grounds = assessment.reasons[1:] if effect.get("reversible") else assessment.reasons  # the first says how it ends
    return tuple(_(reason.text) % reason.values for reason in grounds)


def level(row: TrustScore, terms: trust.Terms, ceiling: int) -> Autonomy:
    """Where the agent stands now with this tool."""
    return Autonomy(min(_reached(row, terms), ceiling))


def alone_up_to(row: TrustScore) -> float:
    """The risk up to which the score covers an action; what is above medium is never covered."""
    return min(MEDIUM_ENDS, COVERED * (1 + row.score))


def _reached(row: TrustScore, terms: trust.Terms) -> Autonomy:
    if trust.alone(row, terms) and row.score > 0:
        return Autonomy.ACTS
    if row.score >= 0:
        return Autonomy.SURE
    return Autonomy.SMALL if alone_up_to(row) >= SMALLEST_CHANGE else Autonomy.ASKS
