"""The policy: its rules as sentences, its versions, and the way to change it. For admins."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.models import Event, Feedback
from agents.pages import page
from agents.payloads import Refused
from agents.states import Conflict
from approvals import amendments, documents, proofs, rules, sentences, tasks, trials
from approvals.addresses import number, plain
from approvals.models import Amendment, Finding, Level, Policy, Trial, Verdict
from approvals.requests import Request
from approvals.rule_forms import RulesForm
from approvals.rules import Rule
from approvals.thresholds import Thresholds

FAILURES = 20
ENDED, ENDED_DAYS = 5, 30


@require_GET
def policies(request: Request) -> HttpResponse:
    """What is in force, what waits for a second admin, what was before, and which rules gave no answer."""
    amendments.only_admins(request.user)
    active = Policy.objects.select_related("made_by").get(active=True)
    context = {
        "active": active,
        "rules": told(rules.stored(active.rules)),
        "numbers": Thresholds.of(active.thresholds),
        "waiting": _amendments().filter(state=Amendment.State.OPEN).order_by("pk"),
        "ended": _ended(),
        "failures": Event.objects.filter(kind="policy.rule_failed").select_related("action").order_by("-pk")[:FAILURES],
        "page": page(Policy.objects.select_related("made_by", "amendment__settled_by"), request.GET),
    }
    return render(request, "approvals/policies.html", context)


@require_GET
def version(request: Request, number: int) -> HttpResponse:
    """One version, with the way to bring it back."""
    amendments.only_admins(request.user)
    found = get_object_or_404(Policy.objects.select_related("made_by", "amendment__settled_by"), version=number)
    if request.GET.get("as") == "yaml":
        answer = HttpResponse(
            documents.write(rules.stored(found.rules), Thresholds.of(found.thresholds)),
            content_type="application/yaml; charset=utf-8",
        )
        answer["Content-Disposition"] = f'attachment; filename="policy-{found.version}.yaml"'
        return answer
    context = {
        "policy": found, "rules": told(rules.stored(found.rules)), "numbers": Thresholds.of(found.thresholds),
        "days": trials.DAYS,
    }  # fmt: skip
    return render(request, "approvals/policy.html", context)


@require_http_methods(["GET", "POST"])
def change(request: Request) -> HttpResponse:
    """The editor; what is posted from it is tried, never saved."""
    amendments.only_admins(request.user)
    first, today = _first(request), Policy.objects.select_related("made_by").get(active=True)
    form = RulesForm(first, _began_from(request, first), today, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.found is not None:
        return _try(request, form.found, form.numbers.found)
    if request.method == "GET" and (example := number(request.GET.get("example", ""))):
        marks = Feedback.objects.select_related("agent", "tool")
        form.propose(_remembered(get_object_or_404(marks, pk=example, good=False)))
    status = 409 if form.overtaken else 422 if form.problems else 200
    return render(request, "approvals/policy_change.html", {"form": form, "days": trials.DAYS}, status=status)


@require_POST
def bring_back(request: Request, number: int) -> HttpResponse:
    """Try an old version's rules beside those in force, ready to be saved as a new version."""
    amendments.only_admins(request.user)
    old = get_object_or_404(Policy, version=number)
    return _try(request, rules.stored(old.rules), Thresholds.of(old.thresholds), back_to=old)


@require_http_methods(["GET", "POST"])
def trial(request: Request, trial_id: int) -> HttpResponse:
    """How far a trial is, what it found, and the form that saves what was tried."""
    amendments.only_admins(request.user)
    rows = Trial.objects.select_related("base", "back_to", "made_by")
    found, status = get_object_or_404(rows, pk=trial_id), 200
    problem, reason = "", plain(request.POST.get("reason", ""), amendments.REASON_LIMIT)
    if request.method == "POST":
        try:
            amendments.save(found, request.user, proofs.proof(request), reason=reason)
            return redirect("policies")
        except Refused as refusal:
            problem, status = str(refusal), 422
        except Conflict as conflict:
            problem, status, found = str(conflict), 409, rows.get(pk=trial_id)
    template = "approvals/trial.html#progress" if request.htmx else "approvals/trial.html"
    context = {**_outcome(found), "problem": problem, "reason": reason}
    return render(request, template, context, status=status)


@require_POST
def look(request: Request, finding_id: int) -> HttpResponse:
    """Open an action that a trial points out, and remember that it was opened."""
    amendments.only_admins(request.user)
    found = get_object_or_404(Finding.objects.select_related("verdict"), pk=finding_id)
    trials.open_finding(found)
    return redirect("action", found.verdict.action_id)


@require_POST
def settle(request: Request, amendment_id: int) -> HttpResponse:
    """A second admin agrees or refuses; who asked may take it back."""
    amendments.only_admins(request.user)
    found = get_object_or_404(_amendments(), pk=amendment_id)
    verb = {"agree": amendments.agree, "refuse": amendments.refuse}.get(request.POST.get("answer", ""))
    if verb is None:
        raise Refused(_("Agree or refuse."))
    verb(found, request.user, proofs.proof(request), note=plain(request.POST.get("note", ""), amendments.REASON_LIMIT))
    return redirect("policies")


def told(some: tuple[Rule, ...]) -> list[dict[str, Any]]:
    """Rules as sentences."""
    return [{"rule": rule, "when": sentences.when(rule.when), "then": sentences.then(rule)} for rule in some]


def _remembered(mark: Feedback) -> dict[str, Any]:
    """A rule by which the agent asks before it does again what somebody called bad."""
    about = {"agent": mark.agent.slug, "tool": mark.tool.name if mark.tool else ""}
    when = [sentences.clause(word, "==", value) for word, value in about.items() if value]
    name = _("Ask, since action %(number)d was bad") % {"number": mark.action_id}
    return {"name": name, "when": " && ".join(when), "outcome": Verdict.Outcome.APPROVE.value}


def _first(request: Request) -> Trial | Policy:
    """What the editor begins with: what was tried, a version, or what is in force."""
    if tried := number(request.GET.get("trial", "")):
        return get_object_or_404(Trial, pk=tried)
    if old := number(request.GET.get("version", "")):
        return get_object_or_404(Policy, version=old)
    return Policy.objects.get(active=True)


def _began_from(request: Request, first: Trial | Policy) -> Policy:
    """The version that was in force when what is typed began: the page has carried it along."""
    told = Policy.objects.filter(version=number(request.POST.get("from", ""))).first()
    return told or (first.base if isinstance(first, Trial) else first)


def _try(
    request: Request, some: tuple[Rule, ...], numbers: Thresholds | None, back_to: Policy | None = None
) -> HttpResponse:
    days = number(request.POST.get("days", "30"))
    made = trials.begin(request.user, some, days, numbers=numbers, back_to=back_to)
    tasks.send(tasks.try_out, made.pk)
    return redirect("trial", made.pk)


def _amendments() -> QuerySet[Amendment]:
    return Amendment.objects.select_related("asked_by", "settled_by", "trial__base")


def _ended() -> QuerySet[Amendment]:
    """The last requests for something looser that ended of late, however they did."""
    of_late = Q(settled_at__gte=Now() - timedelta(days=ENDED_DAYS))
    rows = _amendments().exclude(state=Amendment.State.OPEN).filter(of_late, looser=True, waiver=None)
    return rows.select_related("policy").order_by("-settled_at", "-pk")[:ENDED]


def _outcome(found: Trial) -> dict[str, Any]:
    """A trial for its page: counts as rows, findings, and what the candidate changes."""
    counts = {
        name: found.counts.get(name, {}) for name in ("before", "after", "change", "matched", "decided", "failed")
    }
    before, after = rules.stored(found.base.rules), rules.stored(found.rules)
    kept = {rule.name: rule for rule in before}
    findings = found.findings.select_related("verdict__action__agent").order_by("pk")
    return {
        "trial": found,
        "places": [
            {"name": label, "level": value if value in Level.values else "", "before": counts["before"].get(value, 0),
             "after": counts["after"].get(value, 0),
             "a_day": (counts["after"].get(value, 0) - counts["before"].get(value, 0)) / found.days}
            for value, label in (*Level.choices, *_OUTSIDE)
        ],
        "change": counts["change"],
        "more_a_day": counts["change"].get("more", 0) / found.days,
        "fewer_a_day": counts["change"].get("fewer", 0) / found.days,
        "passes": findings.filter(kind=Finding.Kind.PASSES),
        "alone": findings.filter(kind=Finding.Kind.ALONE),
        "idle": [(rule.name, bool(counts["matched"].get(rule.name))) for rule in after
                 if not counts["decided"].get(rule.name) and not counts["failed"].get(rule.name)],
        "failed": counts["failed"],
        "added": told(tuple(rule for rule in after if rule.name not in kept)),
        "changed": told(tuple(rule for rule in after if rule.name in kept and kept[rule.name] != rule)),
        "removed": told(tuple(rule for rule in before if rule.name not in {other.name for other in after})),
        "numbers": _numbers(found, counts),
        "looser": amendments.loosens(found),
        "waits": amendments.loosens(found) and Thresholds.of(found.base.thresholds).second_admin,
        "current": found.base.active,
        "saved": Amendment.objects.filter(trial=found).first(),
    }  # fmt: skip


def _numbers(found: Trial, counts: dict[str, Any]) -> dict[str, Any]:
    """The numbers in force and tried, where they differ, and how many looks afterwards a day they mean."""
    before, after = (Thresholds.of(row.thresholds) for row in (found.base, found))
    looks = [
        round(some.sampled * counts[name].get("auto", 0) / found.days, 1)
        for name, some in (("before", before), ("after", after))
    ]
    return {"before": before, "after": after, "looks": looks} if before != after else {}


_OUTSIDE = [(value, label) for value, label in Verdict.Outcome.choices if value in ("auto", "review_after", "block")]
