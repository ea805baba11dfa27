"""`manage.py verify_ledger`, as an auditor runs it."""

import pytest
from django.core.management import call_command

from agents import ledger
from agents.models import Event
from tests.agents.test_ledger import tamper

pytestmark = pytest.mark.django_db


def test_an_untouched_ledger_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(4):
        ledger.record("test", ledger.CLOCK, detail={"number": number})
    ledger.seal()
    call_command("verify_ledger")
    assert capsys.readouterr().out == "4 events verified.\n"


def test_an_empty_ledger_holds(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_ledger")
    assert capsys.readouterr().out == "0 events verified.\n"


def test_the_first_changed_event_is_named_and_those_before_it_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(4):
        ledger.record("test", ledger.CLOCK, detail={"number": number})
    ledger.seal()
    changed = Event.objects.get(seal__position=3)
    tamper("UPDATE agents_event SET reason = 'nothing happened' WHERE id >= %s", changed.pk)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger")
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert f"position 3: event {changed.pk} is not what was sealed" in said.err
    assert "The 2 events before it hold." in said.err
    assert "verified" not in said.out
