"""The live board."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents.models import Agent, Tool
from approvals import proofs, queries, saved_filters
from approvals.addresses import filter_from
from approvals.requests import Request


@require_GET
def board(request: Request) -> HttpResponse:
    """The whole page, or for htmx just the regions that move."""
    who = queries.audience(request.user, filter_from(request.GET))
    context = queries.board(who)
    if request.htmx:
        return render(request, "approvals/board.html#live", {**context, "pushed": True})
    context["saved"] = saved_filters.of(request.user)
    context["nonce"] = proofs.issue(request.user)
    context["agents"] = Agent.objects.order_by("name").only("slug", "name")
    context["tools"] = Tool.objects.order_by("name").values_list("name", flat=True)
    return render(request, "approvals/board.html", context)
