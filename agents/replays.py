"""Recorded runs become tasks: the same gate, people and ledger as for any other agent, and nothing called for real."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from agents import ledger, payloads, runner, trust
from agents.models import Agent, Message, Tool
from agents.payloads import Refused
from agents.plans.lines import lines
from agents.plans.recorded import Recording, prose, qualified, recordings
from agents.transactions import whole

BY = ledger.Actor("replay", name="Replay")
ANYTHING: dict[str, Any] = {"type": "object"}
CATALOGUE = "tools.jsonl"
TEXT_LIMIT = 2_000

Catalogue = dict[str, dict[str, Any]]


@dataclass
class Report:
    """What became of a file: tasks queued, calls in them, and what could not be used, line by line."""

    tasks: int = 0
    calls: int = 0
    problems: list[str] = field(default_factory=list)


def play(path: Path, *, mode: str, limit: int | None = None) -> Report:
    """Queue the runs of a file as tasks of their agents, at most `limit`. Raises OSError."""
    report = Report()
    catalogue = _catalogue(path.with_name(CATALOGUE), report)
    for number, recording in _recordings(path, report):
        if limit is not None and report.tasks >= limit:
            break
        try:
            _queue(recording, catalogue, mode)
        except Refused as error:
            report.problems.append(_said(path, number, error))
        else:
            report.tasks += 1
            report.calls += len(recording.calls)
    return report


def _recordings(path: Path, report: Report) -> Iterator[tuple[int, Recording]]:
    for line in lines(path):
        try:
            if line.problem:
                raise Refused(line.problem)
            yield from ((line.number, recording) for recording in recordings(line.value, path.stem))
        except Refused as error:
            report.problems.append(_said(path, line.number, error))


def _catalogue(path: Path, report: Report) -> Catalogue:
    """Name, description and parameters of the tools beside the runs; whatever else is said of them is not read."""
    found: Catalogue = {}
    for line in lines(path) if path.is_file() else ():
        try:
            if line.problem or not isinstance(line.value, dict):
                raise Refused(line.problem or _("this is no tool"))
            found[qualified(line.value.get("domain"), line.value.get("tool"))] = line.value
        except Refused as error:
            report.problems.append(_said(path, line.number, error))
    return found


@transaction.atomic
def _queue(recording: Recording, catalogue: Catalogue, mode: str) -> None:
    known = catalogue if recording.tools is None else recording.tools
    for name in sorted({call["tool"] for call in recording.calls}):
        if name in known:
            _keep_tool(name, known[name])
        elif not any(other.startswith(name.split("/")[0] + "/") for other in known):
            _keep_tool(name, {})  # nobody told what tools there were, so this one may have been any
    task = runner.start(
        agent=_agent(recording.agent), goal=recording.goal, parameters={}, mode=mode, by=BY, script=recording.calls
    )
    Message.objects.bulk_create(Message(task=task, **said) for said in recording.messages)


@whole
def _keep_tool(name: str, told: dict[str, Any]) -> None:
    """The row of a recorded tool. Its version is that of its schema, so that a changed one is asked about again."""
    schema = payloads.check(payloads.normal_schema(told.get("parameters") or ANYTHING))
    if not isinstance(schema, dict):
        raise Refused(_("the parameters of %(tool)s are no schema") % {"tool": name})
    fields = {
        "version": hashlib.sha256(payloads.canonical(schema)).hexdigest()[:12],
        "description": prose(told.get("description"), TEXT_LIMIT),
        "schema": schema,
        "declared": False,
        "source": Tool.Source.RECORDED,
    }
    trust.outgrown(Tool.objects.update_or_create(name=name, defaults=fields)[0])


def _agent(name: str) -> Agent:
    """The row of a recorded agent: never one that works here, never one for two names."""
    slug = slugify(name)[:80]
    if slug != name or Agent.objects.filter(slug=slug).exclude(kind=Agent.Kind.RECORDED).exists():
        slug = f"{slug or 'agent'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    fields = {"name": name, "description": _("Played from recorded runs."), "kind": Agent.Kind.RECORDED}
    return Agent.objects.get_or_create(slug=slug, defaults=fields)[0]


def _said(path: Path, number: int, error: Refused) -> str:
    return _("%(file)s, line %(number)d: %(problem)s") % {"file": path.name, "number": number, "problem": error}
