from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from agents import facts, ledger
from agents.models import ActionVersion, Event, Seal
from tests.cast import propose

pytestmark = pytest.mark.django_db


def tamper(statement: str, *values: object) -> None:
    """Change the ledger as the owner of the database could: with its triggers out of the way."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in ("agents_event", "agents_seal"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            for trigger in (
                "agents_event_no_update",
                "agents_event_no_delete",
                "agents_seal_no_update",
                "agents_seal_no_delete",
            ):
                cursor.execute(f"DROP TRIGGER {trigger}")
        cursor.execute(statement, values)


def sealed(count: int = 3) -> None:
    for _ in range(count):
        ledger.record("test", ledger.CLOCK, detail={"amount": 1.5, "word": "é"})
    ledger.seal()


def test_what_was_sealed_verifies() -> None:
    sealed(5)
    assert ledger.verify() == (5, None)
    sealed(2)
    assert ledger.verify() == (7, None)


def test_sealing_again_seals_nothing() -> None:
    sealed(3)
    assert ledger.seal() == 0
    assert Seal.objects.count() == 3


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        (
            "UPDATE agents_event SET reason = 'something else' WHERE id = (SELECT event_id FROM agents_seal WHERE position = %s)",
            2,
        ),
        ("UPDATE agents_event SET detail = '{}' WHERE id = (SELECT event_id FROM agents_seal WHERE position = %s)", 3),
        (
            "UPDATE agents_event SET at = '2020-01-01' WHERE id = (SELECT event_id FROM agents_seal WHERE position = %s)",
            1,
        ),
        ("DELETE FROM agents_seal WHERE position = %s", 2),
        ("UPDATE agents_seal SET hash = '0' WHERE position = %s", 4),
    ],
)
def test_the_first_broken_position_is_named(statement: str, position: int) -> None:
    sealed(5)
    tamper(statement, position)
    verified, broken = ledger.verify()
    assert broken is not None
    assert (verified, broken.position) == (position - 1, position)


def test_the_command_says_it_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    sealed(3)
    call_command("verify_ledger")
    assert "3" in capsys.readouterr().out
    tamper("UPDATE agents_event SET kind = 'x' WHERE id = (SELECT event_id FROM agents_seal WHERE position = %s)", 2)
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_ledger")
    assert stopped.value.code == 1


@pytest.mark.parametrize("verb", ["update", "delete"])
@pytest.mark.parametrize("model", [Event, Seal, ActionVersion])
def test_rows_of_record_are_never_rewritten(model: type, verb: str) -> None:
    propose("medium")
    ledger.seal()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows = model.objects.filter(pk=model.objects.first().pk)
        rows.update(id=10**6) if verb == "update" else rows._raw_delete(rows.db)


def test_an_event_goes_with_the_move_or_not_at_all() -> None:
    before = Event.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        ledger.record("test", ledger.CLOCK)
        raise RuntimeError
    assert Event.objects.count() == before


def test_the_facts_of_one_transaction_are_one_message_after_its_commit(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    messages: list[list[dict[str, Any]]] = []
    monkeypatch.setattr(facts, "publish", lambda *told: messages.append(list(told)))
    with django_capture_on_commit_callbacks(execute=True):
        action = propose()
        with transaction.atomic():
            ledger.record("note.first", ledger.GATE, action=action)
        with transaction.atomic():
            ledger.record("note.second", ledger.GATE, task=action.task, person=7)
        assert messages == []
    (told,) = messages
    about = {"task": action.task_id, "agent": action.agent_id}
    assert told[-2:] == [
        {"kind": "note.first", "action": action.pk, **about},
        {"kind": "note.second", "action": None, "person": 7, **about},
    ]
