"""Hostile payloads as data: each entry says how its bytes are made, and what has to become of them.

body, text: parts, each a string or [string, times]. body is the JSON document itself, hex its bytes, text the value of
one argument, arguments all of them. expect: stored or refused (says: a word of the message). tokens and shown have to
be legible on a card, folded lists what has to be opened, schema and problem what a schema makes of it.
"""

import json
from pathlib import Path
from typing import Any

ENTRIES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "payloads.json").read_text())


def joined(parts: list[Any]) -> str:
    """One string of all parts."""
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in parts)


def body(entry: dict[str, Any]) -> bytes:
    """The bytes that an agent would send."""
    if "hex" in entry:
        return bytes.fromhex(entry["hex"])
    if "body" in entry:
        return joined(entry["body"]).encode()
    value = entry["arguments"] if "arguments" in entry else {"value": joined(entry["text"])}
    return json.dumps(value).encode()


def name(entry: dict[str, Any]) -> str:
    """For the list of tests."""
    return f"{entry['id']}-{entry['what'].replace(' ', '-')}"
