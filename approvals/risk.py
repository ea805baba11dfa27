"""How much is at stake. Pure: the same proposal always gets the same assessment, and every point has a sentence."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop as _

from approvals import provenance, wording

LOW, MEDIUM, HIGH, CRITICAL = LEVELS = ("low", "medium", "high", "critical")
# A score belongs to the first level whose upper bound it does not exceed.
BOUNDS = ((0.5, LOW), (0.7, MEDIUM), (0.9, HIGH), (1.0, CRITICAL))
UNSURE_BELOW = 0.70
SURE_FROM = 0.90
# What makes an action a question instead of a request; a person can settle each.
CONFIDENCE, CONFLICT, UNUSUAL = DOUBTS = ("confidence", "conflict", "unusual")

# Least impact that earns the points, points; the largest that applies.
RECIPIENT_STEPS = ((10_000, 0.35), (500, 0.25), (50, 0.15), (20, 0.10))
AMOUNT_STEPS = ((1_000_000, 0.35), (100_000, 0.15), (10_000, 0.05))
ROW_STEPS = ((5_000, 0.35), (500, 0.25), (20, 0.15), (5, 0.13), (2, 0.11), (1, 0.10))
# What an agent did in a day weighs like so much in an hour: it has its ordinary work, too.
DAY_IN_HOURS = 4
# What of an effect somebody else gets to feel.
REACHES = ("affects_others", "outside", "spends_money")
FAR_ABOVE = 10  # times the largest amount so far
ENOUGH_BEFORE = 5  # earlier amounts that say what is usual

Counts = dict[str, int]
Point = tuple[float, "Reason"]


@dataclass(frozen=True)
class Proposal:
    """What the gate knows of an action, in plain values: stored with the verdict, so that it can be judged again.

    `effect` is what the tool declares or, with `guess` saying from what, what was inferred. `hour` and `day` are what
    the agent did before in that time. Findings, conflicts and secrets are told by kind, never by the texts behind them.
    """

    tool: str
    known: bool
    declared: bool = False
    effect: dict[str, bool] = field(default_factory=dict)
    recipients: int = 0
    amount_minor: int = 0
    currency: str = ""
    rows: int = 0
    confidence: float | None = None
    problems: list[str] = field(default_factory=list)
    guess: dict[str, str] = field(default_factory=dict)
    hour: Counts = field(default_factory=dict)
    day: Counts = field(default_factory=dict)
    largest_minor: int = 0
    amounts_before: int = 0
    new: list[dict[str, str]] = field(default_factory=list)
    findings: list[dict[str, str]] = field(default_factory=list)
    exposed: str = ""
    conflicts: list[dict[str, str]] = field(default_factory=list)
    failed_before: int = 0
    unsaid: float = 0.0
    unconfirmed: bool = False
    doubts: int = 0
    trust: dict[str, Any] = field(default_factory=dict)
    mark: str = ""
    addressed: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    asks: bool = False

    def facts(self) -> dict[str, Any]:
        return dict(vars(self))

    @property
    def reads_only(self) -> bool:
        """Declared or plainly worded as reading: whatever is guessed from no word at all is not."""
        return self.known and bool(self.effect.get("read_only")) and (self.declared or bool(self.guess))

    @property
    def unusual(self) -> bool:
        """An amount far above all that this agent ever moved."""
        return self.amounts_before >= ENOUGH_BEFORE and self.amount_minor > FAR_ABOVE * self.largest_minor

    @property
    def misled(self) -> bool:
        """Does what a tool's result told it to do, or goes where only such a result points."""
        reaches = (provenance.LINK, provenance.COMMAND) if self.effect.get("outside") else (provenance.COMMAND,)
        steered = [one for one in self.findings if one["kind"] in reaches]
        return bool(self.exposed and steered) or any(one["strength"] == provenance.TOLD for one in steered)

    @property
    def leaves(self) -> bool:
        """Whether what the arguments hold reaches somebody else."""
        return any(self.effect.get(flag) for flag in REACHES)


@dataclass(frozen=True)
class Reason:
    """One sentence of the assessment: a message for gettext and its values."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Assessment:
    proposal: Proposal
    level: str
    score: float
    reasons: tuple[Reason, ...]

    @property
    def impact(self) -> Counts:
        """The size of the action with what the same agent did just before, as it was rated."""
        return {name: _summed(self.proposal, name) for name in ("recipients", "amount_minor", "rows")}


def assess(proposal: Proposal) -> Assessment:
    """Rate a proposal between 0 and 1. What nobody declared and nobody knows is rated as the worst."""
    points = list(_points(proposal))
    score = round(min(1.0, sum(value for value, _reason in points)), 2)
    return Assessment(proposal, level_of(score), score, tuple(reason for _value, reason in points))


def level_of(score: float) -> str:
    return next(level for bound, level in BOUNDS if score <= bound)


def _points(proposal: Proposal) -> list[Point]:
    if not proposal.known:
        return [(1.0, Reason(_("No such tool is registered here, so nothing about it is known")))]
    if proposal.reads_only:
        return [*_nature(proposal), *(_steering(proposal) if proposal.misled else []), *_leaving(proposal)]
    return [
        *_nature(proposal),
        *_impact(proposal),
        *_confidence(proposal),
        *_steering(proposal),
        *_leaving(proposal),
        *_novelty(proposal),
        *_conflict(proposal),
        *_consent(proposal),
        *([(0.0, Reason(wording.ASKS))] if proposal.asks else []),
        *((0.10, Reason(wording.FIELDS[name])) for name in proposal.fields if name in wording.FIELDS),
    ]


def _nature(proposal: Proposal) -> list[Point]:
    effect = proposal.effect
    if not (proposal.declared or proposal.guess):
        return [(0.8, Reason(_("The tool declares nothing about its effect, so it is treated as high risk")))]
    guessed = [(0.1, Reason(proposal.guess["why"], {"word": proposal.guess.get("word", "")}))] if proposal.guess else []
    secret = [(0.15, Reason(_("Touches sensitive data or systems")))] if effect.get("sensitive") else []
    if effect.get("read_only"):
        # What a reading tool touches outside or of others, it leaves as it is.
        return [(0.1, Reason(_("Only reads"))), *secret, *guessed]
    undoable = bool(effect.get("reversible"))
    base = (0.3, Reason(_("Can be undone"))) if undoable else (0.45, Reason(_("Cannot be undone")))
    flags = (
        ("affects_others", 0.05, _("Affects other people")),
        ("outside", 0.10, _("Leaves the company")),
        ("spends_money", 0.15, _("Moves money")),
    )
    return [base, *((points, Reason(text)) for flag, points, text in flags if effect.get(flag)), *secret, *guessed]


def _impact(proposal: Proposal) -> list[Point]:
    found = []
    for name, steps, alone, summed in _SIZES:
        own, size = getattr(proposal, name), _summed(proposal, name)
        if points := _step(size, steps):
            text, told = (alone, own) if _step(own, steps) == points else (summed, size)
            money = {"amount_minor": told, "currency": proposal.currency}
            found.append((points, Reason(text, money if name == "amount_minor" else {"count": told})))
    return found


def _summed(proposal: Proposal, name: str) -> int:
    """The action with those of the last hour, or a day's share: many small ones weigh like one."""
    own = int(getattr(proposal, name))
    if not own:
        return 0
    return max(own + proposal.hour.get(name, 0), own + proposal.day.get(name, 0) // DAY_IN_HOURS)


def _step(size: int, steps: tuple[tuple[int, float], ...]) -> float:
    return next((points for least, points in steps if size >= least), 0.0)


def _confidence(proposal: Proposal) -> list[Point]:
    if proposal.confidence is None or proposal.confidence >= UNSURE_BELOW:
        return []
    percent = {"percent": int(proposal.confidence * 100)}
    return [(0.15, Reason(wording.UNSURE, percent))]


def _steering(proposal: Proposal) -> list[Point]:
    """Values that no person named. The first of each strength counts, every one is told."""
    points = {provenance.TOLD: 0.25, provenance.FOUND: 0.15, provenance.NOWHERE: 0.05}
    found: list[Point] = []
    if proposal.exposed:
        text = _("A result of %(tool)s told the agent what to do; nobody who may give it work did")
        found.append((0.2, Reason(text, {"tool": proposal.exposed})))
    for finding in proposal.findings:
        text = wording.ORIGINS[finding["strength"]].get(
            finding["kind"], wording.ORIGINS[finding["strength"]][provenance.VALUE]
        )
        values = {"value": finding["value"], "tool": finding["source"]}
        found.append((points.pop(finding["strength"], 0.0), Reason(text, values)))
    return found


def _leaving(proposal: Proposal) -> list[Point]:
    if not proposal.leaves:
        return []
    return [
        (0.2, Reason(wording.SECRETS.get(kind, wording.SECRETS["access key"]))) for kind in proposal.secrets[:1]
    ] + [(0.0, Reason(wording.SECRETS.get(kind, wording.SECRETS["access key"]))) for kind in proposal.secrets[1:]]


def _novelty(proposal: Proposal) -> list[Point]:
    found: list[Point] = [
        (wording.NEW[one["kind"]][0], Reason(wording.NEW[one["kind"]][1], {"value": one.get("value", "")}))
        for one in proposal.new
        if one["kind"] in wording.NEW
    ]
    if proposal.unusual:
        amount = {"amount_minor": proposal.largest_minor, "currency": proposal.currency}
        found.append((0.15, Reason(wording.UNUSUAL, amount)))
    return found


def _conflict(proposal: Proposal) -> list[Point]:
    found: list[Point] = [
        (0.1, Reason(wording.CONFLICTS.get(one["kind"], wording.CONFLICTS["plan"]), {"said": "", "does": "", **one}))
        for one in proposal.conflicts
    ]
    if proposal.failed_before:
        tries = {"count": proposal.failed_before}
        text = _("Earlier steps of this task that failed or were refused: %(count)s")
        found.append((min(0.05 * proposal.failed_before, 0.1), Reason(text, tries)))
    return found


def _consent(proposal: Proposal) -> list[Point]:
    """Small points that order what is asked: a call that was talked through is less likely to be unwanted."""
    found: list[Point] = []
    if proposal.unsaid:
        percent = {"percent": round(proposal.unsaid * 100)}
        text = _("Neither the person nor the agent's last message mentioned %(percent)s%% of these values")
        found.append((proposal.unsaid * 0.1, Reason(text, percent)))
    if proposal.unconfirmed:
        found.append((0.05, Reason(_("The person's last message is no plain yes"))))
    if proposal.doubts:
        times = {"count": proposal.doubts}
        found.append((0.01 * proposal.doubts, Reason(_("Words of doubt in what the person wrote: %(count)s"), times)))
    return found


_SIZES = (
    (
        "recipients",
        RECIPIENT_STEPS,
        _("Reaches %(count)s people"),
        _("Reaches %(count)s people with what it asked for before"),
    ),
    (
        "amount_minor",
        AMOUNT_STEPS,
        _("Amounts to %(amount)s"),
        _("Amounts to %(amount)s with what it asked for before"),
    ),
    (
        "rows",
        ROW_STEPS,
        _("Records it changes: %(count)s"),
        _("Records it changes with what it asked for before: %(count)s"),
    ),
)
