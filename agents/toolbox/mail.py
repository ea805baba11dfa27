"""Mail: one message, a campaign to a segment, a draft that nobody gets."""

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.said import counted, said
from agents.toolbox.models import Customer
from agents.toolbox.seed import SEGMENTS
from agents.toolbox.world import EMAIL, SENDER, count, happened, honour, quoted, schema, text, work
from agents.tools import Call, Check, Effect, Impact, Letter, Preview, Repeatability, Tool

# What a campaign puts the first name of each customer in the place of.
NAME = "{name}"
_PLACEHOLDER = re.compile(r"\{[^{}\n]{1,40}\}")
BODY = {"type": "string", "title": "Body", "minLength": 1, "maxLength": 20_000, "x-lines": 8}
MAIL = {"to": EMAIL, "subject": text("Subject"), "body": BODY}


def send(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 0.5)
    return honour(call, "email.send", lambda: (f"Mail to {arguments['to']}", arguments))


def preview(arguments: dict[str, Any]) -> Preview:
    to = arguments["to"]
    return Preview(
        "email",
        title=said("Email %(subject)s to %(to)s", subject=quoted(arguments["subject"]), to=to),
        effect=_("One email leaves from %(sender)s.") % {"sender": SENDER},
        undo=_("Delivered mail cannot be called back."),
        facts=((_("To"), to), (_("From"), SENDER), (_("Subject"), arguments["subject"])),
        body=arguments["body"],
        checks=(_known(to),),
        target=to,
        verb=_("send to 1"),
    )


def _known(to: str) -> Check:
    found = Customer.objects.filter(email=to).first()
    if to.endswith("@acme.example"):
        return Check(True, _("The recipient works here"))
    if found:
        return Check(found.consents, _("The recipient is a customer and agreed to mail"), found.segment)
    return Check(False, _("The recipient is in no address book of yours"), to)


def _audience(arguments: dict[str, Any]) -> Any:
    return Customer.objects.filter(segment=arguments["segment"])


def _to(person: Customer, body: str) -> str:
    """The words as one customer gets them."""
    return body.replace(NAME, person.name.split(" ")[0] or person.email)


def letter(arguments: dict[str, Any], number: int) -> Letter | None:
    """The message of a campaign to one of its customers."""
    person = _audience(arguments).order_by("pk")[number - 1 : number].first() if number > 0 else None
    return Letter(person.email, arguments["subject"], _to(person, arguments["body"])) if person else None


def send_campaign(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    people = list(_audience(arguments).order_by("pk").values_list("email", flat=True))
    work(call, 4, _("sending to %(count)s people") % {"count": count(len(people))})
    summary = f"Campaign “{arguments['subject']}” to {len(people):,} people"
    first = letter(arguments, 1)
    told: dict[str, Any] = {"recipients": len(people), "sample": people[:3], "first": first.body if first else ""}
    return happened(call, "email.send_campaign", summary, **told, **arguments)


def preview_campaign(arguments: dict[str, Any]) -> Preview:
    people = _audience(arguments)
    size, sample = people.count(), list(people.order_by("pk").values_list("email", flat=True)[:2])
    words = {
        "count": count(size), "segment": arguments["segment"], "sample": ", ".join(sample), "rest": count(max(size - 2, 0)),
        "sender": SENDER,
    }  # fmt: skip
    to = ngettext(
        "%(count)s person in “%(segment)s”: %(sample)s", "%(count)s people in “%(segment)s”: %(sample)s", size
    )
    if size > len(sample):
        to = _("%(count)s people in “%(segment)s”: %(sample)s and %(rest)s more")
    return Preview(
        "email",
        title=counted(
            "Email %(subject)s to %(count)s recipient",
            "Email %(subject)s to %(count)s recipients",
            size,
            subject=quoted(arguments["subject"]),
        ),
        effect=ngettext("%(count)s email leaves from %(sender)s.", "%(count)s emails leave from %(sender)s.", size)
        % words,
        undo=_("Delivered mail cannot be called back."),
        facts=((_("To"), to % words), (_("From"), f"Acme Sales <{SENDER}>"), (_("Subject"), arguments["subject"])),
        body=arguments["body"],
        checks=tuple(_campaign_checks(people, arguments, size)),
        target=arguments["segment"],
        verb=_("send to %(count)s") % words,
        letters=size,
    )


def _campaign_checks(people: Any, arguments: dict[str, Any], size: int) -> list[Check]:
    tired, agreed = people.filter(mails_this_week__gte=2).count(), people.filter(consents=True).count()
    of = {"some": count(agreed), "all": count(size)}
    bothered = ngettext(
        "%(count)s recipient already got two emails this week",
        "%(count)s recipients already got two emails this week",
        tired,
    )
    unfilled = [mark for mark in _PLACEHOLDER.findall(arguments["body"]) if mark != NAME]
    checks = [
        Check(tired == 0, bothered % {"count": count(tired)}),
        Check(agreed == size, _("Everyone on the list agreed to marketing email"), _("%(some)s of %(all)s") % of),
        Check("unsubscribe" in arguments["body"].lower(), _("An unsubscribe link is present")),
    ]
    if unfilled:
        checks.append(Check(False, _("Nothing fills a placeholder: it is sent as it stands"), unfilled[0]))
    return checks


def draft(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    return happened(call, "email.draft", f"Draft for {arguments['to']}", **arguments)


def preview_draft(arguments: dict[str, Any]) -> Preview:
    return Preview(
        "email",
        title=said("Draft %(subject)s for %(to)s", subject=quoted(arguments["subject"]), to=arguments["to"]),
        effect=_("A draft is saved. Nothing is sent."),
        undo=_("A draft can be deleted at any time."),
        facts=((_("To"), arguments["to"]), (_("Subject"), arguments["subject"])),
        body=arguments["body"],
        verb=_("save the draft"),
        target=arguments["to"],
    )


TOOLS = (
    Tool(
        "email.send", "1", "Send one email.", schema(**MAIL), Effect(affects_others=True, outside=True),
        Repeatability.IDEMPOTENT, send, preview, lambda _a: Impact(recipients=1),
    ),
    Tool(
        "email.send_campaign", "1", "Send one email to everybody of a customer segment, “{name}” being the first name of each.",
        schema(
            segment={"type": "string", "title": "Segment", "enum": list(SEGMENTS)}, subject=text("Subject"), body=BODY
        ),
        Effect(affects_others=True, outside=True), Repeatability.ONCE, send_campaign, preview_campaign,
        lambda a: Impact(recipients=_audience(a).count()), timeout_seconds=60, letter=letter,
    ),
    Tool(
        "email.draft", "1", "Save an email as a draft.", schema(**MAIL), Effect(reversible=True),
        Repeatability.ONCE, draft, preview_draft,
    ),
)  # fmt: skip
