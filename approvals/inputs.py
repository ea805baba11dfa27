"""The controls of a typed form, by the kind of value: what each one draws, and what a text in it means."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents import payloads
from agents.validators import FORMATS
from approvals.fields import ABSENT, Data, Field, Wrong, code, is_nothing, pretty, unbroken, values_of, words

WHOLE = re.compile(r"[+-]?[0-9]{1,17}")
NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
# A German reads 1240 in it, an American 1.24.
TWO_WAYS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?", re.ASCII)
MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?)(Z|[+-]\d\d:\d\d)", re.ASCII)


def two_ways(text: str) -> str:
    """What to write in the place of a number that countries read differently."""
    ways = {"text": text, "whole": text.replace(".", ""), "decimal": f"{text}0"}
    return _("“%(text)s” is read in two ways. Write %(whole)s or %(decimal)s.") % ways


class Text(Field):
    """Text in one line, or in several."""

    @property
    def limits(self) -> str:
        if (most := self.schema.get("maxLength")) and isinstance(most, int):
            return ngettext("Up to %(count)s character.", "Up to %(count)s characters.", most) % {
                "count": number_format(most)
            }
        return ""

    @property
    def rows(self) -> int:
        asked = self.schema.get("x-lines")
        return min(max(asked, 2), 30) if isinstance(asked, int) else min(max(self.shown.count("\n") + 1, 3), 12)

    def _blank(self) -> tuple[Any] | None:
        if self.sent:  # spaces are a text
            return None
        return (None,) if self.nullable else ("",) if self.required else (ABSENT,)

    def meaning(self, text: str) -> Any:
        # A browser sends every line break as CR LF; a text that used only those keeps them.
        return text.replace("\n", "\r\n") if _only_crlf(self.base) else text


class Number(Field):
    """A whole or a decimal number, written with digits and a point."""

    @property
    def whole(self) -> bool:
        return self.kind == "integer" or self.schema.get("x-unit") == "minor"

    @property
    def limits(self) -> str:
        least, most = self.schema.get("minimum"), self.schema.get("maximum")
        what = _("Whole number") if self.whole else _("Number")
        if least is not None and most is not None:
            return _("%(what)s, %(least)s to %(most)s.") % {"what": what, "least": least, "most": most}
        if least is not None:
            return _("%(what)s, %(least)s or more.") % {"what": what, "least": least}
        if most is not None:
            return _("%(what)s, up to %(most)s.") % {"what": what, "most": most}
        return f"{what}."

    def drawn(self) -> str:
        return "" if is_nothing(self.base) else code(self.base)

    def meaning(self, text: str) -> Any:
        text = text.strip()
        if WHOLE.fullmatch(text) and abs(int(text)) <= payloads.LIMITS.number:
            return int(text)
        if self.whole:
            raise Wrong(_("Write a whole number with digits only, like 1250."))
        if not NUMBER.fullmatch(text):
            raise Wrong(_("Write a number with digits and a point, like 12.50."))
        if TWO_WAYS.fullmatch(text):
            raise Wrong(two_ways(text))
        return float(text)


class Day(Field):
    """A date."""


class Moment(Field):
    """A date and a time, with the offset from UTC beside it."""

    zone_sent: str | None = None

    @property
    def zone_name(self) -> str:
        return f"{self.name}--zone"

    @property
    def zone(self) -> str:
        return self._parts()[1] if self.zone_sent is None else self.zone_sent

    def drawn(self) -> str:
        return self._parts()[0]

    def typed(self, data: Data) -> Iterator[tuple[str, str, str]]:
        yield from super().typed(data)
        if zone := data.get(self.zone_name):
            yield self.zone_name, _("Offset from UTC"), str(zone)

    def _parts(self) -> tuple[str, str]:
        found = MOMENT.fullmatch(self.base) if isinstance(self.base, str) else None
        return (found[1], found[2]) if found else ("", "")

    def untouched(self, data: Data) -> bool:
        self.zone_sent = unbroken(data.get(self.zone_name))
        local, zone = self._parts()
        same_zone = self.zone_sent is None or self.zone_sent.strip() == zone
        return self.sent is None or (same_zone and _clock(self.sent) == _clock(local))

    def meaning(self, text: str) -> Any:
        zone = self.zone.strip()
        if not LOCAL.fullmatch(text):
            raise Wrong(_("Write a date and a time, like 2027-03-31T09:30."))
        if not FORMATS["time"](f"00:00:00{zone}"):
            raise Wrong(_("Add the offset from UTC, like +02:00, or Z for UTC."))
        # Browsers leave out seconds that are zero.
        return (text if text.count(":") == 2 else f"{text}:00") + zone


class Choice(Field):
    """One of several values; also yes or no."""

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """Of each: what is sent, its words, whether it is chosen now."""
        known = {code(value): value for value in values_of(self.schema) or [True, False]}
        if self.nullable:
            known[code(None)] = None
        if self.base is not ABSENT:
            known.setdefault(code(self.base), self.base)
        unset = [("", str(ABSENT), self.shown == "")] if self.base is ABSENT or not self.required else []
        return unset + [(sent, words(value), self.shown == sent) for sent, value in known.items()]

    def drawn(self) -> str:
        return "" if self.base is ABSENT else code(self.base)

    def told(self, sent: str) -> str:
        return next((words for value, words, _chosen in self.options if value == sent), sent)

    def _blank(self) -> tuple[Any] | None:
        return (ABSENT,)

    def meaning(self, text: str) -> Any:
        return payloads.parse(text)


class Json(Field):
    """Whatever has no control of its own, as JSON."""

    @property
    def rows(self) -> int:
        return min(max(self.shown.count("\n") + 1, 2), 20)

    @property
    def limits(self) -> str:
        return _("JSON.")

    def drawn(self) -> str:
        return "" if self.base is ABSENT else pretty(self.base)

    def _blank(self) -> tuple[Any] | None:
        return (ABSENT,)

    def meaning(self, text: str) -> Any:
        return payloads.parse(text)


def _only_crlf(text: Any) -> bool:
    return isinstance(text, str) and 0 < text.count("\r\n") == text.count("\n") == text.count("\r")


def _clock(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
