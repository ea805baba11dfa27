"""Changes between two sets of arguments, put onto a third or taken one by one. Pure."""

from typing import Any

from agents.schemas import Path
from approvals.fields import ABSENT
from approvals.forms import differences


def rebased(began: dict[str, Any], typed: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What somebody made of `began`, made of `now`; where that has another shape by now, what they made as it is."""
    found: Any = now
    try:
        for path, _old, new in differences(began, typed):
            found = put(found, path, new)
    except LookupError:
        return typed
    return dict(found)


def put(value: Any, path: Path, new: Any) -> Any:
    """The value with another one at this place, ABSENT for none. Raises LookupError where there is no such place."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and isinstance(step, str):
        inner = put(value.get(step, {} if rest else ABSENT), rest, new)
        kept = {**value, step: inner}
        return {name: member for name, member in kept.items() if member is not ABSENT}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], put(value[step], rest, new), *value[step + 1 :]]
    raise LookupError(step)
