"""Whether the person in a conversation agreed to this very call, as far as their words tell. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from approvals import provenance, sightings
from approvals.provenance import Text

_YES = re.compile(
    r"\b(?:yes|yeah|yep|yup|sure|confirm(?:ed)?|go ahead|proceed|correct|please do|do it|sounds good|that works|ok(?:ay)?|agreed?|"
    r"exactly|perfect|right)\b",
    re.I,
)
_DOUBT = re.compile(
    r"\b(?:actually|instead|changed? my mind|wait|not sure|maybe|perhaps|unless|alternatively|how about|what about|what if|or|if)\b",
    re.I,
)
_MOST_DOUBTS = 5


@dataclass(frozen=True)
class Agreement:
    """How far a call was spoken about: the share of its values that neither side said, a yes, and words of doubt."""

    unsaid: float = 0.0
    confirmed: bool = True
    doubts: int = 0


def agreement(arguments: Mapping[str, Any], texts: Sequence[Text]) -> Agreement:
    """Compare a call with the talk before it. Where agent and person did not talk, there is nothing to compare."""
    talk = [text for text in texts if text.role in ("user", "assistant") and text.text.strip()]
    person = [text.text for text in talk if text.role == "user"]
    agent = [text.text for text in talk if text.role == "assistant"]
    if not person or not agent:
        return Agreement()
    said = sightings.squash("\n".join(person)) + sightings.squash(agent[-1])
    values = [sightings.squash(text) for _place, text in provenance.leaves(arguments)]
    unsaid = sum(value not in said for value in values) / len(values) if values else 0.0
    doubts = sum(len(_DOUBT.findall(text)) for text in person)
    return Agreement(round(unsaid, 2), bool(_YES.search(person[-1])), min(doubts, _MOST_DOUBTS))
