"""The editor of rules: one group of fields a rule, or the same as text."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from agents.payloads import Refused
from approvals import conditions, documents, merges, rosters, rules, sentences, tiers
from approvals.merges import Difference
from approvals.models import Level, Policy, Role, Tier, Trial, Verdict
from approvals.rules import AT_ZERO, OUTCOMES, RULES_LIMIT, Faulty, Rule
from approvals.sentences import OPERATORS, Part
from approvals.threshold_forms import ThresholdsForm
from approvals.thresholds import Thresholds
from approvals.vocabulary import FLAG, MAP, WORDS

FIELDS, TEXT = "fields", "text"
NUMBERS = ("deadline_minutes", "hold_seconds")
ASKED = ("name", "when", "outcome", "floor", "tier", "deadline_minutes", "at_zero", "hold_seconds")
CHOICES: dict[str, Any] = {
    "outcome": [(value, label) for value, label in Verdict.Outcome.choices if value in OUTCOMES[1:]],
    "floor": Level.choices,
    "tier": Level.choices,
    "at_zero": [(value, label) for value, label in Tier.AtZero.choices if value in AT_ZERO],
}


@dataclass
class Row:
    """One rule in the editor, as it was typed."""

    at: int
    values: dict[str, Any]
    errors: dict[str, list[str]] = field(default_factory=dict)
    word: str = ""
    operator: str = ""
    value: str = ""

    @property
    def whole(self) -> bool:
        """Whether the fields of a comparison hold one, and not only its beginning."""
        return bool(self.word) and (bool(self.value) or self.word in RulesForm.flags)

    @property
    def said(self) -> list[Part]:
        return sentences.when(str(self.values.get("when", "")))

    @property
    def deadline(self) -> dict[str, Any]:
        return self._number("deadline_minutes", _("Deadline, minutes"), _("that of the tier"))

    @property
    def hold(self) -> dict[str, Any]:
        return self._number("hold_seconds", _("Hold before it runs, seconds"), _("none, or that of the tier"))

    def _number(self, name: str, label: str, none: str) -> dict[str, Any]:
        wrong = self.errors.get(name, [])
        return {"name": name, "label": label, "none": none, "value": self.values.get(name, ""), "wrong": wrong}

    @property
    def notes(self) -> tuple[str, ...]:
        """What the author of the condition should know."""
        try:
            return conditions.checked(str(self.values.get("when", "")))[1]
        except Refused:
            return ()


class RulesForm:
    """Rules as they are typed. `found` holds them when everything fits.

    They began from `base`. What came into force since is told, `missed`, and taken over only when somebody says so.
    """

    @property
    def choices(self) -> dict[str, Any]:
        """What each field may be; a tier is told with the voices that it demands."""
        return CHOICES | {"tier": list(_tiers())}

    words = [(name, word.label) for name, word in WORDS.items() if word.kind != MAP]
    flags = [name for name, word in WORDS.items() if word.kind == FLAG]
    operators = OPERATORS
    vocabulary = WORDS

    def __init__(
        self, first: Policy | Trial, base: Policy, today: Policy, data: Mapping[str, str] | None = None
    ) -> None:
        some, numbers = rules.stored(first.rules), Thresholds.of(first.thresholds)
        self.base, self.today, self.merging = base, today, False
        self.chosen = {name: value for name, value in (data or {}).items() if name.startswith(merges.FIELD)}
        self.view, self.text, self.faults = FIELDS, documents.write(some, numbers), list[documents.Fault]()
        self.first, self.numbers = numbers, ThresholdsForm(numbers)
        self.rows = [Row(at, rule.data()) for at, rule in enumerate(some)]
        self.found: tuple[Rule, ...] | None = None
        self.overtaken = False
        if data is not None:
            self._read(data)
            # What was typed before another version came into force is told so before it is tried.
            self.overtaken = bool(self.missed) and data.get("known") not in (None, str(today.version))
            self.merging = "merge" in data and not self.overtaken
            if self.merging and not self.faults and not self.undecided:
                self._merge()
            if self.overtaken or data.get("show") or _half_done(data):
                self.found = None

    def propose(self, values: dict[str, Any]) -> None:
        """One more rule, filled in; like all that stands here it is tried before it can be saved."""
        self.rows.append(Row(len(self.rows), values))

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Of each error: the id of its control, and what to do."""
        listed = [(f"rule-{row.at}-{name}", f"{row.values.get('name') or row.at + 1}: {text}")
                  for row in self.rows for name, texts in row.errors.items() for text in texts]  # fmt: skip
        if self.overtaken:
            listed.append(("h-missed", _("Another version came into force meanwhile. See what it changed.")))
        listed += [(one.field, _("“%s” was changed by both: choose one.") % one.label) for one in self.undecided]
        return listed + self.numbers.problems + [("f-text", str(fault)) for fault in self.faults]

    @cached_property
    def missed(self) -> list[Difference]:
        """What came into force since these began, and they have not."""
        typed = {str(row.values.get("name", "")): row.values for row in self.rows}
        mine = merges.Source(typed, self.numbers.told)
        return merges.differences(merges.Source.of(self.base), mine, merges.Source.of(self.today))

    @property
    def offered(self) -> list[tuple[Difference, str]]:
        """What was missed, each with what was chosen where both changed it."""
        return [(one, self.chosen.get(one.field, "")) for one in self.missed]

    @property
    def undecided(self) -> list[Difference]:
        """Where both changed something and nobody chose yet, once they were asked to."""
        asked = [one for one in self.missed if one.both] if self.merging else []
        return [one for one in asked if self.chosen.get(one.field) not in (merges.MINE, merges.TODAY)]

    def _merge(self) -> None:
        """Take over what today's version changed: what these have not touched, and where it was chosen."""
        taken = [one for one in self.missed if not one.both or self.chosen[one.field] == merges.TODAY]
        for one in (one for one in taken if isinstance(one, merges.Rule)):
            kept = [row for row in self.rows if row.values.get("name") != one.name]
            self.rows = [*kept, *([Row(0, dict(one.today))] if one.today else [])]
        for at, row in enumerate(self.rows):
            row.at = at
        self.numbers.take({one.name: one.today for one in taken if isinstance(one, merges.Number)})
        self.base = self.today
        del self.missed
        if self.view == TEXT:
            self.text = documents.write(rules.stored(row.values for row in self.rows), self.numbers.found)

    def _read(self, data: Mapping[str, str]) -> None:
        self.view = TEXT if data.get("view") == TEXT else FIELDS
        wish = data.get("show", "")
        if self.view == TEXT:
            self._read_text(data.get("text", ""))
            if wish == FIELDS and self.found is not None:
                self.view = FIELDS
        else:
            self.numbers = ThresholdsForm(self.first, data)
            self._read_fields(data)
            if self.numbers.found is None:
                self.found = None
            if wish == TEXT and self.found is not None:
                self.view, self.text = TEXT, documents.write(self.found, self.numbers.found)

    def _read_text(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        try:
            document = documents.read(self.text, self.first)
            self.found, self.numbers = document.rules, ThresholdsForm(document.thresholds or self.first)
            self.rows = [Row(at, rule.data()) for at, rule in enumerate(document.rules)]
        except documents.Unread as unread:
            self.faults = unread.faults

    def _read_fields(self, data: Mapping[str, str]) -> None:
        count = data.get("count", "")
        length = min(int(count), RULES_LIMIT) if count.isascii() and count.isdecimal() and len(count) < 5 else 0
        typed = [_row(at, data) for at in range(length) if not data.get(f"rule-{at}-remove")]
        for at, row in enumerate(typed):
            row.at = at
        self.rows = typed
        if data.get("add"):
            self.rows.append(Row(len(typed), {}))
        if _half_done(data):
            return
        try:
            self.found = rules.read([row.values for row in typed])
        except Faulty as faulty:
            for at, name, text in faulty.faults:
                if at < len(typed):
                    typed[at].errors.setdefault(name or "outcome", []).append(text)
        if any(row.errors for row in typed):
            self.found = None


def _half_done(data: Mapping[str, str]) -> bool:
    """Whether the form is only drawn again, with whatever stands in it."""
    return bool(data.get("add")) or "build" in data or "merge" in data


def _tiers() -> Iterator[tuple[str, str]]:
    names = dict(Role.objects.values_list("slug", "name"))
    for tier in Tier.objects.prefetch_related("requirements__role"):
        about = {"level": tier.get_level_display(), "seats": rosters.said_seats(Counter(tiers.seats(tier)), names)}
        yield tier.level, _("%(level)s: %(seats)s") % about


def _row(at: int, data: Mapping[str, str]) -> Row:
    typed = {name: data.get(f"rule-{at}-{name}", "").strip().replace("\r\n", "\n") for name in ASKED}
    values: dict[str, Any] = {name: text for name, text in typed.items() if text or name in ("name", "when")}
    for name in NUMBERS:
        if (text := typed[name]).lstrip("-").isdecimal() and text.isascii() and len(text) < 10:
            values[name] = int(text)
    row = Row(at, values, {}, *(data.get(f"rule-{at}-{name}", "").strip() for name in ("word", "operator", "value")))
    pressed = data.get("build", "")  # “-” is Enter in one of the fields
    asked = pressed == str(at) or (pressed == "-" and row.whole)
    if row.word and (asked or (row.whole and not _half_done(data))):
        _build(row, asked)
    return row


def _build(row: Row, asked: bool) -> None:
    """Join one more comparison to the condition: asked for by its button, or left in its fields."""
    try:
        more = sentences.clause(row.word, row.operator or "==", row.value)
    except ValueError as error:
        way_out = "" if asked else _("It was not added yet. To leave it out, empty this field.")
        row.errors["value"] = [f"{error} {way_out}".rstrip()]
        return
    before = row.values["when"]
    if len(sentences.when(before)) == 1 and "||" in before:
        before = f"({before})"
    row.values["when"] = more if before in ("", "true") else f"{before} && {more}"
    row.word = row.operator = row.value = ""
