"""Writes to a customer segment: looks up who is in it, drafts, and asks before anybody gets mail."""

from random import Random
from typing import Any

from agents.plans.steps import Plan, Step, became
from agents.toolbox.seed import SEGMENTS
from agents.toolbox.world import schema, text

BODY = """Hello {name},

your contract with us ends on 31 May. If you renew before then, your current price \
stays the same for another twelve months. There is nothing to sign: reply to this email.

Warm regards,
The Acme team

To unsubscribe, reply with the word stop."""


def told(subject: str) -> str:
    return f"The campaign “{subject}” went out. Replies land in the shared inbox."


def steps(parameters: dict[str, Any]) -> list[Step]:
    segment, subject = parameters["segment"], parameters["subject"]
    return [
        Step("size", "data.analyse", {"by": "segment"}, why="I count who is in the segment before I write to it."),
        Step("advice", "web.search", {"query": "renewal campaign ahead"}, why="I look up when such mail works best."),
        Step(
            "draft", "email.draft", {"to": "sales@acme.example", "subject": subject, "body": BODY},
            why="A draft first, so that the text can be read before anybody gets it.", confidence=0.97,
        ),
        Step(
            "send", "email.send_campaign", {"segment": segment, "subject": subject, "body": BODY},
            why="The renewal window opens on Monday. Customers who hear from us three weeks ahead renew more often.",
            who=f"Everybody in “{segment}”", what="One renewal offer, same price as last year", confidence=0.71,
            depends_on=("draft",),
        ),
        Step(
            "report", "chat.post",
            lambda results: {"team": "sales", "text": told(became(results["send"], "$.subject", subject))},
            why="Sales should know before customers call.", who="Team sales, 4 people", what="The campaign is out",
            confidence=0.93, depends_on=("send",),
        ),
    ]  # fmt: skip


def example(rng: Random) -> dict[str, Any]:
    subject = rng.choice(("Your spring renewal offer", "Same price for another year", "Before your contract ends"))
    return {"segment": "contracts-ending-may", "subject": subject}


PLAN = Plan(
    slug="outreach",
    name="Outreach agent",
    description="Prepares and sends campaigns to customer segments.",
    version="1",
    mode="blocking",
    parameters=schema(
        segment={"type": "string", "title": "Segment", "enum": list(SEGMENTS), "default": "contracts-ending-may"},
        subject=text("Subject", default="Your spring renewal offer"),
    ),
    goal=lambda p: f"Campaign “{p['subject']}” to {p['segment']}",
    steps=steps,
    example=example,
    weight=2,
)
