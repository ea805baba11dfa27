"""The public website."""

from typing import Any

from django.utils.translation import gettext as _

from agents.said import said
from agents.toolbox.world import count, honour, quoted, schema, text, work
from agents.tools import Call, Check, Effect, Preview, Repeatability, Tool, ToolFailed

SLUG = {"type": "string", "title": "Address", "pattern": "^[a-z0-9-]{1,60}$", "maxLength": 60}
TAGS = {"type": "array", "title": "Tags", "items": text("Tag", maxLength=40), "maxItems": 8, "default": []}


def publish(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 2, _("publishing"))
    if "lorem ipsum" in arguments["body"].lower():
        raise ToolFailed("the site refused the page: it still holds placeholder text")
    return honour(call, "site.publish", lambda: (f"Published {quoted(arguments['title'])}", arguments))


def preview(arguments: dict[str, Any]) -> Preview:
    words = count(len(arguments["body"].split()))
    return Preview(
        "email",
        title=said("Publish %(title)s on the website", title=quoted(arguments["title"])),
        effect=_("A page of %(words)s words becomes public.") % {"words": words},
        undo=_("It can be taken down; what was read or copied stays out there."),
        facts=((_("Address"), f"/news/{arguments['slug']}"), (_("Tags"), ", ".join(arguments.get("tags", [])) or "–")),
        body=arguments["body"],
        checks=(Check("lorem ipsum" not in arguments["body"].lower(), _("No placeholder text is left")),),
        target=arguments["slug"],
        verb=_("publish it"),
    )


TOOLS = (
    Tool(
        "site.publish", "1", "Publish a page.",
        schema(
            ("slug", "title", "body"),
            slug=SLUG,
            title=text("Title"), tags=TAGS,
            body={"type": "string", "title": "Body", "minLength": 1, "maxLength": 40_000, "x-lines": 10},
        ),
        Effect(affects_others=True, outside=True), Repeatability.IDEMPOTENT, publish, preview,
    ),
)  # fmt: skip
