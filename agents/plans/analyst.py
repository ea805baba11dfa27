"""Reads all customers, reports its progress in percent, and leaves a report."""

from typing import Any

from agents.plans.steps import Plan, Step
from agents.toolbox.world import schema


def _report(by: str, results: dict[str, Any]) -> dict[str, Any]:
    groups = results["analyse"]["groups"]
    lines = "\n".join(f"- {name}: {size}" for name, size in groups.items())
    return {"path": f"reports/customers-by-{by}.md", "text": f"# Customers by {by}\n\n{lines}\n"}


def _raw(by: str, results: dict[str, Any]) -> dict[str, Any]:
    rows = "\n".join(f"{name};{size}" for name, size in results["analyse"]["groups"].items())
    return {"path": f"tmp/customers-by-{by}.csv", "text": f"{by};customers\n{rows}\n"}


def steps(parameters: dict[str, Any]) -> list[Step]:
    by = parameters["by"]
    return [
        Step("sources", "files.list", {"folder": "reports"}, why="I look at the reports there are."),
        Step("analyse", "data.analyse", {"by": by}, why="The question is how customers spread; I count them all."),
        Step(
            "raw", "files.write", lambda results: _raw(by, results), depends_on=("analyse",), confidence=0.99,
            why="The raw figures go to tmp, where the file keeper finds them when they are no longer needed.",
        ),
        Step(
            "report", "files.write", lambda results: _report(by, results),
            why="The figures go where the other reports are.", confidence=0.97, depends_on=("analyse",),
        ),
    ]  # fmt: skip


PLAN = Plan(
    slug="analyst",
    name="Data analyst",
    description="Counts customers by city, plan or segment and writes a report.",
    version="1",
    mode="queue",
    parameters=schema(
        by={"type": "string", "title": "Group by", "enum": ["city", "plan", "segment"], "default": "city"}
    ),
    goal=lambda p: f"Analyse customers by {p['by']}",
    steps=steps,
    example=lambda rng: {"by": rng.choice(("city", "plan", "segment"))},
    weight=3,
)
