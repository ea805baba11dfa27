"""What a page or a scrape needs, counted from rows. Nothing here writes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import (
    Case,
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from agents import payloads, stops
from agents.clock import NOW
from agents.models import Action, Agent, Event, StopSwitch, Task, User
from agents.pages import PAGE
from approvals import batches, decisions, holds, tiers
from approvals.models import Approval, Attention, Decision, Role, Tier, UserSettings, Verdict

SOON = timedelta(minutes=5)
TOMBSTONE = timedelta(seconds=30)
COUNTED = 1_000
FEED = 20
READERS = 3
RUNNING = 12
FEED_KINDS = (
    "decision.approve", "decision.reject", "decision.edit", "decision.happened", "decision.did_not_happen",
    "decision.respond", "decision.regenerate", "decision.hand_up", "decision.hand_over", "decision.choose", "decision.wrong", "decision.undo",
    "action.succeeded", "action.failed", "action.unknown", "action.expired", "action.blocked", "action.refused",
    "task.stopped", "task.failed", "stop.engaged", "stop.lifted", "agent.paused", "agent.resumed", "feedback.good", "feedback.bad", "trust.graduated", "trust.demoted",
)  # fmt: skip


@dataclass(frozen=True)
class Filter:
    """What somebody asked to see of the queue; every field is part of the address."""

    scope: str = "me"
    needs: str = ""
    level: str = ""
    agent: str = ""
    tool: str = ""
    text: str = ""
    length: int = PAGE

    @property
    def narrowed(self) -> str:
        """Agent, tool and words as the end of a query string."""
        wanted = {"agent": self.agent, "tool": self.tool, "q": self.text}
        return urlencode({name: value for name, value in wanted.items() if value})

    @property
    def query(self) -> str:
        """All of it as a query string that leaves the defaults out."""
        length = "" if self.length == PAGE else urlencode({"length": self.length})
        return "&".join(part for part in (self.lasting, length) if part)

    @property
    def lasting(self) -> str:
        """The same without how far somebody has leafed: what is worth a name."""
        scope = "" if self.scope == "me" else self.scope
        wanted = {"scope": scope, "needs": self.needs, "level": self.level}
        parts = (urlencode({name: value for name, value in wanted.items() if value}), self.narrowed)
        return "&".join(part for part in parts if part)


@dataclass(frozen=True)
class Audience:
    """Who shares one drawing of a region: people of the same roles with the same filter, to whom nothing of their own waits."""

    roles: frozenset[str]
    filter: Filter = field(default_factory=Filter)
    handed: frozenset[int] = frozenset()
    snoozed: frozenset[int] = frozenset()


@dataclass
class Row:
    """One waiting question as the board shows it."""

    approval: Approval
    powers: tiers.Powers | None = None
    # Of what is held: how many more of its batch are.
    beside: int = 0

    @cached_property
    def action(self) -> Action:
        return self.approval.action

    @cached_property
    def voices(self) -> list[Decision]:
        wanted = {Decision.Answer.APPROVE, Decision.Answer.HAPPENED, Decision.Answer.DID_NOT_HAPPEN}
        return [decision for decision in self.approval.decisions.all() if decision.answer in wanted]

    @cached_property
    def seats(self) -> list[tuple[Role, Decision | None]]:
        """Each seat of the tier with the voice that fills it, if any. While it is open, as its people may answer now."""
        left = list(self.voices)
        taken = self._taken()
        found = []
        for need in self.approval.tier.requirements.all():
            for _seat in range(need.count):
                voice = next((v for v in left if taken.get(v.person_id) == need.role.slug), None)
                if voice:
                    left.remove(voice)
                found.append((need.role, voice))
        return found

    def _taken(self) -> dict[int, str]:
        """The seat of each person who gave a voice."""
        if self.powers is None or self.approval.state != Approval.State.OPEN:
            return {voice.person_id: voice.seat for voice in self.voices}
        able = {voice.person_id: self.powers.get(voice.person_id, set()) for voice in self.voices}
        return tiers.seated(able, tiers.seats(self.approval.tier))

    @property
    def had(self) -> int:
        return sum(1 for _role, voice in self.seats if voice)

    @property
    def needed(self) -> int:
        return len(self.seats)

    @property
    def missing(self) -> list[Role]:
        return [role for role, voice in self.seats if voice is None]

    @property
    def readers(self) -> list[User]:
        """Who has it before their eyes now, the first few: that somebody reads it matters, not how many do."""
        here = self.approval.attention.all() if self.approval.state == Approval.State.OPEN else ()
        return [attention.person for attention in here[:READERS]]

    @property
    def handing(self) -> Decision | None:
        """Who passed it on to the person whose queue it leads now, and with which note."""
        if self.approval.handed_to_id is None or self.approval.state != Approval.State.OPEN:
            return None
        passed = (d for d in self.approval.decisions.all() if d.answer == Decision.Answer.HAND_OVER)
        return max(passed, key=lambda decision: decision.pk, default=None)

    @property
    def held(self) -> bool:
        """Approved, and not to start yet: it can still be taken back."""
        return self.approval.state == Approval.State.SATISFIED and holds.held(self.action, timezone.now())

    @property
    def title(self) -> str:
        """What is asked about: the question of the agent, where it asks one, or the action."""
        asked = self.approval.asked
        ask: str = asked.question.get("ask", "") if self.approval.kind == Approval.Kind.INPUT else ""
        return ask or asked.headline

    @property
    def one_click(self) -> bool:
        return self.approval.kind == Approval.Kind.APPROVE and decisions.one_click(self.approval.tier)


@dataclass(frozen=True)
class Stack:
    """Waiting questions that are alike, as one row of the board. It stands where its most urgent one would."""

    members: list[Approval]

    @property
    def first(self) -> Approval:
        return self.members[0]

    @property
    def alike(self) -> batches.Alike:
        return batches.Alike.of(self.first)

    @property
    def due(self) -> datetime | None:
        return min((one.deadline for one in self.members if one.deadline), default=None)

    @property
    def least_sure(self) -> float | None:
        return min((one.asked.confidence for one in self.members if one.asked.confidence is not None), default=None)


@dataclass(frozen=True)
class Group:
    key: str
    title: str
    rows: list[Row | Stack]


def audience(person: User, wanted: Filter) -> Audience:
    roles = frozenset(person.roles.values_list("slug", flat=True))
    handed = Approval.objects.filter(handed_to=person, state=Approval.State.OPEN)
    snoozed = _snoozed(person).values_list("approval", flat=True)
    return Audience(roles, wanted, frozenset(handed.values_list("pk", flat=True)), frozenset(snoozed))


def _snoozed(person: User) -> QuerySet[Attention]:
    """What this person does not want to see for now. It comes back by itself: sockets ask again who they draw for."""
    return Attention.objects.filter(person=person, snoozed_until__gt=NOW, approval__state=Approval.State.OPEN)


def board(who: Audience) -> dict[str, Any]:
    """Everything the live regions of the board show. The number of queries does not depend on how much waits."""
    everything = _open(who)
    now = timezone.now()
    handed = list(everything.filter(pk__in=who.handed).order_by("urgency", "pk")[: who.filter.length])
    mine = everything.exclude(pk__in=who.handed)
    soon = list(mine.filter(deadline__lt=now + SOON).order_by("deadline", "pk")[: who.filter.length])
    later = mine.exclude(deadline__lt=now + SOON).order_by("urgency", "pk")[: who.filter.length + 1]
    rest = list(later)
    rewritten = list(_with_the_agent(who).order_by("deadline", "pk")[:FEED])
    closed = _rows(Approval.objects.filter(closed_at__gte=now - TOMBSTONE)).order_by("-closed_at", "-pk")[:FEED]
    gone = [approval for approval in closed if approval not in rewritten]
    held = list(_held(now))
    rows = {row.approval.pk: row for row in rows_of([*handed, *soon, *rest, *rewritten, *gone, *held])}
    soon.sort(key=lambda approval: (-approval.tier.weight, approval.deadline))
    shown = [*soon, *rest[: who.filter.length]]
    # Who searches for words wants those that have them, each as it is.
    stacks = [] if who.filter.text else [Stack(members) for members in batches.stacks(shown)]
    return {
        "groups": _groups(handed, soon, rest[: who.filter.length], now, _in_place(rows, stacks)),
        "folded": [(stack, one) for stack in stacks for one in stack.members],
        "rewritten": [rows[approval.pk] for approval in rewritten],
        "gone": [rows[approval.pk] for approval in gone if not _superseded(rows[approval.pk])],
        "held": _by_batch([rows[approval.pk] for approval in held]),
        "more": len(rest) > who.filter.length,
        "led": who.handed,
        "able": set(_tiers_of(who.roles).values_list("pk", flat=True)),
        "stops": stop_banner(),
        "now": now,
        **counts(who),
        **lanes({approval.action_id for approval in held}),
    }


def counts(who: Audience) -> dict[str, Any]:
    """How much waits for these roles and for everybody; figures stop at 1,000."""
    open_now = Approval.objects.filter(state=Approval.State.OPEN)
    everything = open_now.exclude(kind=Approval.Kind.REVIEW).exclude(pk__in=who.snoozed)
    mine = everything.filter(tier__in=_tiers_of(who.roles))
    oldest = mine.order_by("opened_at").values_list("opened_at", flat=True).first()
    return {
        "waiting_for_me": _count(mine),
        "waiting_all": _count(everything),
        "waiting_high": _count(everything.filter(tier__level__in=("high", "critical"))),
        "waiting_input": _count(everything.filter(kind=Approval.Kind.INPUT)),
        "ran_alone": _count(open_now.filter(kind=Approval.Kind.REVIEW, tier__in=_tiers_of(who.roles))),
        "snoozed": len(who.snoozed),
        "oldest": oldest,
        "ran_alone_percent": ran_alone_percent(),
        "filter": who.filter,
    }


def lanes(held: Iterable[int] = ()) -> dict[str, Any]:
    """Tasks at work and what happened last. The approvals of what is `held` are told with what is held."""
    running = Task.objects.filter(state__in=(Task.State.RUNNING, Task.State.PAUSED)).select_related("agent")
    events = Event.objects.filter(kind__in=FEED_KINDS).select_related("action__agent", "task__agent")
    if held:
        events = events.exclude(kind="decision.approve", action__in=held)
    return {
        "running": list(running.order_by("-pk")[:RUNNING]),
        "running_count": _count(running),
        "recent": list(events.order_by("-pk")[:FEED]),
    }


def ran_alone_percent(of_last: int = 200) -> int | None:
    """Share of the newest verdicts that let an action run without anyone; None while there are none."""
    outcomes = list(Verdict.objects.order_by("-pk").values_list("outcome", flat=True)[:of_last])
    alone = sum(outcome in (Verdict.Outcome.AUTO, Verdict.Outcome.REVIEW_AFTER) for outcome in outcomes)
    return round(100 * alone / len(outcomes)) if outcomes else None


def stop_banner() -> list[StopSwitch]:
    """The stops that everybody is told of; of a pause its agent's page tells."""
    return list(
        stops.engaged()
        .filter(pause=False)
        .select_related("agent", "tool", "engaged_by", "lift_asked_by")
        .order_by("pk")
    )


def row(approval: Approval) -> Row:
    """One question with its seats and voices loaded."""
    return rows_of([approval])[0]


def rows_of(approvals: list[Approval]) -> list[Row]:
    """Questions with their seats and voices loaded, and what those who answered may fill at this moment."""
    voices = Decision.objects.select_related("person").order_by("pk")
    reading = Attention.objects.filter(reading_until__gt=NOW).select_related("person").order_by("pk")
    prefetch_related_objects(
        approvals, "tier__requirements", Prefetch("decisions", voices), Prefetch("attention", reading)
    )
    heard = {voice.person_id for one in approvals if one.state == Approval.State.OPEN for voice in one.decisions.all()}
    powers = tiers.powers(heard) if heard else {}
    return [Row(approval, powers) for approval in approvals]


def standing(action_id: int, version: int = 0) -> dict[str, Any] | None:
    """Where an action stands now, beside the version that somebody has on screen; None for an unknown id."""
    action = Action.objects.select_related("agent", "task__starter", "task__again", "tool").filter(pk=action_id).first()
    if action is None:
        return None
    related = ("asked", "tier", "verdict__policy", "action__agent", "action__task", "action__tool", "handed_to")
    approval = action.approvals.select_related(*related).order_by("-pk").first()
    shown = version or action.version
    return {
        "action": action,
        "approval": approval,
        "row": row(approval) if approval else None,
        "shown_version": shown,
        "newer": shown != action.version,
        "since": _since(action, shown) if shown != action.version else [],
        "last": last_decision(action),
        "feedback": action.feedback.select_related("person", "retry").order_by("pk"),
        "now": timezone.now(),
    }


def _since(action: Action, shown: int) -> list[tuple[str, Any, Any]]:
    """What the current version has otherwise than the one on screen, as (path, old, new)."""
    found = {row.version: row for row in action.versions.filter(version__in=(shown, action.version))}
    if len(found) < 2:
        return []
    before, after = (payloads.arguments(bytes(found[number].body)) for number in (shown, action.version))
    return payloads.differences(before, after)


def settings_of(person: User) -> UserSettings:
    """How this person wants their screens."""
    return UserSettings.objects.filter(person=person).first() or UserSettings(person=person)


def waiting_for(person: User) -> int:
    """How many questions wait for somebody of this person's roles, up to one more than is ever told."""
    roles = person.roles.values_list("slug", flat=True)
    asked = Approval.objects.filter(state=Approval.State.OPEN, tier__in=_tiers_of(roles))
    return _count(asked.exclude(kind=Approval.Kind.REVIEW).exclude(pk__in=_snoozed(person).values("approval")))


def agents() -> QuerySet[Agent]:
    """Agents with how many of their tasks are at work and actions wait for people, and whether a stop holds them."""
    live = Count("tasks", filter=Q(tasks__state__in=("QUEUED", "RUNNING", "WAITING_APPROVAL", "PAUSED")), distinct=True)
    # A count of its own: joined to the tasks it would be counted once for each of them.
    asked = Approval.objects.filter(action__agent=OuterRef("pk"), state=Approval.State.OPEN)
    asked = asked.exclude(kind=Approval.Kind.REVIEW)
    waiting = asked.order_by().values("action__agent").annotate(count=Count("pk")).values("count")
    held = StopSwitch.objects.filter(agent=OuterRef("pk"), lifted_at=None)
    brakes = {"stopped": Exists(held.filter(pause=False)), "paused": Exists(held.filter(pause=True))}
    agents = Agent.objects.annotate(live_tasks=live, waiting=Coalesce(Subquery(waiting), 0), **brakes)
    return agents.select_related("owner").order_by("name", "pk")


def agent_record(agent: Agent, of_last: int = 500) -> dict[str, int]:
    """How the agent's newest decided actions ended, by state."""
    tally: dict[str, int] = defaultdict(int)
    ended = Action.objects.filter(agent=agent, state__in=Action.State.endings()).order_by("-pk")
    for state in ended.values_list("state", flat=True)[:of_last]:
        tally[state] += 1
    return dict(tally)


def last_decision(action: Action) -> Decision | None:
    return Decision.objects.filter(approval__action=action).select_related("person").order_by("-pk").first()


def undecided(actions: Iterable[int], reader: User) -> set[int]:
    """Of these actions those that wait for voices while this person has given none: they read no grounds of others yet."""
    asked = Approval.objects.filter(action__in=list(actions), state=Approval.State.OPEN)
    own = Decision.objects.filter(approval=OuterRef("pk"), person=reader, answer__in=Decision.VOICES)
    return set(asked.filter(~Exists(own)).values_list("action", flat=True))


def up_next(who: Audience, length: int = 12) -> list[Row]:
    """The head of the queue beside an open card."""
    first = [Case(When(pk__in=who.handed, then=0), default=1)] if who.handed else []
    return rows_of(list(_open(who).order_by(*first, "urgency", "pk")[:length]))


def similar(action: Action, length: int = 5) -> tuple[dict[str, int], list[Action]]:
    """What became of this agent's last 50 calls of the same tool: counts by ending, and the newest few."""
    earlier = Action.objects.filter(agent_id=action.agent_id, tool_name=action.tool_name).exclude(pk=action.pk)
    newest = list(earlier.filter(state__in=Action.State.endings()).order_by("-moved_at", "-pk")[:50])
    tally: dict[str, int] = defaultdict(int)
    for other in newest:
        tally[other.state] += 1
    return dict(tally), newest[:length]


def track_record(action: Action, of_last: int = 200) -> dict[str, int] | None:
    """How often this agent was approved unchanged when it stated a confidence in the same ten percent; None under 30 cases."""
    if action.confidence is None:
        return None
    floor = min(int(action.confidence * 10), 9) / 10
    band = Q(confidence__gte=floor, confidence__lt=floor + 0.1 if floor < 0.9 else 1.01)
    cases = Action.objects.filter(band, agent_id=action.agent_id).order_by("-pk")
    decided = list(cases.filter(approvals__kind=Approval.Kind.APPROVE, state__in=Action.State.endings())[:of_last])
    if len(decided) < 30:
        return None
    as_is = sum(a.version == 1 and a.state in (Action.State.SUCCEEDED, Action.State.FAILED) for a in decided)
    return {
        "from_percent": round(floor * 100),
        "to_percent": round(floor * 100) + 10,
        "as_is_percent": round(100 * as_is / len(decided)),
        "cases": len(decided),
    }


def _with_the_agent(who: Audience) -> QuerySet[Approval]:
    """Actions of which people want another draft or gave an answer, while their agent makes its next version."""
    rows = _open(who, Approval.State.ANSWERED)
    return rows.filter(action__state=Action.State.PENDING)


def _open(who: Audience, state: str = Approval.State.OPEN) -> QuerySet[Approval]:
    wanted = who.filter
    rows = _rows(Approval.objects.filter(state=state))
    afterwards = Q(kind=Approval.Kind.REVIEW)
    rows = rows.filter(afterwards if wanted.scope == "review" else ~afterwards)
    if wanted.scope == "snoozed":
        rows = rows.filter(pk__in=who.snoozed)
    elif who.snoozed:
        rows = rows.exclude(pk__in=who.snoozed)
    if wanted.scope not in ("all", "snoozed"):
        rows = rows.filter(tier__in=_tiers_of(who.roles))
    if wanted.needs:
        rows = rows.filter(kind=wanted.needs)
    if wanted.level:
        levels = ("high", "critical") if wanted.level == "high" else (wanted.level,)
        rows = rows.filter(tier__level__in=levels)
    if wanted.agent:
        rows = rows.filter(action__agent__slug=wanted.agent)
    if wanted.tool:
        rows = rows.filter(action__tool_name=wanted.tool)
    if wanted.text:
        rows = rows.filter(action__title__icontains=wanted.text)
    return rows


def _rows(approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    return approvals.select_related("action__agent", "action__task", "asked", "tier", "verdict", "handed_to").defer(
        "verdict__reasons"
    )


def _tiers_of(roles: Iterable[str]) -> QuerySet[Tier]:
    """Tiers with a seat that somebody of these roles may fill."""
    able = Role.objects.filter(slug__in=list(roles), decides=True)
    return Tier.objects.filter(Q(requirements__role__in=able) | Q(requirements__role__filled_by__in=able)).distinct()


def _superseded(row: Row) -> bool:
    """Whether another version has taken its place and nobody needs to be told: an approval that was taken back is told."""
    undone = any(decision.answer == Decision.Answer.UNDO for decision in row.approval.decisions.all())
    return row.approval.state == Approval.State.STALE and not undone


def _held(now: datetime) -> QuerySet[Approval]:
    """What is approved and held, the newest approval first."""
    held = {"action__state": Action.State.APPROVED, "action__hold_until__gt": now}
    return _rows(Approval.objects.filter(**held, state=Approval.State.SATISFIED)).order_by("-closed_at", "-pk")[:FEED]


def _by_batch(held: list[Row]) -> list[Row]:
    """Held ones in their order, those of one batch as one."""
    found: dict[str, Row] = {}
    for row in held:
        last = max(row.approval.decisions.all(), key=lambda decision: decision.pk, default=None)
        batch = last.batch if last else ""
        if batch in found:
            found[batch].beside += 1
        else:
            found[batch or str(row.approval.pk)] = row
    return list(found.values())


def _count(rows: QuerySet[Any]) -> int:
    """How many, up to one more than is ever told."""
    return rows.order_by()[: COUNTED + 1].count()


def _in_place(rows: dict[int, Row], stacks: list[Stack]) -> dict[int, Row | Stack]:
    """The rows of the board by the question that they begin with: a stack where its first one was, the others nowhere."""
    folded = {one.pk for stack in stacks for one in stack.members}
    return {pk: row for pk, row in rows.items() if pk not in folded} | {stack.first.pk: stack for stack in stacks}


def _groups(
    handed: list[Approval], soon: list[Approval], rest: list[Approval], now: datetime, rows: dict[int, Row | Stack]
) -> list[Group]:
    tomorrow = now + timedelta(hours=24)
    today = [approval for approval in rest if approval.deadline and approval.deadline < tomorrow]
    later = [approval for approval in rest if not approval.deadline or approval.deadline >= tomorrow]
    groups = (
        ("handed", _("Handed to you"), handed),
        ("soon", _("Waiting, under 5 minutes left"), soon),
        ("today", _("Waiting, later today"), today),
        ("later", _("Without a deadline"), later),
    )
    standing = ((key, title, [rows[one.pk] for one in found if one.pk in rows]) for key, title, found in groups)
    return [Group(*group) for group in standing if group[-1]]
