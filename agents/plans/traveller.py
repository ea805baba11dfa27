"""Finds flights, offers them, and books the one that somebody chooses."""

import re
from datetime import date, timedelta
from random import Random
from typing import Any

from agents.plans.steps import Answer, Plan, Refined, Step
from agents.toolbox import flights
from agents.toolbox.world import day, schema, text

TRAVELLERS = ("Lena Brandt", "Jonas Vik")
CITIES = ("Paris", "Oslo", "Porto", "Zagreb")


DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
AMOUNT = re.compile(r"\b(?:under|below|less than|at most|up to)\D{0,12}(\d{2,5})\b", re.IGNORECASE)


def _best(found: list[dict[str, Any]]) -> dict[str, Any]:
    return min(found, key=lambda option: (option["stops"], option["price_minor"]))


def _booking(parameters: dict[str, Any], results: dict[str, Any]) -> dict[str, Any]:
    return {**parameters, "flight": _best(results["search"]["options"])["flight"]}


def _which(booking: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    """The question which of these flights to book."""
    cheapest, soonest = (min(found, key=lambda option: option[by])["flight"] for by in ("price_minor", "arrives"))
    words = {
        cheapest: "The cheapest of them.",
        soonest: "The first to arrive.",
        _best(found)["flight"]: "No change of planes.",
    }
    options = [
        {"arguments": {**booking, "flight": one["flight"]}, "why": words.get(one["flight"], "")} for one in found
    ]
    return {"ask": f"Which flight to {booking['to']} on {booking['day']}?", "options": options}


def searched_again(booking: dict[str, Any], answer: Answer) -> Refined:
    """Other flights, by what somebody said who wanted none of the first: the day that they name or else the next one,
    no stops, or a price that is not exceeded, where there is one."""
    said = answer.text.lower()
    named = next((day for day in DAY.findall(said) if _is_day(day)), "")
    on = named or (date.fromisoformat(booking["day"]) + timedelta(days=-1 if "earlier" in said else 1)).isoformat()
    found = flights.options(booking["start"], booking["to"], on)
    limit = AMOUNT.search(said)
    if limit and (cheaper := [one for one in found if one["price_minor"] <= int(limit[1]) * 100]):
        found = cheaper
    if ("direct" in said or "stop" in said) and (direct := [one for one in found if not one["stops"]]):
        found = direct
    again = {**booking, "day": on, "flight": _best(found)["flight"]}
    return Refined(again, 0.9, f"You wanted none of the first; these fly on {on}.", _which(again, found))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def steps(parameters: dict[str, Any]) -> list[Step]:
    route = {name: parameters[name] for name in ("start", "to", "day")}
    return [
        Step("search", "flights.search", route, why="I look at what flies that day."),
        Step(
            "book", "flights.book", lambda results: _booking(parameters, results), depends_on=("search",),
            why="I would take the direct flight; the cheaper ones have stops.", who=parameters["traveller"],
            what=f"One seat to {parameters['to']}", confidence=0.9, refine=searched_again,
            question=lambda results: _which(_booking(parameters, results), results["search"]["options"]),
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
