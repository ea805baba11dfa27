"""The marks of a condition's text, and what can be said about them before anything is run."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby

# Not map and filter: seen in cel 0.10, what they collect is copied for each entry, seconds for a thousand.
MACROS = ("all", "exists", "exists_one")
OPENING = {"(": ")", "[": "]", "{": "}"}
_MARKS = re.compile(
    r"""(?P<space>[\s]+|//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:'''(?:\\.|.)*?'''|\"\"\"(?:\\.|.)*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<number>(?:0x[0-9a-fA-F]+|\d+\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?|\.\d+)[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||[=!<>]=|.)""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN = ("true", "false", "null", "in")


@dataclass(frozen=True)
class Mark:
    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class Macro:
    """One macro call: the marks of its arguments, and the name that it binds."""

    name: str
    first: int
    last: int
    bound: str


class Marks:
    """A condition's text as marks, with their places."""

    def __init__(self, text: str) -> None:
        self.source = text
        self.all = [
            Mark(str(found.lastgroup), found.group(), found.start())
            for found in _MARKS.finditer(text)
            if found.lastgroup != "space"
        ]
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def text(self, index: int) -> str:
        return self.all[index].text if 0 <= index < len(self.all) else ""

    def depth(self) -> int:
        """How deep brackets, signs before a value and questions nest, at most."""
        signs = [mark.text if mark.kind == "sign" else "" for mark in self.all]
        nested = accumulate(1 if sign in OPENING else -1 if sign in OPENING.values() else 0 for sign in signs)
        runs = (len(list(run)) for before, run in groupby(signs, key=lambda sign: sign in ("!", "-")) if before)
        return max([0, *nested]) + max([0, *runs]) + signs.count("?")

    def parts(self) -> list[tuple[int, str]]:
        """What && and || of the outermost level join: where each begins, and its text."""
        depth, found = 0, [list[Mark]()]
        for mark in self.all:
            if mark.kind == "sign":
                depth += 1 if mark.text in OPENING else -1 if mark.text in OPENING.values() else 0
            if depth == 0 and mark.kind == "sign" and mark.text in ("&&", "||"):
                found.append([])
            else:
                found[-1].append(mark)
        return [(some[0].at, self.source[some[0].at : some[-1].at + len(some[-1].text)]) for some in found if some]

    def at(self, line: int, column: int) -> Mark | None:
        """What stands at a place; None for the end, and for what is no mark."""
        return next((mark for mark in self.all if self.place(mark.at) == (line, column)), None)

    def macros(self) -> list[Macro]:
        found = []
        for index, mark in enumerate(self.all):
            if mark.text in MACROS and self.text(index - 1) == "." and self.text(index + 1) == "(":
                found.append(Macro(mark.text, index + 2, self._closing(index + 1), self.text(index + 2)))
        return found

    def calls(self) -> Iterator[tuple[int, Mark]]:
        """Names that are called, by place in the list."""
        for index, mark in enumerate(self.all):
            if mark.kind == "name" and self.text(index + 1) == "(" and mark.text not in _PLAIN:
                yield index, mark

    def variables(self) -> Iterator[tuple[int, Mark]]:
        """Names that stand for a value: neither called nor a member of something."""
        for index, mark in enumerate(self.all):
            if mark.kind != "name" or mark.text in _PLAIN or self.text(index + 1) == "(":
                continue
            if self.text(index - 1) != ".":
                yield index, mark

    def member(self, index: int) -> str | None:
        """The member of a map that is read here by its plain name, `map.name` or `map["name"]`; None: some other way."""
        if self.text(index + 1) == "." and self.all[index + 2 : index + 3] and self.all[index + 2].kind == "name":
            return None if self.text(index + 3) == "(" else self.text(index + 2)
        key = self.all[index + 2 : index + 3]
        if self.text(index + 1) == "[" and self.text(index + 3) == "]" and key[0].kind == "text":
            return key[0].text[1:-1] if re.fullmatch(r"""['"][\w .-]*['"]""", key[0].text) else None
        return None

    def _closing(self, index: int) -> int:
        depth = 0
        for at in range(index, len(self.all)):
            depth += 1 if self.text(at) in OPENING else -1 if self.text(at) in OPENING.values() else 0
            if depth == 0:
                return at
        return len(self.all)
