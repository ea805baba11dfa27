"""What happened, in words: events for the feed and the history, states by name, counts that stop."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import labels, payloads, reasons
from agents.models import Action, Autonomy, Event, Feedback, Guidance, Task
from agents.said import told as told_title
from agents.tools import Check
from approvals import cards
from approvals.models import Approval, Decision, Role
from approvals.queries import COUNTED, Row
from approvals.templatetags.parts import BANDS, at_zero, band, countdown, percent
from approvals.templatetags.visible import visible

register = template.Library()
register.filter(cards.tick)

# kind: icon, what a person did (a sentence in which {who} and {what} have their places), what happened without a person
KINDS = {
    "decision.approve": ("check", gettext_lazy("{who} approved {what}"), gettext_lazy("Approved")),
    "decision.reject": ("x", gettext_lazy("{who} rejected {what}"), gettext_lazy("Rejected")),
    "decision.edit": ("edit", gettext_lazy("{who} edited {what}"), gettext_lazy("Edited")),
    "decision.regenerate": (
        "again",
        gettext_lazy("{who} asked for another draft of {what}"),
        gettext_lazy("Another draft asked for"),
    ),
    "decision.respond": ("ask", gettext_lazy("{who} answered {what}"), gettext_lazy("Answered")),
    "decision.choose": ("check", gettext_lazy("{who} chose an option of {what}"), gettext_lazy("An option chosen")),
    "decision.hand_up": ("again", gettext_lazy("{who} handed {what} up one tier"), gettext_lazy("Handed up one tier")),
    "decision.hand_over": ("user", gettext_lazy("{who} handed {what} on to {whom}"), gettext_lazy("Handed on")),
    "decision.happened": ("ask", gettext_lazy("{who} said that this happened: {what}"), gettext_lazy("It happened")),
    "decision.did_not_happen": (
        "ask",
        gettext_lazy("{who} said that this did not happen: {what}"),
        gettext_lazy("It did not happen"),
    ),
    "decision.cannot_tell": (
        "ask",
        gettext_lazy("{who} could not tell what became of {what}"),
        gettext_lazy("Nobody can tell"),
    ),
    "decision.undo": (
        "again",
        gettext_lazy("{who} took back the approval of {what}"),
        gettext_lazy("Approval taken back"),
    ),
    "action.proposed": ("plus", gettext_lazy("{who} proposed {what}"), gettext_lazy("Proposed")),
    "action.pending": ("wait", gettext_lazy("{who} sent {what} back for approval"), gettext_lazy("Waits for approval")),
    "action.approved": ("check", gettext_lazy("{who} completed the approval of {what}"), gettext_lazy("Free to run")),
    "action.executing": ("play", gettext_lazy("{who} started {what}"), gettext_lazy("Started")),
    "action.succeeded": ("bolt", gettext_lazy("{who} settled {what} as done"), gettext_lazy("Done")),
    "action.failed": ("warn", gettext_lazy("{who} settled {what} as failed"), gettext_lazy("Failed")),
    "action.unknown": ("ask", gettext_lazy("{who} lost sight of {what}"), gettext_lazy("Outcome unknown")),
    "action.rejected": ("x", gettext_lazy("{who} rejected {what}"), gettext_lazy("Rejected")),
    "action.expired": ("wait", gettext_lazy("{who} let {what} expire"), gettext_lazy("Expired, not run")),
    "action.cancelled": ("x", gettext_lazy("{who} cancelled {what}"), gettext_lazy("Cancelled")),
    "action.blocked": ("block", gettext_lazy("{who} blocked {what}"), gettext_lazy("Blocked by policy")),
    "action.refused": ("block", gettext_lazy("{who} refused {what}"), gettext_lazy("Refused, not stored")),
    "action.late_report": (
        "warn",
        gettext_lazy("{who} reported late on {what}"),
        gettext_lazy("Reported too late, changed nothing"),
    ),
    "approval.handed_up": ("again", gettext_lazy("{who} handed up {what}"), gettext_lazy("Handed up one tier")),
    "approval.extended": (
        "wait",
        gettext_lazy("{who} gave ten minutes more to {what}"),
        gettext_lazy("Given ten minutes more"),
    ),
    "feedback.good": ("check", gettext_lazy("{who} found {what} good"), gettext_lazy("Found good")),
    "feedback.bad": ("x", gettext_lazy("{who} found {what} bad"), gettext_lazy("Found bad")),
    "feedback.reworded": ("edit", gettext_lazy("{who} said more about {what}"), gettext_lazy("More said about it")),
    "action.renewed": (
        "again",
        gettext_lazy("{who} had the agent ask again about {what}"),
        gettext_lazy("Asked again"),
    ),
    "feedback.retried": ("again", gettext_lazy("{who} had {what} tried again"), gettext_lazy("Tried again")),
    "preference.learnt": (
        "edit",
        gettext_lazy("{who} taught with an edit of {what}"),
        gettext_lazy("Learnt from an edit"),
    ),
    "preference.changed": (
        "edit",
        gettext_lazy("{who} changed what is kept to by {what}"),
        gettext_lazy("Preference changed"),
    ),
    "preference.forgotten": (
        "x",
        gettext_lazy("{who} took a preference from {what}"),
        gettext_lazy("Preference taken away"),
    ),
    "trust.graduated": ("shield", gettext_lazy("{who} let {what} act alone"), gettext_lazy("May now act alone")),
    "trust.offered": (
        "shield",
        gettext_lazy("{who} proposed to let {what} act alone"),
        gettext_lazy("Could act alone, if an admin agrees"),
    ),
    "trust.withdrawn": (
        "wait",
        gettext_lazy("{who} no longer proposed to let {what} act alone"),
        gettext_lazy("No longer proposed to act alone"),
    ),
    "trust.demoted": ("wait", gettext_lazy("{who} made {what} ask again"), gettext_lazy("Asks again")),
    "autonomy.ceiling": ("lock", gettext_lazy("{who} set a ceiling for {what}"), gettext_lazy("Ceiling set")),
    "task.queued": ("plus", gettext_lazy("{who} started the task {what}"), gettext_lazy("Task queued")),
    "task.running": ("play", gettext_lazy("{who} resumed the task {what}"), gettext_lazy("Task goes on")),
    "task.waiting_approval": (
        "wait",
        gettext_lazy("{who} waited in the task {what}"),
        gettext_lazy("Task waits for approval"),
    ),
    "task.paused": ("pause", gettext_lazy("{who} paused the task {what}"), gettext_lazy("Task paused")),
    "task.succeeded": ("check", gettext_lazy("{who} finished the task {what}"), gettext_lazy("Task succeeded")),
    "task.failed": ("warn", gettext_lazy("{who} failed in the task {what}"), gettext_lazy("Task failed")),
    "task.stopped": ("stop", gettext_lazy("{who} stopped the task {what}"), gettext_lazy("Task stopped")),
    "agent.paused": ("pause", gettext_lazy("{who} paused the agent {what}"), gettext_lazy("Agent paused")),
    "agent.resumed": ("play", gettext_lazy("{who} resumed the agent {what}"), gettext_lazy("Agent resumed")),
    "stop.engaged": ("stop", gettext_lazy("{who} stopped {what}"), gettext_lazy("Stopped")),
    "stop.lift_asked": ("play", gettext_lazy("{who} asked to lift the stop of {what}"), gettext_lazy("Lift asked")),
    "stop.lifted": ("play", gettext_lazy("{who} lifted the stop of {what}"), gettext_lazy("Stop lifted")),
    "policy.asked": (
        "shield",
        gettext_lazy("{who} asked for looser rules: {what}"),
        gettext_lazy("Looser rules asked for"),
    ),
    "policy.activated": ("shield", gettext_lazy("{who} put {what} into force"), gettext_lazy("Policy in force")),
    "policy.refused": ("x", gettext_lazy("{who} refused looser rules: {what}"), gettext_lazy("Looser rules refused")),
    "policy.overtaken": (
        "wait",
        gettext_lazy("{who} overtook looser rules: {what}"),
        gettext_lazy("Looser rules overtaken by another version"),
    ),
    "policy.rule_failed": (
        "warn",
        gettext_lazy("{who} found a rule broken: {what}"),
        gettext_lazy("A rule gave no answer"),
    ),
    "person.created": ("user", gettext_lazy("{who} made an account: {what}"), gettext_lazy("Account made")),
    "person.link": ("key", gettext_lazy("{who} made a link for {what}"), gettext_lazy("Link made")),
    "person.arrived": ("user", gettext_lazy("{who} set a password: {what}"), gettext_lazy("Password set")),
    "person.roles": ("user", gettext_lazy("{who} changed the roles of {what}"), gettext_lazy("Roles changed")),
    "person.reset": ("key", gettext_lazy("{who} reset the password of {what}"), gettext_lazy("Password reset")),
    "person.enabled": ("check", gettext_lazy("{who} enabled {what}"), gettext_lazy("Account enabled")),
    "person.disabled": ("block", gettext_lazy("{who} disabled {what}"), gettext_lazy("Account disabled")),
    "role.created": ("user", gettext_lazy("{who} added the role {what}"), gettext_lazy("Role added")),
    "role.changed": ("user", gettext_lazy("{who} changed the role {what}"), gettext_lazy("Role changed")),
    "role.deleted": ("x", gettext_lazy("{who} removed the role {what}"), gettext_lazy("Role removed")),
    "tier.changed": ("shield", gettext_lazy("{who} changed the tier {what}"), gettext_lazy("Tier changed")),
    "change.asked": (
        "user",
        gettext_lazy("{who} asked for a change of rights: {what}"),
        gettext_lazy("Change of rights asked for"),
    ),
    "change.refused": (
        "x",
        gettext_lazy("{who} refused a change of rights: {what}"),
        gettext_lazy("Change of rights refused"),
    ),
    "change.overtaken": (
        "wait",
        gettext_lazy("{who} overtook a change of rights: {what}"),
        gettext_lazy("Change of rights overtaken by another"),
    ),
}
# Who acts without being a person, as the ledger calls them.
ACTORS = {
    "person": gettext_lazy("Person"),
    "agent": gettext_lazy("Agent"),
    "worker": gettext_lazy("Worker"),
    "gate": gettext_lazy("The gate"),
    "clock": gettext_lazy("The clock"),
    "probe": gettext_lazy("The tool’s own record"),
    "command": gettext_lazy("Command"),
    "replay": gettext_lazy("Replay"),
    "demo": gettext_lazy("Demo"),
}
UNDER_CEILING = (
    "shield",
    gettext_lazy("{who} agreed that {what} may act alone, but for its ceiling"),
    gettext_lazy("May act alone once its ceiling is lifted"),
)
ANSWERS = {
    **{answer: KINDS[kind][1] for answer in Decision.Answer.values if (kind := f"decision.{answer}") in KINDS},
    Decision.Answer.HAND_OVER: gettext_lazy("{who} handed {what} on"),
    Decision.Answer.FINE: gettext_lazy("{who} found {what} fine"),
    Decision.Answer.WRONG: gettext_lazy("{who} found {what} wrong"),
}
STATE_WORDS = {**dict(Task.State.choices), **dict(Action.State.choices)}


@register.filter
def event_icon(event: Event) -> str:
    """Name of the drawing beside an event."""
    return KINDS.get(event.kind, ("ask", "", ""))[0]


@register.simple_tag
def deed(event: Event, what: Any = "") -> SafeString:
    """What the person of this event did to what, in one sentence."""
    known = _words(event)
    words = known[1] if known else f"{{who}} {event.kind} {{what}}"
    return _sentence(words, event.actor_id, event.actor_name, what, **_whom(event.detail or {}))


@register.simple_tag
def answered(decision: Decision, what: Any = "") -> SafeString:
    """What somebody answered to what, in one sentence."""
    return _sentence(ANSWERS[decision.answer], decision.person_id, decision.person, what)


def _whom(detail: dict[str, Any]) -> dict[str, Any]:
    """The person to whom something went, where an event has one."""
    return {"whom": format_html("<b>{}</b>", visible(detail["name"]))} if "to" in detail and "name" in detail else {}


def _sentence(words: Any, person: Any, name: Any, what: Any, **more: Any) -> SafeString:
    who = format_html('<b data-by="{}">{}</b>', person, visible(name))
    return format_html(str(words), who=who, what=what, **more)


@register.simple_tag
def about(event: Event) -> SafeString:
    """What the event is about, and the way there where there is one."""
    words = visible(subject(event))
    if event.action_id:
        return linked(event.action_id, subject(event))
    if event.task_id:
        return format_html('<a href="{}">{}</a>', reverse("task", args=[event.task_id]), words)
    return words


@register.simple_tag
def reach(event: Event) -> SafeString:
    """The tool that an event about autonomy is about, else the agent."""
    detail = event.detail or {}
    return format_html("<code>{}</code>", visible(detail.get("tool") or detail.get("agent") or ""))


@register.filter
def option_title(option: dict[str, Any]) -> str:
    """What an option does, in the reader's language."""
    return told_title(option.get("said", {}), option["title"])


@register.filter
def server_words(text: str) -> str:
    """What the server said of an option when it was offered: never an agent's words, so all of it may be told again."""
    return _(text) if text else ""


@register.simple_tag
def linked(action_id: int, title: str) -> SafeString:
    """The title of an action, and the way to its card."""
    return format_html('<a href="{}">{}</a>', reverse("action", args=[action_id]), visible(title))


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
        return event.action.headline
    if event.kind.startswith("policy.") and event.policy_version:
        return _("policy %(version)d") % {"version": event.policy_version}
    if event.task:
        return event.task.goal
    if detail.get("scope") == "everything":
        return _("everything")
    named = next((detail[key] for key in ("agent", "tool", "name", "role") if detail.get(key)), None)
    return str(named or tier_word(event.tier))


@register.filter
def state_word(name: str) -> str:
    """A state of a task or an action as it is called on screen."""
    return str(STATE_WORDS.get(name, name))


@register.filter
def actor_word(event: Event) -> str:
    """What kind of actor it was, as it is called on screen."""
    return str(ACTORS.get(event.actor_kind, event.actor_kind))


@register.filter
def tier_word(level: str) -> str:
    """A level of risk as it is called on screen."""
    return str(dict(Action.Level.choices).get(level, level))


@register.filter
def ours(text: str) -> str:
    """A text of a built-in tool or agent in the reader's language; everybody else's as it stands."""
    return labels.told(text)


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
    return countdown(approval.deadline, timezone.now(), at_zero(approval))


@register.filter
def certainty(value: float | None) -> str:
    """A stated confidence in one phrase: Medium 71%."""
    word = BANDS[band(value)][2]
    return str(word) if value is None else f"{word} {percent(int(value * 100 + 1e-9))}"


@register.filter
def told_value(value: Any) -> str:
    """A value of the arguments as text: words as they are, the rest as JSON, and what was not there says so."""
    if value is payloads.ABSENT:
        return _("nothing")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def counts(words: Sequence[str]) -> str:
    """What a button reads for each number of ticked rows, for the script that counts them."""
    return json.dumps(words, ensure_ascii=False)


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
