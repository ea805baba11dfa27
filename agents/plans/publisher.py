"""Turns a draft into a page of the website."""

import re
from random import Random
from typing import Any

from agents.plans.steps import Answer, Plan, Refined, Step
from agents.toolbox.publishing import SLUG
from agents.toolbox.seed import SEGMENTS
from agents.toolbox.world import schema, text

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
BODY = "We are happy to announce that renewals keep their price this year. Reply to any of our mails to renew."
UNFINISHED = f"{BODY} Lorem ipsum dolor sit amet."


RECIPIENT: dict[str, Any] = {
    "ask": "Whose addresses may the partner have, and who gets them?",
    "knows": ["The partner asked by phone, before the press release was due."],
    "lacks": ["No mail names the person who asked.", "Nobody wrote down that key accounts agreed to it."],
    "tried": ["I looked for the partner in the mails of this month."],
    "tentative": "The key accounts, sent to the partner's press office.",
    "fields": {
        "segment": {"type": "string", "title": "Segment", "enum": list(SEGMENTS)},
        "to": {"type": "string", "format": "email", "title": "Recipient"},
    },
}


def readdressed(arguments: dict[str, Any], answer: Answer) -> Refined:
    """The export as a person answered: to the address and of the segment that they chose, or else named in words."""
    address = ADDRESS.search(answer.text)
    segment = next((name for name in SEGMENTS if name in answer.text.lower()), arguments["segment"])
    named = {"segment": segment, "to": address[0] if address else arguments["to"]}
    return Refined({**arguments, **named, **answer.fields}, 0.92, "You named whose addresses may go, and to whom.")


def steps(parameters: dict[str, Any]) -> list[Step]:
    title, body = parameters["title"], BODY if parameters["finished"] else UNFINISHED
    return [
        Step("drafts", "files.list", {"folder": "drafts"}, why="I look for the draft."),
        Step("advice", "web.search", {"query": "notice people read"}, why="I look up how to write the first lines."),
        Step(
            "publish", "site.publish", {"slug": parameters["slug"], "title": title, "tags": ["news"], "body": body},
            why="The press release is due today.", who="Everybody who reads the website", what="One page",
            confidence=0.86,
        ),
        Step(
            "export", "crm.export", {"segment": "key-accounts", "to": "press@partner.example"},
            why="The partner asked for the addresses of our key accounts for the invitation.", confidence=0.66,
            depends_on=("publish",), refine=readdressed, question=RECIPIENT,
        ),
    ]  # fmt: skip


def example(rng: Random) -> dict[str, Any]:
    return {
        "slug": f"news-{rng.randint(100, 999)}",
        "title": "Same price, another year",
        "finished": rng.random() < 0.7,
    }


PLAN = Plan(
    slug="publisher",
    name="Press agent",
    description="Publishes pages and invites partners.",
    version="1",
    mode="queue",
    parameters=schema(
        slug={**SLUG, "default": "news-1"},
        title=text("Title", default="Same price, another year"),
        finished={"type": "boolean", "title": "The text is finished", "default": True},
    ),
    goal=lambda p: f"Publish “{p['title']}”",
    steps=steps,
    example=example,
    weight=1,
)
