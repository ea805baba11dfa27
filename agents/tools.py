"""The registry of tools: what each promises about itself, and the one way to call it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any, Literal

from django.utils.translation import gettext as _

from agents import payloads, trust
from agents.models import Tool as Row
from agents.said import Said
from agents.transactions import whole

# Dotted, and imported at the first use: listing a family does not load it.
FAMILIES = (
    "agents.toolbox.mail",
    "agents.toolbox.calendar",
    "agents.toolbox.files",
    "agents.toolbox.customers",
    "agents.toolbox.payments",
    "agents.toolbox.flights",
    "agents.toolbox.web",
    "agents.toolbox.chat",
    "agents.toolbox.publishing",
    "agents.toolbox.deploy",
)
TITLE_LIMIT = 120


class Repeatability(StrEnum):
    """What may be done when nobody knows whether a call acted."""

    READ_ONLY = "read_only"
    IDEMPOTENT = "idempotent"
    PROBEABLE = "probeable"
    ONCE = "once"


@dataclass(frozen=True)
class Effect:
    """What a call does to the world. Neither reading only nor reversible means that it cannot be undone."""

    read_only: bool = False
    reversible: bool = False
    affects_others: bool = False
    spends_money: bool = False
    sensitive: bool = False
    outside: bool = False

    def hints(self) -> dict[str, bool]:
        """The same in MCP's tool annotations."""
        return {
            "readOnlyHint": self.read_only,
            "destructiveHint": not self.read_only and not self.reversible,
            "openWorldHint": self.outside,
        }


@dataclass(frozen=True)
class Impact:
    """How much one call touches, counted by the server. Amounts are whole minor units of `currency`."""

    recipients: int = 0
    amount_minor: int = 0
    currency: str = ""
    rows: int = 0


@dataclass(frozen=True)
class Check:
    """One thing that the system looked up by itself before anybody decides."""

    ok: bool
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Preview:
    """What will happen, in words and absolute counts. `target` is what a person types to confirm the critical, `letters`
    how many messages leave whose words may differ, `reversible` what of this one call can be undone, where that is not what
    its tool says of all."""

    kind: Literal["email", "payment", "data", "command", "files", "generic"]
    title: str | Said
    effect: str
    undo: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    body: str = ""
    checks: tuple[Check, ...] = ()
    target: str = ""
    verb: str = ""
    letters: int = 0
    reversible: bool | None = None


@dataclass(frozen=True)
class Letter:
    """One of the messages of a call that sends many: to whom it goes, and in which words."""

    to: str
    subject: str
    body: str


@dataclass(frozen=True)
class Call:
    """One execution, as the tool sees it. `key` names the action and its version: the same key is the same wish."""

    key: str
    action_id: int
    version: int
    progress: Callable[[int, str], None]


@dataclass(frozen=True)
class Finding:
    """What became of one call, and where that can be seen. Not `happened`: it did not, and it can no longer."""

    happened: bool
    evidence: str
    result: Any = None


class ToolFailed(Exception):
    """The effect is known not to have happened."""


class OutcomeUnknown(Exception):
    """The call may have acted."""


@dataclass(frozen=True)
class Tool:
    """A built-in tool: its promises, and the functions that keep them."""

    name: str
    version: str
    description: str
    schema: dict[str, Any]
    effect: Effect
    repeatability: Repeatability
    run: Callable[[dict[str, Any], Call], dict[str, Any]]
    preview: Callable[[dict[str, Any]], Preview]
    impact: Callable[[dict[str, Any]], Impact] = field(default=lambda _arguments: Impact())
    timeout_seconds: int = 30
    # Of a probeable tool: looks up by its key what became of a call, and changes nothing. None: it cannot be told.
    probe: Callable[[dict[str, Any], Call], Finding | None] | None = None
    # Of a tool that sends many messages: one of them by its number from 1. None: there is no such message.
    letter: Callable[[dict[str, Any], int], Letter | None] | None = None


def built_in() -> Iterator[Tool]:
    for family in FAMILIES:
        yield from import_module(family).TOOLS


@cache
def _registry() -> dict[str, Tool]:
    return {tool.name: tool for tool in built_in()}


def find(name: str) -> Tool | None:
    return _registry().get(name)


def runs(row: Row) -> bool:
    """Whether something here can carry out calls of this tool."""
    return row.source == Row.Source.RECORDED or find(row.name) is not None


def run(name: str, arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    """Call a tool. Raises ToolFailed when nothing happened and anything else when nobody knows."""
    tool = find(name)
    if tool is None:
        raise ToolFailed(_("No such tool."))
    return tool.run(arguments, call)


def probe(name: str, arguments: dict[str, Any], call: Call) -> Finding | None:
    """Look up what became of a call. None where that cannot be told; raises whatever the tool's probe does."""
    tool = find(name)
    return tool.probe(arguments, call) if tool and tool.probe else None


def preview(row: Row | None, name: str, arguments: dict[str, Any]) -> Preview:
    """What a call will do. A recorded or unknown tool, and arguments that do not fit, are told as they stand."""
    tool = find(name) if row and row.source == Row.Source.BUILT_IN else None
    if tool is None:
        return _generic(row, name, arguments)
    try:
        return tool.preview(arguments)
    except (LookupError, TypeError, ValueError, AttributeError, OSError, ToolFailed):
        # Arguments that do not fit the schema are blocked anyway; a preview that breaks tells what is known without it.
        return _generic(row, name, arguments)


def letter(row: Row | None, arguments: dict[str, Any], number: int) -> Letter | None:
    """One message of a call that sends many, by its number from 1; None where there is no such message."""
    tool = find(row.name) if row and row.source == Row.Source.BUILT_IN else None
    return tool.letter(arguments, number) if tool and tool.letter else None


def impact(row: Row, arguments: dict[str, Any]) -> Impact:
    tool = find(row.name) if row.source == Row.Source.BUILT_IN else None
    return tool.impact(arguments) if tool else Impact()


@whole
def sync() -> None:
    """Write the rows of the built-in tools as the code declares them. What an admin switched off stays off.

    Their version ends in a hash of what they promise, so that nobody can change a promise and forget the version.
    """
    for tool in built_in():
        Row.objects.update_or_create(
            name=tool.name,
            defaults={
                "version": f"{tool.version}-{_promise(tool)}",
                "description": tool.description,
                "schema": tool.schema,
                "effect": asdict(tool.effect),
                "repeatability": tool.repeatability.value,
                "hints": {**tool.effect.hints(), "idempotentHint": tool.repeatability == Repeatability.IDEMPOTENT},
                "timeout_seconds": tool.timeout_seconds,
                "declared": True,
                "source": Row.Source.BUILT_IN,
            },
        )
    trust.outgrown()


def _promise(tool: Tool) -> str:
    said = {"schema": tool.schema, "effect": asdict(tool.effect), "repeatability": tool.repeatability.value}
    return hashlib.sha256(payloads.canonical(said)).hexdigest()[:8]


def _generic(row: Row | None, name: str, arguments: dict[str, Any]) -> Preview:
    # The shortest first: whom and how much, before what somebody wrote.
    plain = sorted(
        ((key, str(value)) for key, value in arguments.items() if isinstance(value, str | int | float)), key=_size
    )
    title = f"{name}: {', '.join(' '.join(pair) for pair in plain)}" if plain else name
    effect = _("“%(tool)s” is called with the arguments below.") % {"tool": name}
    undo = "" if row and row.effect.get("reversible") else _("Nothing is known about undoing it.")
    if row and row.source == Row.Source.RECORDED:
        effect = _("This is a recorded run: nothing is called, its recorded result is given back.")
        undo = ""
    title = title if len(title) <= TITLE_LIMIT else title[: TITLE_LIMIT - 1] + "…"
    return Preview("generic", title, effect, undo, target=name, verb=_("run it"))


def _size(pair: tuple[str, str]) -> int:
    return len(pair[1])
