"""What an undeclared tool does to the world, as far as its name, description, schema and arguments tell. Pure.

A guess is marked as one, and where the words disagree or say nothing, the stronger effect is assumed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_noop as _

from approvals import commands, verbs
from approvals.verbs import CHANGE, DESTROY, MAKE, PAY, READ, RUN, SIGN_IN, TELL

_STRENGTH = (READ, SIGN_IN, MAKE, CHANGE, RUN, DESTROY, TELL, PAY)
_OF_COMMAND = {commands.READS: READ, commands.CHANGES: CHANGE, commands.RUNS: RUN, commands.DESTROYS: DESTROY}
_ONE_WAY = frozenset(
    "write overwrite replace put fill refill refuel print dispense submit finalize finalise burn flash sign "
    "shut shutdown upload merge complete finish".split()
)  # the new state stands in the place of the old one, or something is used up

_SECTIONS = re.compile(r"(?im)^\s*(args|arguments|parameters|params|returns?|raises|examples?|notes?)\s*:.*", re.S)
_PREAMBLE = re.compile(
    r"(?i)^\W*((this|the|a|an)\s+)?((tool|function|method|endpoint|api)\s+)?((that|which|is|can|be|will|used?|it|you|for|to|"
    r"allows?|lets?|helps?|an?|the|this|tool)\s+)*"
)
_NEGATED = re.compile(r"(?i)\b(not|never|no|without|cannot|nor|neither)\b|n't\b")
_ASIDE = re.compile(
    r"(?i)\b(?:will(?:\s+be)?|also|then|automatically|afterwards)\s+(?:also\s+|be\s+|automatically\s+)?([a-z]+)"
    r"|\band\s+([a-z]+)\s+(?:it|them|its|their|each)\b"
    r"|\b(?:is|are)\s+(?:then\s+|also\s+|automatically\s+)?([a-z]+)\s+(?:\w+\s+){0,3}?(?:after|once|upon|afterwards)\b"
)
_MONEY = re.compile(
    r"(?i)\b(pays?|payments?|paid|refund\w*|charg(?:e|es|ed|ing)|bills?|billing|invoices?|purchas\w+|fees?|prices?|costs?|"
    r"deposits?|credit cards?|bank|money|funds|fares?|wallet|payroll|salar(?:y|ies))\b"
)
_MONEY_KEYS = frozenset("payment price iban currency card wallet fare funds refund bic sortcode routing".split())
_MONEY_ALONE = frozenset("amount total sum cost budget".split())
_MESSAGES = re.compile(
    r"(?i)\b(?:send|sends|sending|notif\w+|e?mails?|e?mailing|messages|messaging|invites?|inviting|alerts)\b"
    r"[^.]{0,60}\b(participants?|attendees?|guests?|invitees?|members?|users?|customers?|people|recipients?|others|them|"
    r"followers|subscribers|team|everyone)\b"
)
_INVITED = frozenset("participant attendee guest invitee member recipient collaborator".split())
_PEOPLE = _INVITED | {"follower", "subscriber", "teammate"}
_RIGHTS = frozenset("user person people role permission access privilege".split())
_RIGHTS_VERBS = frozenset("add remove invite grant revoke assign unassign kick ban delete promote".split())
_FINAL = re.compile(r"(?i)\b(permanent\w*|irrevers\w+|undone|overwrit\w+|irrevocabl\w+|final)\b")
_SECRET = re.compile(
    r"(?i)\b(passwords?|passports?|ssn|social security|credentials?|secrets?|api[ _-]?keys?|private keys?|bank account|"
    r"credit cards?( number)?|medical|diagnos\w+|permissions?|access rights?|id[ _]number)\b"
)
_WEB = frozenset("url uri link webpage website web http webhook host endpoint href".split())
_HANDS_OVER = re.compile(r"(?i)\b(human|live agents?|representatives?|operators?|support staff|supervisors?)\b")
_NUMBERS = re.compile(r"(?i)\b(numbers?|values?|arithmetic|mathematical|logarithm)\b")
_COMMAND_KEYS = frozenset("command cmd script line commands".split())
_QUERY_KEYS = frozenset("sql query statement".split())
_SHELLS = frozenset("bash sh shell zsh terminal command cmd console powershell exec execute run".split())
# A description that begins so tells of what comes back.
_TELLS_OF = frozenset("current information details status statistics overview".split())
_DRAFTS = frozenset(
    "draft drafts preference preferences bookmark bookmarks favorite favorites favourite reminder".split()
)


@dataclass(frozen=True)
class Inferred:
    """The flags of `tools.Effect`, guessed. `sure` is False where no word of the tool is known."""

    effect: Mapping[str, bool]
    sure: bool
    why: str
    word: str = ""


def infer(name: str, description: str, schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> Inferred:
    """Guess what one call does. Nothing is assumed to be harmless that no word calls so."""
    said = _said(name, description)
    keys = _keys(schema, arguments)
    kind, word, why = _by_arguments(name, description, arguments) or _by_words(name, said, schema)
    if kind is None:
        return Inferred({}, False, _("Neither its name nor its description says what the tool does"))
    outside = {"outside": True} if _outside(name, keys, arguments) else {}
    sensitive = {"sensitive": True} if _SECRET.search(f"{' '.join(verbs.words(name))}. {said}") else {}
    if kind == READ:
        return Inferred({"read_only": True, **outside, **sensitive}, True, why, word)
    return Inferred({**_writing(kind, word, name, said, keys, arguments), **outside, **sensitive}, True, why, word)


def told_by_arguments(name: str, description: str, schema: Mapping[str, Any]) -> bool:
    """Whether a tool is as strong as what each call tells it to do, like a shell: its words alone say nothing final."""
    keys = _properties(schema) or dict.fromkeys((*_COMMAND_KEYS, *_QUERY_KEYS))
    return _by_arguments(name, description, dict.fromkeys(keys, "-")) is not None


def _writing(
    kind: str, word: str, name: str, said: str, keys: frozenset[str], arguments: Mapping[str, Any]
) -> dict[str, bool]:
    parts = verbs.words(name)
    pays = kind == PAY or bool(_MONEY.search(_affirmed(said))) or _money_keys(keys) or _any_pays(parts)
    others = kind == TELL or _touches_people(word, parts) or _messages(said, keys, arguments)
    one_way = kind in (DESTROY, TELL, PAY, RUN) or verbs.stem(word) in _ONE_WAY or bool(_FINAL.search(_affirmed(said)))
    # Money that moved is not back because the change behind it is taken back.
    flags = {"reversible": not (one_way or pays), "affects_others": others, "spends_money": pays}
    draft = not (one_way or others or pays) and bool(_DRAFTS & set(parts))
    return {flag: True for flag, holds in {**flags, "draft": draft}.items() if holds}


def _by_arguments(name: str, description: str, arguments: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Shells, databases and web clients are as strong as what they are told to do."""
    parts = set(verbs.words(name))
    for key, value in arguments.items():
        if not isinstance(value, str):
            continue
        if key.lower() in _COMMAND_KEYS and parts & _SHELLS:
            return (
                _OF_COMMAND[commands.shell(value)],
                value.split(maxsplit=1)[0][:40] if value.split() else "",
                _COMMAND,
            )
        if key.lower() in _QUERY_KEYS and re.search(r"(?i)\bsql\b|database", f"{name} {description}"):
            return _OF_COMMAND[commands.sql(value)], value.split(maxsplit=1)[0][:40] if value.split() else "", _COMMAND
        if key.lower() in ("method", "http_method") and value.upper() in ("POST", "PUT", "PATCH", "DELETE"):
            return TELL, value.upper(), _COMMAND
    return None


_COMMAND = _("Worked out from its command (%(word)s); the tool declares nothing about its effect")
_NAME = _("Worked out from its name (%(word)s); the tool declares nothing about its effect")
_DESCRIPTION = _("Worked out from its description (%(word)s); the tool declares nothing about its effect")


@lru_cache(maxsize=1024)
def _said(name: str, description: str) -> str:
    return _SECTIONS.sub("", description or "").strip()


def _by_words(name: str, said: str, schema: Mapping[str, Any]) -> tuple[str | None, str, str]:
    parts = verbs.words(name)
    unix = commands.is_unix(parts[0]) if len(parts) == 1 else None
    if unix and (lead := _lead(said)) and verbs.class_of(lead) not in (READ, CHANGE, None) and unix == commands.READS:
        return verbs.class_of(lead), lead, _DESCRIPTION
    if unix:
        return _OF_COMMAND[unix], parts[0], _NAME
    if _hands_over(parts, said) or _computes(said, schema):
        return READ, " ".join(parts), _NAME
    named, lead = verbs.of_name(name), _lead(said)
    told = verbs.class_of(lead) if lead else None
    if named is None:
        return (told, lead, _DESCRIPTION) if told else (None, "", "")
    word, kind, certain = _strongest_joined(parts) or named
    if not certain and told:
        word, kind, certain = lead, told, True
    if kind == READ and told not in (None, READ):
        return told, lead, _DESCRIPTION
    if kind == READ and (aside := _aside(said)):
        return aside[1], aside[0], _DESCRIPTION
    if not certain and kind == READ:
        return None, "", ""
    return kind, word, _NAME


def _strongest_joined(parts: tuple[str, ...]) -> tuple[str, str, bool] | None:
    """get_and_increment is no reading: of verbs that a name joins, the strongest."""
    joined = {"and", "or", "then"} & set(parts)
    found = [(part, kind, True) for part in parts if (kind := verbs.class_of(part))]
    return max(found, key=lambda one: _STRENGTH.index(one[1])) if joined and len(found) > 1 else None


def _lead(said: str) -> str:
    """The word that a description begins with, once its preamble is left off."""
    found = re.match(r"[a-z]+", _PREAMBLE.sub("", said, count=1), re.I)
    word = found.group().lower() if found else ""
    return "get" if word in _TELLS_OF else word


def _aside(said: str) -> tuple[str, str] | None:
    """What a reading tool does besides, as its description admits."""
    for sentence in _sentences(said):
        if _NEGATED.search(sentence):
            continue
        for found in _ASIDE.finditer(sentence):
            word = next(filter(None, found.groups())).lower()
            if (kind := verbs.class_of(word)) and kind not in (READ, SIGN_IN) and word not in ("set", "order", "list"):
                return word, kind
    return None


def _hands_over(parts: Iterable[str], said: str) -> bool:
    """Asking a person for help is no risk, whatever its verb."""
    deeds = {"transfer", "escalate", "hand", "handoff", "handover", "route", "connect", "ask"}
    first = _sentences(said)[:1]
    return bool(deeds & set(parts)) and bool(_HANDS_OVER.search(" ".join([*parts, *first])))


def _computes(said: str, schema: Mapping[str, Any]) -> bool:
    """Works with numbers only: adding two of them changes nothing."""
    properties = _properties(schema)
    kinds = {str((one.get("items") or {}).get("type") if one.get("type") == "array" else one.get("type"))
             for one in properties.values() if isinstance(one, dict)}  # fmt: skip
    numeric = bool(kinds) and kinds <= {"number", "integer", "float", "int", "double"}
    first = _sentences(said)[:1]
    return (
        numeric
        and bool(first)
        and bool(_NUMBERS.search(first[0]))
        and not any("id" in key.split("_") for key in properties)
    )


def _touches_people(word: str, parts: tuple[str, ...]) -> bool:
    singular = [part.removesuffix("s") for part in parts]
    after = singular[singular.index(word) + 1 : singular.index(word) + 2] if word in singular else []
    return bool(_PEOPLE & set(singular)) or (verbs.stem(word) in _RIGHTS_VERBS and bool(_RIGHTS & set(after)))


def _messages(said: str, keys: frozenset[str], arguments: Mapping[str, Any]) -> bool:
    """Whether people are told of it. Guests of whom the call names none hear nothing."""
    told = {found.group(1).lower().removesuffix("s") for found in _MESSAGES.finditer(_affirmed(said))}
    if not told:
        return False
    places = [key for key in keys if key.rsplit("_", 1)[-1].removesuffix("s") in _INVITED]
    if not places or not told & _INVITED | told & {"them"}:
        return True
    return any(arguments.get(key) for key in places)


def _money_keys(keys: frozenset[str]) -> bool:
    return any(key in _MONEY_ALONE or _MONEY_KEYS & set(key.split("_")) for key in keys)


def _any_pays(parts: tuple[str, ...]) -> bool:
    return bool(
        {"payment", "payments", "refund", "purchase", "invoice", "reservation", "booking", "money"} & set(parts)
    )


def _outside(name: str, keys: frozenset[str], arguments: Mapping[str, Any]) -> bool:
    if any(_WEB & set(key.split("_")) for key in keys) or _WEB & set(verbs.words(name)):
        return True
    return any(isinstance(value, str) and re.match(r"(?i)\s*(https?://|www\.)", value) for value in arguments.values())


def _keys(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower() for key in {*_properties(schema), *arguments})


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=1024)
def _affirmed(said: str) -> str:
    """The sentences that deny nothing."""
    return " ".join(sentence for sentence in _sentences(said) if not _NEGATED.search(sentence))


def _sentences(said: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])\s+|\n+", said) if part.strip()]
