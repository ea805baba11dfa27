"""What happened, in words: events for the feed and the history, states by name, counts that stop."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from agents import payloads, reasons
from agents.models import Action, Autonomy, Event, Feedback, Guidance, Task
from agents.tools import Check
from approvals import cards
from approvals.models import Approval, Decision, Role
from approvals.queries import COUNTED, Row
from approvals.templatetags.parts import BANDS, band, countdown

register = template.Library()
register.filter(cards.tick)

# kind: icon, what a person did, what happened without a person
KINDS = {
    "decision.approve": ("check", gettext_lazy("approved"), gettext_lazy("Approved")),
    "decision.reject": ("x", gettext_lazy("rejected"), gettext_lazy("Rejected")),
    "decision.edit": ("edit", gettext_lazy("edited"), gettext_lazy("Edited")),
    "decision.regenerate": (
        "again",
        gettext_lazy("asked for another draft of"),
        gettext_lazy("Another draft asked for"),
    ),
    "decision.respond": ("ask", gettext_lazy("answered"), gettext_lazy("Answered")),
    "decision.choose": ("check", gettext_lazy("chose an option of"), gettext_lazy("An option chosen")),
    "decision.hand_up": (
        "ask",
        gettext_lazy("cannot tell either what to answer to"),
        gettext_lazy("Nobody could tell yet"),
    ),
    "decision.happened": ("ask", gettext_lazy("says it happened:"), gettext_lazy("It happened")),
    "decision.did_not_happen": ("ask", gettext_lazy("says it did not happen:"), gettext_lazy("It did not happen")),
    "decision.cannot_tell": ("ask", gettext_lazy("cannot tell what became of"), gettext_lazy("Nobody can tell")),
    "decision.undo": ("again", gettext_lazy("took back the approval of"), gettext_lazy("Approval taken back")),
    "action.proposed": ("plus", gettext_lazy("proposed"), gettext_lazy("Proposed")),
    "action.pending": ("wait", gettext_lazy("sent back for approval:"), gettext_lazy("Waits for approval")),
    "action.approved": ("check", gettext_lazy("completed the approval of"), gettext_lazy("Free to run")),
    "action.executing": ("play", gettext_lazy("started"), gettext_lazy("Started")),
    "action.succeeded": ("bolt", gettext_lazy("settled as done:"), gettext_lazy("Done")),
    "action.failed": ("warn", gettext_lazy("settled as failed:"), gettext_lazy("Failed")),
    "action.unknown": ("ask", gettext_lazy("lost sight of"), gettext_lazy("Outcome unknown")),
    "action.rejected": ("x", gettext_lazy("rejected"), gettext_lazy("Rejected")),
    "action.expired": ("wait", gettext_lazy("let expire:"), gettext_lazy("Expired, not run")),
    "action.cancelled": ("x", gettext_lazy("cancelled"), gettext_lazy("Cancelled")),
    "action.blocked": ("block", gettext_lazy("blocked"), gettext_lazy("Blocked by policy")),
    "action.refused": ("block", gettext_lazy("refused"), gettext_lazy("Refused, not stored")),
    "action.late_report": (
        "warn",
        gettext_lazy("reported late on"),
        gettext_lazy("Reported too late, changed nothing"),
    ),
    "approval.handed_up": ("again", gettext_lazy("handed up"), gettext_lazy("Handed up one tier")),
    "approval.extended": ("wait", gettext_lazy("gave ten minutes more to"), gettext_lazy("Given ten minutes more")),
    "feedback.good": ("check", gettext_lazy("found good:"), gettext_lazy("Found good")),
    "feedback.bad": ("x", gettext_lazy("found bad:"), gettext_lazy("Found bad")),
    "feedback.reworded": ("edit", gettext_lazy("said more about"), gettext_lazy("More said about it")),
    "feedback.retried": ("again", gettext_lazy("had tried again:"), gettext_lazy("Tried again")),
    "preference.learnt": ("edit", gettext_lazy("taught with an edit of"), gettext_lazy("Learnt from an edit")),
    "preference.changed": ("edit", gettext_lazy("changed what is kept to by"), gettext_lazy("Preference changed")),
    "preference.forgotten": ("x", gettext_lazy("took a preference from"), gettext_lazy("Preference taken away")),
    "trust.graduated": ("shield", gettext_lazy("let act alone:"), gettext_lazy("May now act alone")),
    "trust.offered": (
        "shield",
        gettext_lazy("proposed to let act alone:"),
        gettext_lazy("Could act alone, if an admin agrees"),
    ),
    "trust.withdrawn": ("wait", gettext_lazy("withdrew:"), gettext_lazy("No longer proposed to act alone")),
    "trust.demoted": ("wait", gettext_lazy("lets ask again:"), gettext_lazy("Asks again")),
    "autonomy.ceiling": ("lock", gettext_lazy("set a ceiling for"), gettext_lazy("Ceiling set")),
    "task.queued": ("plus", gettext_lazy("started the task"), gettext_lazy("Task queued")),
    "task.running": ("play", gettext_lazy("resumed the task"), gettext_lazy("Task goes on")),
    "task.waiting_approval": ("wait", gettext_lazy("waits in the task"), gettext_lazy("Task waits for approval")),
    "task.paused": ("pause", gettext_lazy("paused the task"), gettext_lazy("Task paused")),
    "task.succeeded": ("check", gettext_lazy("finished the task"), gettext_lazy("Task succeeded")),
    "task.failed": ("warn", gettext_lazy("failed in the task"), gettext_lazy("Task failed")),
    "task.stopped": ("stop", gettext_lazy("stopped the task"), gettext_lazy("Task stopped")),
    "agent.paused": ("pause", gettext_lazy("paused the agent"), gettext_lazy("Agent paused")),
    "agent.resumed": ("play", gettext_lazy("resumed the agent"), gettext_lazy("Agent resumed")),
    "stop.engaged": ("stop", pgettext_lazy("brake", "stopped"), gettext_lazy("Stopped")),
    "stop.lift_asked": ("play", gettext_lazy("asked to lift the stop of"), gettext_lazy("Lift asked")),
    "stop.lifted": ("play", gettext_lazy("lifted the stop of"), gettext_lazy("Stop lifted")),
    "policy.asked": ("shield", gettext_lazy("asked for looser rules:"), gettext_lazy("Looser rules asked for")),
    "policy.activated": ("shield", gettext_lazy("put into force:"), gettext_lazy("Policy in force")),
    "policy.refused": ("x", gettext_lazy("refused looser rules:"), gettext_lazy("Looser rules refused")),
    "policy.overtaken": (
        "wait",
        gettext_lazy("overtook looser rules:"),
        gettext_lazy("Looser rules overtaken by another version"),
    ),
    "policy.rule_failed": ("warn", gettext_lazy("found a rule broken:"), gettext_lazy("A rule gave no answer")),
    "change.asked": ("user", gettext_lazy("asked for a change of rights:"), gettext_lazy("Change of rights asked for")),
    "change.refused": ("x", gettext_lazy("refused a change of rights:"), gettext_lazy("Change of rights refused")),
    "change.overtaken": (
        "wait",
        gettext_lazy("overtook a change of rights:"),
        gettext_lazy("Change of rights overtaken by another"),
    ),
}
UNDER_CEILING = (
    "shield",
    gettext_lazy("agreed that, but for its ceiling, may act alone:"),
    gettext_lazy("May act alone once its ceiling is lifted"),
)
STATE_WORDS = {**dict(Task.State.choices), **dict(Action.State.choices)}


@register.filter
def event_icon(event: Event) -> str:
    """Name of the drawing beside an event."""
    return KINDS.get(event.kind, ("ask", "", ""))[0]


@register.filter
def verb(event: Event) -> str:
    """What the person of this event did, as it follows their name."""
    known = _words(event)
    return str(known[1]) if known else event.kind


@register.filter
def told(event: Event) -> str:
    """What happened, as it stands alone when no person did it."""
    known = _words(event)
    return str(known[2]) if known else event.kind


def _words(event: Event) -> tuple[str, Any, Any] | None:
    """The words of an event; of autonomy that was earned under a ceiling others, for it is not to be used yet."""
    held = event.kind == "trust.graduated" and (event.detail or {}).get("ceiling", Autonomy.ACTS) <= Autonomy.SURE
    return UNDER_CEILING if held else KINDS.get(event.kind)


@register.filter
def why(reason: str) -> str:
    """The reason of a row as it is read: what the house gave is translated, what people and agents wrote is left alone."""
    sentence, colon, details = reason.partition(": ")
    return f"{_(sentence)}{colon}{details}" if sentence in reasons.ALL else reason


@register.filter
def is_voice(event: Event) -> bool:
    """Its words are somebody's grounds for a yes: the next reviewer reads them after deciding, not before."""
    return event.kind in ("decision.approve", "decision.happened", "decision.did_not_happen", "decision.cannot_tell")


@register.filter
def subject(event: Event) -> str:
    """What the event is about: the action, the task, or what was stopped."""
    detail = event.detail or {}
    if event.kind.startswith("trust."):
        return f"{detail.get('agent', '')}: {detail.get('tool', '')}"
    if event.action:
        return event.action.title
    if event.kind.startswith("policy.") and event.policy_version:
        return _("policy %(version)d") % {"version": event.policy_version}
    if event.task:
        return event.task.goal
    return str(
        detail.get("agent") or detail.get("tool") or (_("everything") if detail.get("scope") == "everything" else "")
    )


@register.filter
def state_word(name: str) -> str:
    """A state of a task or an action as it is called on screen."""
    return str(STATE_WORDS.get(name, name))


@register.filter
def level_word(level: Any) -> str:
    """A level of autonomy as it is called on screen."""
    return str(dict(Autonomy.choices).get(level, level))


@register.filter
def counted(number: int) -> str:
    """A count as it is told: figures stop at 1,000+."""
    return (
        number_format(COUNTED, force_grouping=True) + "+"
        if number > COUNTED
        else number_format(number, force_grouping=True)
    )


@register.filter
def in_full(number: int) -> str:
    """A number as it stands on a card, where nothing is rounded."""
    return number_format(number, force_grouping=True)


@register.filter
def passed(checks: Iterable[Check]) -> list[Check]:
    """The checks that found nothing."""
    return [check for check in checks if check.ok]


@register.filter
def earlier(answers: Iterable[Decision], version: int) -> list[Decision]:
    """Voices about versions before this one: they no longer count."""
    return [answer for answer in answers if answer.version < version and answer.answer in Decision.VOICES]


@register.simple_tag
def marks(word: str) -> list[tuple[str, Any]]:
    """The reasons that go with a good or a bad word, each with its words."""
    return Feedback.chips(good=word == "good")


@register.simple_tag
def wishes() -> list[tuple[str, Any]]:
    """What another draft may be asked to be, each with its words."""
    return Guidance.Ask.choices


@register.filter
def reasons_for(answer: str) -> Iterable[tuple[str, Any]]:
    """The reasons that are offered with an answer, each with its words."""
    return cards.reasons_for(answer).items()


@register.filter
def of_version(rows: dict[int, Any], version: int) -> Any:
    """What is kept under the number of a version, if anything is."""
    return rows.get(version)


@register.simple_tag
def left_on(approval: Approval) -> SafeString:
    """The countdown alone, for a narrow list; empty without a deadline."""
    if approval.deadline is None:
        return mark_safe("")
    return countdown(approval.deadline, timezone.now(), _("Time is up"))


@register.filter
def certainty(value: float | None) -> str:
    """A stated confidence in one phrase: Medium 71%."""
    word = BANDS[band(value)][2]
    return str(word) if value is None else f"{word} {int(value * 100 + 1e-9)}%"


@register.filter
def told_value(value: Any) -> str:
    """A value of the arguments as text: words as they are, the rest as JSON, and what was not there says so."""
    if value is payloads.ABSENT:
        return _("nothing")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def neighbours(rows: Sequence[Row], action_id: int) -> dict[str, int]:
    """Ids of the actions before and after this one in the queue; of one that left it, the head comes next."""
    ids = [row.action.pk for row in rows]
    if action_id not in ids:
        return {"next": ids[0]} if ids else {}
    at = ids.index(action_id)
    found = {"previous": ids[at - 1] if at else None, "next": ids[at + 1] if at + 1 < len(ids) else None}
    return {name: pk for name, pk in found.items() if pk}


@register.filter
def short(digest: str) -> str:
    """The fingerprint as it is read: the first eight characters of a digest."""
    return digest[:8]


@register.filter
def slugs(roles: Iterable[Role]) -> str:
    """Roles by their short names."""
    return ", ".join(role.slug for role in roles)


@register.filter
def approvers(row: Row) -> str:
    """Ids of who approved it: the browser finds its person among them."""
    return " ".join(str(voice.person_id) for voice in row.voices)


@register.filter
def last_voice(approval: Approval) -> Decision | None:
    """The newest answer to a question whose decisions are loaded."""
    return max(approval.decisions.all(), key=lambda decision: decision.pk, default=None)


@register.filter
def requesters(approval: Approval) -> str:
    """Ids of who asked for the action and so does not count at this tier: the browser finds its person among them."""
    if approval.tier.requester_counts:
        return ""
    asked = {approval.action.task.starter_id, approval.action.agent.owner_id, approval.asked.editor_id}
    return " ".join(sorted(str(person) for person in asked if person))
