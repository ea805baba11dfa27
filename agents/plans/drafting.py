"""How the agents of this process rewrite a draft as a person asks: shorter, warmer, more formal, other facts, another language.

They know no model of language. What they do they do by rule, on the draft that is there; what they cannot do they say. Pure.
"""

import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from agents.plans import phrases

SHORTER, WARMER, FORMAL, FACTS, LANGUAGE = ASKS = ("shorter", "warmer", "formal", "facts", "language")
LASTING = (SHORTER, WARMER, FORMAL)  # what holds for other drafts, too
_GREETINGS = ("Dear {name},", "Dear Sir or Madam,", "Good day,")
_PROSE = ("body", "text", "message", "content", "note")
_SIGNATURES = ("subject", "title")
_KEPT = 0.6  # at least the share of sentences that a shorter draft keeps
_SHOWN = 120
_GREETING = re.compile(r"(?i)(?:hello|hi|hey|dear|good (?:morning|day|evening))\b[^\n]{0,80}")
_CLOSING = re.compile(r"(?i)(?:[a-z]+ ){0,3}(?:regards|wishes|sincerely|faithfully|thanks),?\n?.{0,80}|[\w .’'-]{2,40}")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\d|\w)[^.!?\n]+)*[.!?]*")
_PERSON = re.compile(r"([a-z]{2,20})\.\w+@")


@dataclass(frozen=True)
class Redraft:
    """The arguments of the next draft, and in the agent's own words what it did and what it did not."""

    arguments: dict[str, Any]
    why: str


@dataclass
class _Letter:
    """A draft in its parts; a part that it does not have is empty."""

    greeting: str = ""
    paragraphs: list[list[str]] = field(default_factory=list)
    closing: str = ""
    below: str = ""

    @classmethod
    def read(cls, text: str) -> "_Letter":
        blocks = [block.strip() for block in re.split(r"\n[ \t]*\n", text) if block.strip()]
        made = cls()
        if len(blocks) > 1 and _GREETING.fullmatch(blocks[0]):
            made.greeting = blocks.pop(0)
        if len(blocks) > 1 and "unsubscribe" in blocks[-1].lower():
            made.below = blocks.pop()
        if len(blocks) > 1 and _CLOSING.fullmatch(blocks[-1]):
            made.closing = blocks.pop()
        made.paragraphs = [_sentences(block) for block in blocks]
        return made

    def __str__(self) -> str:
        middle = (" ".join(sentences) for sentences in self.paragraphs if sentences)
        return "\n\n".join(part for part in (self.greeting, *middle, self.closing, self.below) if part)

    @property
    def sentences(self) -> list[str]:
        return [sentence for sentences in self.paragraphs for sentence in sentences]

    def each(self, change: Callable[[str], str]) -> None:
        self.paragraphs = [[change(sentence) for sentence in some] for some in self.paragraphs]

    def keep(self, wanted: Callable[[str], bool]) -> None:
        self.paragraphs = [[sentence for sentence in some if wanted(sentence)] for some in self.paragraphs]


@dataclass
class _Desk:
    """A draft at work: what it is by now, what was done to it, and what could not be."""

    arguments: dict[str, Any]
    done: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """The name of the argument that people read; empty where there is none."""
        texts = {name: value for name, value in self.arguments.items() if isinstance(value, str)}
        known = next((name for name in _PROSE if texts.get(name, "").strip()), "")
        return known or max(
            (n for n, text in texts.items() if len(text.split()) > 4), key=lambda n: len(texts[n]), default=""
        )

    def rewrite(self, change: Callable[[_Letter], None], done: str, missed: str) -> None:
        """Change the letter; where nothing came of it, say so."""
        if not self.place:
            self.missed.append("There is no text in this call that I could rewrite.")
            return
        before = self.arguments[self.place]
        letter = _Letter.read(before)
        change(letter)
        after = str(letter)
        # Lines that were only broken anew are the same draft.
        if after.split() == before.split() or not after:
            self.missed.append(missed)
            return
        self.arguments = {**self.arguments, self.place: after}
        self.done.append(done)


def redraft(arguments: dict[str, Any], asks: tuple[str, ...] | list[str], text: str) -> Redraft:
    """The next draft of these arguments, by what was asked with chips and in words."""
    wishes = _Wishes.read(text, asks)
    desk = _Desk(arguments)
    for old, new in wishes.corrections:
        _correct(desk, old, new)
    for value in wishes.values:
        _put_right(desk, value)
    for words in wishes.dropped:
        _drop(desk, words)
    if name := wishes.name or _addressee(desk, wishes):
        _greet(desk, name, asked=bool(wishes.name))
    for ask, change, done, missed in _MANNERS:
        if ask in wishes.asks:
            desk.rewrite(change, done, missed)
    for sentence in wishes.added:
        desk.rewrite(_adding(sentence), f"added “{_cut(sentence)}”", "I found no place for what you want added.")
    if LANGUAGE in wishes.asks:
        _translate(desk, wishes.language)
    if FACTS in wishes.asks and not (wishes.corrections or wishes.values):
        desk.missed.append("You did not say which fact is wrong: write “30 June, not 31 May”.")
    desk.missed += [f"I did not know how to follow “{_cut(rest)}”." for rest in wishes.left]
    return Redraft(desk.arguments, _told(desk))


def place_of_text(arguments: dict[str, Any]) -> str:
    """The name of the argument that people read; empty where there is none."""
    return _Desk(arguments).place


def lasting(text: str) -> tuple[tuple[str, ...], str]:
    """What of a comment on one draft holds for the next one, too: how it should be, and in its own words what to leave out
    or to replace. Names, values and additions are about that draft alone."""
    asks: list[str] = []
    kept: list[str] = []
    for clause in _clauses(text):
        heard = _Wishes().heard(clause)
        asks += [ask for ask in heard.asks if ask in LASTING]
        kept += [clause] if heard.corrections or heard.dropped else []
    return tuple(asks), ". ".join(kept)


def greeting_of(arguments: dict[str, Any]) -> str:
    """How the letter in these arguments begins, with {name} for the one it goes to; empty without a greeting."""
    greeting = _Letter.read(str(arguments.get(place_of_text(arguments), ""))).greeting
    name = _name(arguments)
    return re.sub(rf"(?i)\b{re.escape(name)}\b", "{name}", greeting) if name else greeting


def greeted(arguments: dict[str, Any], template: str) -> dict[str, Any]:
    """The same call with a letter that begins so. Where the reader's name is wanted and not known, or there is no
    greeting, it stays as it is."""
    place, name = place_of_text(arguments), _name(arguments)
    letter = _Letter.read(str(arguments.get(place, "")))
    in_text = "{name}" in letter.greeting  # the tool itself puts in the name of each reader
    if not letter.greeting or ("{name}" in template and not (name or in_text)):
        return arguments
    letter.greeting = template if in_text else template.replace("{name}", name)
    return {**arguments, place: str(letter)}


def another_greeting(arguments: dict[str, Any], wrong: Collection[str]) -> dict[str, Any]:
    """The same call with a greeting that is none of the wrong ones: by name where the name is known, else formal."""
    others = (greeted(arguments, template) for template in _GREETINGS if template not in wrong)
    return next((other for other in others if other != arguments), arguments)


def is_greeting(text: str) -> bool:
    """Whether a letter that begins with this line is taken to begin with a greeting."""
    return _GREETING.fullmatch(text) is not None


def at_most(arguments: dict[str, Any], words: int) -> dict[str, Any]:
    """The same call with at most so many words, as long as one sentence is left: shorter phrases, then fewer sentences."""
    place = place_of_text(arguments)
    letter = _Letter.read(str(arguments.get(place, "")))
    if words_of(arguments) <= words:
        return arguments
    letter.each(lambda sentence: _swapped(sentence, phrases.BRIEF))
    while len(str(letter).split()) > words and len(sentences := letter.sentences) > 1:
        least = min(enumerate(sentences), key=lambda found: _weight(found[1], found[0]))[1]
        letter.keep(lambda sentence, least=least: sentence != least)  # type: ignore[misc]
    return {**arguments, place: str(letter)}


def words_of(arguments: dict[str, Any]) -> int:
    """How many words the text in these arguments has."""
    return len(str(arguments.get(place_of_text(arguments), "")).split())


def _name(arguments: dict[str, Any]) -> str:
    """The name of the one person that a letter goes to, where its address tells it."""
    found = _PERSON.match(str(arguments.get("to", "")))
    return found[1].title() if found else ""


def _told(desk: _Desk) -> str:
    done = f"Rewritten as you asked: {'; '.join(desk.done)}." if desk.done else "Nothing is rewritten."
    return " ".join([done, *dict.fromkeys(desk.missed)])


@dataclass(frozen=True)
class _Wishes:
    """What a person wants of the next draft, as far as these agents understand it."""

    asks: tuple[str, ...] = ()
    language: str = ""
    name: str = ""
    corrections: tuple[tuple[str, str], ...] = ()
    values: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str, asks: tuple[str, ...] | list[str]) -> "_Wishes":
        found = cls(tuple(asks))
        for clause in _clauses(text):
            found = found.heard(clause)
        return found

    def heard(self, clause: str) -> "_Wishes":
        """These wishes and one more sentence of them."""
        for pattern, old, new in _CORRECTIONS:
            if match := pattern.fullmatch(clause):
                return replace(self, corrections=(*self.corrections, (_bare(match[old]), _bare(match[new]))))
        for pattern, what in _ORDERS:
            if match := pattern.fullmatch(clause):
                value = _bare(match[1])
                wish: dict[str, Any] = {what: value if what == "name" else (*getattr(self, what), value)}
                return replace(self, **wish)
        manners = tuple(ask for ask, pattern in _SAID if pattern.search(clause))
        language = next((code for word, code in phrases.LANGUAGES.items() if re.search(rf"(?i)\b{word}\b", clause)), "")
        values = tuple(_values(clause)) if not manners and not language else ()
        if language:
            return replace(self, language=language, asks=(*self.asks, *manners, LANGUAGE))
        if manners or values:
            return replace(self, asks=(*self.asks, *manners), values=(*self.values, *values))
        return replace(self, left=(*self.left, clause))


_QUOTED = r"[“\"'‘]?(.{1,200}?)[”\"'’]?"
_CORRECTIONS = (
    # pattern, the group of what is wrong, the group of what is right
    (re.compile(rf"(?i)(?:replace|change) {_QUOTED} (?:with|by|to|into) {_QUOTED}"), 1, 2),
    (re.compile(rf"(?i){_QUOTED} (?:should be|must be|should read) {_QUOTED}"), 1, 2),
    (re.compile(rf"(?i)(?:it is |it's |use |write )?{_QUOTED},? (?:not|instead of|rather than) {_QUOTED}"), 2, 1),
    (re.compile(rf"(?i)not {_QUOTED},? but {_QUOTED}"), 1, 2),
    (re.compile(rf"{_QUOTED} ?(?:->|→|=>) ?{_QUOTED}"), 1, 2),
)
_ORDERS = (
    (re.compile(rf"(?i)(?:please )?(?:remove|drop|delete|leave out|omit|do not mention|don't mention) (?:the (?:sentence|part|bit|line) (?:about|with|on) )?{_QUOTED}"), "dropped"),
    (re.compile(rf"(?i)(?:please )?(?:add|mention|include|say|tell (?:her|him|them)|point out)(?: that|:)? {_QUOTED}"), "added"),
    (re.compile(r"(?i)(?:please )?(?:address|greet|call) (?:her|him|them|the customer|the reader)?(?: as| with)? ?[“\"']?([\w .’'-]{2,60}?)[”\"']?"), "name"),
)  # fmt: skip
_SAID = (
    (SHORTER, re.compile(r"(?i)\b(?:short(?:er|en)?|brief(?:er)?|concise|cut it|too long)\b")),
    (WARMER, re.compile(r"(?i)\b(?:warm(?:er)?|friendl(?:y|ier)|kinder|nicer|more personal)\b")),
    (FORMAL, re.compile(r"(?i)\b(?:formal(?:ly)?|politer?|professional|business-?like)\b")),
)
_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_KINDS = {
    "date": re.compile(rf"(?i)\b(?:\d{{1,2}}\.? (?:{_MONTH})(?: \d{{4}})?|\d{{4}}-\d{{2}}-\d{{2}})\b"),
    "time": re.compile(r"\b\d{1,2}:\d{2}\b"),
    "address": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
    "amount": re.compile(r"[€$£] ?\d[\d,.]{0,20}\d|[€$£] ?\d|\b\d[\d,.]{0,20} ?(?:EUR|USD|GBP)\b"),
    "share": re.compile(r"\b\d{1,9}(?:\.\d{1,9})? ?%"),
    "number": re.compile(r"#\d{1,18}\b"),
}


def _clauses(text: str) -> Iterator[str]:
    """The sentences of a guidance; the point inside a number, an address or a file name ends none."""
    for part in re.split(r"(?<=[^\s.!?;])[.!?;]+(?:\s+|$)|\n+", text):
        if part and (clause := part.strip(" \t,.;!?")):
            yield clause


def _bare(words: str) -> str:
    return words.strip(" “”\"'‘’.,;")


def _cut(words: str) -> str:
    return words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"


def _sentences(block: str) -> list[str]:
    flowing = " ".join(block.split())
    return [found[0].strip() for found in _SENTENCE.finditer(flowing) if found[0].strip()]


def _values(clause: str) -> Iterator[str]:
    """Dates, times, addresses, amounts and numbers that somebody names as the right ones."""
    for pattern in _KINDS.values():
        yield from (found[0] for found in pattern.finditer(clause))


def _correct(desk: _Desk, old: str, new: str) -> None:
    """Put one text in the place of another, wherever the call says it."""
    pattern = re.compile(rf"(?i)(?<!\w){re.escape(old)}(?!\w)")
    texts = {name: value for name, value in desk.arguments.items() if isinstance(value, str)}
    changed = {name: pattern.sub(lambda _found: new, text) for name, text in texts.items() if pattern.search(text)}
    if not old or not changed:
        desk.missed.append(f"“{_cut(old)}” is nowhere in the draft.")
        return
    desk.arguments = {**desk.arguments, **changed}
    desk.done.append(f"“{_cut(old)}” is “{_cut(new)}” now")


def _put_right(desk: _Desk, value: str) -> None:
    """A value without the one that it replaces: there has to be exactly one of its kind in the draft."""
    pattern = next(pattern for pattern in _KINDS.values() if pattern.fullmatch(value))
    found = {match[0] for text in desk.arguments.values() if isinstance(text, str) for match in pattern.finditer(text)}
    if found == {value}:
        desk.missed.append(f"“{value}” is what the draft says.")
    elif len(found) == 1:
        _correct(desk, found.pop(), value)
    else:
        desk.missed.append(f"I cannot tell what “{value}” is put in the place of: write “{value}, not …”.")


def _drop(desk: _Desk, words: str) -> None:
    wanted = [word[:4] for word in re.findall(r"\w+", words.lower()) if len(word) > 2] or [words.lower()]

    def unlike(sentence: str) -> bool:
        return not all(word in sentence.lower() for word in wanted)

    def without(letter: _Letter) -> None:
        if any(map(unlike, letter.sentences)):  # a letter that says nothing any more is none
            letter.keep(unlike)

    desk.rewrite(
        without,
        f"left out what it said about “{_cut(words)}”",
        f"No sentence of the draft is about “{_cut(words)}” alone.",
    )


def _adding(sentence: str) -> Callable[[_Letter], None]:
    whole = sentence[:1].upper() + sentence[1:] + ("" if sentence.endswith((".", "!", "?")) else ".")

    return lambda letter: _append(letter, whole)


def _addressee(desk: _Desk, wishes: _Wishes) -> str:
    """The name of whom a letter goes to, where it is known and the manner is a matter of that."""
    return _name(desk.arguments) if {WARMER, FORMAL} & set(wishes.asks) else ""


def _greet(desk: _Desk, name: str, *, asked: bool) -> None:
    def greet(letter: _Letter) -> None:
        letter.greeting = f"Dear {name}," if letter.greeting or asked else ""

    done, missed = list(desk.done), list(desk.missed)
    desk.rewrite(greet, f"it begins with “Dear {_cut(name)}”", f"It begins with “Dear {_cut(name)}” already.")
    if not asked:
        desk.done, desk.missed = done, missed


def _shorten(letter: _Letter) -> None:
    """Leave out the sentences that say least, and in the others the words that say nothing."""
    sentences = letter.sentences
    weights = {sentence: _weight(sentence, at) for at, sentence in enumerate(sentences)}
    kept = set(sorted(weights, key=lambda s: -weights[s])[: math.ceil(len(weights) * _KEPT)])
    letter.keep(lambda sentence: sentence in kept)
    letter.each(lambda sentence: _swapped(sentence, phrases.BRIEF))


def _weight(sentence: str, at: int) -> float:
    """How much a sentence says: facts, what the reader has to do, and a little for standing early."""
    facts = len(re.findall(r"\d+", sentence))
    asks = bool(re.search(r"(?i)\b(?:please|reply|call|sign|confirm|renew|must|need)\b", sentence))
    return 3 * min(facts, 2) + 2 * asks + 1 / (1 + at)


def _warm(letter: _Letter) -> None:
    letter.each(lambda sentence: _swapped(sentence, phrases.WARM))
    if not letter.greeting:
        _append(letter, phrases.WISH)
        return
    _begin(letter, "Dear friend,")
    if phrases.THANKS not in letter.sentences:
        letter.paragraphs.insert(0, [phrases.THANKS])
    if letter.closing:
        letter.closing = f"With warm wishes,\n{letter.closing.splitlines()[-1]}"


def _formalise(letter: _Letter) -> None:
    letter.keep(lambda sentence: sentence not in (phrases.THANKS, phrases.WISH))
    letter.each(lambda sentence: _swapped(sentence, phrases.FORMAL))
    if letter.greeting:
        _begin(letter, "Dear Sir or Madam,")
    if letter.closing:
        letter.closing = f"Yours sincerely,\n{letter.closing.splitlines()[-1]}"


def _begin(letter: _Letter, nameless: str) -> None:
    """A greeting with the name that stands in it, or one for people whose name is not there."""
    name = re.sub(r"(?i)^(?:hello there|hello|hi|hey|dear|good \w+)\b", "", letter.greeting).strip(" ,")
    letter.greeting = nameless if name in ("", "friend", "Sir or Madam") else f"Dear {name},"


def _append(letter: _Letter, sentence: str) -> None:
    if sentence not in letter.sentences:
        letter.paragraphs.append([sentence])


_MANNERS = (
    (SHORTER, _shorten, "shorter", "I could not make it shorter without losing a fact."),
    (WARMER, _warm, "warmer", "It is as warm as I can make it."),
    (FORMAL, _formalise, "more formal", "It is as formal as I can make it."),
)


def _swapped(sentence: str, table: tuple[tuple[str, str], ...]) -> str:
    """The sentence with each phrase of the table in its other form; a capital at the beginning stays one."""
    for old, new in table:
        sentence = re.sub(rf"(?i)(?<!\w){old}(?!\w)", lambda found, new=new: found.expand(new), sentence)  # type: ignore[misc]
    sentence = " ".join(sentence.split())
    return sentence[:1].upper() + sentence[1:]


def _translate(desk: _Desk, language: str) -> None:
    """Into another language, sentence by sentence, from what the office has had translated before."""
    code = language or phrases.FIRST
    name = next(word for word, known in phrases.LANGUAGES.items() if known == code).title()
    strange: list[str] = []

    def said(sentence: str) -> str:
        found = phrases.translated(sentence, code)
        if found is None:
            strange.append(sentence)
        return sentence if found is None else found

    def change(letter: _Letter) -> None:
        letter.greeting = said(letter.greeting) if letter.greeting else ""
        letter.each(said)
        letter.closing = "\n".join(map(said, letter.closing.splitlines()))
        letter.below = " ".join(map(said, _sentences(letter.below)))

    desk.rewrite(change, f"in {name}", f"I know none of these sentences in {name}.")
    titles = {name: desk.arguments.get(name) for name in _SIGNATURES}
    news = {at: phrases.translated(text, code) for at, text in titles.items() if isinstance(text, str)}
    desk.arguments = {**desk.arguments, **{at: text for at, text in news.items() if text}}
    if strange and desk.done and desk.done[-1] == f"in {name}":
        desk.missed.append(
            f"Left as it was, for I know no {name} for it: “{_cut(strange[0])}”"
            + (f" and {len(strange) - 1} more." if len(strange) > 1 else ".")
        )
    if not language:
        desk.missed.append(f"You named no language, so I took {name}.")
