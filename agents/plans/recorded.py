"""Recorded runs of real models, as steps of a task. No tool is called: the recorded result is the effect."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from agents import payloads
from agents.models import Task
from agents.payloads import Refused
from agents.plans import dialogs
from agents.plans.steps import Step
from agents.tools import ToolFailed

CALLS_LIMIT = 200
RESULT_LIMIT = 16_000
GOAL_LIMIT = 1_000
WHY_LIMIT = 2_000
# Slashes keep the tools of a recording apart from the built-in ones: no name of ours holds one.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
CHAT = "chat-log"


@dataclass(frozen=True)
class Recording:
    """One run: whose it was, what was asked, and its calls in order, as they are kept in `Task.script`.

    `tools` is what the recording itself says of its tools, by qualified name; None when it says nothing. `messages` is what
    was said around the calls, as columns of `Message`.
    """

    agent: str
    goal: str
    calls: list[dict[str, Any]]
    tools: dict[str, dict[str, Any]] | None = field(default=None)
    messages: list[dict[str, Any]] = field(default_factory=list)


def recorded_steps(script: list[dict[str, Any]]) -> list[Step]:
    """The calls of a run in their order; each depends on nothing but its place. Its model went on after errors."""
    return [
        Step(f"call-{index}", call["tool"], call["arguments"], why=call.get("why") or "", may_fail=True)
        for index, call in enumerate(script, 1)
    ]


def recorded_result(task: Task, step: str) -> dict[str, Any]:
    """What the tool gave back when the run was recorded. Raises ToolFailed when it reported an error."""
    call = (task.script or [])[int(step.removeprefix("call-")) - 1]
    if call.get("error"):
        raise ToolFailed(str(call.get("result") or "")[:2_000])
    return {"result": call.get("result")}


def recordings(value: Any, name: str) -> Iterator[Recording]:
    """The runs in one JSON value: a run, a chat log, or a list of such; `name` stands in for a missing agent.

    Raises Refused, naming the place, for what is no run or breaks the limits of payloads.
    """
    if isinstance(value, list) and value and not all(isinstance(item, dict) and "role" in item for item in value):
        for item in value:
            yield _recording(item, name)
    else:
        yield _recording(value, name)


def _recording(value: Any, name: str) -> Recording:
    if isinstance(value, list):
        value = {"messages": value}
    if isinstance(value, dict) and isinstance(value.get("steps"), list):
        return _run(value, name)
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        return _chat(value, name)
    raise Refused(_("neither a run (“steps”) nor a chat log (“messages”)"))


def qualified(domain: Any, tool: Any) -> str:
    """The name under which a recorded tool is known here. Raises Refused for a name that no tool should have."""
    parts = [part for part in (domain or "recorded", tool) if isinstance(part, str) and NAME.fullmatch(part)]
    if len(parts) < 2:
        raise Refused(_("this is no name of a tool"))
    return "/".join(parts)


def prose(value: Any, limit: int) -> str:
    """Text as it may be stored, cut to `limit` characters. Raises Refused for what is no clean text."""
    text = payloads.check(value if value is not None else "")
    if not isinstance(text, str):
        raise Refused(_("this should be text"))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def call(tool: str, arguments: Any, why: Any, result: Any, error: Any = False) -> dict[str, Any]:
    """One entry of a script. Raises Refused."""
    checked = payloads.check(arguments if arguments is not None else {})
    if not isinstance(checked, dict):
        raise Refused(_("the arguments are no group of fields"))
    if result is None and isinstance(error, str):
        result = error
    kept = prose(result, RESULT_LIMIT) if isinstance(result, str) else payloads.check(result)
    return {"tool": tool, "arguments": checked, "why": prose(why, WHY_LIMIT), "result": kept, "error": bool(error)}


def _run(value: dict[str, Any], name: str) -> Recording:
    domain = value.get("domain")
    calls = [_placed(index, _step, step, domain) for index, step in enumerate(_few(value["steps"]), 1)]
    said = dialogs.of_run(value.get("dialog"), value["steps"], calls)
    return Recording(prose(value.get("agent") or name, 200), _goal(value, calls), calls, messages=said)


def _step(step: Any, domain: Any) -> dict[str, Any]:
    if not isinstance(step, dict):
        raise Refused(_("this is no call"))
    tool = qualified(step.get("domain") or domain, step.get("tool"))
    return call(tool, step.get("args"), step.get("thought"), step.get("result"), step.get("error"))


def _goal(value: dict[str, Any], calls: list[dict[str, Any]]) -> str:
    """What the agent was asked, as far as it was told; else the name of its first tool."""
    asked = value.get("task") if value.get("task_visible_to_agent", True) else None
    dialog = value.get("dialog")
    said = _first_of_user(dialog, "text") if isinstance(dialog, list) else ""
    return prose(asked or said, GOAL_LIMIT) or calls[0]["tool"]


def _chat(value: dict[str, Any], name: str) -> Recording:
    messages = [message for message in value["messages"] if isinstance(message, dict)]
    results = {str(message.get("tool_call_id")): message for message in messages if message.get("role") == "tool"}
    asked = [(message, wish) for message in messages for wish in _wishes(message)]
    calls = [_placed(index, _asked, message, wish, results) for index, (message, wish) in enumerate(_few(asked), 1)]
    goal = prose(_first_of_user(messages, "content"), GOAL_LIMIT) or calls[0]["tool"]
    said = dialogs.of_chat(messages, asked, calls)
    return Recording(prose(value.get("model") or name, 200), goal, calls, _own_tools(value), said)


def _wishes(message: dict[str, Any]) -> list[Any]:
    found = message.get("tool_calls") if message.get("role") == "assistant" else None
    return found if isinstance(found, list) else []


def _asked(message: dict[str, Any], wish: Any, results: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    function = wish.get("function") if isinstance(wish, dict) else None
    if not isinstance(function, dict):
        raise Refused(_("this is no call of a function"))
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        arguments = payloads.parse(arguments or "{}")
    answer = results.get(str(wish.get("id")), {})
    return call(
        qualified(CHAT, function.get("name")),
        arguments,
        dialogs.words(message),
        dialogs.words(answer) if answer else None,
    )


def _own_tools(value: dict[str, Any]) -> dict[str, dict[str, Any]] | None:
    """What the log says of its tools; a description that is no clean text or no clean schema is left out."""
    if not isinstance(value.get("tools"), list):
        return None
    functions = [tool.get("function") for tool in value["tools"] if isinstance(tool, dict)]
    named = [found for found in functions if isinstance(found, dict) and isinstance(found.get("name"), str)]
    return {f"{CHAT}/{found['name']}": found for found in named if NAME.fullmatch(found["name"])}


def _first_of_user(messages: list[Any], key: str) -> str:
    users = (message for message in messages if isinstance(message, dict) and message.get("role") == "user")
    return next((words for message in users if (words := dialogs.words({"content": message.get(key)}))), "")


def _few(calls: list[Any]) -> list[Any]:
    if not calls:
        raise Refused(_("no tool is called"))
    if len(calls) > CALLS_LIMIT:
        raise Refused(_("more than %(limit)d calls") % {"limit": CALLS_LIMIT})
    return calls


def _placed(index: int, read: Any, *given: Any) -> dict[str, Any]:
    """Read one call; what is wrong with it is told with its place."""
    try:
        return read(*given)
    except Refused as error:
        raise Refused(_("call %(index)d: %(problem)s") % {"index": index, "problem": error}) from None
