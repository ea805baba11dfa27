"""How far an agent goes with a tool: the level in words, from what it earned and what an admin allows at most."""

from agents import trust
from agents.models import Autonomy, TrustScore

COVERED = 0.5  # what an action's risk, divided by 1 + trust, may be without asking
MEDIUM_ENDS = 0.70
SMALLEST_CHANGE = 0.30


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
