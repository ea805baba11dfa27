"""The customer database, and an analysis that takes its time."""

from collections import Counter
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.said import Said, counted, said
from agents.toolbox.models import Customer
from agents.toolbox.seed import SEGMENTS
from agents.toolbox.world import count, happened, honour, quoted, schema, text, work
from agents.tools import Call, Check, Effect, Impact, Preview, Repeatability, Tool, ToolFailed

SEGMENT = {"type": "string", "title": "Segment", "enum": list(SEGMENTS)}
LABELS = ("follow-up", "loyal", "quiet", "new-price")
PLANS = ["basic", "team", "business"]


def search(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 0.5)
    found = Customer.objects.filter(name__icontains=arguments["name"]).order_by("pk")
    return {"found": found.count(), "first": list(found.values("name", "email", "segment")[:5])}


def update(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    customer = Customer.objects.filter(email=arguments["email"]).first()
    if customer is None:
        raise ToolFailed(f"no customer has the address {arguments['email']}")
    work(call, 0.5)

    def change() -> tuple[str, dict[str, Any]]:
        Customer.objects.filter(pk=customer.pk).update(plan=arguments["plan"])
        return f"{customer.name}: plan {customer.plan} → {arguments['plan']}", {"before": customer.plan, **arguments}

    return honour(call, "crm.update", change)


def preview_update(arguments: dict[str, Any]) -> Preview:
    customer = Customer.objects.filter(email=arguments["email"]).first()
    return Preview(
        "data",
        title=said("Move %(email)s to plan %(plan)s", email=arguments["email"], plan=arguments["plan"]),
        effect=_("One customer record changes."),
        undo=_("The old plan can be set again."),
        facts=((_("Before"), customer.plan if customer else "–"), (_("After"), arguments["plan"])),
        checks=(Check(customer is not None, _("The customer exists")),),
        target=arguments["email"],
        verb=_("change 1 record"),
    )


def export(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    rows = Customer.objects.filter(segment=arguments["segment"]).count()
    work(call, 2, _("exporting"))
    return happened(call, "crm.export", f"Exported {rows:,} customers to {arguments['to']}", rows=rows, **arguments)


def preview_export(arguments: dict[str, Any]) -> Preview:
    size = Customer.objects.filter(segment=arguments["segment"]).count()
    words = {"rows": count(size), "to": arguments["to"]}
    return Preview(
        "data",
        title=counted(
            "Export %(count)s customer to %(to)s", "Export %(count)s customers to %(to)s", size, to=arguments["to"]
        ),
        effect=ngettext(
            "%(rows)s name and address leaves the customer database.",
            "%(rows)s names and addresses leave the customer database.",
            size,
        )
        % words,
        undo=_("What was handed out cannot be taken back."),
        facts=((_("Segment"), arguments["segment"]), (_("Goes to"), arguments["to"])),
        target=arguments["segment"],
        verb=_("export %(rows)s") % words,
    )


def label(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    rows = Customer.objects.filter(segment=arguments["segment"]).count()
    summary = f"Labelled {rows:,} customers of {arguments['segment']} as {arguments['label']}"
    return honour(call, "crm.label", lambda: (summary, {"rows": rows, **arguments}))


def preview_label(arguments: dict[str, Any]) -> Preview:
    size = Customer.objects.filter(segment=arguments["segment"]).count()
    words = {"rows": count(size), "label": arguments["label"]}
    return Preview(
        "data",
        title=counted(
            "Label %(count)s customer as %(label)s",
            "Label %(count)s customers as %(label)s",
            size,
            label=arguments["label"],
        ),
        effect=ngettext(
            "%(rows)s customer record carries the label “%(label)s”.",
            "%(rows)s customer records carry the label “%(label)s”.",
            size,
        )
        % words,
        undo=_("The label can be taken off again."),
        facts=((_("Segment"), arguments["segment"]), (_("Label"), arguments["label"])),
        target=arguments["segment"],
        verb=_("label %(rows)s") % words,
    )


def analyse(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 12, _("reading %(count)s customers") % {"count": count(Customer.objects.count())}, steps=25)
    by_city = (
        Customer.objects.values_list(arguments["by"]).annotate(size=Count("pk")).order_by("-size", arguments["by"])
    )
    return {"by": arguments["by"], "groups": dict(Counter(dict(by_city)).most_common(10))}


def _reading(title: Said, target: str) -> Preview:
    return Preview("data", title, _("Only reads."), target=target, verb=_("run it"))


TOOLS = (
    Tool(
        "crm.search", "1", "Find customers by name.", schema(name=text("Name")), Effect(read_only=True),
        Repeatability.READ_ONLY, search,
        lambda a: _reading(said("Search customers named %(name)s", name=quoted(a["name"])), a["name"]),
    ),
    Tool(
        "crm.update", "1", "Move a customer to another plan.",
        schema(
            email={"type": "string", "title": "Customer", "format": "email", "maxLength": 254},
            plan={"type": "string", "title": "Plan", "enum": PLANS},
        ),
        Effect(reversible=True, affects_others=True), Repeatability.IDEMPOTENT, update, preview_update,
        lambda a: Impact(rows=1),
    ),
    Tool(
        "crm.export", "1", "Hand a segment's names and addresses to somebody.",
        schema(segment=SEGMENT, to={"type": "string", "title": "Goes to", "format": "email", "maxLength": 254}),
        Effect(affects_others=True, sensitive=True, outside=True), Repeatability.ONCE, export, preview_export,
        lambda a: Impact(rows=Customer.objects.filter(segment=a["segment"]).count()),
    ),
    Tool(
        "crm.label", "1", "Put a label on all customers of a segment.",
        schema(segment=SEGMENT, label={"type": "string", "title": "Label", "enum": list(LABELS)}),
        Effect(reversible=True), Repeatability.IDEMPOTENT, label, preview_label,
        lambda a: Impact(rows=Customer.objects.filter(segment=a["segment"]).count()),
    ),
    Tool(
        "data.analyse", "1", "Group all customers by one column.",
        schema(by={"type": "string", "title": "Group by", "enum": ["city", "plan", "segment"]}), Effect(read_only=True),
        Repeatability.READ_ONLY, analyse,
        lambda a: _reading(said("Analyse customers by %(by)s", by=a["by"]), a["by"]), timeout_seconds=60,
    ),
)  # fmt: skip
