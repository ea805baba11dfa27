"""How it went with an agent, for its page: week by week, how well its confidence holds, and its incidents."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet
from django.db.models.functions import Cast, Floor, TruncWeek
from django.utils import timezone

from agents.models import Agent, Event
from approvals.models import Approval, Decision

WEEKS, BANDS, SHOWN = 26, 10, 10
FEW = 10  # of fewer cases a band says nothing
APPROVE, EDIT, REJECT = Decision.Answer.APPROVE, Decision.Answer.EDIT, Decision.Answer.REJECT
REDRAFT = Decision.Answer.REGENERATE
TOLD = (APPROVE, EDIT, REJECT, REDRAFT)
INCIDENTS = ("action.failed", "action.unknown", "task.failed", "feedback.bad", "trust.demoted", "stop.engaged")


@dataclass
class Shares:
    """Actions that people decided about: approved as they were, edited or redrafted, rejected; each counted as one of them."""

    approved: int = 0
    edited: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        return self.approved + self.edited + self.rejected

    @property
    def percents(self) -> tuple[int, int, int]:
        """Whole percents of the three, of something that was decided."""
        return _of(self.approved, self.total), _of(self.edited, self.total), _of(self.rejected, self.total)

    @property
    def stops(self) -> tuple[int, int]:
        """Where, on a bar of 100, the approved part ends and the edited one."""
        return _of(self.approved, self.total), _of(self.approved + self.edited, self.total)

    def count(self, answer: str, edited: bool, redrafted: bool, rejected: bool, actions: int) -> None:
        """Count actions under what became of them; a voice beside the one that settled it counts nothing."""
        if answer == REJECT:
            self.rejected += actions
        elif rejected:
            return
        elif answer == EDIT or (answer == REDRAFT and not edited):
            self.edited += actions
        elif answer == APPROVE and not edited and not redrafted:
            self.approved += actions


@dataclass
class Week(Shares):
    """One week, from its Monday."""

    monday: date = date.min
    incidents: int = 0


@dataclass
class Band(Shares):
    """The actions about which the agent stated a confidence in the same ten percent; `least` is None where it stated none."""

    least: int | None = None

    @property
    def most(self) -> int:
        return (self.least or 0) + 100 // BANDS

    @property
    def holds(self) -> str:
        """What the share that was approved says about the one that was stated: few, more, less or as."""
        if self.least is None or self.total < FEW:
            return "" if self.least is None else "few"
        accepted = self.percents[0]
        return "more" if accepted < self.least else "less" if accepted > self.most else "as"


@dataclass
class History:
    """Weeks the newest first, back to the first in which anything happened; bands from the highest; the newest incidents."""

    weeks: list[Week] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    incidents: list[Event] = field(default_factory=list)

    @property
    def few(self) -> int:
        return FEW

    @property
    def decided(self) -> int:
        return sum(week.total for week in self.weeks)

    @property
    def happened(self) -> int:
        """How many incidents there were, listed or not."""
        return sum(week.incidents for week in self.weeks)


def of(agent: Agent) -> History:
    """The last 26 weeks, by UTC: the same figures for readers of every zone. Three queries, however much happened."""
    monday = _monday(timezone.now().date())
    mondays = [monday - timedelta(weeks=back) for back in range(WEEKS)]
    since = datetime.combine(mondays[-1], time.min, UTC)
    weeks = {day: Week(monday=day) for day in mondays}
    bands: dict[int | None, Band] = defaultdict(Band)
    for day, tenth, *outcome in _decided(agent, since):
        least = None if tenth is None else min(max(tenth, 0), BANDS - 1) * 100 // BANDS
        bands[least].least = least
        for shares in (weeks[day.date()], bands[least]):
            shares.count(*outcome)
    found = _incidents(agent, since)
    for day, count in found.order_by().values_list(TruncWeek("at", tzinfo=UTC)).annotate(Count("pk")):
        weeks[day.date()].incidents = count
    newest = list(found.select_related("action", "task").order_by("-pk")[:SHOWN])
    first = max((at for at, week in enumerate(weeks.values()) if week.total or week.incidents), default=-1)
    ordered = sorted((band for band in bands.values() if band.total), key=_highest, reverse=True)
    return History(list(weeks.values())[: first + 1], ordered, newest)


def _decided(agent: Agent, since: datetime) -> QuerySet[Decision, Any]:
    """Of each week, band and answer: whether the action was edited, redrafted or rejected, and how many actions."""
    about = Decision.objects.filter(approval__action=OuterRef("approval__action"))
    rows = Decision.objects.filter(approval__action__agent=agent, at__gte=since, answer__in=TOLD)
    rows = rows.filter(approval__kind__in=(Approval.Kind.APPROVE, Approval.Kind.INPUT)).annotate(
        week=TruncWeek("at", tzinfo=UTC),
        tenth=Cast(Floor(F("approval__asked__confidence") * BANDS), IntegerField()),
        edited=Exists(about.filter(answer=EDIT)),
        redrafted=Exists(about.filter(answer=REDRAFT)),
        rejected=Exists(about.filter(answer=REJECT, approval__kind__in=(Approval.Kind.APPROVE, Approval.Kind.INPUT))),
    )
    grouped = rows.order_by().values("week", "tenth", "answer", "edited", "redrafted", "rejected")
    counted = grouped.annotate(actions=Count("approval__action", distinct=True))
    return counted.values_list("week", "tenth", "answer", "edited", "redrafted", "rejected", "actions")


def _incidents(agent: Agent, since: datetime) -> QuerySet[Event]:
    its = Q(action__agent=agent) | Q(task__agent=agent) | Q(detail__agent=agent.slug)
    return Event.objects.filter(its, kind__in=INCIDENTS, at__gte=since)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _highest(band: Band) -> int:
    return -1 if band.least is None else band.least


def _of(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0
