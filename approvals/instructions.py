"""Passages of a tool's result that tell an agent what to do: data that behaves like an order. Pure.

Two strengths. An *order* speaks to the agent, about its work or over its rules. A *request* is a sentence that asks for a
deed, as any honest mail may: it only matters where a call does what it says.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from approvals import sightings, verbs

REACH = 400  # characters around a sign of an order that are read as part of it
_CLOSE = 320  # two signs so near to each other belong together

_ADDRESSED = re.compile(
    r"\b(?:ai|a\.i\.|llm|chat ?bots?|language models?|(?:ai|virtual|digital|personal|helpful) (?:assistants?|agents?|models?)|"
    r"(?:dear|hey|hello|hi|attention|note to|you,?) (?:the )?(?:assistant|agent|bot|model)|assistant|copilot|gpt[-\w.]*|chatgpt|"
    r"claude|gemini|llama|mistral|if you are an? (?:ai|agent|assistant|model|bot))\b",
    re.I,
)
_WORK = re.compile(
    r"\b(?:your|previous|prior|above|earlier|preceding|original|initial|current|remaining|other|these|those|user'?s?|all|any)"
    r"(?: \w+){0,2} (?:tasks?|instructions?|prompts?|guidelines?|directives?|assignments?|objectives?|programming|rules)\b"
    r"|\b(?:the|this) (?:task|prompt|instructions?)\b"
    r"|\b(?:system|developer|user) (?:prompt|message|instruction|override|note|notice)s?\b",
    re.I,
)
_OVER = re.compile(
    r"\b(?:ignor|disregard|forget|overrid|bypass|supersed|skip)\w*\b(?: \w+){0,4} (?:instructions?|prompts?|tasks?|rules|guidelines|"
    r"above|previous|everything|all|what)\b"
    r"|\b(?:do|perform|execute|complete|carry out|follow|obey)(?: \w+){0,2} (?:the following|these|this|as follows)\b"
    r"|\bbefore (?:you|doing|solving|completing|answering|continuing|proceeding|anything)\b"
    r"|\b(?:do not|don't|never|without) (?:tell\w*|inform\w*|mention\w*|alert\w*|notify\w*|ask\w*|reveal\w*|show\w*|let)\b"
    r"|\b(?:important|urgent|critical|mandatory|priority)\b(?: \w+){0,3} (?:instruct\w*|you|notice|system|update)\b"
    r"|\bfrom now on\b|\byou (?:must|have to|need to|are required to|are instructed to|are now|will now|shall)\b"
    r"|\bnew (?:instructions?|task|objective|directive)s?\b|\binstead,? (?:you|do|please|of)\b",
    re.I,
)
_POSING = re.compile(
    r"</?\s*(?:system|instructions?|user|assistant|admin|prompt|tool\w*)\s*[|/]?>|^\s*(?-i:</?[A-Z][A-Z_ -]{3,40}>)\s*$"
    r"|\[/?(?:inst|system|instructions?|important|admin)\]|<\|[^|<>]{1,40}\|>"
    r"|^\s*#{2,}\s*(?:system|instructions?|important|new task|user|assistant)\b"
    r"|^\s*(?:system|assistant|user|admin|developer)\s*:"
    r"|[-=*_]{3,}\s*(?:begin|end|start|stop|system|instructions?)\b",
    re.I | re.M,
)
_SIGNS = (_ADDRESSED, _WORK, _OVER, _POSING)
_POLITE = r"(?:(?:please|kindly|now|then|next|also|first|second|finally|and|to-?do|just|simply|make sure to|be sure to|remember to|" \
    r"you (?:should|must|need to|have to|can)|(?:could|can|would|will) you(?: please)?|i (?:need|want|ask) you to|" \
    r"\d+[.)]|[-*•>])[:,]?\s+)*"  # fmt: skip
_REQUEST = re.compile(rf"(?:^|[.!?:;\n(\"'“‘]\s*|,\s+(?:and|then)\s+){_POLITE}([a-z]+)(?=\s)", re.I)
_ASKING = frozenset((verbs.MAKE, verbs.CHANGE, verbs.DESTROY, verbs.TELL, verbs.PAY, verbs.RUN))
_DEEDS = frozenset(
    "go visit open click browse download navigate follow access fetch read check get use enter tell give see".split()
)

# A value of JSON, a line of the form "key: value", or of a list, begins something else.
_SENTENCE_ENDS = re.compile(r"[.!?](?=\s|$)|\n\s*\n|\n(?=\s*(?:-\s+)?[\w.]+:\s)|\n(?=\s*[-*•]\s)|[\"'](?=\s*[,}\]:])")


@dataclass(frozen=True)
class Passage:
    """Where in a text somebody tells an agent what to do."""

    start: int
    end: int


@lru_cache(maxsize=512)
def orders(text: str) -> tuple[Passage, ...]:
    """Passages with two different signs of an order close to each other; merged where they touch."""
    signs = sorted(
        (found.start(), kind) for kind, sign in enumerate(_SIGNS) for found in sign.finditer(text[: sightings.LONGEST])
    )
    spans = [
        (max(0, start - REACH), min(len(text), other + REACH))
        for index, (start, kind) in enumerate(signs)
        for other, another in signs[index + 1 : index + 6]
        if another != kind and other - start <= _CLOSE
    ]
    return _merged(spans)


@lru_cache(maxsize=512)
def requests(text: str) -> tuple[Passage, ...]:
    """Sentences that begin with a deed to be done."""
    spans = []
    for found in _REQUEST.finditer(text[: sightings.LONGEST]):
        word = found.group(1).lower()
        if word in _DEEDS or (word in verbs.CLASS_OF and verbs.CLASS_OF[word] in _ASKING):
            stop = _SENTENCE_ENDS.search(text, found.end())
            spans.append((found.start(1), stop.start() if stop else min(len(text), found.end() + REACH)))
    return _merged(spans)


def _merged(spans: list[tuple[int, int]]) -> tuple[Passage, ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(Passage(start, end) for start, end in merged)
