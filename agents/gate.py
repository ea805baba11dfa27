"""What the runner asks of whoever judges: the agents' side knows no policy."""

from typing import Protocol

from agents import proposals
from agents.ledger import Actor
from agents.models import Action, ActionVersion


class Gate(Protocol):
    """What stands between an agent and the world."""

    def submit(self, action: Action, asked: ActionVersion) -> object:
        """Judge a proposed action: it leaves PROPOSED in the caller's transaction."""

    def clear(self, action: Action) -> bytes | None:
        """The final gate, in the claim's transaction: the bytes that may run; None has written where it goes instead."""

    def refine(self, action: Action, made: proposals.Draft | None, *, restated: bool, problem: str = "") -> None:
        """Judge the version that the agent made of an answer, in the caller's transaction. `restated`: it says anew
        how sure it is, and is judged by that. None: it made no valid one, for the reason in `problem`."""

    def redrafted(self, action: Action, made: proposals.Draft) -> object:
        """Judge another draft that a person asked for, in the caller's transaction. It settles no doubt."""

    def ended(self, action: Action) -> None:
        """Note in the caller's transaction that an action succeeded: somebody may have to look at it afterwards."""

    def withdraw(self, action: Action, *, by: Actor, reason: str) -> None:
        """Take back an action that did not start, with its question, in the caller's transaction."""

    def settle(self, action: Action) -> None:
        """Ask a person what became of an action whose outcome is unknown, in the caller's transaction."""

    def settled(self, action: Action) -> None:
        """Take that question back, in the caller's transaction: the tool itself could tell."""
