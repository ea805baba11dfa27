"""Keeps the customer records in order: labels whole segments, which can be taken off again."""

from random import Random
from typing import Any

from agents.plans.steps import Plan, Step
from agents.toolbox.customers import LABELS, SEGMENT
from agents.toolbox.world import schema

LARGE = ("contracts-ending-may", "trial-users", "newsletter", "inactive-a-year")


def steps(parameters: dict[str, Any]) -> list[Step]:
    segment, label = parameters["segment"], parameters["label"]
    return [
        Step(
            "label", "crm.label", {"segment": segment, "label": label},
            why=f"Whoever works with {segment} finds these customers by their label.", what="One label each",
            confidence=0.9,
        ),
    ]  # fmt: skip


def example(rng: Random) -> dict[str, Any]:
    return {"segment": rng.choice(LARGE), "label": rng.choice(LABELS)}


PLAN = Plan(
    slug="records",
    name="Records keeper",
    description="Labels customers by segment. Its labels can be taken off again, so it can earn to act alone.",
    version="1",
    mode="blocking",
    parameters=schema(
        segment={**SEGMENT, "default": "trial-users"},
        label={"type": "string", "title": "Label", "enum": list(LABELS), "default": "follow-up"},
    ),
    goal=lambda p: f"Label {p['segment']} as {p['label']}",
    steps=steps,
    example=example,
    weight=3,
)
