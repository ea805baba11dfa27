"""What another version of the policy changed since somebody began to change it: told, and taken over on request."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from approvals import rules, sentences, threshold_forms
from approvals.models import Policy, Trial
from approvals.rules import Faulty
from approvals.sentences import Part
from approvals.thresholds import Thresholds

MINE, TODAY = "mine", "today"
FIELD = "keep-"
Data = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """What a policy, a trial or an editor says: its rules by name, its numbers by field."""

    rules: Mapping[str, Data]
    numbers: Data

    @classmethod
    def of(cls, row: Policy | Trial) -> "Source":
        return cls({rule["name"]: rule for rule in row.rules}, Thresholds.of(row.thresholds).data())


@dataclass(frozen=True)
class Side:
    """A rule as one of two sides has it."""

    when: list[Part]
    then: list[str]


@dataclass(frozen=True)
class Difference:
    """A rule or a number that the version in force has otherwise than the one these began from; None: it is not there.

    `both`: these changed it, too, and otherwise. Then somebody has to choose; else today's is as it should be.
    """

    kind: ClassVar[str]
    name: str
    mine: Any
    today: Any
    both: bool

    @property
    def label(self) -> str:
        """As it is called on the page."""
        return self.name

    @property
    def field(self) -> str:
        """The name of its control."""
        return f"{FIELD}{self.kind}-{hashlib.sha256(self.name.encode()).hexdigest()[:12]}"


class Rule(Difference):
    """A rule that differs."""

    kind = "rule"

    @property
    def sides(self) -> tuple[Side | None, Side | None]:
        """Mine and today's; None where it is taken out."""
        return _side(self.mine), _side(self.today)


class Number(Difference):
    """A number that differs."""

    kind = "number"

    @property
    def label(self) -> str:
        return str(threshold_forms.LABELS[self.name])

    @property
    def sides(self) -> tuple[str, str]:
        """Mine and today's."""
        return threshold_forms.said(self.name, self.mine), threshold_forms.said(self.name, self.today)


def differences(base: Source, mine: Source, today: Source) -> list[Difference]:
    """What came into force after `base` and is not in `mine`: rules, then numbers."""
    return [
        *(Rule(*told) for told in _three_way(base.rules, mine.rules, today.rules)),
        *(Number(*told) for told in _three_way(base.numbers, mine.numbers, today.numbers)),
    ]


def _three_way(base: Mapping[str, Any], mine: Mapping[str, Any], today: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name in {**today, **base}:
        was, own, now = (_plain(some.get(name)) for some in (base, mine, today))
        if now not in (was, own):
            yield name, own, now, own != was


def _plain(value: Any) -> Any:
    """As it would come back from the editor, which leaves off white space around a text."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value


def _side(row: Data | None) -> Side | None:
    if row is None:
        return None
    try:
        asked = sentences.then(rules.read([row])[0])
    except Faulty:  # as it was typed, half done
        asked = []
    return Side(sentences.when(str(row.get("when", ""))), asked)
