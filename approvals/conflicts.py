"""Where an agent contradicts itself or its sources: what it says against what it does. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from approvals import provenance, sightings
from approvals.provenance import Text

_SUBJECT = 5  # characters of a value that can name what two results are about
_NEAR = 300  # characters between a value and what it is about
_READERS = (sightings.addresses, sightings.links, sightings.accounts)


def plan(arguments: Mapping[str, Any], said: str) -> Iterator[dict[str, str]]:
    """Kinds of targets of which the explanation names only others than the call."""
    told = "\n".join(text for _place, text in provenance.leaves(arguments))
    for read in _READERS:
        names, does = read(said), read(told)
        if names and does and not names & does:
            yield {"kind": "plan", "said": _some(names), "does": _some(does)}


def sources(arguments: Mapping[str, Any], texts: Sequence[Text]) -> Iterator[dict[str, str]]:
    """Arguments for which two tools state different values about the same subject."""
    leaves = list(provenance.leaves(arguments))
    results = [text for text in texts if text.role == "tool" and text.text]
    person = "\n".join(text.text for text in texts if text.role == "user")
    for place, value in leaves:
        key = place.rsplit(".", 1)[-1]
        subjects = [one for other, one in leaves if other != place and _names(one)]
        if value in person or provenance.AN_ID.search(key) or not subjects:
            continue
        stated = {result.tool: _stated(key, result.text, subjects) for result in results}
        by = {one: tool for tool, told in sorted(stated.items(), reverse=True) if len(told) == 1 for one in told}
        if len(by) > 1 and value in by:
            other = min(by.keys() - {value})
            yield {
                "kind": "sources", "said": other[: provenance.SHOWN], "does": value[: provenance.SHOWN],
                "place": place[: provenance.SHOWN], "said_by": by[other], "does_by": by[value],
            }  # fmt: skip


def _names(value: str) -> bool:
    """Whether a value can tell what a result is about: an id, not a word that is everywhere."""
    return len(value) >= _SUBJECT and any(letter.isdigit() for letter in value)


def _stated(key: str, text: str, subjects: Sequence[str]) -> set[str]:
    """What a result says that the key is, close to one of the subjects."""
    if key not in text:
        return set()  # most results; and looking for a word is far cheaper than for a pattern
    stated = re.compile(rf"(?<![\w]){re.escape(key)}[\"']?\s*[:=]\s*[\"']?([^\s\"',;}}\]]+)")
    places = [at for subject in subjects for at in _places(subject, text)]
    found = stated.finditer(text, 0, sightings.LONGEST)
    return {one.group(1) for one in found if any(abs(one.start() - at) <= _NEAR for at in places)}


def _places(subject: str, text: str) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(subject), text)][:20]


def _some(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)[:3])[: provenance.SHOWN]
