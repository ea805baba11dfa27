"""A tool that acts at once and an agent that asks for it, so that nothing is measured but the way there."""

from typing import Any

from agents.plans.steps import Plan, Step
from agents.toolbox.world import happened, schema, text
from agents.tools import Call, Effect, Preview, Repeatability, Tool

STEPS = 5


def post(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    return happened(call, "bench.post", "Note posted", **arguments)


def preview(arguments: dict[str, Any]) -> Preview:
    title = f"Send a note to {arguments['to']}"
    return Preview("generic", title, "One person gets a note.", target=arguments["to"], verb="send it")


TOOLS = (
    Tool(
        "bench.post", "1", "Send a note.", schema(to=text("To"), text=text("Text")),
        Effect(affects_others=True), Repeatability.ONCE, post, preview,
    ),
)  # fmt: skip


def steps(parameters: dict[str, Any]) -> list[Step]:
    why = "The person who started the task asked for it."
    return [
        Step(f"note-{n}", "bench.post", {"to": "anna", "text": f"Note {n}"}, why, confidence=0.95) for n in range(STEPS)
    ]


PLAN = Plan(
    slug="bench",
    name="Bench agent",
    description="Asks for one note after another.",
    version="1",
    mode="blocking",
    parameters=schema(day=text("Day", default="today")),
    goal=lambda p: "Send five notes",
    steps=steps,
    weight=0,
)
