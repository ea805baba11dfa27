"""Only reads: searches, opens files, and needs nobody."""

from typing import Any

from agents.plans.steps import Plan, Step
from agents.toolbox.world import schema, text

TOPICS = ("automation bias", "safer releases", "renewal campaigns", "how teams lose data", "weekly metrics")


def steps(parameters: dict[str, Any]) -> list[Step]:
    topic = parameters["topic"]
    return [
        Step("first", "web.search", {"query": topic}, why="I begin with the question as it was asked."),
        Step("second", "web.search", {"query": f"{topic} people data"}, why="The second finds what the first missed."),
        Step("own", "files.list", {"folder": "reports"}, why="I look whether somebody here wrote about it."),
        Step("names", "crm.search", {"name": "Berg"}, why="I look for a customer to ask.", confidence=0.5),
    ]


PLAN = Plan(
    slug="researcher",
    name="Researcher",
    description="Reads the web, files and the customer database; changes nothing.",
    version="1",
    mode="blocking",
    parameters=schema(topic=text("Topic", default="automation bias")),
    goal=lambda p: f"Find out about {p['topic']}",
    steps=steps,
    example=lambda rng: {"topic": rng.choice(TOPICS)},
    weight=4,
)
