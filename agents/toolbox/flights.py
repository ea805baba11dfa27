"""Flights: the same search always finds the same three."""

import hashlib
from typing import Any

from django.utils.translation import gettext as _

from agents.amounts import money
from agents.said import amount as money_of
from agents.said import said
from agents.toolbox.world import honour, schema, text, work
from agents.tools import Call, Check, Effect, Impact, Preview, Repeatability, Tool, ToolFailed

# Name, stops, the least price in cents, hours on the way, and whether the fare is given back until the day before.
AIRLINES = (
    ("Air Levant", 0, 45_000, 2, False), ("Northern", 1, 42_000, 4, True), ("Budget Wings", 2, 38_000, 6, False),
)  # fmt: skip
DAY = {"type": "string", "title": "Day", "format": "date"}


def options(start: str, to: str, day: str) -> list[dict[str, Any]]:
    """Three flights, in whole cents; number, price and hours follow from the route and the day."""
    seed = int(hashlib.sha256(f"{start}|{to}|{day}".encode()).hexdigest()[:6], 16)
    return [
        {
            "flight": f"{name[:2].upper()}{100 + (seed + 37 * place) % 900}",
            "airline": name,
            "stops": stops,
            "leaves": f"{6 + (seed + place) % 12:02}:{(seed * 5 + 10 * place) % 60:02}",
            "arrives": f"{6 + (seed + place) % 12 + hours:02}:{(seed * 5 + 10 * place) % 60:02}",
            "refunded": refunded,
            "price_minor": price + (seed + 1_100 * place) % 9_000,
            "currency": "EUR",
        }
        for place, (name, stops, price, hours, refunded) in enumerate(AIRLINES)
    ]


def search(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 2, _("asking three airlines"))
    return {"options": options(arguments["start"], arguments["to"], arguments["day"])}


def book(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    chosen = _chosen(arguments)
    if chosen is None:
        raise ToolFailed("no such flight on that day")
    work(call, 1.5)
    summary = f"Booked {chosen['flight']} to {arguments['to']} on {arguments['day']} for {arguments['traveller']}"
    return honour(call, "flights.book", lambda: (summary, {**arguments, **chosen}))


def _chosen(arguments: dict[str, Any]) -> dict[str, Any] | None:
    found = options(arguments["start"], arguments["to"], arguments["day"])
    return next((option for option in found if option["flight"] == arguments["flight"]), None)


def preview_book(arguments: dict[str, Any]) -> Preview:
    chosen = _chosen(arguments)
    price = money(chosen["price_minor"], chosen["currency"]) if chosen else "–"
    asked = money_of(chosen["price_minor"], chosen["currency"]) if chosen else "–"
    refunded = bool(chosen and chosen["refunded"])
    words = {"flight": arguments["flight"], "to": arguments["to"], "price": price}
    return Preview(
        "payment",
        title=said("Book flight %(flight)s to %(to)s for %(price)s", **words | {"price": asked}),
        effect=_("A seat is booked and %(price)s is charged.") % words,
        undo=_("The fare is refunded until the day before.") if refunded else _("The fare is not refunded."),
        facts=(
            (_("From"), arguments["start"]), (_("To"), arguments["to"]), (_("Day"), arguments["day"]),
            (_("Traveller"), arguments["traveller"]), (_("Price"), price), *_flown(chosen),
        ),
        checks=(Check(chosen is not None, _("The flight is on sale"), arguments["flight"]),),
        target=arguments["flight"],
        verb=_("book for %(price)s") % words,
        reversible=refunded,
    )  # fmt: skip


def _flown(chosen: dict[str, Any] | None) -> tuple[tuple[str, str], ...]:
    if chosen is None:
        return ()
    times = f"{chosen['leaves']}–{chosen['arrives']}"
    return ((_("Airline"), chosen["airline"]), (_("Stops"), str(chosen["stops"] or _("direct"))), (_("Times"), times))


def _impact(arguments: dict[str, Any]) -> Impact:
    chosen = _chosen(arguments)
    return Impact(amount_minor=chosen["price_minor"], currency="EUR") if chosen else Impact()


ROUTE = {"start": text("From"), "to": text("To"), "day": DAY}
TOOLS = (
    Tool(
        "flights.search", "1", "Find flights of a day.", schema(**ROUTE), Effect(read_only=True, outside=True),
        Repeatability.READ_ONLY, search,
        lambda a: Preview(
            "generic", said("Search flights to %(to)s on %(day)s", to=a["to"], day=a["day"]), _("Only reads."), target=a["to"], verb=_("search")
        ),
    ),
    Tool(
        "flights.book", "1", "Book one seat.",
        schema(**ROUTE, flight=text("Flight"), traveller=text("Traveller")), Effect(spends_money=True, outside=True),
        Repeatability.IDEMPOTENT, book, preview_book, _impact,
    ),
)  # fmt: skip
