"""In which language and time zone somebody reads: what they chose, else what their browser asks for, and UTC."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation.trans_real import parse_accept_lang_header

from agents.models import User

UTC = "UTC"
_AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@dataclass(frozen=True)
class Reader:
    """What a drawing depends on beside what it shows: readers of one language and zone share it."""

    language: str
    zone: str

    @contextmanager
    def reads(self) -> Iterator[None]:
        """Around whatever draws for this reader."""
        with translation.override(self.language), timezone.override(ZoneInfo(self.zone)):
            yield


def reader(person: User, accepted: str = "") -> Reader:
    """`accepted`: the Accept-Language of their browser. A zone that is no longer known reads as UTC."""
    chosen = person.language if person.language in dict(settings.LANGUAGES) else _preferred(accepted)
    return Reader(chosen, person.time_zone if person.time_zone in zones() else UTC)


def _preferred(accepted: str) -> str:
    for code, _quality in parse_accept_lang_header(accepted):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


@cache
def zones() -> tuple[str, ...]:
    """The names of the zones in which people live; those of an older form are left out."""
    return (UTC, *sorted(name for name in available_timezones() if name.partition("/")[0] in _AREAS and "/" in name))
