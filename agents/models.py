"""What an agent is and does, as rows. Columns and constraints only: verbs live in the modules below this one."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.said import told


def text(length: int, **options: Any) -> models.CharField:
    return models.CharField(max_length=length, blank=True, default="", **options)


class User(AbstractUser):
    """A person: decides, starts tasks, owns agents."""

    # How this person reads. With the person, since every page and socket needs them first; empty: as the browser asks, UTC.
    language = models.CharField(_("Language"), max_length=10, blank=True, default="")
    time_zone = models.CharField(_("Time zone"), max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Installation(models.Model):
    """One row. Claims share its lock and a stop takes it alone; a restore raises the epoch and ends every old fence."""

    epoch = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_installation")]


class Heartbeat(models.Model):
    """When a worker process was last alive, by the database's clock."""

    worker = models.CharField(max_length=200, unique=True)
    at = models.DateTimeField(db_default=Now())


class Autonomy(models.IntegerChoices):
    """How far an agent may go with a tool before a person is asked. As a ceiling: how far at most."""

    ASKS = 0, _("Asks always")
    SMALL = 1, _("Acts on small things")
    SURE = 2, _("Acts when it is sure")
    REVIEWED = 3, _("Acts, and is looked at each time")
    ACTS = 4, _("Acts, and reports later")


class Agent(models.Model):
    """Who proposes."""

    class Kind(models.TextChoices):
        PLAN = "plan", _("Scripted plan")
        RECORDED = "recorded", _("Recorded runs")

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    version = models.CharField(max_length=64, default="1")
    kind = models.CharField(max_length=20, choices=Kind)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="agents")
    ceiling = models.PositiveSmallIntegerField(choices=Autonomy, default=Autonomy.ACTS)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ceiling__lte=4), name="agent_ceiling_known")]

    def __str__(self) -> str:
        return self.name


class Tool(models.Model):
    """A named capability. What it promises about itself is data here; what it does is code in the toolbox."""

    class Source(models.TextChoices):
        BUILT_IN = "built_in", _("Built in")
        RECORDED = "recorded", _("Recorded")

    class Repeatability(models.TextChoices):
        READ_ONLY = "read_only", _("Reads only")
        IDEMPOTENT = "idempotent", _("May be repeated with the same key")
        PROBEABLE = "probeable", _("Its outcome can be looked up")
        ONCE = "once", _("Never repeated")

    name = models.CharField(max_length=200, unique=True)
    version = models.CharField(max_length=64)
    description = models.TextField(blank=True, default="")
    schema = models.JSONField(default=dict)
    effect = models.JSONField(default=dict)
    repeatability = models.CharField(max_length=20, choices=Repeatability, default=Repeatability.ONCE)
    hints = models.JSONField(default=dict)
    timeout_seconds = models.PositiveIntegerField(default=30)
    enabled = models.BooleanField(default=True)
    declared = models.BooleanField(default=True)
    source = models.CharField(max_length=20, choices=Source, default=Source.BUILT_IN)
    ceiling = models.PositiveSmallIntegerField(choices=Autonomy, default=Autonomy.ACTS)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ceiling__lte=4), name="tool_ceiling_known")]

    def __str__(self) -> str:
        return self.name

    @property
    def may_repeat(self) -> bool:
        return self.repeatability in (self.Repeatability.READ_ONLY, self.Repeatability.IDEMPOTENT)

    @property
    def may_be_probed(self) -> bool:
        return self.repeatability == self.Repeatability.PROBEABLE


class Task(models.Model):
    """One piece of work of an agent."""

    class State(models.TextChoices):
        QUEUED = "QUEUED", _("Queued")
        RUNNING = "RUNNING", _("Running")
        WAITING_APPROVAL = "WAITING_APPROVAL", _("Waiting for approval")
        PAUSED = "PAUSED", _("Paused")
        SUCCEEDED = "SUCCEEDED", _("Succeeded")
        FAILED = "FAILED", _("Failed")
        STOPPED = "STOPPED", _("Stopped")

        @classmethod
        def endings(cls) -> set[str]:
            return {cls.SUCCEEDED.value, cls.FAILED.value, cls.STOPPED.value}

    class Mode(models.TextChoices):
        BLOCKING = "blocking", _("Waits at each gated step")
        QUEUE = "queue", _("Goes on with what does not depend on it")

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="tasks")
    agent_version = models.CharField(max_length=64)
    starter = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="started_tasks")
    goal = models.TextField()
    parameters = models.JSONField(default=dict)
    script = models.JSONField(null=True, blank=True)
    again = models.OneToOneField("Feedback", null=True, blank=True, on_delete=models.PROTECT, related_name="retry")
    renews = models.OneToOneField("Action", null=True, blank=True, on_delete=models.PROTECT, related_name="renewal")
    mode = models.CharField(max_length=20, choices=Mode, default=Mode.BLOCKING)
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    percent = models.PositiveSmallIntegerField(default=0)
    note = text(300)
    result = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    runnable_at = models.DateTimeField(null=True, blank=True)
    leased_by = text(200)
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    moved_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["QUEUED", "RUNNING", "WAITING_APPROVAL", "PAUSED", "SUCCEEDED", "FAILED", "STOPPED"]
                ),
                name="task_state_known",
            ),
            models.CheckConstraint(condition=Q(mode__in=["blocking", "queue"]), name="task_mode_known"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="task_percent_in_range"),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="task_done_within_total"),
        ]
        indexes = [
            models.Index(fields=["runnable_at"], condition=Q(runnable_at__isnull=False), name="task_runnable"),
            models.Index(fields=["leased_until"], condition=Q(leased_until__isnull=False), name="task_leased"),
            models.Index(fields=["state", "-moved_at"], name="task_by_state"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.goal}"

    @property
    def ended(self) -> bool:
        return self.state in self.State.endings()

    @property
    def anew(self) -> "Action | None":
        """The action of an earlier task whose step this one does anew: somebody called it bad, or its time ran out."""
        return self.again.action if self.again else self.renews

    @property
    def progress_percent(self) -> int:
        """Whole percent of the plan, the running step's own share included."""
        if not self.total:
            return 100 if self.state == self.State.SUCCEEDED else 0
        return min(100, (100 * self.done + self.percent) // self.total)


class Message(models.Model):
    """What the agent of a task had before it when it proposed the action at `position`, if its run brings that along."""

    class Role(models.TextChoices):
        USER = "user", _("Person")
        ASSISTANT = "assistant", _("Agent")
        TOOL = "tool", _("Tool")

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="messages")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=20, choices=Role)
    tool = text(200)
    text = models.TextField()
    error = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=["user", "assistant", "tool"]), name="message_role_known"),
        ]
        indexes = [models.Index(fields=["task", "position"], name="message_by_task")]


class Action(models.Model):
    """One proposed tool call of a task. Title, explanation, confidence and digest are those of the current version."""

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", _("Being checked")
        PENDING = "PENDING", _("Waiting for approval")
        APPROVED = "APPROVED", _("Approved")
        EXECUTING = "EXECUTING", _("In progress")
        SUCCEEDED = "SUCCEEDED", _("Succeeded")
        FAILED = "FAILED", _("Failed")
        REJECTED = "REJECTED", _("Rejected")
        EXPIRED = "EXPIRED", _("Expired, not run")
        CANCELLED = "CANCELLED", _("Cancelled")
        BLOCKED = "BLOCKED", _("Blocked by policy")
        UNKNOWN = "UNKNOWN", _("Outcome unknown")

        @classmethod
        def endings(cls) -> set[str]:
            return {s.value for s in (cls.SUCCEEDED, cls.FAILED, cls.REJECTED, cls.EXPIRED, cls.CANCELLED, cls.BLOCKED)}

    class Level(models.TextChoices):
        LOW = "low", _("Low risk")
        MEDIUM = "medium", _("Medium risk")
        HIGH = "high", _("High risk")
        CRITICAL = "critical", _("Critical")

    class Evidence(models.TextChoices):
        CLEAN = "clean", _("Approved unchanged and run")
        WRONG = "wrong", _("Rejected, edited or found wrong")

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="actions")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="actions")
    tool = models.ForeignKey(Tool, null=True, blank=True, on_delete=models.PROTECT, related_name="actions")
    tool_name = models.CharField(max_length=200)
    tool_version = text(64)
    position = models.PositiveIntegerField()
    step = models.CharField(max_length=100)
    depends_on = models.JSONField(default=list)
    state = models.CharField(max_length=20, choices=State, default=State.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    digest = models.CharField(max_length=64)
    title = models.TextField()
    said = models.JSONField(default=dict)
    why = models.TextField(blank=True, default="")
    confidence = models.FloatField(null=True, blank=True)
    level = text(20, choices=Level)
    evidence = text(10, choices=Evidence)
    key = models.CharField(max_length=200, null=True, blank=True)
    hold_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    epoch = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    leased_by = text(200)
    leased_until = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    moved_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "PROPOSED",
                        "PENDING",
                        "APPROVED",
                        "EXECUTING",
                        "SUCCEEDED",
                        "FAILED",
                        "REJECTED",
                        "EXPIRED",
                        "CANCELLED",
                        "BLOCKED",
                        "UNKNOWN",
                    ]
                ),
                name="action_state_known",
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="action_confidence_in_range",
            ),
            models.CheckConstraint(
                condition=~Q(state="EXECUTING") | Q(leased_until__isnull=False, fence__gte=1),
                name="action_executes_under_a_lease",
            ),
            models.UniqueConstraint(fields=["task"], condition=Q(state="EXECUTING"), name="one_executing_action"),
            models.UniqueConstraint(fields=["task", "position"], name="one_action_per_place"),
            models.UniqueConstraint(fields=["task", "step"], name="one_action_per_step"),
            models.UniqueConstraint(fields=["agent", "key"], name="one_action_per_key"),
        ]
        indexes = [
            models.Index(fields=["leased_until"], condition=Q(state="EXECUTING"), name="action_leased"),
            models.Index(fields=["hold_until"], condition=Q(state="APPROVED"), name="action_held"),
            models.Index(fields=["state", "-moved_at"], name="action_by_state"),
            models.Index(fields=["-moved_at"], name="action_recent"),
            models.Index(fields=["agent", "-moved_at"], name="action_by_agent"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    @property
    def headline(self) -> str:
        """The title in the reader's language, where the words are ours."""
        return told(self.said, self.title)

    @property
    def ended(self) -> bool:
        return self.state in self.State.endings()

    @property
    def ran(self) -> bool:
        """Whether it is over and its tool was called."""
        return self.state in (self.State.SUCCEEDED, self.State.FAILED)


class ActionVersion(models.Model):
    """The exact bytes of one version. Card, digest and executor all read `body`; a row is never rewritten."""

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    body = models.BinaryField()
    digest = models.CharField(max_length=64)
    title = models.TextField()
    said = models.JSONField(default=dict)
    target = models.TextField(blank=True, default="")
    why = models.TextField(blank=True, default="")
    who = models.TextField(blank=True, default="")
    what = models.TextField(blank=True, default="")
    confidence = models.FloatField(null=True, blank=True)
    question = models.JSONField(default=dict)
    editor = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="edited_versions")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "version"], name="one_row_per_version")]

    @property
    def headline(self) -> str:
        """The title in the reader's language, where the words are ours."""
        return told(self.said, self.title)


class TrustScore(models.Model):
    """What one version of an agent has earned with one version of a tool. Read and written by `trust` alone.

    Evidence counts actions, clean and wrong ones: all that there ever were, and those since the last that was bad.
    """

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="trust")
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="trust")
    agent_version = models.CharField(max_length=64)
    tool_version = models.CharField(max_length=64)
    hundredths = models.SmallIntegerField(default=0)
    clean_ever = models.PositiveIntegerField(default=0)
    wrong_ever = models.PositiveIntegerField(default=0)
    clean_since = models.PositiveIntegerField(default=0)
    wrong_since = models.PositiveIntegerField(default=0)
    offered_at = models.DateTimeField(null=True, blank=True)
    granted_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "tool", "agent_version", "tool_version"], name="one_trust_per_version"
            ),
            models.CheckConstraint(condition=Q(hundredths__gte=-50, hundredths__lte=100), name="trust_in_range"),
        ]

    @property
    def score(self) -> float:
        """From -0.5 to 1.0."""
        return self.hundredths / 100


class StopSwitch(models.Model):
    """A brake: while it is on, nothing in its scope is claimed. A `pause` of an agent is one that any reviewer lifts."""

    class Scope(models.TextChoices):
        EVERYTHING = "everything", _("Everything")
        AGENT = "agent", _("One agent")
        TOOL = "tool", _("One tool")

    scope = models.CharField(max_length=20, choices=Scope)
    agent = models.ForeignKey(Agent, null=True, blank=True, on_delete=models.PROTECT, related_name="stops")
    tool = models.ForeignKey(Tool, null=True, blank=True, on_delete=models.PROTECT, related_name="stops")
    pause = models.BooleanField(default=False)
    reason = models.TextField(blank=True, default="")
    engaged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    engaged_at = models.DateTimeField(db_default=Now())
    lift_asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="everything", agent=None, tool=None)
                | Q(scope="agent", agent__isnull=False, tool=None)
                | Q(scope="tool", agent=None, tool__isnull=False),
                name="stop_scope_matches_target",
            ),
            models.CheckConstraint(condition=Q(pause=False) | Q(scope="agent"), name="only_agents_are_paused"),
            models.UniqueConstraint(
                fields=["scope"], condition=Q(scope="everything", lifted_at=None), name="one_stop_of_everything"
            ),
            models.UniqueConstraint(fields=["agent"], condition=Q(lifted_at=None), name="one_stop_per_agent"),
            models.UniqueConstraint(fields=["tool"], condition=Q(lifted_at=None), name="one_stop_per_tool"),
        ]

    def __str__(self) -> str:
        return str(self.agent or self.tool or self.get_scope_display())


class Event(models.Model):
    """One row of the ledger: what happened, who did it, and what it was about. Never rewritten."""

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=40)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_name = text(200)
    session_hash = text(64)
    task = models.ForeignKey(Task, null=True, blank=True, on_delete=models.PROTECT, related_name="events")
    action = models.ForeignKey(Action, null=True, blank=True, on_delete=models.PROTECT, related_name="events")
    version = models.PositiveIntegerField(null=True, blank=True)
    digest = text(64)
    source = text(20)
    to = text(20)
    tier = text(40)
    policy_version = models.PositiveIntegerField(null=True, blank=True)
    reason = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["kind", "-id"], name="event_by_kind")]

    # Hashed into the chain, in this order of meaning. A new column needs a new Seal format.
    SEALED: ClassVar[tuple[str, ...]] = (
        "id", "at", "kind", "actor_kind", "actor_id", "actor_name", "session_hash", "task_id", "action_id", "version",
        "digest", "source", "to", "tier", "policy_version", "reason", "detail",
    )  # fmt: skip


class Guidance(models.Model):
    """What a person answered about one version of an action, or how it should be redrafted; the agent makes the next
    version of it. Never rewritten."""

    class Kind(models.TextChoices):
        ANSWER = "answer", _("Answer to a question")
        REDRAFT = "redraft", _("Another draft")

    class Ask(models.TextChoices):
        SHORTER = "shorter", _("Shorter")
        WARMER = "warmer", _("Warmer")
        FORMAL = "formal", _("More formal")
        FACTS = "facts", _("Fix facts")
        LANGUAGE = "language", _("Other language")

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="guidance")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.ANSWER)
    asks = models.JSONField(default=list)
    fields = models.JSONField(default=dict)
    text = models.TextField(blank=True, default="")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "version"], name="one_guidance_per_version"),
            models.CheckConstraint(condition=Q(kind__in=["answer", "redraft"]), name="guidance_kind_known"),
        ]

    @property
    def wishes(self) -> list[str]:
        """What was asked for with chips, in words."""
        return [str(self.Ask(ask).label) for ask in self.asks if ask in self.Ask.values]


class Feedback(models.Model):
    """What one person thinks of what an action did: an example for its agent with that tool, to follow or to avoid. A bad
    mark stays; a good one may turn bad."""

    class Reason(models.TextChoices):
        CLEAR = "clear", _("Clear")
        RIGHT_LENGTH = "right_length", _("Right length")
        RIGHT_TONE = "right_tone", _("Right tone")
        RIGHT_CHOICE = "right_choice", _("Right choice")
        TOO_LONG = "too_long", _("Too long")
        WRONG_GREETING = "wrong_greeting", _("Wrong greeting")
        TOO_COLD = "too_cold", _("Too cold")
        TOO_CASUAL = "too_casual", _("Too casual")
        WRONG_FACTS = "wrong_facts", _("Wrong facts")
        WRONG_TARGET = "wrong_target", _("Wrong target")
        WRONG_AMOUNT = "wrong_amount", _("Wrong amount")
        NOT_NEEDED = "not_needed", _("Was not needed")

    PRAISE = (Reason.CLEAR, Reason.RIGHT_LENGTH, Reason.RIGHT_TONE, Reason.RIGHT_CHOICE)

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="feedback")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="examples")
    tool = models.ForeignKey(Tool, null=True, blank=True, on_delete=models.PROTECT, related_name="examples")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="feedback")
    good = models.BooleanField()
    reasons = models.JSONField(default=list)
    comment = models.TextField(blank=True, default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["action", "person"], name="one_word_per_person")]
        indexes = [models.Index(fields=["agent", "tool", "-id"], name="feedback_newest")]

    @classmethod
    def chips(cls, *, good: bool) -> list[tuple[str, Any]]:
        """The reasons that go with a good or a bad mark, each with its words."""
        return [(reason.value, reason.label) for reason in cls.Reason if (reason in cls.PRAISE) is good]

    @property
    def told(self) -> str:
        """The reasons and the comment in words."""
        words = [str(self.Reason(reason).label) for reason in self.reasons if reason in self.Reason.values]
        return ": ".join(part for part in (", ".join(words), self.comment) if part)


class Preference(models.Model):
    """What an agent keeps to with a tool because somebody edited its call so. People may change it or take it away."""

    class Kind(models.TextChoices):
        GREETING = "greeting", _("Greeting")
        LENGTH = "length", _("Words at most")
        PRICE = "price", _("Price at most")

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="preferences")
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="preferences")
    kind = models.CharField(max_length=20, choices=Kind)
    value = models.CharField(max_length=200)
    learnt_from = models.ForeignKey(ActionVersion, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "tool", "kind"], name="one_preference_per_kind"),
            models.CheckConstraint(condition=Q(kind__in=["greeting", "length", "price"]), name="preference_kind_known"),
        ]


class Seal(models.Model):
    """One link of the hash chain over all Events, added after the fact so that writers never wait for the chain."""

    FORMAT: ClassVar[int] = 1

    position = models.PositiveBigIntegerField(unique=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="seal")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    format = models.PositiveSmallIntegerField(default=FORMAT)
