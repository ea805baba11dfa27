"""Tidies the workspace: archives what is old and asks before it deletes. Refused, it archives instead."""

from random import Random
from typing import Any

from agents.plans.steps import Plan, Step
from agents.toolbox.world import schema

FOLDERS = ("tmp", "exports", "logs", "drafts")


def _old(results: dict[str, Any], part: str) -> dict[str, Any]:
    found = [name for name in results["list"]["files"] if name.startswith(part)][:20]
    return {"paths": found or [f"{part}nothing-left.txt"]}  # its check fails, so that people see why


def steps(parameters: dict[str, Any]) -> list[Step]:
    folder = parameters["folder"]
    return [
        Step("list", "files.list", {"folder": "."}, why="I see what is there before I touch anything."),
        Step("advice", "web.search", {"query": "cleaning shared folders"}, why="I look up what goes wrong in it."),
        Step(
            "delete", "files.delete", lambda results: _old(results, f"{folder}/"),
            why=f"Nothing in {folder} was opened this year.", what="Deletes old exports", confidence=0.82,
        ),
        Step(
            "archive", "files.archive", lambda results: _old(results, f"{folder}/"), instead_of="delete",
            why="Deleting was refused, so I keep the files in the archive.", confidence=0.9,
        ),
        Step(
            "note", "files.write",
            {"path": "reports/clean-up.md", "text": f"# Clean-up\n\nThe folder {folder} was tidied.\n"},
            why="Whoever misses a file should find out what happened.", confidence=0.98,
        ),
    ]  # fmt: skip


def example(rng: Random) -> dict[str, Any]:
    return {"folder": "tmp"}  # the one that the other agents keep filling


PLAN = Plan(
    slug="cleaner",
    name="File keeper",
    description="Cleans up folders; deletes only what people agreed to.",
    version="1",
    mode="blocking",
    parameters=schema(folder={"type": "string", "title": "Folder", "enum": list(FOLDERS), "default": "tmp"}),
    goal=lambda p: f"Clean up the folder {p['folder']}",
    steps=steps,
    example=example,
    weight=2,
)
