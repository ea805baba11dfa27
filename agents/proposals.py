"""From what an agent wants to the exact bytes that are shown, hashed and run."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agents import payloads, questions, tools
from agents.models import Action, ActionVersion, Task, Tool, User
from agents.prepared import insert, prepared
from agents.reasons import in_english
from agents.said import Said

PROSE_LIMIT = 2_000
NAME_LIMITS = {"step": 100, "tool": 200}


@dataclass(frozen=True)
class Wish:
    """One tool call as an agent asks for it."""

    step: str
    tool: str
    arguments: dict[str, Any]
    why: str = ""
    who: str = ""
    what: str = ""
    confidence: float | None = None
    depends_on: tuple[str, ...] = ()
    key: str | None = None
    question: dict[str, Any] | None = None


@dataclass(frozen=True)
class Draft:
    """One version of an action, ready to be stored: its bytes, and what the server says it will do."""

    tool: Tool | None
    tool_name: str
    body: bytes
    digest: str
    title: str
    said: dict[str, Any]
    target: str
    why: str
    who: str
    what: str
    confidence: float | None
    question: dict[str, Any] = field(default_factory=dict)


def draft(task: Task, wish: Wish, tool: Tool | None = None) -> Draft:
    """Parse strictly and freeze. Raises payloads.Refused for what breaks the limits; nothing is stored here.

    `tool` is the row of the wish's tool, where the caller has just read it.
    """
    prose = payloads.check({"why": wish.why, "who": wish.who, "what": wish.what, "step": wish.step, "tool": wish.tool})
    _check_columns(wish)
    arguments = payloads.check(wish.arguments)
    tool = tool or next(iter(_tool(wish.tool)), None)
    payloads.check_types(tool.schema if tool else {}, arguments)
    question = questions.checked(wish.question, tool, wish.tool, arguments)
    body = payloads.envelope(
        agent=task.agent.slug,
        task=task.pk,
        step=wish.step,
        tool=wish.tool,
        tool_version=tool.version if tool else "",
        effect=sorted(flag for flag, holds in tool.effect.items() if holds) if tool else [],
        arguments=arguments,
    )
    preview = in_english(tools.preview)(tool, wish.tool, payloads.arguments(body))
    title = in_english(str)(preview.title)
    said = preview.title.stored() if isinstance(preview.title, Said) else {}
    why, who, what = (prose[name][:PROSE_LIMIT] for name in ("why", "who", "what"))
    return Draft(
        tool,
        wish.tool,
        body,
        payloads.digest(body),
        title,
        said,
        preview.target.strip() or wish.tool,
        why,
        who,
        what,
        wish.confidence,
        question,
    )


def _check_columns(wish: Wish) -> None:
    """Refuse what no row could hold."""
    for name, limit in NAME_LIMITS.items():
        if len(getattr(wish, name)) > limit:
            raise payloads.Refused(
                _("Its %(name)s is longer than %(limit)d characters.") % {"name": name, "limit": limit}
            )
    if wish.confidence is not None and not 0 <= wish.confidence <= 1:
        raise payloads.Refused(_("Its confidence is %(value)s and not between 0 and 1.") % {"value": wish.confidence})


@prepared
def _tool(name: str) -> QuerySet[Tool]:
    return Tool.objects.filter(name=name)


def redraft(
    action: Action,
    last: ActionVersion,
    arguments: dict[str, Any],
    *,
    confidence: float | None = None,
    why: str = "",
    question: dict[str, Any] | None = None,
) -> Draft:
    """The same call with other arguments, by the tool as it is now; the last confidence and reason unless others are
    stated. What the last version asked is over."""
    sure = last.confidence if confidence is None else confidence
    wish = Wish(action.step, action.tool_name, arguments, why or last.why, last.who, last.what, sure, question=question)
    return draft(action.task, wish)


def add(task: Task, wish: Wish, made: Draft, position: int) -> tuple[Action, ActionVersion]:
    """Store a first version as PROPOSED, in the caller's transaction."""
    action = place(task, wish, made, position)
    return action, store(action, made)


def place(task: Task, wish: Wish, made: Draft, position: int) -> Action:
    """Store a PROPOSED action without the bytes of its version."""
    return insert(
        Action(
            task=task,
            agent=task.agent,
            tool=made.tool,
            tool_name=made.tool_name,
            tool_version=made.tool.version if made.tool else "",
            position=position,
            step=wish.step,
            depends_on=list(wish.depends_on),
            digest=made.digest,
            title=made.title,
            said=made.said,
            why=made.why,
            confidence=made.confidence,
            key=wish.key,
        )
    )


def store(action: Action, made: Draft, *, editor: User | None = None) -> ActionVersion:
    """Keep the bytes of the action's current version for ever."""
    return insert(version(action, made, editor=editor))


def version(action: Action, made: Draft, *, editor: User | None = None) -> ActionVersion:
    """The action's current version, not stored yet."""
    return ActionVersion(
        action=action,
        version=action.version,
        body=made.body,
        digest=made.digest,
        title=made.title,
        said=made.said,
        target=made.target,
        why=made.why,
        who=made.who,
        what=made.what,
        confidence=made.confidence,
        question=made.question,
        editor=editor,
    )


def columns(action: Action, made: Draft) -> dict[str, Any]:
    """The columns of an action that follow its next version."""
    return {
        "version": action.version + 1,
        "digest": made.digest,
        "title": made.title,
        "said": made.said,
        "confidence": made.confidence,
        "tool_version": made.tool.version if made.tool else "",
        "hold_until": None,
    }
