"""Tasks and agents: see them, start, pause, resume and stop them."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents import edits, ledger, plans
from agents.models import Action, Agent, Autonomy, StopSwitch, Task, Tool, TrustScore
from agents.pages import page, row_id
from agents.payloads import Refused
from approvals import amendments, controls, decisions, earned, feedback, grants, histories, proofs, queries, stages
from approvals.addresses import plain
from approvals.forms import SchemaForm
from approvals.requests import Request

EDITS = 10
EXAMPLES = 20
VERBS: dict[str, Callable[..., None]] = {
    "pause": controls.pause,
    "resume": controls.resume,
    "stop": controls.stop_task,
}
PREFERENCE_VERBS = ("change", "forget")
AGENT_VERBS: dict[str, Callable[..., None]] = {"pause": controls.pause_agent, "resume": controls.resume_agent}


@require_GET
def tasks(request: Request) -> HttpResponse:
    rows = Task.objects.select_related("agent", "starter")
    state = request.GET.get("state", "")
    if state in Task.State.values:
        rows = rows.filter(state=state)
    if agent := plain(request.GET.get("agent", "")):
        rows = rows.filter(agent__slug=agent)
    context = {
        "page": page(rows, request.GET),
        "states": Task.State.choices,
        "wanted": {"state": state, "agent": agent},
        "filtered": bool(state or agent),
        "agents": Agent.objects.order_by("name").values_list("slug", "name"),
    }
    return render(request, "approvals/tasks.html", context)


@require_GET
def task(request: Request, task_id: int) -> HttpResponse:
    found = stages.standing(task_id)
    if found is None:
        return render(request, "404.html", status=404)
    if request.htmx:
        return render(request, "approvals/task.html#live", {**found, "pushed": True})
    return render(
        request,
        "approvals/task.html",
        {**found, "events": found["task"].events.select_related("action").order_by("-pk")[:100]},
    )


@require_POST
def control(request: Request, task_id: int, verb: str) -> HttpResponse:
    """Pause, resume or stop one task."""
    found = get_object_or_404(Task.objects.select_related("agent"), pk=task_id)
    VERBS[verb](found, request.user, proofs.proof(request))
    if request.htmx:
        return HttpResponse(status=204)
    return redirect("task", task_id)


@require_GET
def agents(request: Request) -> HttpResponse:
    return render(request, "approvals/agents.html", {"rows": queries.agents()})


@require_GET
def agent(request: Request, slug: str) -> HttpResponse:
    found = get_object_or_404(Agent.objects.select_related("owner"), slug=slug)
    if request.htmx:
        return render(request, "approvals/agent.html#live", {**_earned(found), "agent": found, "pushed": True})
    return _agent(request, found)


def _earned(found: Agent) -> dict[str, Any]:
    rungs = earned.ladder(found)
    return {"rungs": rungs, "changes": earned.changes(found, rungs)}


def _agent(request: Request, found: Agent, problem: str = "", **more: Any) -> HttpResponse:
    plan = plans.find(found.slug)
    context = {
        **_earned(found),
        "agent": found,
        "levels": Autonomy.choices,
        "problem": problem,
        "plan": plan,
        "mode": Task.Mode(plan.mode).label if plan else "",
        "brake": found.stops.filter(lifted_at=None).select_related("engaged_by").first(),
        "tasks": found.tasks.order_by("-pk")[:20],
        "actions": found.actions.order_by("-pk")[:20],
        "edits": edits.newest(found, EDITS),
        "preferences": found.preferences.select_related("tool", "person", "learnt_from__action").order_by(
            "tool__name", "kind"
        ),
        "examples": found.examples.select_related("tool", "person", "action", "retry").order_by("-pk")[:EXAMPLES],
        "history": histories.of(found),
        "record": [(Action.State(state).label, count) for state, count in queries.agent_record(found).items()],
    }
    return render(request, "approvals/agent.html", {**context, **more}, status=422 if problem or more else 200)


@require_POST
def ceiling(request: Request, slug: str) -> HttpResponse:
    """Set how far an agent, or everybody with a tool, may go at most."""
    found = get_object_or_404(Agent.objects.select_related("owner"), slug=slug)
    name, level = plain(request.POST.get("what", "")), request.POST.get("level", "")
    row = get_object_or_404(Tool, name=name) if name else found
    reason = plain(request.POST.get("reason", ""), amendments.REASON_LIMIT)
    try:
        given = int(level) if level.isascii() and level.isdecimal() and len(level) < 3 else -1
        grants.set_ceiling(row, given, request.user, proofs.proof(request), reason=reason)
    except Refused as problem:
        return _agent(request, found, str(problem))
    return redirect("agent", slug)


@require_POST
def grant(request: Request, slug: str) -> HttpResponse:
    """An admin agrees that an agent acts alone with a tool."""
    row = get_object_or_404(TrustScore, pk=row_id(request.POST.get("row", "")), agent__slug=slug)
    grants.agree(row, request.user, proofs.proof(request))
    return redirect("agent", slug)


@require_POST
def preference(request: Request, slug: str, preference_id: int) -> HttpResponse:
    """Change what an agent keeps to, or take it away."""
    found = get_object_or_404(Agent.objects.select_related("owner"), slug=slug)
    value, verb = plain(request.POST.get("value", ""), 1_000), request.POST.get("verb", "")
    by = ledger.person(request.user, proofs.proof(request).session_hash)
    try:
        if verb not in PREFERENCE_VERBS:
            raise Refused(_("Save it or take it away."))
        known = feedback.prefer(found, preference_id, request.user, by, None if verb == "forget" else value)
    except Refused as problem:
        return _agent(request, found, kept={"pk": preference_id, "value": value, "problem": str(problem)})
    if not known:
        raise Http404
    return redirect(f"{reverse('agent', args=[slug])}#learnt")


@require_http_methods(["GET", "POST"])
def start(request: Request, slug: str) -> HttpResponse:
    """The form of an agent's parameters; posting it starts a task."""
    found = get_object_or_404(Agent, slug=slug)
    plan = plans.find(slug)
    if plan is None:
        raise Refused(_("This agent has no plan that could be started here."))
    sent = request.POST if request.method == "POST" else None
    mode = plain(request.POST.get("mode", "")) or plan.mode
    form = request.form = SchemaForm(plan.parameters, plans.defaults(plan), data=sent)
    if request.method == "POST" and request.POST.get("save") == "start" and form.is_valid():
        by = ledger.person(request.user, proofs.proof(request).session_hash)
        made = controls.start(found, form.arguments, by=by, starter=request.user, mode=mode)
        return redirect("task", made.pk)
    status = 422 if request.method == "POST" and form.errors else 200
    context = {"agent": found, "plan": plan, "form": form, "mode": mode, "modes": Task.Mode.choices}
    return render(request, "approvals/start.html", context, status=status)


@require_POST
def hold(request: Request, slug: str, verb: str) -> HttpResponse:
    """Pause an agent, or let it go on."""
    found = get_object_or_404(Agent, slug=slug)
    AGENT_VERBS[verb](found, request.user, proofs.proof(request))
    return redirect("agent", slug)


@require_http_methods(["GET", "POST"])
def stop(request: Request) -> HttpResponse:
    """The brake: one page that asks once, pulls it, and lists what is in mid-flight."""
    scope = request.POST if request.method == "POST" else request.GET
    agent = get_object_or_404(Agent, slug=plain(scope["agent"])) if scope.get("agent") else None
    tool = get_object_or_404(Tool, name=plain(scope["tool"])) if scope.get("tool") and not agent else None
    if request.method == "POST":
        reason = plain(request.POST.get("reason", ""), 2_000)
        flying = controls.engage(request.user, proofs.proof(request), agent=agent, tool=tool, reason=reason)
        return _brake(request, agent=agent, tool=tool, flying=flying, done=True)
    return _brake(request, agent=agent, tool=tool)


def _brake(request: Request, *, agent: Agent | None = None, tool: Tool | None = None, **more: Any) -> HttpResponse:
    """Draw the page of the brake from fresh rows."""
    engaged = queries.stop_banner()
    context = {
        "stopped_agent": agent,
        "stopped_tool": tool,
        "engaged": engaged,
        "already": any((row.agent, row.tool) == (agent, tool) for row in engaged),
        "flying": controls.in_flight(agent, tool)[:50],
        "behind": controls.waiting_behind(agent, tool),
        "choices": (Agent.objects.order_by("name"), Tool.objects.order_by("name").values_list("name", flat=True)),
        "may_lift": request.user.roles.filter(slug=controls.SENIOR).exists(),
        "password_needed": not proofs.proof(request).fresh,
    }
    return render(request, "approvals/stop.html", {**context, **more}, status=422 if "problem" in more else 200)


@require_POST
def lift(request: Request, stop_id: int) -> HttpResponse:
    """Release the brake, with a fresh proof of who asks."""
    found = get_object_or_404(StopSwitch, pk=stop_id)
    try:
        if password := request.POST.get("password", ""):
            proofs.prove(request, password)
        controls.lift(found, request.user, proofs.proof(request))
    except (decisions.ProofNeeded, Refused) as problem:
        return _brake(request, agent=found.agent, tool=found.tool, problem=str(problem), password_needed=True)
    return redirect("stop")
