"""A plan as people follow it: where each step stands, whom or what it waits for, and what goes on meanwhile."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agents import plans
from agents.models import Action, Task
from agents.states import A
from approvals.models import Approval
from approvals.queries import Row, rows_of

MOVING = (A.PROPOSED, A.APPROVED, A.EXECUTING)


@dataclass(frozen=True)
class Stage:
    """One step of a plan, by its number on the page. `asked`: the open question about it; `behind`: what it waits for."""

    number: int
    step: plans.Step
    action: Action | None
    asked: Row | None
    holds: bool
    behind: tuple["Stage", ...] = ()
    left_out: bool = False

    @property
    def waits(self) -> bool:
        """Whether people have to say something before it goes on."""
        return self.asked is not None

    @property
    def goes_on(self) -> bool:
        """Whether something happens to it without anybody."""
        if self.action is None:
            return not self.behind and not self.left_out
        return self.action.state in MOVING or (self.action.state == A.PENDING and not self.waits)


def standing(task_id: int) -> dict[str, Any] | None:
    """One task with its plan: which stages wait for people and which go on meanwhile; None for an unknown id."""
    related = ("agent", "starter", "again__action", "again__person", "renews")
    task = Task.objects.select_related(*related).filter(pk=task_id).first()
    if task is None:
        return None
    stages = of(task)
    meanwhile = [] if task.ended or task.state == Task.State.PAUSED else [one for one in stages if one.goes_on]
    return {"task": task, "stages": stages, "waiting": [one for one in stages if one.waits], "meanwhile": meanwhile}


def of(task: Task) -> list[Stage]:
    """The plan of a task as it stands, in the order of its steps. The number of queries does not depend on how long it is."""
    actions = {action.step: action for action in task.actions.select_related("tool").order_by("position")}
    steps = _steps(task, actions.values())
    asked = _asked(task, actions)
    places = plans.places(steps, {step: str(action.state) for step, action in actions.items()}, task.mode)
    stages = {
        step.key: Stage(number, step, actions.get(step.key), asked.get(step.key), plans.holding(step, task.mode))
        for number, step in enumerate(steps, 1)
    }
    for key, place in places.items():
        behind = tuple(stages[other] for other in place.behind if other in stages)
        stages[key] = replace(stages[key], behind=behind, left_out=place.left_out)
    return list(stages.values())


def _asked(task: Task, actions: Mapping[str, Action]) -> dict[str, Row]:
    """The open question of each step that has one."""
    if not any(action.state in (A.PENDING, A.UNKNOWN) for action in actions.values()):
        return {}
    questions = Approval.objects.filter(action__task=task, state=Approval.State.OPEN).exclude(kind=Approval.Kind.REVIEW)
    found = list(questions.select_related("action", "asked", "tier"))
    return {row.action.step: row for row in rows_of(found)}


def _steps(task: Task, actions: Iterable[Action]) -> list[plans.Step]:
    """The steps of a task; of a plan that breaks, those that it proposed."""
    try:
        return plans.steps_of(task)
    except plans.Broken:
        return [plans.Step(a.step, a.tool_name, {}, depends_on=tuple(a.depends_on)) for a in actions]
