"""What the gate knows of an action before it judges: the tool's promises, the size, and what the rows say.

Two queries, none of which grows with history: what its agent was told and did in this task; precedents and sums.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, JSONField, Q, QuerySet, Value, When
from django.utils import timezone

from agents import payloads, questions, schemas, tools
from agents.models import Action, ActionVersion, Agent, Message, Tool
from agents.prepared import prepared
from agents.states import A
from approvals import conflicts, consent, effects, impacts, leaks, precedents, provenance, risk
from approvals.models import Precedent, Verdict
from approvals.provenance import ACCOUNT, ADDRESS, NOWHERE, Origins, Text

IN_VAIN = (A.FAILED, A.REJECTED, A.EXPIRED, A.BLOCKED)
ASKED = (Verdict.Outcome.APPROVE, Verdict.Outcome.INPUT)
CALL = "call"  # beside the roles of messages
LATEST = 100  # earlier actions of a task whose results are read
VALUE = 80
Kind = Precedent.Kind


@dataclass(frozen=True)
class Past:
    """What happened in the same task before: texts, how many effects came to nothing, the marks of those calls, and whom

    calls addressed that a person approved and that ran.
    """

    texts: tuple[Text, ...] = ()
    failed: int = 0
    in_vain: frozenset[str] = frozenset()
    agreed: frozenset[str] = frozenset()


def proposal(action: Action, asked: ActionVersion) -> risk.Proposal:
    """Everything that judgement reads about one version, in plain values."""
    if action.tool is None:
        return risk.Proposal(
            action.tool_name, known=False, confidence=asked.confidence, asks=questions.asks(asked.question)
        )
    arguments, tool = payloads.arguments(bytes(asked.body)), action.tool
    problems = schemas.fits(tool.schema, arguments)
    effect, guess = _effect(tool, arguments)
    impact = tools.Impact() if problems else _impact(tool, arguments, effect)
    before = _before(action, tool, arguments, effect, impact)
    context = _context(action, asked, tool, arguments, effect)
    if before.pop("rejected", False):
        context["conflicts"] = [{"kind": "rejected"}, *context["conflicts"]]
    return risk.Proposal(
        tool=tool.name,
        known=True,
        declared=tool.declared,
        effect=effect,
        guess=guess,
        recipients=impact.recipients,
        amount_minor=impact.amount_minor,
        currency=impact.currency,
        rows=impact.rows,
        confidence=asked.confidence,
        problems=problems[:5],
        asks=questions.asks(asked.question),
        **context,
        **before,
    )


def clock(action: Action) -> datetime:
    """When it was proposed, by the database's clock."""
    return action.created_at if isinstance(action.created_at, datetime) else timezone.now()


def _effect(tool: Tool, arguments: dict[str, Any]) -> tuple[dict[str, bool], dict[str, str]]:
    """What the tool does, and from what that was guessed where it declares nothing itself."""
    if tool.declared:
        return {flag: bool(holds) for flag, holds in tool.effect.items()}, {}
    inferred = effects.infer(tool.name, tool.description, tool.schema, arguments)
    return dict(inferred.effect), {"why": inferred.why, "word": inferred.word} if inferred.sure else {}


def _impact(tool: Tool, arguments: dict[str, Any], effect: dict[str, bool]) -> tools.Impact:
    if tool.declared:
        return tools.impact(tool, arguments)
    return impacts.read(arguments, spends=bool(effect.get("spends_money")))


def _context(
    action: Action, asked: ActionVersion, tool: Tool, arguments: dict[str, Any], effect: dict[str, bool]
) -> dict[str, Any]:
    """What the arguments are compared with: the task, what was said in it, and what its tools gave back."""
    said, past = _earlier(action)
    texts = (*_task(action), *_answers(action, asked), *said, *past.texts)
    origins = _origins(action, arguments, texts, past.agreed)
    facts: dict[str, Any] = {
        "findings": [asdict(finding) for finding in origins.findings],
        "exposed": origins.exposed,
        "secrets": leaks.secrets(arguments),
        "mark": precedents.of_call(tool.name, arguments),
    }
    if effect.get("read_only"):
        return facts
    talk = consent.agreement(arguments, said)
    told = " ".join((asked.why, asked.who, asked.what))
    against = [*conflicts.plan(arguments, told), *conflicts.sources(arguments, texts)]
    against += [{"kind": "repeated"}] if facts["mark"] in past.in_vain else []
    return facts | {
        "conflicts": against[:5],
        "failed_before": past.failed,
        "fields": leaks.fields(tool.name, tool.description, action.task.goal, arguments),
        "unsaid": talk.unsaid,
        "unconfirmed": not talk.confirmed,
        "doubts": talk.doubts,
        "addressed": sorted(value[:VALUE] for value in impacts.people(arguments))[: precedents.MOST_ASKED],
    }


def _origins(action: Action, arguments: dict[str, Any], texts: tuple[Text, ...], agreed: frozenset[str]) -> Origins:
    origins = provenance.trace(arguments, texts, agreed)
    if action.agent.kind != Agent.Kind.PLAN:
        return origins
    # What a plan writes into a call by itself was written by a person, with the plan.
    return Origins(tuple(one for one in origins.findings if one.strength != NOWHERE), origins.exposed)


def _task(action: Action) -> Iterator[Text]:
    yield Text("user", action.task.goal)
    yield from (Text("user", text) for _place, text in provenance.leaves(action.task.parameters))


def _answers(action: Action, asked: ActionVersion) -> Iterator[Text]:
    """What people wrote to the agent about earlier versions: they named it."""
    if asked.version > 1:
        for text, fields in action.guidance.order_by("version").values_list("text", "fields"):
            yield from (Text("user", said) for said in (text, *(told for _place, told in provenance.leaves(fields))))


def _earlier(action: Action) -> tuple[tuple[Text, ...], Past]:
    """The messages that a run brought along, of which plans have none, and the calls before. One query at most."""
    plan, place = action.agent.kind == Agent.Kind.PLAN, action.position
    if plan and not place:
        return (), Past()
    rows = (_calls if plan else _messages_and_calls)(action.task_id, max(0, place - LATEST), place)
    messages = sorted((number, role, text, tool) for role, number, text, tool, *_call in rows if role != CALL)
    calls = sorted((row for row in rows if row[0] == CALL), key=lambda row: row[1:5])
    return tuple(Text(role, text, tool) for _number, role, text, tool in messages), _past(calls)


def _past(calls: Iterable[tuple[Any, ...]]) -> Past:
    latest = {number: call for _role, number, _text, *call in calls}
    texts, failed, in_vain, agreed = [], 0, set(), set()
    for tool, _version, state, reason, result, facts in latest.values():
        if told := _told(result) or (reason if state == A.FAILED else ""):
            texts.append(Text("tool", told, tool))
        if state in IN_VAIN and not facts.get("effect", {}).get("read_only"):
            failed += 1
            in_vain.add(facts.get("mark", ""))
        if state == A.SUCCEEDED and facts:
            agreed |= set(facts.get("addressed", ()))
    return Past(tuple(texts), failed, frozenset(in_vain), frozenset(agreed))


@prepared
def _calls(task: int, since: int, before: int) -> QuerySet[Verdict, Any]:
    return _judged(task, since, before)


@prepared
def _messages_and_calls(task: int, since: int, before: int) -> QuerySet[Any, Any]:
    nothing = Value(None, output_field=JSONField())
    no_call = {"version": Value(0), "state": Value(""), "reason": Value(""), "result": nothing, "facts": nothing}
    messages = Message.objects.filter(task=task, position__lte=before).annotate(**no_call)
    return messages.values_list("role", "pk", "text", "tool", *no_call).union(_judged(task, since, before), all=True)


def _judged(task: int, since: int, before: int) -> QuerySet[Verdict, Any]:
    # Facts are long: only those of what came to nothing are read, and of what ran because a person agreed.
    agreed = Q(action__state=A.SUCCEEDED, outcome__in=ASKED) & ~Q(action__evidence=Action.Evidence.WRONG)
    facts = Case(When(Q(action__state__in=IN_VAIN) | agreed, then=F("facts")))
    rows = Verdict.objects.filter(action__task=task, action__position__gte=since, action__position__lt=before)
    columns = ("action__tool_name", "version", "action__state", "action__reason", "action__result", "told")
    rows = rows.annotate(role=Value(CALL), text=Value(""), told=facts)
    return rows.values_list("role", "action_id", "text", *columns)


def _told(result: Any) -> str:
    """A result as the agent could read it."""
    leaves = [("", result)] if isinstance(result, str) else provenance.leaves(result)
    return "\n".join(f"{place}: {text}" if place else text for place, text in leaves)


def _before(
    action: Action, tool: Tool, arguments: dict[str, Any], effect: dict[str, bool], impact: tools.Impact
) -> dict[str, Any]:
    """What this agent did before: sums, and what is new to it. Reading needs neither."""
    if effect.get("read_only"):
        return {}
    marks = _marks(tool, arguments, effect)
    call, amount = precedents.of_call(tool.name, arguments), precedents.of_amount(tool.name, impact.currency)
    asked_for = [*marks, call, amount]
    if impact.recipients or impact.amount_minor or impact.rows:
        known, sums = precedents.known_and_sums(action.agent, asked_for, clock(action), impact.currency)
    else:
        known, sums = precedents.known(action.agent, asked_for), precedents.Sums()
    new = [
        {"kind": kind, "value": value[:VALUE], "mark": mark}
        for mark, (kind, value) in marks.items()
        if mark not in known.marks
    ]
    if impact.amount_minor > known.largest_minor:
        new.append({"kind": Kind.AMOUNT.value, "value": "", "mark": amount})
    return {
        "new": new,
        "largest_minor": known.largest_minor,
        "amounts_before": known.amounts,
        "hour": sums.hour,
        "day": sums.day,
        "rejected": call in known.marks,
    }


def _marks(tool: Tool, arguments: Mapping[str, Any], effect: dict[str, bool]) -> dict[str, tuple[str, str]]:
    """What of a call can be new, by its mark: the tool in this version, whom it reaches and which accounts."""
    marks = {precedents.mark(Kind.TOOL, tool.name, tool.version): (Kind.TOOL.value, tool.name)}
    reaches = effect.get("affects_others") or effect.get("outside") or effect.get("spends_money")
    people = sorted(impacts.people(arguments)) if reaches else []
    found = [(Kind.RECIPIENT.value, one) for one in people]
    for place, text in provenance.leaves(arguments):
        kinds = {ADDRESS: Kind.RECIPIENT.value, ACCOUNT: Kind.ACCOUNT.value}
        found += [(kinds[kind], one) for kind, one in provenance.targets(place, text) if kind in kinds]
    for kind, value in found[: precedents.MOST_ASKED]:
        if kind == Kind.ACCOUNT or reaches:
            marks[precedents.mark(kind, value)] = (kind, value)
    return marks
