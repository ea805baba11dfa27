"""Answers customers, one mail each; goes on with the others while one waits."""

from typing import Any

from agents.plans.steps import Answer, Plan, Refined, Step
from agents.toolbox.world import schema

PEOPLE = ("anna.13", "tarik.27", "lena.41", "mira.30", "sofia.58")


ARRIVES: dict[str, Any] = {
    "ask": "Which day may I promise to this customer?",
    "knows": ["The parcel left the depot in Kassel on Monday.", "The customer asks for the second time."],
    "lacks": ["The carrier names no day of delivery."],
    "tried": ["I read the tracking twice, an hour apart.", "I looked for another parcel of the same order."],
    "tentative": "Tomorrow before noon, as with the other parcels from Kassel this week.",
    "fields": {
        "arrives": {"type": "string", "format": "date", "title": "Day of delivery"},
        "sorry": {"type": "boolean", "title": "Say that we are sorry for the wait"},
    },
}


def reworded(arguments: dict[str, Any], answer: Answer) -> Refined:
    """The reply by the answer of whoever was asked: with the day that they named, and in their words."""
    day, sorry = answer.fields.get("arrives"), answer.fields.get("sorry")
    parts = (
        f"your parcel arrives on {day}." if day else "",
        answer.text.strip(),
        "We are sorry for the wait." * bool(sorry),
    )
    said = " ".join(part for part in parts if part)
    why = "You told me what to say; the rest is the approved shipping template."
    return Refined({**arguments, "body": f"Hello,\n\n{said}\n\nAcme support"}, 0.93, why)


def steps(parameters: dict[str, Any]) -> list[Step]:
    number = parameters["ticket"]
    replies = []
    for place in range(parameters["replies"]):
        person = PEOPLE[(number + place) % len(PEOPLE)]
        body = f"Hello,\n\nyour parcel for ticket #{number + place} arrives tomorrow before noon.\n\nAcme support"
        replies.append(
            Step(
                f"reply-{place + 1}", "email.send",
                {"to": f"{person}@customers.example", "subject": f"Your ticket #{number + place}", "body": body},
                why="Tracking shows delivery tomorrow before noon. The reply uses the approved shipping template.",
                who=f"{person}@customers.example", what="Answers “Where is my parcel?”",
                confidence=(0.96, 0.62, 0.91)[place % 3], refine=reworded,
                question=ARRIVES if place % 3 == 1 else None,
            )
        )  # fmt: skip
    return [Step("look", "crm.search", {"name": "Berg"}, why="I look up who asks."), *replies]


PLAN = Plan(
    slug="support",
    name="Support drafter",
    description="Writes replies to tickets.",
    version="1",
    mode="queue",
    parameters=schema(
        ticket={"type": "integer", "title": "First ticket", "minimum": 1, "maximum": 99_999, "default": 5_120},
        replies={"type": "integer", "title": "Replies", "minimum": 1, "maximum": 5, "default": 3},
    ),
    goal=lambda p: f"Reply to {p['replies']} tickets from #{p['ticket']}",
    steps=steps,
    example=lambda rng: {"ticket": rng.randint(5_000, 6_000), "replies": rng.randint(1, 3)},
    weight=3,
)
