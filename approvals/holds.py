"""How long what people approved waits before it may start. Until then it can be taken back; afterwards nothing calls it back."""

from datetime import datetime

from agents.models import Action
from approvals.models import Tier, Verdict
from approvals.risk import REACHES


def seconds(tier: Tier, verdict: Verdict) -> int:
    """The tier's hold where the effect leaves the house, a rule's wherever it applies; the longer of both."""
    return max(tier.hold_seconds if _leaves(verdict) else 0, verdict.hold_seconds)


def held(action: Action, now: datetime) -> bool:
    """Whether the action is free to run but does not start yet."""
    return action.state == Action.State.APPROVED and action.hold_until is not None and action.hold_until > now


def _leaves(verdict: Verdict) -> bool:
    """What nobody could judge may do anything."""
    effect = verdict.facts.get("effect") or {}
    return not verdict.facts.get("known") or any(effect.get(flag) for flag in REACHES)
