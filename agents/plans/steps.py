"""A plan as data, and what comes next in it. Pure: the same rows always lead to the same step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal

from agents.models import Action, Task

A, T = Action.State, Task.State
REFUSED = frozenset({A.REJECTED.value, A.EXPIRED.value, A.CANCELLED.value, A.BLOCKED.value})
BAD = REFUSED | {A.FAILED.value}
Arguments = dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    """What a person answered: in words, and in the fields of the question."""

    text: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refined:
    """What an agent makes of an answer: new arguments, how sure it is of them now (None: it does not say anew), why, and
    what it still has to ask."""

    arguments: dict[str, Any]
    confidence: float | None = None
    why: str = ""
    question: dict[str, Any] | None = None


@dataclass(frozen=True)
class Step:
    """One tool call of a plan. `arguments` may be worked out from the results of earlier steps, by their keys; beside a
    result stands, as "edited", what people changed in the call before it ran (`became`).

    `instead_of` makes it the alternative to a step that people refused; otherwise it is left out. Whoever depends on
    the refused step goes on after the alternative. `holds`: whether everything after it waits until it has ended, whatever
    it depends on; None leaves that to the mode of its task. `refine` makes the next version out of the last arguments and
    what a person answered; `question` is what it asks instead of requesting (`agents.questions`). Without `refine` the
    arguments stay and the person sees them again. With `may_fail` the plan survives that the tool fails or that its
    arguments are blocked, as the run it was recorded from did.
    """

    key: str
    tool: str
    arguments: Arguments
    why: str = ""
    who: str = ""
    what: str = ""
    confidence: float | None = None
    depends_on: tuple[str, ...] = ()
    instead_of: str = ""
    holds: bool | None = None
    may_fail: bool = False
    refine: Callable[[dict[str, Any], Answer], Refined] | None = None
    question: dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]] | None = None


@dataclass(frozen=True)
class Wait:
    """Nothing can be proposed until something that is open has moved."""


@dataclass(frozen=True)
class Done:
    """The plan is over: in which state, which steps it left out, and the step that decided it."""

    state: str
    skipped: tuple[str, ...] = ()
    because: str = ""


@dataclass(frozen=True)
class Plan:
    """A scripted agent: who it is, what its start form asks, and the steps that follow from the answers."""

    slug: str
    name: str
    description: str
    version: str
    mode: Literal["blocking", "queue"]
    parameters: dict[str, Any]
    goal: Callable[[dict[str, Any]], str]
    steps: Callable[[dict[str, Any]], list[Step]]
    example: Callable[[Random], dict[str, Any]] = field(default=lambda _rng: {})
    weight: int = 1


def became(result: dict[str, Any], place: str, wanted: Any) -> Any:
    """What stood at a place of the arguments when the call ran: what the agent wanted, or what people made of it."""
    changes = result.get("edited", [])
    return next((change["now"] for change in reversed(changes) if change["at"] == place), wanted)


def holding(step: Step, mode: str) -> bool:
    """Whether what stands behind a step waits for it, in a task of this mode."""
    return mode == Task.Mode.BLOCKING if step.holds is None else step.holds


def next_step(steps: Sequence[Step], states: Mapping[str, str], mode: str) -> Step | Wait | Done:
    """The step to propose now, or why there is none. `states` holds the state of each proposed step's action."""
    alternatives = {step.instead_of: step.key for step in steps if step.instead_of}
    skipped = _skipped(steps, states, alternatives)
    for step in steps:
        state = states.get(step.key)
        if state is None and step.key not in skipped:
            if _free(step, states, alternatives):
                return step
            if holding(step, mode) and _open(states):  # what it waits for may still let it come first
                return Wait()
        if holding(step, mode) and state is not None and state != A.SUCCEEDED:
            if state not in BAD:
                return Wait()
            if _ends_here(step, state, alternatives):
                if _open(states):  # what did not hold the plan still has to end
                    return Wait()
                return Done(T.FAILED if state == A.FAILED else T.STOPPED, _unproposed(steps, states), step.key)
    return Wait() if _open(states) else _over(steps, states, skipped, set(alternatives))


@dataclass(frozen=True)
class Place:
    """Where a step of a plan stands that was not proposed yet: behind which steps it waits, by their keys. With none it is
    next; one that is left out will never be proposed."""

    behind: tuple[str, ...] = ()
    left_out: bool = False


def places(steps: Sequence[Step], states: Mapping[str, str], mode: str) -> dict[str, Place]:
    """What each step that is still to come waits for: what it needs, and the first of those that hold the plan before it.
    Pure, as `next_step` is, and of one mind with it."""
    alternatives = {step.instead_of: step.key for step in steps if step.instead_of}
    skipped = _skipped(steps, states, alternatives)
    found: dict[str, Place] = {}
    gates: list[str] = []
    over = False  # a step that holds the plan has ended it
    for step in steps:
        state = states.get(step.key)
        if state is None:
            undecided = step.instead_of and states.get(step.instead_of) not in BAD | {A.SUCCEEDED}
            needs = [key for key in step.depends_on if _fate(key, states, alternatives) != A.SUCCEEDED]
            behind = dict.fromkeys([*([step.instead_of] if undecided else ()), *needs, *gates[:1]])
            found[step.key] = Place(tuple(behind), over or (step.key in skipped and not undecided))
        if not holding(step, mode) or step.key in skipped or state == A.SUCCEEDED:
            continue
        if state not in BAD:
            gates.append(step.key)
        over = over or (state in BAD and _ends_here(step, str(state), alternatives))
    return found


def narrowed(steps: Sequence[Step], key: str) -> list[Step]:
    """One step of a plan and those that it depends on, all on their own; empty where the plan has no such step."""
    known = {step.key: step for step in steps}
    wanted: set[str] = set()
    waiting = [key]
    while waiting:
        if (name := waiting.pop()) in known and name not in wanted:
            wanted.add(name)
            waiting += known[name].depends_on
    return [replace(step, instead_of="") for step in steps if step.key in wanted]


def refined(steps: Sequence[Step], key: str, arguments: dict[str, Any], answer: Answer) -> Refined:
    """The next version of a step that a person answered."""
    refine = next((step.refine for step in steps if step.key == key), None)
    return refine(arguments, answer) if refine else Refined(arguments)


def _open(states: Mapping[str, str]) -> bool:
    return any(state not in BAD | {A.SUCCEEDED} for state in states.values())


def _over(steps: Sequence[Step], states: Mapping[str, str], skipped: set[str], alternatives: set[str]) -> Done:
    """How a plan with nothing left to do has ended."""
    left_out = tuple(step.key for step in steps if step.key in skipped and not step.instead_of)
    failed = next((s.key for s in steps if states.get(s.key) == A.FAILED and not s.may_fail), "")
    refused = next((s.key for s in steps if states.get(s.key) in REFUSED and s.key not in alternatives), "")
    if failed:
        return Done(T.FAILED, left_out, failed)
    nothing_done = A.SUCCEEDED not in states.values()
    return Done(T.STOPPED if nothing_done and (refused or not steps) else T.SUCCEEDED, left_out, refused)


def _ends_here(step: Step, state: str, alternatives: Mapping[str, str]) -> bool:
    """Whether a blocking plan is over because this step ended badly."""
    if state == A.FAILED:
        return not step.may_fail
    return step.key not in alternatives and not (step.may_fail and state == A.BLOCKED)


def _fate(key: str, states: Mapping[str, str], alternatives: Mapping[str, str]) -> str | None:
    """The state of a step or, where it was refused, of the alternative that stands for it."""
    while states.get(key) in REFUSED and key in alternatives:
        key = alternatives[key]
    return states.get(key)


def _free(step: Step, states: Mapping[str, str], alternatives: Mapping[str, str]) -> bool:
    return all(_fate(other, states, alternatives) == A.SUCCEEDED for other in step.depends_on)


def _skipped(steps: Sequence[Step], states: Mapping[str, str], alternatives: Mapping[str, str]) -> set[str]:
    """Steps that will never be proposed: they depend on one that ended badly, or nothing calls for the alternative."""
    skipped: set[str] = set()
    for step in steps:
        if step.key in states:
            continue
        lost = any(other in skipped or _fate(other, states, alternatives) in BAD for other in step.depends_on)
        if lost or (step.instead_of and states.get(step.instead_of) not in REFUSED):
            skipped.add(step.key)
    return skipped


def _unproposed(steps: Sequence[Step], states: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(step.key for step in steps if step.key not in states and not step.instead_of)
