"""A long past in few statements: rows as the product leaves them behind, copied in the database. PostgreSQL only."""

from typing import Any

from django.db import connection
from django.db.models import Model

from agents.models import Action, ActionVersion, Agent, Event, Task, TrustScore
from approvals.models import Approval, Precedent, Tally, Verdict

CALLS = 5  # of a task
SLOTS = 1_000  # of ten minutes, beginning now: a week, all of the last day among them


def grow(task: Task, before: int, until: int) -> None:
    """Let the agent of this task have had that many calls decided in all: copies of this task and of what its rows tell."""
    action = task.actions.select_related("agent").earliest("position")
    trust = TrustScore.objects.get_or_create(
        agent=task.agent, tool_id=action.tool_id, agent_version="0", tool_version="0"
    )[0]
    first, last = before + 1, until
    _unchecked()
    tasks, actions = _newest(Task), _newest(Action)
    at = "now() - n * interval '1 minute'"
    whose = f"{tasks} + (n + {CALLS - 1}) / {CALLS}"
    _copy(task, first, last, f"WHERE mod(n, {CALLS}) = 1", id=whose, state="'SUCCEEDED'", moved_at=at, created_at=at)
    _copy(action, first, last, id=f"{actions} + n", task_id=whose, position=f"mod(n - 1, {CALLS})",
          step=f"'step-' || mod(n - 1, {CALLS})", state="'SUCCEEDED'", moved_at=at, created_at=at)  # fmt: skip
    _copy(
        action.verdicts.latest("pk"),
        first,
        last,
        action_id=f"{actions} + n",
        facts="'{}'",
        reasons="'[]'",
        created_at=at,
    )
    precedent = Precedent(agent=task.agent, kind=Precedent.Kind.RECIPIENT, mark="0" * 32)
    precedent.save()
    _copy(precedent, first, last, mark="md5(n::text)", at=at)
    _copy(trust, first, last, f"WHERE mod(n, {CALLS}) = 0", agent_version="'v' || n")
    _unchecked("origin")
    Precedent.objects.filter(pk=precedent.pk).delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def forget(action: Action) -> None:
    """Take an action back with all rows that follow from it."""
    _unchecked()
    with connection.cursor() as cursor:
        for model in (Event, Approval, Verdict, ActionVersion):
            cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE action_id = %s", [action.pk])
        cursor.execute(f"DELETE FROM {Action._meta.db_table} WHERE id = %s", [action.pk])
    _unchecked("origin")


def _unchecked(role: str = "replica") -> None:
    """Copies of good rows need no look at what they point to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('session_replication_role', %s, false)", [role])


def busy(agent: Agent) -> None:
    """Let every slot of the last week, and those of this hour, hold something that the agent asked for."""
    slot = Tally(agent=agent, slot="1970-01-01T00:00:00Z", currency="USD", recipients=1, amount_minor=1_000, rows=1)
    slot.save()
    ten = "interval '10 minutes'"
    _copy(slot, -6, SLOTS, slot=f"date_bin({ten}, now(), timestamptz '2000-01-01') - n * {ten}")


def _newest(model: type[Model]) -> int:
    newest = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return int(newest or 0)


def _copy(row: Any, first: int, last: int, where: str = "", **changes: str) -> None:
    """Copies of a row, one for each n of a range; what changes is an expression of n. Ids that are given are used up."""
    table, key = row._meta.db_table, "id"
    columns = [field.column for field in row._meta.concrete_fields if field.column != key or key in changes]
    into = ", ".join(f'"{column}"' for column in columns)
    told = ", ".join(f"({changes[column]})" if column in changes else f't."{column}"' for column in columns)
    given = f"generate_series(%s::bigint, %s::bigint) n JOIN {table} t ON t.{key} = %s"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({into}) SELECT {told} FROM {given} {where}", [first, last, row.pk])
        if key in changes:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), max({key})) FROM {table}")
