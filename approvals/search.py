"""What the search of the palette finds: the newest few of each kind, with where they live."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from agents.models import Action, Agent, Task, User
from approvals import amendments

SHORTEST = 2
EACH = 5


@dataclass(frozen=True)
class Hit:
    title: str
    address: str
    more: str = ""


def hits(words: str, reader: User) -> list[tuple[str, list[Hit]]]:
    """By kind, what has these words in its name; kinds without any are left out."""
    if len(words) < SHORTEST:
        return []
    groups = (
        (_("Actions"), _actions(words)),
        (_("Tasks"), _tasks(words)),
        (_("Agents"), _agents(words)),
        (_("People"), _people(words, reader)),
    )
    return [(title, found) for title, found in groups if found]


def _actions(words: str) -> list[Hit]:
    rows = Action.objects.filter(title__icontains=words).select_related("agent").order_by("-pk")[:EACH]
    return [Hit(row.headline, reverse("action", args=[row.pk]), row.get_state_display()) for row in rows]


def _tasks(words: str) -> list[Hit]:
    rows = Task.objects.filter(goal__icontains=words).order_by("-pk")[:EACH]
    return [Hit(row.goal, reverse("task", args=[row.pk]), row.get_state_display()) for row in rows]


def _agents(words: str) -> list[Hit]:
    rows = Agent.objects.filter(Q(name__icontains=words) | Q(slug__icontains=words)).order_by("name", "pk")[:EACH]
    return [Hit(row.name, reverse("agent", args=[row.slug])) for row in rows]


def _people(words: str, reader: User) -> list[Hit]:
    """Admins come to the account, others to what that person decided."""
    named = Q(username__icontains=words) | Q(first_name__icontains=words) | Q(last_name__icontains=words)
    rows = User.objects.filter(named, is_active=True).order_by("username")[:EACH]
    if amendments.admin(reader):
        return [Hit(str(row), reverse("person", args=[row.pk])) for row in rows]
    decided = reverse("decisions")
    return [Hit(str(row), f"{decided}?{urlencode({'person': row.username})}") for row in rows]
