"""Triggers that keep promises a constraint cannot say: rows that are never rewritten, endings that are final."""

from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper

# Seen with Django 5.2 on SQLite: a table rebuild drops its triggers without a word. So both apps install
# theirs again after every migration, and a test lists them.


def append_only(connection: BaseDatabaseWrapper, table: str) -> None:
    """Refuse every UPDATE, DELETE and TRUNCATE of `table`, whoever asks."""
    if connection.vendor == "postgresql":
        _postgres(connection, table, "append_only", "BEFORE UPDATE OR DELETE", "ROW", f"{table} is append-only")
        _postgres(connection, table, "no_truncate", "BEFORE TRUNCATE", "STATEMENT", f"{table} is append-only")
        return
    for verb in ("UPDATE", "DELETE"):
        _sqlite(connection, f"{table}_no_{verb.lower()}", f"BEFORE {verb} ON {table}", f"{table} is append-only")


def immutable(connection: BaseDatabaseWrapper, table: str, columns: Iterable[str], only_off: str) -> None:
    """Refuse to delete a row of `table`, to change any of `columns`, and to set the flag `only_off` again."""
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in columns)
    condition, message = f"{changed} OR (NEW.{only_off} AND NOT OLD.{only_off})", f"{table} is immutable"
    if connection.vendor == "postgresql":
        _postgres(connection, table, "immutable", "BEFORE UPDATE", "ROW", message, condition)
        _postgres(connection, table, "no_delete", "BEFORE DELETE", "ROW", message)
        _postgres(connection, table, "no_truncate", "BEFORE TRUNCATE", "STATEMENT", message)
        return
    _sqlite(connection, f"{table}_immutable", f"BEFORE UPDATE ON {table}", message, condition)
    _sqlite(connection, f"{table}_no_delete", f"BEFORE DELETE ON {table}", message)


def final_states(connection: BaseDatabaseWrapper, table: str, endings: Iterable[str]) -> None:
    """Refuse to move a row of `table` out of one of its `endings`."""
    listed = ", ".join(f"'{state}'" for state in sorted(endings))
    condition = f"OLD.state IN ({listed}) AND NEW.state <> OLD.state"
    message = f"a final state of {table} does not change"
    if connection.vendor == "postgresql":
        _postgres(connection, table, "final_states", "BEFORE UPDATE", "ROW", message, condition)
        return
    _sqlite(connection, f"{table}_final_states", f"BEFORE UPDATE OF state ON {table}", message, condition)


def _sqlite(connection: BaseDatabaseWrapper, name: str, event: str, message: str, condition: str = "1") -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(f"CREATE TRIGGER {name} {event} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END")


def _postgres(
    connection: BaseDatabaseWrapper, table: str, name: str, event: str, each: str, message: str, condition: str = ""
) -> None:
    when = f"WHEN ({condition})" if condition else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION hitl_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'restrict_violation'; END $$"
        )
        cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}")
        cursor.execute(
            f"CREATE TRIGGER {table}_{name} {event} ON {table} FOR EACH {each} {when} "
            f"EXECUTE FUNCTION hitl_refuse('{message}')"
        )
