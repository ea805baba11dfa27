"""What people changed in an agent's actions before they ran: knowledge that goes back to it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from agents import payloads
from agents.models import Action, ActionVersion, Agent, User
from agents.payloads import ABSENT

EDITED = "edited"


@dataclass(frozen=True)
class Edit:
    """One person's edit of one action: at each place, by its JSON path, what the agent wanted and what it became."""

    action: Action
    version: int
    editor: User
    at: datetime
    changes: list[tuple[str, Any, Any]]


def newest(agent: Agent, count: int) -> list[Edit]:
    """The last edits of what this agent proposed."""
    rows = _edited().filter(action__agent=agent).select_related("action", "editor")
    return [edit for edit in map(_edit, rows.order_by("-pk")[:count]) if edit.changes]


def with_results(actions: Iterable[Action]) -> dict[str, Any]:
    """The result of each action by its step. Beside that of one that people edited stands what they changed."""
    results: dict[str, Any] = {action.step: action.result for action in actions}
    revised = [action.pk for action in actions if action.version > 1]
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _of(revised) if revised else ():
        told[row.action.step] += [{"at": at, "was": _known(old), "now": _known(new)} for at, old, new in _changes(row)]
    for step, changes in told.items():
        if changes and isinstance(results[step], dict):
            results[step] = {**results[step], EDITED: changes}
    return results


def _edited() -> QuerySet[ActionVersion]:
    before = ActionVersion.objects.filter(action=OuterRef("action"), version=OuterRef("version") - 1)
    return ActionVersion.objects.filter(editor__isnull=False).annotate(before=Subquery(before.values("body")))


def _of(action_ids: list[int]) -> QuerySet[ActionVersion]:
    return _edited().filter(action__in=action_ids).select_related("action").order_by("action", "version")


def _edit(row: Any) -> Edit:
    return Edit(row.action, row.version, row.editor, row.created_at, _changes(row))


def _changes(row: Any) -> list[tuple[str, Any, Any]]:
    if row.before is None:
        return []
    return payloads.differences(payloads.arguments(bytes(row.before)), payloads.arguments(bytes(row.body)))


def _known(value: Any) -> Any:
    return None if value is ABSENT else value
