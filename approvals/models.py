"""Who must agree, what was asked and what was answered, as rows."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Action, ActionVersion, Agent, text

Level = Action.Level


class Role(models.Model):
    """A group of people. `fills` lists the roles whose seats its members may take besides their own."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    decides = models.BooleanField(default=True)
    fills = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="filled_by")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="roles")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Tier(models.Model):
    """What a risk level demands: which seats, by when, and what happens then."""

    class AtZero(models.TextChoices):
        EXPIRE = "expire", _("then expires")
        HAND_UP = "hand_up", _("then goes up one tier")

    level = models.CharField(max_length=20, choices=Level, unique=True)
    deadline_minutes = models.PositiveIntegerField()
    at_zero = models.CharField(max_length=20, choices=AtZero, default=AtZero.EXPIRE)
    requester_counts = models.BooleanField(default=True)
    reauthenticate = models.BooleanField(default=False)
    fresh_minutes = models.PositiveIntegerField(default=24 * 60)
    hold_seconds = models.PositiveIntegerField(default=10)
    card_seconds = models.PositiveIntegerField(default=0)
    weight = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["weight"]
        constraints = [
            models.CheckConstraint(condition=Q(deadline_minutes__gte=1), name="tier_leaves_time"),
            models.CheckConstraint(
                condition=Q(requester_counts=False) | Q(level__in=["low", "medium"]),
                name="requester_never_counts_at_high",
            ),
        ]

    def __str__(self) -> str:
        return self.get_level_display()


class Needs(models.Manager["TierRequirement"]):
    """Seats are always read with their roles: a tier has few, and every decision asks."""

    def get_queryset(self) -> models.QuerySet["TierRequirement"]:
        return super().get_queryset().select_related("role")


class TierRequirement(models.Model):
    """So many voices of distinct people in seats of one role."""

    tier = models.ForeignKey(Tier, on_delete=models.CASCADE, related_name="requirements")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveSmallIntegerField(default=1)
    objects = Needs()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["tier", "role"], name="one_requirement_per_role"),
            models.CheckConstraint(condition=Q(count__gte=1), name="requirement_needs_somebody"),
        ]


class Policy(models.Model):
    """One version of the rules by which the gate judges; immutable once active."""

    version = models.PositiveIntegerField(unique=True)
    active = models.BooleanField(default=False)
    thresholds = models.JSONField(default=dict)
    rules = models.JSONField(default=list)
    note = models.TextField(blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["active"], condition=Q(active=True), name="one_active_policy")]


class Verdict(models.Model):
    """What the gate made of one version: the facts it saw, how it rated them, what it ordered and by which policy."""

    class Outcome(models.TextChoices):
        AUTO = "auto", _("Runs on its own")
        REVIEW_AFTER = "review_after", _("Runs, and is reviewed after")
        APPROVE = "approve", _("Needs approval")
        INPUT = "input", _("Needs an answer")
        BLOCK = "block", _("Blocked")

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="verdicts")
    version = models.PositiveIntegerField()
    facts = models.JSONField()
    score = models.FloatField()
    level = models.CharField(max_length=20, choices=Level)
    reasons = models.JSONField(default=list)
    outcome = models.CharField(max_length=20, choices=Outcome)
    tier = models.ForeignKey(Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    deadline_minutes = models.PositiveIntegerField(null=True, blank=True)
    at_zero = text(20, choices=Tier.AtZero)
    hold_seconds = models.PositiveIntegerField(default=0)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="verdicts")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "version"], name="one_verdict_per_version")]
        indexes = [models.Index(fields=["created_at"], name="verdict_recent")]


class Trial(models.Model):
    """Candidate rules and numbers, tried on what the gate judged in the last days. Only what was tried can be saved."""

    base = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="trials")
    rules = models.JSONField()
    thresholds = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    days = models.PositiveSmallIntegerField()
    back_to = models.ForeignKey(Policy, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    reached = models.PositiveBigIntegerField(default=0)
    until = models.PositiveBigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    moved_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["moved_at"], condition=Q(ended_at=None), name="trial_running")]

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.total) if self.total else 0


class Finding(models.Model):
    """One past action that a trial points out."""

    class Kind(models.TextChoices):
        PASSES = "passes", _("Was rejected or edited, and would now pass")
        ALONE = "alone", _("Would have run alone")

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="findings")
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trial", "kind", "verdict"], name="one_finding_per_verdict")]


class Motion(models.Model):
    """What an admin asks for with a reason: in force at once where it is stricter, else when a second admin agrees."""

    class State(models.TextChoices):
        OPEN = "open", _("Waits for a second admin")
        IN_FORCE = "in_force", _("Came into force")
        REFUSED = "refused", _("Refused")
        OVERTAKEN = "overtaken", _("Overtaken by another version")

    looser = models.BooleanField()
    reason = models.TextField()
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    # The version in force that asked for no second admin, where one admin alone made something looser.
    waiver = models.ForeignKey(Policy, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Amendment(Motion):
    """What of a policy an admin saved after trying them."""

    trial = models.OneToOneField(Trial, on_delete=models.PROTECT, related_name="amendment")
    note = models.TextField(blank=True, default="")
    policy = models.OneToOneField(Policy, null=True, blank=True, on_delete=models.PROTECT, related_name="amendment")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "in_force", "refused", "overtaken"]), name="amendment_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force", looser=True) | ~Q(asked_by=models.F("settled_by")),
                name="looser_rules_need_a_second_admin",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force", looser=True) | Q(settled_by__isnull=False) | Q(waiver__isnull=False),
                name="looser_rules_never_alone",
            ),
            models.CheckConstraint(
                condition=Q(waiver=None) | Q(state="in_force", looser=True, settled_by=None),
                name="amendment_waiver_stands_for_somebody",
            ),
            models.CheckConstraint(condition=Q(state="in_force") ^ Q(policy=None), name="in_force_has_its_policy"),
        ]


class Precedent(models.Model):
    """Something that an agent has done, or was refused, before: read by its mark, so that history costs nothing.

    The mark is a hash: what the value was stands in the verdict of the action that set the precedent.
    """

    class Kind(models.TextChoices):
        TOOL = "tool", _("Tool")
        RECIPIENT = "recipient", _("Recipient")
        ACCOUNT = "account", _("Account")
        AMOUNT = "amount", _("Amount")
        REFUSED = "refused", _("Refused call")

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="precedents")
    kind = models.CharField(max_length=20, choices=Kind)
    mark = models.CharField(max_length=32)
    largest_minor = models.PositiveBigIntegerField(default=0)
    count = models.PositiveIntegerField(default=1)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "mark"], name="one_precedent_per_mark")]


class Tally(models.Model):
    """What an agent asked for within ten minutes. Sums over a day read a fixed number of rows."""

    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="tallies")
    slot = models.DateTimeField()
    currency = text(3)
    recipients = models.PositiveBigIntegerField(default=0)
    amount_minor = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "slot", "currency"], name="one_tally_per_slot")]


class Change(Motion):
    """What an admin wants of people, roles or tiers."""

    class Kind(models.TextChoices):
        TIER = "tier", _("Tier")
        ROLE = "role", _("Role")
        ROLES = "roles", _("Roles of")
        ACCESS = "access", _("Account of")

    kind = models.CharField(max_length=20, choices=Kind)
    slug = text(40)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="changes"
    )
    before = models.JSONField()
    wanted = models.JSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "in_force", "refused", "overtaken"]), name="change_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["tier", "role"], person=None) & ~Q(slug="")
                | Q(kind__in=["roles", "access"], person__isnull=False, slug=""),
                name="change_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force", looser=True) | ~Q(asked_by=models.F("settled_by")),
                name="looser_changes_need_a_second_admin",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force", looser=True, person=None)
                | Q(settled_by__isnull=False)
                | Q(waiver__isnull=False),
                name="looser_tiers_and_roles_never_alone",
            ),
            models.CheckConstraint(
                condition=Q(waiver=None) | Q(state="in_force", looser=True, settled_by=None),
                name="change_waiver_stands_for_somebody",
            ),
        ]
        indexes = [models.Index(fields=["kind", "slug", "person"], condition=Q(state="open"), name="change_open")]


class Approval(models.Model):
    """The human question about one version of an action."""

    class Kind(models.TextChoices):
        APPROVE = "approve", _("Approve")
        INPUT = "input", _("Answer")
        REVIEW = "review", _("Review after the fact")
        SETTLE = "settle", _("Say what happened")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SATISFIED = "satisfied", _("Approved")
        ANSWERED = "answered", _("Answered")
        REJECTED = "rejected", _("Rejected")
        EXPIRED = "expired", _("Expired")
        CANCELLED = "cancelled", _("Cancelled")
        STALE = "stale", _("Superseded")

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="approvals")
    asked = models.ForeignKey(ActionVersion, on_delete=models.PROTECT, related_name="approvals")
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="approvals")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="approvals")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.APPROVE)
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(db_default=Now())
    deadline = models.DateTimeField(null=True, blank=True)
    at_zero = models.CharField(max_length=20, choices=Tier.AtZero, default=Tier.AtZero.EXPIRE)
    urgency = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    # Whose queue it leads: somebody passed it on to them. It gives them no right, and takes none from others.
    handed_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="handed"
    )
    extended = models.PositiveSmallIntegerField(default=0)

    MOST_EXTENDED: ClassVar[int] = 10

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(extended__lte=10), name="approval_extended_ten_times"),
            models.CheckConstraint(
                condition=Q(kind__in=["approve", "input", "review", "settle"]), name="approval_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "satisfied", "answered", "rejected", "expired", "cancelled", "stale"]),
                name="approval_state_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["review", "settle"]) | Q(deadline__isnull=False), name="approval_has_a_deadline"
            ),
            models.UniqueConstraint(fields=["asked", "kind"], name="one_approval_per_version"),
            models.UniqueConstraint(fields=["action"], condition=Q(state="open"), name="one_open_approval"),
        ]
        indexes = [
            models.Index(fields=["urgency"], condition=Q(state="open"), name="approval_queue"),
            models.Index(
                fields=["deadline"],
                condition=Q(state__in=["open", "answered"], deadline__isnull=False),
                name="approval_due",
            ),
            models.Index(fields=["opened_at"], condition=Q(state="open"), name="approval_oldest"),
            models.Index(fields=["-closed_at"], condition=Q(closed_at__isnull=False), name="approval_closed"),
        ]

    @property
    def level(self) -> str:
        return self.tier.level


class CardView(models.Model):
    """What one person had on screen: the proof behind `Decision.view`."""

    class Surface(models.TextChoices):
        BOARD = "board", _("Board")
        CARD = "card", _("Card")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="card_views")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="views")
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    template_version = models.CharField(max_length=40)
    surface = models.CharField(max_length=10, choices=Surface)
    nonce_hash = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "approval", "nonce_hash"], name="one_view_per_nonce")]


class CardOpening(models.Model):
    """A folded part that one person opened on the card of a view. Never rewritten."""

    view = models.ForeignKey(CardView, on_delete=models.PROTECT, related_name="openings")
    part = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["view", "part"], name="one_opening_per_part")]


class Draft(models.Model):
    """What one person has typed into the form of an action and not saved: the controls by name, and the version edited."""

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="drafts")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    version = models.PositiveIntegerField()
    fields = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "person"], name="one_draft_per_person")]
        indexes = [models.Index(fields=["at"], name="draft_by_age")]


class Attention(models.Model):
    """What one person does with a question beside answering it: it changes nothing for anybody else.

    They have it before their eyes, which is a lease that their page renews, or do not want to see it for a while.
    """

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="attention")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reading_until = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["approval", "person"], name="one_attention_per_person")]
        indexes = [
            models.Index(fields=["reading_until"], condition=Q(reading_until__isnull=False), name="attention_reading")
        ]


class Decision(models.Model):
    """One person's answer about one version, with what that person was and saw. Never rewritten."""

    class Answer(models.TextChoices):
        APPROVE = "approve", _("approved")
        REJECT = "reject", _("rejected")
        EDIT = "edit", _("edited")
        HAPPENED = "happened", _("says it happened")
        DID_NOT_HAPPEN = "did_not_happen", _("says it did not happen")
        CANNOT_TELL = "cannot_tell", _("cannot tell")
        RESPOND = "respond", _("answered")
        FINE = "fine", _("found it fine")
        WRONG = "wrong", _("found it wrong")
        UNDO = "undo", _("took the approval back")
        REGENERATE = "regenerate", _("asked for another draft of")
        HAND_UP = "hand_up", _("handed up one tier")
        HAND_OVER = "hand_over", _("handed on")
        CHOOSE = "choose", _("chose an option of")

    VOICES = (Answer.APPROVE, Answer.REJECT, Answer.HAPPENED, Answer.DID_NOT_HAPPEN)

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="decisions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    answer = models.CharField(max_length=20, choices=Answer)
    note = models.TextField(blank=True, default="")
    roles = models.JSONField(default=list)
    seat = text(40)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    view = models.ForeignKey(CardView, on_delete=models.PROTECT, related_name="decisions")
    template_version = models.CharField(max_length=40)
    policy_version = models.PositiveIntegerField()
    session_hash = models.CharField(max_length=64)
    assurance = models.CharField(max_length=40)
    nonce_hash = models.CharField(max_length=64)
    # What was answered together from one table has one name; empty for what was answered by itself.
    batch = text(64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    answer__in=[
                        "approve", "reject", "edit", "happened", "did_not_happen", "cannot_tell", "respond", "fine", "wrong",
                        "undo", "regenerate", "hand_up", "hand_over", "choose",
                    ]
                ),
                name="decision_answer_known",
            ),
            models.UniqueConstraint(fields=["approval", "person"], condition=Q(answer__in=["approve", "reject", "happened", "did_not_happen"]),
                name="one_voice_per_person_and_version",
            ),
            models.UniqueConstraint(fields=["approval", "person", "nonce_hash"], name="one_answer_per_nonce"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["-at"], name="decision_recent"),
            models.Index(fields=["person", "-at"], name="decision_by_person"),
            models.Index(fields=["batch"], condition=~Q(batch=""), name="decision_by_batch"),
        ]


class UserSettings(models.Model):
    """How one person wants their screens. Who never said so has no row and gets the defaults."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", _("Comfortable")
        COMPACT = "compact", _("Compact")

    class SingleKeys(models.TextChoices):
        ON = "on", _("Work alone")
        ALT = "alt", _("Work together with Alt")
        OFF = "off", _("Are switched off")

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="settings"
    )
    theme = models.CharField(_("Theme"), max_length=20, choices=Theme, default=Theme.SYSTEM)
    density = models.CharField(_("Rows of the board"), max_length=20, choices=Density, default=Density.COMFORTABLE)
    counter = models.BooleanField(
        _("The tab of the board counts what waits, and its icon has a ring when time is short"), default=False
    )
    tones = models.BooleanField(_("A tone when something critical comes"), default=False)
    single_keys = models.CharField(_("Single keys"), max_length=20, choices=SingleKeys, default=SingleKeys.ON)
    # By the key that an entry of the map comes with: the key that does it now, empty for none. Only what was changed.
    keys = models.JSONField(default=dict)


class SavedFilter(models.Model):
    """A view of the queue that one person keeps under a name: the query string of its address."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=4000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="one_saved_filter_per_name")]
