"""Releases and restarts of production; every one is critical."""

from random import Random
from typing import Any

from agents.plans.steps import Plan, Step
from agents.toolbox.deploy import POOLS
from agents.toolbox.seed import TEAMS
from agents.toolbox.world import schema, text


def steps(parameters: dict[str, Any]) -> list[Step]:
    pool, build = parameters["pool"], parameters["build"]
    return [
        Step("advice", "web.search", {"query": "safer releases"}, why="I read up on the safest order."),
        Step("logs", "files.list", {"folder": "logs"}, why="I check that the build left a log."),
        Step(
            "release", "deploy.release", {"pool": pool, "build": build},
            why="The build has been on staging since yesterday without an error.", who=f"Users of {pool}",
            what=f"{build} on {POOLS[pool]} hosts", confidence=0.94, holds=True,  # nothing else is done to a pool meanwhile
        ),
        Step(
            "restart", "deploy.restart_pool", {"pool": pool},
            why="Queue depth has doubled in ten minutes; two restarts last week cleared the same pattern.",
            confidence=0.78,
        ),
        Step(
            "tell", "chat.post", {"team": "platform", "text": f"{build} is out on {pool}."},
            why="The team on call should know.", who=f"Team platform, {len(TEAMS['platform'])} people",
            confidence=0.97, depends_on=("release",),
        ),
    ]  # fmt: skip


def example(rng: Random) -> dict[str, Any]:
    return {"pool": rng.choice(list(POOLS)), "build": f"2027.1.{rng.randint(1, 40)}"}


PLAN = Plan(
    slug="deployer",
    name="Deploy agent",
    description="Rolls builds out and restarts worker pools.",
    version="1",
    mode="queue",
    parameters=schema(
        pool={"type": "string", "title": "Pool", "enum": list(POOLS), "default": "eu-2"},
        build=text("Build", default="2027.1.17", maxLength=60),
    ),
    goal=lambda p: f"Release {p['build']} to {p['pool']}",
    steps=steps,
    example=example,
    weight=1,
)
