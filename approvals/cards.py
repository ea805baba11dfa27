"""What the review card shows, all of it computed here from the stored bytes."""

import hashlib
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from agents import amounts, payloads, tools
from agents.models import Action, ActionVersion, Guidance, User
from agents.payloads import Refused
from approvals import decisions, gate, holds, openings, queries, rosters, tiers, wording
from approvals.models import Approval, Decision, Verdict

# What a chip says, for something that waits and for something that has happened.
_WHY_NOT = {
    "wrong_target": gettext_lazy("Wrong target"),
    "wrong_amount": gettext_lazy("Wrong amount"),
    "not_now": gettext_lazy("Not now"),
    "policy": gettext_lazy("Against policy"),
}
_WHAT_WAS_WRONG = {
    "wrong_target": gettext_lazy("Wrong target"),
    "wrong_amount": gettext_lazy("Wrong amount"),
    "not_needed": gettext_lazy("Was not needed"),
    "unasked": gettext_lazy("Should have asked first"),
    "policy": gettext_lazy("Against policy"),
}
# Reasons that a button of its own gives.
_HANDED_BACK = {"handed_back": gettext_lazy("Handed back: none of the drafts was right")}
THRICE = 3


def regions(page: str) -> str:
    """The template of what is live around an action: on its card, or where it is edited or compared."""
    return f"approvals/{page}.html#live" if page in ("edit", "compare") else "approvals/review.html#live"


def reasons_for(answer: str) -> dict[str, Any]:
    """The reasons that are offered with an answer, each with its words."""
    return _WHAT_WAS_WRONG if answer == Decision.Answer.WRONG else _WHY_NOT


def letter(found: dict[str, Any], number: int) -> dict[str, Any]:
    """The draft of an action as one of its recipients gets it; for number 0, or where all get the same, as it stands."""
    action, approval = found["action"], found["approval"]
    asked = approval.asked if approval else action.versions.latest("version")
    arguments = payloads.arguments(bytes(asked.body))
    preview = tools.preview(action.tool, action.tool_name, arguments)
    one = tools.letter(action.tool, arguments, number) if number and preview.letters else None
    return {"preview": preview, "letter": one, "recipient": number if one else 0}


def reason_of(answer: str, key: str) -> str:
    """The words of a reason that came with an answer; empty for none."""
    return str({**reasons_for(answer), **_HANDED_BACK}.get(key, ""))


def content(found: dict[str, Any], person: User, recipient: int = 0) -> dict[str, Any]:
    """Preview, arguments, reasons and history of the action in `found` (as `queries.standing` returns it), and what this
    person may do about it. `recipient`: whose letter the preview shows, by number."""
    action, approval = found["action"], found["approval"]
    versions = list(action.versions.select_related("editor").order_by("version"))
    asked = versions[-1]
    verdict = action.verdicts.select_related("policy", "tier").filter(version=asked.version).first()
    tally, newest = queries.similar(action)
    may = powers(found, person)
    return {
        "asked": asked,
        "versions": versions,
        "arguments": payloads.arguments(bytes(asked.body)),
        **letter(found, recipient if may["open"] else 0),
        "verdict": verdict,
        "reasons": sentences(verdict) if verdict else [],
        "doubts": sentences(verdict, wording.DOUBTS) if verdict else [],
        "disagreements": disagreements(verdict) if verdict and (may["open"] or may["reviewing"]) else [],
        "changes": changes(versions),
        **redrafts(action),
        "record": queries.track_record(action),
        "similar_tally": tally,
        "similar": newest,
        **may,
        "events": action.events.order_by("pk"),
        "answers": answers(action),
        "critical": bool(approval and approval.level == "critical"),
        "confirm": bool(approval and approval.level in ("high", "critical")),
    }


def powers(found: dict[str, Any], person: User) -> dict[str, Any]:
    """What this person may do about the action in `found` now, and what still stands before it."""
    action, approval = found["action"], found["approval"]
    open_now = bool(approval and approval.state == Approval.State.OPEN)
    asks = open_now and approval.kind == Approval.Kind.APPROVE
    asks_words = open_now and approval.kind == Approval.Kind.INPUT
    undecided = open_now and approval.kind != Approval.Kind.REVIEW
    held = bool(approval and found["row"].held)
    voice = own_voice(approval, person) if approval else None
    cannot_reject = decisions.why_not(approval, person, Decision.Answer.REJECT) if open_now or held else ""
    folds = openings.parts(approval) if asks else {}
    opened = openings.opened(approval, person) if folds else set()
    return {
        "open": undecided,
        "ahead": undecided and approval.kind != Approval.Kind.SETTLE,
        "reviewing": open_now and not undecided,
        "offering": bool(asks_words and approval.asked.question.get("options")),
        "one_click": bool(undecided and decisions.one_click(approval.tier)),
        **_hands(found["row"], person, open_now=(asks or asks_words) and not cannot_reject),
        "may_redraft": asks and decisions.can_redraft(action),
        "opened": opened if asks else None,
        "closed": [key for key in folds if key not in opened],
        "cannot_approve": decisions.why_not(approval, person, Decision.Answer.APPROVE) if open_now else "",
        "cannot_reject": cannot_reject,
        "after_you": _after(found["row"], person) if asks and not voice and not cannot_reject else [],
        "hold": holds.seconds(approval.tier, approval.verdict) if asks else 0,
        "read_for": decisions.seconds_left(approval, person, timezone.now()) if asks else 0,
        "may_extend": bool(undecided and approval.deadline and approval.extended < Approval.MOST_EXTENDED),
        "own_voice": voice,
        "may_undo": bool(voice) or not cannot_reject,
        "may_reject": not voice and not cannot_reject,
    }


def _after(row: queries.Row, person: User) -> list[Any]:
    """The roles that are still needed once this person has approved."""
    able = tiers.powers([*(voice.person_id for voice in row.voices), person.pk])
    taken = list(tiers.seated(able, tiers.seats(row.approval.tier)).values())
    left = []
    for role, _voice in row.seats:
        if role.slug in taken:
            taken.remove(role.slug)
        else:
            left.append(role)
    return left


def _hands(row: queries.Row, person: User, *, open_now: bool) -> dict[str, Any]:
    """To whom this person may pass it on: the tier above, and who could give one of the voices that are missing."""
    if not open_now:
        return {"may_hand": False}
    able = rosters.Waiting(row, rosters.Roster.now(), {}).able
    others = [one for one in able if one != person]
    return {"may_hand": True, "above": gate.tier_above(row.approval.tier), "takers": others}


def sentences(verdict: Verdict, only: Iterable[str] = ()) -> list[str]:
    """The reasons of a verdict in the reader's language; `only` those of these texts."""
    told = [reason for reason in verdict.reasons if not only or reason["text"] in only]
    return [_(reason["text"]) % _localised(reason["values"]) for reason in told]


def disagreements(verdict: Verdict) -> list[dict[str, str]]:
    """What a verdict found to disagree, each with whose the two sides are."""
    found = []
    for one in verdict.facts.get("conflicts", ()):
        sides = {"said": one.get("said", ""), "does": one.get("does", ""), "place": one.get("place", "")}
        if one["kind"] == "plan":
            found.append({**sides, "first": _("What the agent explains"), "second": _("What it calls")})
        elif one["kind"] == "sources" and "said_by" in one:
            found.append({**sides, "first": one["said_by"], "second": one["does_by"]})
    return found


def _localised(values: dict[str, Any]) -> dict[str, Any]:
    shown = {name: number_format(v, force_grouping=True) if isinstance(v, int) else v for name, v in values.items()}
    if "amount_minor" in values:
        shown["amount"] = amounts.money(values["amount_minor"], values["currency"], get_language())
    return shown


def changes(versions: list[ActionVersion]) -> list[tuple[str, Any, Any]]:
    """What the last version changed in the one before it, as (path, old, new)."""
    if len(versions) < 2:
        return []
    before, after = (payloads.arguments(bytes(version.body)) for version in versions[-2:])
    return payloads.differences(before, after)


def redrafts(action: Action) -> dict[str, Any]:
    """By the version that came of it: how it was asked for. And whether the last three in a row were asked for so."""
    asked_for = {
        row.version + 1: row for row in action.guidance.filter(kind=Guidance.Kind.REDRAFT).select_related("person")
    }
    last = range(action.version, action.version - THRICE, -1)
    return {"asked_for": asked_for, "thrice": all(version in asked_for for version in last)}


def own_voice(approval: Approval, person: User) -> Decision | None:
    return next((d for d in approval.decisions.all() if d.person_id == person.pk and d.answer in Decision.VOICES), None)


def answers(action: Action) -> list[Decision]:
    """Everything that people answered about any version, oldest first."""
    rows = Decision.objects.filter(approval__action=action)
    return list(rows.select_related("person", "approval__tier").order_by("pk"))


def acknowledged(approval: Approval, ticked: Iterable[str]) -> None:
    """Refuse an approval above medium while a failed check was not ticked off."""
    if approval.level in decisions.ONE_CLICK:
        return
    action = approval.action
    preview = tools.preview(action.tool, action.tool_name, payloads.arguments(bytes(approval.asked.body)))
    failed = {tick(check) for check in preview.checks if not check.ok}
    if missing := failed - set(ticked):
        raise Refused(_("Tick each failed check first: %(count)s left.") % {"count": len(missing)})


def tick(check: tools.Check) -> str:
    """What ticking off a check is called: one that finds something else by now has to be ticked again."""
    return hashlib.sha256(f"{check.text}\0{check.detail}".encode()).hexdigest()[:16]
