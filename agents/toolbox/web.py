"""A web of a dozen pages, bundled."""

from typing import Any

from django.utils.translation import gettext as _

from agents.said import said
from agents.toolbox.world import quoted, schema, text, work
from agents.tools import Call, Effect, Preview, Repeatability, Tool

PAGES = (
    ("Machine learning this month", "Smaller models catch up; most gains came from cleaner data, not from size."),
    ("What people check before they approve", "Reviewers look at the target first, then at the amount."),
    ("Renewal campaigns that work", "Customers who hear three weeks ahead renew more often than those who hear one."),
    ("Cleaning up shared folders", "Archive before you delete: a third of what is deleted is asked for again."),
    ("Double charges and refunds", "Two captures within seconds are nearly always one sale; refund the later one."),
    ("Safer releases", "Release on weekday mornings, to a tenth of the hosts first, and watch the error rate."),
    ("Writing a notice people read", "Say what changes, for whom and when in the first two lines."),
    ("Cheap flights to Paris", "Prices fall on Tuesdays; a stop saves about a tenth."),
    ("How teams lose data", "Most losses are deletions that somebody meant, in a place they did not mean."),
    ("Automation bias", "The better an aid usually is, the less its errors are noticed."),
    ("Invoices and fraud", "A changed account number is the sign to look for; call the number you had before."),
    ("Weekly metrics", "Pick three numbers that change what you do, and drop the rest."),
)


def search(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 1.5, _("searching"))
    words = {word for word in arguments["query"].lower().split() if len(word) > 2}
    scored = [(sum(word in f"{title} {body}".lower() for word in words), title, body) for title, body in PAGES]
    found = sorted((page for page in scored if page[0]), key=lambda page: -page[0])[:3]
    return {"results": [{"title": title, "text": body} for _score, title, body in found]}


def preview(arguments: dict[str, Any]) -> Preview:
    title = said("Search the web for %(query)s", query=quoted(arguments["query"]))
    return Preview("generic", title, _("Only reads."), target=arguments["query"], verb=_("search"))


TOOLS = (
    Tool(
        "web.search", "1", "Search a small bundled web.", schema(query=text("Query")),
        Effect(read_only=True, outside=True), Repeatability.READ_ONLY, search, preview,
    ),
)  # fmt: skip
