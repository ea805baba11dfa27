"""Messages to the people of the office."""

from typing import Any

from django.utils.translation import gettext as _

from agents.said import said
from agents.toolbox.seed import TEAMS
from agents.toolbox.world import count, happened, schema, work
from agents.tools import Call, Effect, Impact, Preview, Repeatability, Tool

TEAM = {"type": "string", "title": "Team", "enum": list(TEAMS)}
TEXT = {"type": "string", "title": "Message", "minLength": 1, "maxLength": 4_000, "x-lines": 5}


def post(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    people = TEAMS[arguments["team"]]
    work(call, 0.5)
    summary = f"Message to {arguments['team']}, {len(people)} people"
    return happened(call, "chat.post", summary, people=people, **arguments)


def preview(arguments: dict[str, Any]) -> Preview:
    people = TEAMS[arguments["team"]]
    words = {"team": arguments["team"], "count": count(len(people))}
    return Preview(
        "email",
        title=said("Notify team %(team)s (%(count)s people)", team=arguments["team"], count=len(people)),
        effect=_("%(count)s people get a message now.") % words,
        undo=_("A message that was read stays read."),
        facts=((_("To"), _("%(team)s: %(people)s") % {"team": arguments["team"], "people": ", ".join(people)}),),
        body=arguments["text"],
        target=arguments["team"],
        verb=_("send to %(count)s") % words,
    )


TOOLS = (
    Tool(
        "chat.post", "1", "Send a message to everybody of a team.", schema(team=TEAM, text=TEXT),
        Effect(affects_others=True), Repeatability.ONCE, post, preview,
        lambda a: Impact(recipients=len(TEAMS[a["team"]])),
    ),
)  # fmt: skip
