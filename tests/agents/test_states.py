import pytest
from django.db import IntegrityError, transaction

from agents import ledger, states
from agents.models import Action, Event, Task
from agents.states import ACTION_MOVES, TASK_MOVES, Conflict
from tests.cast import a_task, propose

PAIRS = [(model, source, to) for model in (Action, Task) for source in model.State.values for to in model.State.values]


def row_in(model: type, state: str) -> Action | Task:
    """A row that the test itself put into a state, past the moves."""
    row = propose("medium") if model is Action else a_task()
    fence = {"fence": 1, "leased_until": "2030-01-01T00:00Z"} if state == "EXECUTING" else {}
    model.objects.filter(pk=row.pk).update(state=state, **fence)
    row.refresh_from_db()
    return row


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "source", "to"), PAIRS)
def test_every_pair_of_states_is_a_legal_move_or_refused(model: type, source: str, to: str) -> None:
    row, table = row_in(model, source), states.MOVES[model]
    changes = {"fence": 2, "leased_until": "2030-01-01T00:00Z"} if to == "EXECUTING" else {}
    before = Event.objects.count()
    if to in table.get(source, ()):
        states.move(row, source, to, by=ledger.CLOCK, **changes)
        assert Event.objects.count() == before + 1
        assert model.objects.get(pk=row.pk).state == to
    else:
        with pytest.raises(ValueError, match="no such move"):
            states.move(row, source, to, by=ledger.CLOCK)
        assert (Event.objects.count(), model.objects.get(pk=row.pk).state) == (before, source)


def test_no_ending_has_a_way_out() -> None:
    assert not Action.State.endings() & set(ACTION_MOVES)
    assert not Task.State.endings() & set(TASK_MOVES)


@pytest.mark.django_db
def test_the_row_decides_and_the_loser_leaves_no_trace() -> None:
    action = propose("medium")
    late = Action.objects.get(pk=action.pk)
    states.move(action, "PENDING", "REJECTED", by=ledger.CLOCK)
    events = Event.objects.count()
    with pytest.raises(Conflict):
        states.move(late, "PENDING", "APPROVED", by=ledger.CLOCK)
    assert Event.objects.count() == events


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "state"), [(Action, "REJECTED"), (Action, "SUCCEEDED"), (Task, "STOPPED")])
def test_the_database_itself_keeps_an_ending(model: type, state: str) -> None:
    row = row_in(model, state)
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=row.pk).update(state="RUNNING" if model is Task else "APPROVED")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"state": "DREAMING"},
        {"confidence": 1.5},
        {"state": "EXECUTING", "fence": 0},
        {"state": "EXECUTING", "fence": 1, "leased_until": None},
    ],
)
def test_the_database_refuses_what_no_code_writes(changes: dict[str, object]) -> None:
    action = propose("medium")
    with pytest.raises(IntegrityError), transaction.atomic():
        Action.objects.filter(pk=action.pk).update(**changes)


@pytest.mark.django_db
def test_a_task_has_at_most_one_executing_action() -> None:
    task = a_task()
    running = {"state": "EXECUTING", "fence": 1, "leased_until": "2030-01-01T00:00Z"}
    first, second = propose("medium", task=task), propose("medium", task=task)
    Action.objects.filter(pk=first.pk).update(**running)
    with pytest.raises(IntegrityError), transaction.atomic():
        Action.objects.filter(pk=second.pk).update(**running)
