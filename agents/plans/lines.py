"""The lines of a file that nobody vouches for: bounded, strict, and each bad one named by its number."""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from django.utils.translation import gettext as _

from agents.payloads import Refused

# In bytes. A run with all its results is larger than one payload may be; what is kept of it is checked as payloads are.
LINE_LIMIT = 2 * 1024 * 1024
DOCUMENT_LIMIT = 8 * 1024 * 1024


@dataclass(frozen=True)
class Line:
    """One JSON value of a file, or why there is none. The first line is 1."""

    number: int
    value: Any = None
    problem: str = ""


def lines(path: Path) -> Iterator[Line]:
    """The values of a file of JSON Lines, or the one value of a JSON document. Raises OSError."""
    if not path.is_file():  # a device or a pipe may never end
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    whole = _document(path)
    if whole is not None:
        yield whole
        return
    with path.open("rb") as file:
        yield from (_line(number, raw) for number, raw in enumerate(_raw_lines(file), 1) if raw.strip())


def read(raw: bytes) -> Any:
    """One JSON value without duplicate names, NaN or bytes that are not UTF-8. Raises Refused."""
    try:
        return json.loads(raw.decode(), object_pairs_hook=_members, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise Refused(_("byte %(at)d is not UTF-8") % {"at": error.start}) from None
    except RecursionError:
        raise Refused(_("nested too deeply")) from None
    except json.JSONDecodeError as error:
        raise Refused(_("not one JSON value: look at column %(column)d") % {"column": error.colno}) from None
    except ValueError as error:
        raise error if isinstance(error, Refused) else Refused(_("a number is too long")) from None


def _document(path: Path) -> Line | None:
    """The file as one value, or None when it holds one value a line or is too large to be tried."""
    if path.suffix == ".jsonl" or path.stat().st_size > DOCUMENT_LIMIT:
        return None
    raw = path.read_bytes().strip()
    try:
        return Line(1, read(raw))
    except Refused as error:
        first, _line_end, rest = raw.partition(b"\n")
        return None if rest and _reads(first) else Line(1, problem=str(error))


def _reads(raw: bytes) -> bool:
    try:
        read(raw)
    except Refused:
        return False
    return True


def _raw_lines(file: BinaryIO) -> Iterator[bytes]:
    """Each line, up to one byte more than is allowed; the rest of a longer one is passed over."""
    while raw := file.readline(LINE_LIMIT + 1):
        yield raw
        while len(raw) > LINE_LIMIT and not raw.endswith(b"\n"):
            raw = file.readline(LINE_LIMIT + 1)
            if not raw:
                break


def _line(number: int, raw: bytes) -> Line:
    if len(raw) > LINE_LIMIT:
        return Line(number, problem=_("longer than %(limit)d MiB") % {"limit": LINE_LIMIT // 1024 // 1024})
    try:
        return Line(number, read(raw))
    except Refused as error:
        return Line(number, problem=str(error))


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Refused(_("a name stands twice in one object"))
    return members


def _no_number(name: str) -> NoReturn:
    raise Refused(_("%(name)s is not a number") % {"name": name})
