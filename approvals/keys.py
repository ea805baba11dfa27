"""The keyboard map: every single key and what it does. Scripts, help sheet, palette and settings all read this list.

In templates `data-key` and in `static/keys.js` an entry goes by the key that it comes with. Somebody may have put
another key in its place, or none.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Key:
    """One entry of the map, and the key that does it now: empty for none."""

    key: str
    does: Any
    now: str = ""

    @property
    def cap(self) -> str:
        """What is printed on the key."""
        upper = self.now.upper()
        return upper if len(upper) == 1 else self.now


KEYS = (
    Key("j", _("Next action")),
    Key("k", _("Previous action")),
    Key("a", _("Approve")),
    Key("x", _("Reject, then the reason")),
    Key("e", _("Edit")),
    Key("r", _("Ask for another draft")),
    Key("h", _("Hand over, or up one tier")),
    Key("s", _("Snooze")),
    Key("z", _("Undo an approval that is held")),
    Key("v", _("Next changed field or check")),
    Key("+", _("Say that it went well, and why")),
    Key("-", _("Say that it went badly, and why")),
    Key(".", _("Show new and sort again")),
    Key("p", _("Pause live updates")),
    Key("/", _("Search")),
    Key("?", _("Keyboard shortcuts")),
)
# These are no characters, or they are the number of an option: they stay where they are.
FIXED = (
    (("1", "9"), "–", _("Choose an option on its card")),
    (("↓", "↑"), " ", _("Next, previous, inside the list")),
    (("Enter",), "", _("Open; never decides")),
    (("Space",), "", _("Tick a row of a batch, or leave it out")),
    (("Ctrl", "Enter"), " ", _("Send the open form")),
    (("Ctrl", "K"), " ", _("Commands and search")),
    (("Esc",), "", _("Close, go back")),
)
DIGITS = "123456789"


@dataclass(frozen=True)
class Keyboard:
    """The whole map as one person has it."""

    map: list[Key]
    mode: str = "on"
    fixed = FIXED

    @property
    def for_scripts(self) -> dict[str, Any]:
        return {"mode": self.mode, "map": [[entry.key, entry.now, entry.does] for entry in self.map]}


def bindings(own: Mapping[str, str]) -> list[Key]:
    """The map with what somebody chose. A key that they gave to one entry is taken from the entry that came with it."""
    chosen = {entry.key: own[entry.key] for entry in KEYS if entry.key in own}
    taken = set(chosen.values())
    return [replace(entry, now=chosen.get(entry.key, "" if entry.key in taken else entry.key)) for entry in KEYS]


def character(text: str) -> str:
    """The key that types this one character, in lower case; empty for what no single key of the map can be."""
    found = unicodedata.normalize("NFC", text.strip()).lower()
    fits = len(found) == 1 and unicodedata.category(found)[0] in "LPSN" and found not in DIGITS
    return found if fits else ""
