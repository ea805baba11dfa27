"""What people taught an agent: the examples that they marked, and the preferences that their edits show. Agents read both
before they propose."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from agents import ledger, payloads, tools
from agents.models import Action, ActionVersion, Agent, Feedback, Guidance, Preference, Task, Tool, User
from agents.payloads import Refused
from agents.plans import drafting
from agents.proposals import Wish

MOST = 20
MUCH_SHORTER = 0.8  # an edit that leaves at most this share of the words is one for length
Reason, Kind = Feedback.Reason, Preference.Kind
ASKS = {Reason.TOO_LONG: drafting.SHORTER, Reason.TOO_COLD: drafting.WARMER, Reason.TOO_CASUAL: drafting.FORMAL}
OPPOSITES = {drafting.WARMER: drafting.FORMAL, drafting.FORMAL: drafting.WARMER}
_PRICE = re.compile(r"(\d{1,9})(?:[.,](\d\d))? ?([A-Z]{3})")
_WORDS = re.compile(r"[1-9]\d{0,3}")


def examples(agent: Agent, tool: str, most: int = MOST) -> list[Feedback]:
    """What people last said of this agent's calls of a tool, the newest first."""
    redrafts = Prefetch("action__guidance", Guidance.objects.filter(kind=Guidance.Kind.REDRAFT).order_by("version"))
    rows = Feedback.objects.filter(agent=agent, tool__name=tool).select_related("action", "person")
    return list(rows.prefetch_related(redrafts).order_by("-pk")[:most])


@dataclass(frozen=True)
class Lesson:
    """What one example asks of the next draft: its manner, and what it leaves out or replaces."""

    example: Feedback
    asks: tuple[str, ...]
    text: str = ""

    @property
    def source(self) -> str:
        """Where it comes from, in the agent's words."""
        told = f"“{self.example.told[:80]}”" if self.example.told else "good"
        return f"{told}, {self.example.person} on #{self.example.action_id}"


def lessons(found: Sequence[Feedback]) -> list[Lesson]:
    """What follows from examples, the newest first: of two that ask for opposite things the newer one holds."""
    made: list[Lesson] = []
    heard: set[str] = set()
    for example in found:
        asks, text = _praised(example) if example.good else _blamed(example)
        fresh = tuple(ask for ask in dict.fromkeys(asks) if ask not in heard and OPPOSITES.get(ask) not in heard)
        heard |= set(fresh)
        made.append(Lesson(example, fresh, text))
    return made


def _blamed(example: Feedback) -> tuple[tuple[str, ...], str]:
    asks, text = drafting.lasting(example.comment)
    return (*(ASKS[reason] for reason in ASKS if reason in example.reasons), *asks), text


def _praised(example: Feedback) -> tuple[tuple[str, ...], str]:
    """What people had to ask for before it was good is done at once the next time."""
    asked = [ask for row in example.action.guidance.all() for ask in row.asks if ask in drafting.LASTING]
    return tuple(asked), ""


def follow(task: Task, wish: Wish, tool: Tool | None = None) -> Wish:
    """The same wish by what people taught its agent, with the reasons for what is otherwise in its why.

    `tool` is the row of the wish's tool, where the caller has it. What its schema would not take is not done.
    """
    again = task.again if task.again_id and task.again and task.again.action.step == wish.step else None
    if not again and not drafting.place_of_text(wish.arguments):
        return wish
    pupil = _Pupil(wish.arguments)
    if again:
        pupil.try_again(again)
    found = examples(task.agent, wish.tool)
    pupil.learn(lessons(found), _bodies(found))
    pupil.keep_to(_preferences(task, wish.tool).order_by("kind"))
    tool = tool or Tool.objects.filter(name=wish.tool).first()
    if not pupil.told or (tool and payloads.problems(tool.schema, pupil.arguments)):
        return wish
    return replace(wish, arguments=pupil.arguments, why="\n".join([*pupil.told, wish.why]))


class _Pupil:
    """A call as an agent first thinks of it, on its way to one that people would have it."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments, self.told = arguments, list[str]()
        self.done: set[str] = set()

    def take(self, arguments: dict[str, Any], words: str) -> None:
        """Go on with these arguments; where they are others, `words` say why."""
        if arguments != self.arguments:
            self.arguments = arguments
            self.told.append(words)

    def try_again(self, mark: Feedback) -> None:
        asks = [ASKS[reason] for reason in ASKS if reason in mark.reasons]
        redraft = drafting.redraft(self.arguments, asks, mark.comment)
        self.arguments, self.done = redraft.arguments, {*asks}
        self.told.append(
            f"Tried again, for {mark.person} said of #{mark.action_id}: “{mark.told[:500]}”. {redraft.why}"
        )

    def learn(self, found: list[Lesson], bodies: dict[int, dict[str, Any]]) -> None:
        for lesson in found:
            asks = [ask for ask in lesson.asks if ask not in self.done]
            self.take(drafting.redraft(self.arguments, asks, lesson.text).arguments, f"As I learnt: {lesson.source}.")
        bad = [lesson for lesson in found if lesson.example.action_id in bodies]
        wrong = {
            drafting.greeting_of(bodies[lesson.example.action_id]): lesson
            for lesson in bad
            if Reason.WRONG_GREETING in lesson.example.reasons
        }
        if greeted := wrong.get(drafting.greeting_of(self.arguments)):
            self.take(drafting.another_greeting(self.arguments, wrong), f"Another greeting: {greeted.source}.")
        if long := next((one for one in bad if Reason.TOO_LONG in one.example.reasons), None):
            limit = int(drafting.words_of(bodies[long.example.action_id]) * MUCH_SHORTER)
            self.take(drafting.at_most(self.arguments, limit), f"At most {limit} words: {long.source}.")

    def keep_to(self, preferences: Iterable[Preference]) -> None:
        for one in preferences:
            if one.kind == Kind.GREETING:
                self.take(drafting.greeted(self.arguments, one.value), f"I greet as in #{_number(one)}.")
            elif one.kind == Kind.LENGTH:
                self.take(drafting.at_most(self.arguments, int(one.value)), f"At most {one.value} words.")


def _preferences(task: Task, tool: str) -> QuerySet[Preference]:
    return Preference.objects.filter(agent=task.agent, tool__name=tool).select_related("learnt_from")


def _number(one: Preference) -> int:
    return one.learnt_from.action_id


def _bodies(found: list[Feedback]) -> dict[int, dict[str, Any]]:
    """By its action: the arguments of what was called too long or wrongly greeted."""
    wanted = [e.action for e in found if not e.good and {Reason.TOO_LONG, Reason.WRONG_GREETING} & set(e.reasons)]
    if not wanted:
        return {}
    rows = ActionVersion.objects.filter(action__in=wanted).order_by("version").values_list("action_id", "body")
    return {action: payloads.arguments(bytes(body)) for action, body in rows}


def within_price(task: Task, tool: str, results: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The results of earlier steps without the offers that cost more than people want, and what the agent says of that."""
    offers = {key: found for key, found in results.items() if _offers(found)}
    if not offers:
        return results, ""
    limit = _preferences(task, tool).filter(kind=Kind.PRICE).first()
    if limit is None:
        return results, ""
    most, currency = price(limit.value)
    for key, found in offers.items():
        fit = [one for one in found["options"] if one["price_minor"] <= most and one.get("currency") == currency]
        if not fit:
            return results, f"Nothing costs {limit.value} or less."
        results = {**results, key: {**found, "options": fit}}
    return results, f"I keep to {limit.value}, as in #{_number(limit)}."


def _offers(result: Any) -> bool:
    options = result.get("options") if isinstance(result, dict) else None
    if not isinstance(options, list) or not options:
        return False
    return all(isinstance(one, dict) and isinstance(one.get("price_minor"), int) for one in options)


def price(value: str) -> tuple[int, str]:
    """A price as people write it, in minor units. Raises Refused."""
    found = _PRICE.fullmatch(value)
    if not found:
        raise Refused(_("Write a price like 380.00 EUR."))
    return 100 * int(found[1]) + int(found[2] or 0), found[3]


def learn(action: Action, editor: User, by: ledger.Actor) -> list[Preference]:
    """Keep what the newest version of an action shows of its editor's wishes, in the caller's transaction."""
    versions = action.versions.filter(version__gte=action.version - 1).order_by("version")
    before, after = (payloads.arguments(bytes(row.body)) for row in versions)
    if action.tool is None:
        return []
    return [_keep(action, versions[1], kind, value, editor, by) for kind, value in _shown(action.tool, before, after)]


def _shown(tool: Tool, before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    old, new = drafting.greeting_of(before), drafting.greeting_of(after)
    if old and new and old != new:
        found.append((Kind.GREETING.value, new[:200]))
    words = drafting.words_of(after)
    if 0 < words <= MUCH_SHORTER * drafting.words_of(before):
        found.append((Kind.LENGTH.value, str(words)))
    was, became = tools.impact(tool, before), tools.impact(tool, after)
    chosen = "amount_minor" not in after and was.currency == became.currency  # an offer, not a sum that is paid
    if chosen and 0 < became.amount_minor < was.amount_minor:
        whole, cents = divmod(became.amount_minor, 100)
        found.append((Kind.PRICE.value, f"{whole}.{cents:02} {became.currency}"))
    return found


def _keep(action: Action, version: ActionVersion, kind: str, value: str, editor: User, by: ledger.Actor) -> Preference:
    now = {"value": value, "learnt_from": version, "person": editor, "at": Now()}
    kept, _made = Preference.objects.update_or_create(agent=action.agent, tool=action.tool, kind=kind, defaults=now)
    ledger.record("preference.learnt", by, action=action, reason=value, detail={"kind": kind})
    return kept


def change(preference: Preference, value: str, person: User, by: ledger.Actor) -> None:
    """Let an agent keep to another value. Raises Refused for one that is none of its kind."""
    value = checked(preference.kind, value)
    Preference.objects.filter(pk=preference.pk).update(value=value, person=person, at=Now())
    ledger.record("preference.changed", by, whose=preference.agent_id, reason=value, detail=_told(preference))


def forget(preference: Preference, by: ledger.Actor) -> None:
    """Let an agent keep to it no longer. Another edit may teach it again."""
    ledger.record("preference.forgotten", by, whose=preference.agent_id, detail=_told(preference))
    Preference.objects.filter(pk=preference.pk).delete()


def _told(one: Preference) -> dict[str, Any]:
    return {"agent": one.agent.slug, "tool": one.tool.name, "kind": one.kind, "was": one.value}


def checked(kind: str, value: str) -> str:
    """The value of a preference as it is kept. Raises Refused."""
    value = " ".join(value.split())
    if not value or len(value) > 200:
        raise Refused(_("Write what it should keep to, in up to 200 characters."))
    if kind == Kind.LENGTH and not _WORDS.fullmatch(value):
        raise Refused(_("Write a number of words between 1 and 9999."))
    if kind == Kind.GREETING and not drafting.is_greeting(value):
        raise Refused(_("Write a greeting like “Dear {name},”."))
    if kind == Kind.PRICE:
        price(value)
    return value
