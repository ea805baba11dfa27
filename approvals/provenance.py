"""Where the values of a call came from: a person's words, or a tool's result that nobody vouches for. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from approvals import instructions, sightings

ADDRESS, LINK, ACCOUNT, COMMAND, VALUE = KINDS = ("address", "link", "account", "command", "value")
FOUND, TOLD, NOWHERE = STRENGTHS = ("found", "told", "nowhere")
SHOWN = 80
MOST = 6
_SHORTEST_VALUE = 4
_SHORTEST_COMMAND = 8
_LONG_TEXT_WORDS = 8
_PHRASE = 4
_ACCOUNT_KEYS = re.compile(r"(?i)account|iban|card|wallet|routing|sort.?code|payee|beneficiary|recipient|receiver|^to$")
_COMMAND_KEYS = re.compile(r"(?i)^(command|cmd|script|code|sql|shell|line)s?$")
AN_ID = re.compile(r"(?i)(^|_)ids?_?$|Ids?$")

Leaf = tuple[str, str]


@dataclass(frozen=True)
class Text:
    """Something that the agent had before it: `role` is user, assistant or tool."""

    role: str
    text: str
    tool: str = ""


@dataclass(frozen=True)
class Finding:
    """One value of the arguments that no person named: where it stands, and which tool's result held it."""

    kind: str
    strength: str
    value: str
    place: str
    source: str = ""


@dataclass(frozen=True)
class Origins:
    """What became of the search. `exposed` names the tool whose result gave the agent orders, if one did."""

    findings: tuple[Finding, ...] = ()
    exposed: str = ""


class _Seen:
    """The texts of one run, told apart by who vouches for them."""

    def __init__(self, texts: Iterable[Text], agreed: Iterable[str]) -> None:
        kept = list(texts)
        self.agreed = frozenset(agreed)
        self.persons = [text.text for text in kept if text.role == "user"]
        self.results = [text for text in kept if text.role == "tool" and text.text]
        self.person = sightings.squash("\n".join(self.persons)) if self.persons else ""
        self.orders = [
            (result.tool, result.text[passage.start : passage.end])
            for result in self.results
            for passage in instructions.orders(result.text)
        ]

    def named(self, read: Callable[[str], frozenset[str]]) -> set[str]:
        return {one for text in self.persons for one in read(text)}

    def settled(self, value: str) -> bool:
        """Whether a person agreed to this very target before in the run, and no order speaks of it."""
        if value.strip().casefold() not in self.agreed:
            return False
        wanted = sightings.squash(value)
        return not any(wanted in sightings.squash(said) for _tool, said in self.orders)

    def source(self, value: str) -> str:
        """The tool in whose result a value stands, plainly or in disguise; the latest first."""
        wanted = sightings.squash(value)
        for result in reversed(self.results):
            if wanted in sightings.squash(result.text):
                return result.tool
        for result in reversed(self.results):
            inside = sightings.hidden(result.text)
            if wanted in sightings.squash(inside) or wanted in sightings.squash(result.text)[::-1]:
                return result.tool
        return ""

    def asked(self) -> list[tuple[str, str]]:
        return [
            (result.tool, result.text[passage.start : passage.end])
            for result in self.results
            for passage in instructions.requests(result.text)
        ]


def trace(arguments: Mapping[str, Any], texts: Sequence[Text], agreed: Iterable[str] = ()) -> Origins:
    """Find the values that no person named and say whose they are. Nothing seen, nothing found: no person, no claim.

    `agreed` are targets that calls of the same run had and a person approved: a result that names one again, as a receipt
    does, asks for nothing.
    """
    seen = _Seen(texts, agreed)
    if not seen.results and not seen.persons:
        return Origins()
    found = [*_targets(arguments, seen), *_pieced(arguments, seen)]
    known = {finding.value for finding in found}
    found += [finding for finding in _told(arguments, seen) if finding.value not in known]
    return Origins(tuple(_strongest(found)[:MOST]), seen.orders[0][0] if seen.orders else "")


def leaves(value: Any, place: str = "") -> Iterator[Leaf]:
    """Every text and number of some arguments, with its place; booleans and nothing are left out."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for member in value[:200]:
            yield from leaves(member, place)
    elif isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield place, str(value)


def targets(place: str, text: str) -> Iterator[tuple[str, str]]:
    """The addresses, links and accounts in one argument, as kind and normal form; disguised ones opened."""
    for form in filter(None, (text, sightings.hidden(text))):
        yield from ((ADDRESS, one) for one in sorted(sightings.addresses(form)))
        yield from ((LINK, one) for one in sorted(sightings.links(form)))
        accounts = sightings.accounts(form)
        yield from ((ACCOUNT, one) for one in sorted(accounts))
        key = place.rsplit(".", 1)[-1]
        if _ACCOUNT_KEYS.search(key) and not AN_ID.search(key):
            numbers = (
                one for one in sorted(sightings.numbers(form)) if not any(one in account for account in accounts)
            )
            yield from ((ACCOUNT, one) for one in numbers)


def _targets(arguments: Mapping[str, Any], seen: _Seen) -> Iterator[Finding]:
    named = {
        ADDRESS: seen.named(sightings.addresses),
        LINK: seen.named(sightings.links),
        ACCOUNT: seen.named(sightings.accounts) | seen.named(sightings.numbers),
    }
    hosts = {sightings.host(link) for link in named[LINK]}
    for place, text in leaves(arguments):
        for kind, value in targets(place, text):
            if value in named[kind] or seen.settled(value) or (kind == LINK and _on_a_named_host(value, hosts, seen)):
                continue
            yield _finding(kind, value, place, seen)
        if _COMMAND_KEYS.match(place):
            yield from _command(place, text, seen)


def _command(place: str, text: str, seen: _Seen) -> Iterator[Finding]:
    wanted = sightings.squash(text)
    if len(wanted) >= _SHORTEST_COMMAND and wanted not in seen.person and (source := seen.source(text)):
        yield Finding(COMMAND, _strength(text, seen), text[:SHOWN], place, source)


def _on_a_named_host(link: str, hosts: set[str], seen: _Seen) -> bool:
    """A page of a site that a person named, unless a tool's result said which page, or the page carries data out."""
    return sightings.host(link) in hosts and "?" not in link and not seen.source(link)


def _finding(kind: str, value: str, place: str, seen: _Seen) -> Finding:
    source = seen.source(value)
    strength = _strength(value, seen) if source else NOWHERE
    return Finding(kind, strength, value[:SHOWN], place, source)


def _strength(value: str, seen: _Seen) -> str:
    wanted = sightings.squash(value)
    said = (passage for _tool, passage in (*seen.orders, *seen.asked()))
    return TOLD if any(wanted in sightings.squash(passage) for passage in said) else FOUND


def _pieced(arguments: Mapping[str, Any], seen: _Seen) -> Iterator[Finding]:
    """A target of an order that the arguments hold only in pieces, or with letters between them."""
    joined = sightings.squash("".join(text for _place, text in leaves(arguments)))
    for tool, passage in seen.orders:
        for kind, read in ((ADDRESS, sightings.addresses), (LINK, sightings.links), (ACCOUNT, sightings.accounts)):
            for value in read(passage):
                wanted = sightings.squash(value)
                if len(wanted) >= 8 and wanted in joined and wanted not in seen.person:
                    yield Finding(kind, TOLD, value[:SHOWN], "", tool)


def _told(arguments: Mapping[str, Any], seen: _Seen) -> Iterator[Finding]:
    """Any other value that stands in a passage which tells what to do, and that no person said."""
    passages = [(tool, sightings.squash(passage), passage) for tool, passage in (*seen.orders, *seen.asked())]
    if not passages:
        return
    for place, text in leaves(arguments):
        wanted = sightings.squash(text)
        if len(wanted) < _SHORTEST_VALUE or wanted in seen.person or seen.settled(text):
            continue
        long = len(sightings.words(text)) > _LONG_TEXT_WORDS
        for tool, squashed, passage in passages:
            if wanted in squashed or (long and _shares_a_phrase(text, passage, seen)):
                yield Finding(VALUE, TOLD, text[:SHOWN], place, tool)
                break


def _shares_a_phrase(text: str, passage: str, seen: _Seen) -> bool:
    def phrases(words: list[str]) -> set[str]:
        return {"".join(words[at : at + _PHRASE]) for at in range(len(words) - _PHRASE + 1)}

    shared = phrases(sightings.words(text)[:400]) & phrases(sightings.words(passage))
    return any(len(phrase) >= 14 and phrase not in seen.person for phrase in shared)


def _strongest(found: Iterable[Finding]) -> list[Finding]:
    """One finding for each value, what was told before what was merely found."""
    best: dict[tuple[str, str], Finding] = {}
    for finding in sorted(found, key=lambda one: (STRENGTHS.index(one.strength) != 1, KINDS.index(one.kind))):
        best.setdefault((finding.kind, finding.value), finding)
    return list(best.values())
