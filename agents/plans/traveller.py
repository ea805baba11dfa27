"""Finds flights and books the cheapest direct one, when somebody agrees."""

from random import Random
from typing import Any

from agents.plans.steps import Plan, Step
from agents.toolbox.world import day, schema, text

TRAVELLERS = ("Lena Brandt", "Jonas Vik")
CITIES = ("Paris", "Oslo", "Porto", "Zagreb")


def _booking(parameters: dict[str, Any], results: dict[str, Any]) -> dict[str, Any]:
    chosen = min(results["search"]["options"], key=lambda option: (option["stops"], option["price_minor"]))
    return {**parameters, "flight": chosen["flight"]}


def steps(parameters: dict[str, Any]) -> list[Step]:
    route = {name: parameters[name] for name in ("start", "to", "day")}
    return [
        Step("search", "flights.search", route, why="I look at what flies that day."),
        Step(
            "book", "flights.book", lambda results: _booking(parameters, results), depends_on=("search",),
            why="It is the direct flight; the cheaper ones have stops.", who=parameters["traveller"],
            what=f"One seat to {parameters['to']}", confidence=0.9,
        ),
        Step(
            "calendar", "calendar.create",
            {"title": f"Trip to {parameters['to']}", "day": route["day"], "minutes": 240, "place": {"room": "away"}},
            why="The day should be blocked for the traveller.", confidence=0.96, depends_on=("book",),
        ),
    ]  # fmt: skip


def example(rng: Random) -> dict[str, Any]:
    return {"to": rng.choice(CITIES), "day": day(rng.randint(5, 60)), "traveller": rng.choice(TRAVELLERS)}


PLAN = Plan(
    slug="traveller",
    name="Travel agent",
    description="Searches and books flights.",
    version="1",
    mode="blocking",
    parameters=schema(
        start=text("From", default="Hamburg"),
        to=text("To", default="Paris"),
        day={"type": "string", "title": "Day", "format": "date", "default": day(14)},
        traveller=text("Traveller", default="Lena Brandt"),
    ),
    goal=lambda p: f"Book {p['traveller']} a flight to {p['to']}",
    steps=steps,
    example=example,
    weight=2,
)
