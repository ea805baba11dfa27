"""Rules tried on history: judging 20,000 past actions again, beside only reading what is judged."""

import time
from collections.abc import Iterator

from agents import payloads
from agents.models import ActionVersion, User
from approvals import rules, trials
from approvals.models import Trial, Verdict
from bench import rows
from bench.report import Figure

PAST = 20_000
CONDITIONS = (
    'tool.startsWith("deploy.")', "recipients > 500", 'amount > 100 && currency == "EUR"', "outside && affects_others",
    'has(arguments.to) && arguments.to.endsWith("@example.com")', 'agent == "bot"', "rows > 100", "spends_money",
    "confidence != null && confidence < 0.5", 'tool.matches("^mail[.].*$")',
)  # fmt: skip


def twenty_thousand(_port: int) -> Iterator[Figure]:
    """Seconds that a trial of ten rules takes in one process."""
    rows.past(PAST)
    candidate = rules.read([{"name": f"{n}", "when": when, "tier": "high"} for n, when in enumerate(CONDITIONS)])
    trial = trials.begin(User.objects.get(username="first"), candidate, 30)
    begun = time.perf_counter()
    while trials.step(trial.pk):
        pass
    measured = time.perf_counter() - begun
    done = Trial.objects.get(pk=trial.pk).done
    yield Figure(f"{done:,} past actions tried, ten rules", measured, _floor(), "s", "≤ 10 s", "in half seconds each")


def _floor() -> float:
    begun = time.perf_counter()
    list(Verdict.objects.values_list("pk", "facts").iterator())
    for body in ActionVersion.objects.values_list("body", flat=True).iterator():
        payloads.arguments(bytes(body))
    return time.perf_counter() - begun
