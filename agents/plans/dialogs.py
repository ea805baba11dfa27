"""What was said around the calls of a recorded run, and when: the text of strangers, kept so that the gate can read it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from agents import payloads
from agents.models import Message

MESSAGES_LIMIT = 2_000
TEXT_LIMIT = 16_000
SPEAKERS = (Message.Role.USER, Message.Role.ASSISTANT)

Said = dict[str, Any]


def of_run(dialog: Any, steps: Sequence[Any], calls: Sequence[dict[str, Any]]) -> list[Said]:
    """The messages of a run in their order. Each result is read with the next turn, by all calls of which it was asked for.

    An entry of the dialog that says nothing, or not when, is passed over. Raises Refused for too many.
    """
    spoken, turn = list(_spoken(dialog)), None
    waiting: list[Said] = []
    found: list[Said] = []
    for position, (step, call) in enumerate(zip(steps, calls, strict=True)):
        if position and (step.get("turn") is None or step.get("turn") != turn):
            found += [result | {"position": position} for result in waiting]
            waiting = []
        turn = step.get("turn")
        found += [said | {"position": position} for at, said in spoken if at <= position]
        spoken = [(at, said) for at, said in spoken if at > position]
        waiting += result(call)
    return _few(found)


def of_chat(messages: Sequence[dict[str, Any]], asked: Sequence[Any], calls: Sequence[dict[str, Any]]) -> list[Said]:
    """The messages of a chat log. What an agent says beside a call is that call's reason and stands there.

    Raises Refused for too many.
    """
    names = {str(wish.get("id")): call for (_by, wish), call in zip(asked, calls, strict=True)}
    found: list[Said] = []
    position = 0
    for message in messages:
        if wishes := message.get("tool_calls") if message.get("role") == Message.Role.ASSISTANT else None:
            position += len(wishes) if isinstance(wishes, list) else 0
        elif message.get("role") == Message.Role.TOOL:
            call = names.get(str(message.get("tool_call_id")), {"tool": ""})
            found += [one | {"position": position} for one in result(call | {"result": words(message)})]
        elif message.get("role") in SPEAKERS and (text := words(message)):
            found.append(_said(message["role"], text) | {"position": position})
    return _few([one for one in found if one["position"] < len(calls)])


def _few(found: list[Said]) -> list[Said]:
    if len(found) > MESSAGES_LIMIT:
        raise payloads.Refused(_("more than %(limit)d messages") % {"limit": MESSAGES_LIMIT})
    return found


def result(call: dict[str, Any]) -> list[Said]:
    """What a tool gave back, where it gave anything."""
    told = call.get("result")
    if told is None or told == "":
        return []
    text = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    return [_said(Message.Role.TOOL, text, call["tool"], error=bool(call.get("error")))]


def words(message: dict[str, Any]) -> str:
    """The text of a message, whether it is one string or a list of parts."""
    content = message.get("content") or ""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _spoken(dialog: Any) -> Iterator[tuple[int, Said]]:
    for entry in dialog if isinstance(dialog, list) else ():
        if not isinstance(entry, dict) or entry.get("role") not in Message.Role.values:
            continue
        at, text = entry.get("at"), words({"content": entry.get("text")})
        if isinstance(at, int) and text:
            yield at, _said(entry["role"], text)


def _said(role: str, text: str, tool: str = "", *, error: bool = False) -> Said:
    return {"role": str(role), "text": payloads.storable(text[:TEXT_LIMIT]), "tool": tool, "error": error}
