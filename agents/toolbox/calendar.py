"""The office calendar."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.said import said
from agents.toolbox.models import Effect as Happening
from agents.toolbox.world import count, happened, quoted, schema, text, work
from agents.tools import Call, Effect, Finding, Impact, Preview, Repeatability, Tool

GUESTS = {
    "type": "array",
    "title": "Guests",
    "items": {"type": "string", "title": "Guest", "format": "email", "maxLength": 254},
    "maxItems": 50,
    "uniqueItems": True,
    "default": [],
}
PLACE = {
    "type": "object",
    "title": "Where",
    "properties": {"room": text("Room"), "online": {"type": "boolean", "title": "With a video link", "default": False}},
    "required": ["room"],
    "additionalProperties": False,
}


def create(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 0.5)
    return happened(call, "calendar.create", f"{arguments['title']} on {arguments['day']}", **arguments)


def booked(arguments: dict[str, Any], call: Call) -> Finding:
    """Whether the calendar holds the entry of this very call. It makes an entry at once or not at all."""
    entry = Happening.objects.filter(tool="calendar.create", key=call.key).first()
    if entry is None:
        return Finding(False, _("The calendar holds no entry of this call."))
    words = {"number": entry.pk, "summary": entry.summary}
    return Finding(
        True,
        _("The calendar holds entry %(number)s: %(summary)s.") % words,
        {"effect": entry.pk, "summary": entry.summary},
    )


def preview(arguments: dict[str, Any]) -> Preview:
    guests = arguments.get("guests", [])
    people = ", ".join(guests) or _("nobody else")
    return Preview(
        "generic",
        title=said("Book %(title)s on %(day)s", title=quoted(arguments["title"]), day=arguments["day"]),
        effect=ngettext(
            "An entry of %(minutes)s minutes is made; %(count)s person is invited.",
            "An entry of %(minutes)s minutes is made; %(count)s people are invited.",
            len(guests),
        )
        % {"minutes": arguments["minutes"], "count": count(len(guests))},
        undo=_("The entry can be deleted; invitations that were read stay read."),
        facts=((_("Day"), arguments["day"]), (_("Guests"), people), (_("Where"), arguments["place"]["room"])),
        target=arguments["title"],
        verb=_("book it"),
    )


def entries(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 0.3)
    found = Happening.objects.filter(tool="calendar.create", detail__day=arguments["day"])
    return {"day": arguments["day"], "entries": list(found.order_by("pk").values_list("summary", flat=True)[:50])}


def preview_entries(arguments: dict[str, Any]) -> Preview:
    title = said("Look up the calendar of %(day)s", day=arguments["day"])
    return Preview("generic", title, _("Only reads."), target=arguments["day"], verb=_("look it up"))


DAY = {"type": "string", "title": "Day", "format": "date"}
TOOLS = (
    Tool(
        "calendar.create", "1", "Book an entry and invite guests.",
        schema(
            ("title", "day", "minutes", "place"), title=text("Title"), day=DAY, place=PLACE, guests=GUESTS,
            minutes={"type": "integer", "title": "Minutes", "minimum": 5, "maximum": 480, "default": 30},
        ),
        Effect(reversible=True, affects_others=True), Repeatability.PROBEABLE, create, preview,
        lambda a: Impact(recipients=len(a.get("guests", []))), probe=booked,
    ),
    Tool(
        "calendar.list", "1", "List the entries of one day.", schema(day=DAY), Effect(read_only=True),
        Repeatability.READ_ONLY, entries, preview_entries,
    ),
)  # fmt: skip
