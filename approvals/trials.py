"""Try on history: candidate rules asked about what the gate judged before, beside the rules in force."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from agents import payloads
from agents.models import ActionVersion, User
from agents.payloads import Refused
from agents.trust import Terms
from approvals import conditions, policy, risk, rules
from approvals.models import Decision, Finding, Policy, Trial, Verdict
from approvals.policy import Ruling
from approvals.risk import Assessment
from approvals.rules import Answer, Found, Rule
from approvals.thresholds import Thresholds
from approvals.vocabulary import Subject, words

DAYS = (7, 30, 90)
CHUNK, SHARE_SECONDS = 250, 0.5
SHOWN_ALONE = 100
QUIET = timedelta(seconds=10)
ASKS = (policy.APPROVE, policy.INPUT)
COLUMNS = ("pk", "action_id", "version", "facts", "action__agent__slug")


def digest(rows: list[dict[str, Any]], numbers: Thresholds) -> str:
    """What names a policy: the same rules in the same order with the same numbers have the same digest."""
    said = {"rules": rows, "thresholds": numbers.stored()}
    return hashlib.sha256(b"hitl-dashboard/policy/v1\x00" + payloads.canonical(said)).hexdigest()


def begin(
    person: User,
    candidate: Iterable[Rule],
    days: int,
    *,
    numbers: Thresholds | None = None,
    back_to: Policy | None = None,
) -> Trial:
    """Start to try rules, and numbers where they change, on the last days. The first share is taken at the first hint."""
    if days not in DAYS:
        raise Refused(_("Choose 7, 30 or 90 days."))
    rows, base = [rule.data() for rule in candidate], Policy.objects.get(active=True)
    numbers = numbers or Thresholds.of(base.thresholds)
    past = Verdict.objects.filter(created_at__gte=Now() - timedelta(days=days))
    span = past.aggregate(first=Min("pk"), last=Max("pk"), count=Count("pk"))
    return Trial.objects.create(
        base=base, rules=rows, thresholds=numbers.stored(), digest=digest(rows, numbers), days=days,
        back_to=back_to, made_by=person,
        reached=(span["first"] or 1) - 1, until=span["last"] or 0, total=span["count"],
        ended_at=None if span["count"] else Now(),
    )  # fmt: skip


def left_behind() -> Any:
    """Ids of trials whose hint was lost."""
    return (
        Trial.objects.filter(ended_at=None, moved_at__lt=Now() - QUIET)
        .order_by("moved_at")
        .values_list("pk", flat=True)
    )


def open_finding(finding: Finding) -> None:
    """Remember that an admin looked at it."""
    Finding.objects.filter(pk=finding.pk, opened_at=None).update(opened_at=Now())


def step(trial_id: int, seconds: float = SHARE_SECONDS) -> bool:
    """Judge for about so many seconds. True: there is more. Twice at once: the slower of both changes nothing."""
    trial = Trial.objects.select_related("base").get(pk=trial_id)
    if trial.ended_at:
        return False
    share, seen, end = _Share.of(trial), trial.reached, time.monotonic() + seconds
    while share.take() and time.monotonic() < end:
        pass
    over = Now() if share.reached >= trial.until else None
    with transaction.atomic():
        row = Trial.objects.filter(pk=trial.pk, reached=seen, ended_at=None)
        counts, done = share.counts(), trial.done + share.done
        if row.update(reached=share.reached, done=done, counts=counts, moved_at=Now(), ended_at=over):
            Finding.objects.bulk_create(share.findings)
    return over is None


@dataclass(frozen=True)
class Candidate:
    """What decides about the same history: the rules, and what trust may buy."""

    rules: tuple[Rule, ...]
    terms: Terms

    @classmethod
    def of(cls, row: Policy | Trial) -> "Candidate":
        return cls(rules.stored(row.rules), Thresholds.of(row.thresholds).terms)


class Memory:
    """Answers that were given before: the same condition says the same about the same words."""

    def __init__(self) -> None:
        self._answers: dict[tuple[Any, ...], Answer] = {}

    def ask(self, rule: Rule, told: Mapping[str, Any]) -> Answer:
        try:
            names = conditions.compiled(rule.when).names
        except Refused:
            return rule.ask(told)
        if "arguments" in names:
            return rule.ask(told)
        key = (rule.when, *(told[name] for name in sorted(names)))
        if key not in self._answers:
            self._answers[key] = rule.ask(told)
        return self._answers[key]


def replay(
    before: Candidate, after: Candidate, assessment: Assessment, subject: Subject, memory: Memory
) -> tuple[Ruling, Ruling]:
    """What two policies make of the same assessment. A condition that both share is asked once."""
    told, answers = words(assessment, subject), dict[str, Answer]()

    def found(some: Iterable[Rule]) -> Found:
        for rule in some:
            if rule.when not in answers:
                answers[rule.when] = memory.ask(rule, told)
        return rules.join((rule, answers[rule.when]) for rule in some)

    def ruled(one: Candidate) -> Ruling:
        return policy.combine(assessment, earned.under(one.terms), found(one.rules))

    earned = policy.Trust.of(assessment.proposal)
    return ruled(before), ruled(after)


@dataclass
class _Share:
    """One stretch of a trial, held in memory until it is written."""

    trial: Trial
    before: Candidate
    after: Candidate
    sums: dict[str, Counter[str]]
    findings: list[Finding]
    reached: int
    done: int = 0

    @classmethod
    def of(cls, trial: Trial) -> "_Share":
        names = ("before", "after", "change", "matched", "decided", "failed")
        sums = {name: Counter(trial.counts.get(name, {})) for name in names}
        return cls(trial, Candidate.of(trial.base), Candidate.of(trial), sums, [], trial.reached)

    def counts(self) -> dict[str, dict[str, int]]:
        return {name: dict(counter) for name, counter in self.sums.items()}

    def take(self) -> bool:
        """Judge the next rows. False: there are none left."""
        past = Verdict.objects.filter(pk__gt=self.reached, pk__lte=self.trial.until).order_by("pk")
        rows = list(past.values_list(*COLUMNS)[:CHUNK])
        bodies, refused, memory = self._bodies(rows), self._refused(rows), Memory()
        for pk, action, version, facts, agent in rows:
            try:
                assessment = risk.assess(risk.Proposal(**facts))
            except Exception:  # noqa: BLE001 -- facts of an older form: counted, and no reason to stop
                self.sums["change"]["unreadable"] += 1
                continue
            subject = Subject(agent, bodies.get((action, version), {}))
            before, after = replay(self.before, self.after, assessment, subject, memory)
            self._count(pk, before, after, pk in refused)
        self.done += len(rows)
        self.reached = rows[-1][0] if len(rows) == CHUNK else self.trial.until
        return self.reached < self.trial.until

    def _bodies(self, rows: list[Any]) -> dict[tuple[int, int], dict[str, Any]]:
        if not any("arguments" in rule.when for rule in (*self.before.rules, *self.after.rules)):
            return {}
        stored = ActionVersion.objects.filter(action__in={row[1] for row in rows}).values_list(
            "action_id", "version", "body"
        )
        return {(action, version): payloads.arguments(bytes(body)) for action, version, body in stored}

    @staticmethod
    def _refused(rows: list[Any]) -> set[int]:
        against = (Decision.Answer.REJECT, Decision.Answer.EDIT)
        said = Decision.objects.filter(approval__verdict__in=[row[0] for row in rows], answer__in=against)
        return set(said.values_list("approval__verdict_id", flat=True))

    def _count(self, pk: int, before: Ruling, after: Ruling, refused: bool) -> None:
        self.sums["before"][_place(before)] += 1
        self.sums["after"][_place(after)] += 1
        self.sums["change"].update(_changes(before, after))
        alone = _asks(before) and not _asks(after) and after.outcome != policy.BLOCK
        if alone and refused:
            self._point_out(pk, Finding.Kind.PASSES)
        elif alone and self.sums["change"]["alone"] <= SHOWN_ALONE:
            self._point_out(pk, Finding.Kind.ALONE)
        self.sums["failed"].update(trouble.rule for trouble in after.found.troubles)
        for rule in after.found.matched:
            self.sums["matched"][rule.name] += 1
            if not self.sums["decided"][rule.name] and _decides(rule, after):
                self.sums["decided"][rule.name] = 1

    def _point_out(self, pk: int, kind: str) -> None:
        self.findings.append(Finding(trial=self.trial, verdict_id=pk, kind=kind))


def _asks(ruling: Ruling) -> bool:
    return ruling.outcome in ASKS


def _place(ruling: Ruling) -> str:
    """Where an action ends up: with the people of a tier, or under its outcome."""
    return ruling.tier if _asks(ruling) else ruling.outcome


def _changes(before: Ruling, after: Ruling) -> Iterator[str]:
    if _asks(after) and not _asks(before):
        yield "more"
    if _asks(before) and not _asks(after):
        yield "fewer"
        if after.outcome != policy.BLOCK:
            yield "alone"
    if after.outcome == policy.BLOCK and before.outcome != policy.BLOCK:
        yield "blocked"
    if _asks(before) and _asks(after) and before.tier != after.tier:
        yield "moved"


def _decides(rule: Rule, ruling: Ruling) -> bool:
    """Whether the joint demand of the others asks for less than with this rule. What the defaults ask anyway counts
    as the rule's, so that a rule is called idle only because of other rules."""
    others = rules.join((other, Answer(True)) for other in ruling.found.matched if other is not rule)
    return others.demand | rule.demand != others.demand
