"""Tells a team something, with why, who, what and risk."""

from random import Random
from typing import Any

from agents.plans.steps import Plan, Step
from agents.toolbox.seed import TEAMS
from agents.toolbox.world import day as ahead
from agents.toolbox.world import schema, text

ROOMS = ("Conference Room A", "the Harbour room", "the Library")


def steps(parameters: dict[str, Any]) -> list[Step]:
    team, day, room = parameters["team"], parameters["day"], parameters["room"]
    size = len(TEAMS[team])
    message = f"Meeting on {day} at 14:00 in {room}. Agenda: the next two weeks. It takes half an hour."
    return [
        Step("look", "calendar.list", {"day": day}, why="I check that the day is free."),
        Step(
            "book", "calendar.create", {"title": "Team meeting", "day": day, "minutes": 30, "place": {"room": room}},
            why="The room is booked first, so that the notice names a place that exists.", confidence=0.95,
        ),
        Step(
            "notify", "chat.post", {"team": team, "text": message},
            why="You asked me to tell the team about the meeting.", who=f"Team {team}, {size} people",
            what=f"Meeting at 14:00 in {room}", confidence=0.96, depends_on=("book",),
        ),
    ]  # fmt: skip


def example(rng: Random) -> dict[str, Any]:
    return {"team": "platform", "day": ahead(rng.randint(2, 20)), "room": rng.choice(ROOMS)}


PLAN = Plan(
    slug="notices",
    name="Notice agent",
    description="Books a room and tells a team about it.",
    version="1",
    mode="queue",
    parameters=schema(
        team={"type": "string", "title": "Team", "enum": list(TEAMS), "default": "platform"},
        day={"type": "string", "title": "Day", "format": "date", "default": ahead(3)},
        room=text("Room", default="Conference Room A"),
    ),
    goal=lambda p: f"Tell team {p['team']} about the meeting on {p['day']}",
    steps=steps,
    example=example,
    weight=3,
)
