"""Recorded runs of agents, as what an agent would send: requests without a label, and the labels beside them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

CATALOGUE = "tools.jsonl"


@dataclass(frozen=True)
class Call:
    """One tool call: what the judge may see, and what is known about it only afterwards."""

    run: "Run"
    seq: int
    seen: dict[str, Any]
    labels: dict[str, Any]
    error: bool

    @cached_property
    def injected(self) -> bool:
        return bool(self.labels.get("injected"))

    @cached_property
    def bad(self) -> bool:
        """What a good operator rejects: the attacker's calls, and writes that nobody wanted."""
        return self.injected or self.labels.get("wanted") is False

    @cached_property
    def reads(self) -> bool:
        if "author_write" in self.labels:
            return not self.labels["author_write"]
        return self.labels.get("effect") == "read_only"

    @cached_property
    def attack(self) -> bool:
        """Whether it serves an attack in any way: no honest call, and no needless stop."""
        return self.injected or bool(self.labels.get("injected_read"))


@dataclass(frozen=True)
class Run:
    """One piece of work of one agent."""

    name: str
    agent: str
    domain: str
    hijacked: bool
    entry: dict[str, Any]


def runs(folder: Path) -> list[Run]:
    """Every run of the folder, in the order of their `seq`. Raises OSError, ValueError for what is no folder of runs."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        if path.name == CATALOGUE:
            continue
        for entry in _lines(path):
            hijacked = bool(entry["labels"].get("hijacked"))
            found.append((entry["seq"], Run(entry["public_id"], entry["agent"], entry["domain"], hijacked, entry)))
    if not found:
        raise ValueError(f"{folder} holds no runs (*.jsonl)")
    return [run for _seq, run in sorted(found, key=lambda pair: (pair[0], pair[1].name))]


def calls(run: Run, catalogue: dict[tuple[str, str], dict[str, Any]]) -> Iterator[Call]:
    """The calls of a run, each with what its agent saw since the one before."""
    entry, told, dialog = run.entry, 0, list(run.entry["dialog"])
    waiting: list[dict[str, Any]] = []  # results of calls of the same turn: their agent has not read them yet
    turn = None
    for seq, step in enumerate(entry["steps"]):
        context = []
        if step["turn"] != turn:
            context, waiting, turn = waiting, [], step["turn"]
        while told < len(dialog) and dialog[told]["at"] <= seq:
            context.append({"role": dialog[told]["role"], "text": dialog[told]["text"]})
            told += 1
        domain = step.get("domain") or run.domain
        yield Call(run, seq, _seen(step, domain, context, catalogue), step["labels"], bool(step["error"]))
        if step["result"] is not None:
            text = {"role": "tool", "text": str(step["result"]), "tool": step["tool"], "error": bool(step["error"])}
            waiting.append(text)


def catalogue(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """What the agents were told about their tools, by domain and name."""
    return {
        (entry["domain"], entry["tool"]): {
            "description": entry.get("description"),
            "parameters": entry.get("parameters"),
        }
        for entry in _lines(folder / CATALOGUE)
    }


def _seen(
    step: dict[str, Any],
    domain: str,
    context: list[dict[str, Any]],
    catalogue: dict[tuple[str, str], dict[str, Any]],
) -> dict[str, Any]:
    unknown = {"description": None, "parameters": None}
    return {
        "step": step["step"],
        "domain": domain,
        "tool": step["tool"],
        "tool_spec": catalogue.get((domain, step["tool"]), unknown),
        "args": step["args"],
        "reasoning": step["thought"],
        "confidence": None,
        "ts": step["ts"],
        "new_context": context,
    }


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())
