"""What a policy says beside its rules: what trust may buy, who grants it, how much is looked at, and who may loosen."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from agents.models import TrustScore
from agents.payloads import Refused
from agents.trust import Terms, missing

AUTOMATIC, PROPOSED = "automatic", "proposed"
GRADUATION = (PROPOSED, AUTOMATIC)  # grows looser
SAMPLED = 0.02
LIMITS, SHARES = (1, 50), (0, 100)  # percent


@dataclass(frozen=True)
class Thresholds:
    """`limit` of the bound and `sampled`, the share of what ran alone that a person looks at, are parts of one.

    `second_admin`: whether what is looser waits for one.
    """

    limit: float = Terms.limit
    graduation: str = AUTOMATIC
    sampled: float = SAMPLED
    second_admin: bool = True

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Thresholds":
        """Those of a policy; what cannot be read grants nothing, and everything is looked at."""
        terms, share = Terms.of(stored), stored.get("sampled", SAMPLED)
        known = isinstance(share, int | float) and 0 <= share <= 1
        graduation, second = AUTOMATIC if terms.automatic else PROPOSED, stored.get("second_admin", True) is not False
        return cls(terms.limit, graduation, float(share) if known else 1.0, second)

    @property
    def terms(self) -> Terms:
        return Terms(self.limit, self.graduation == AUTOMATIC)

    @property
    def limit_percent(self) -> int | float:
        return percent(self.limit)

    @property
    def sampled_percent(self) -> int | float:
        return percent(self.sampled)

    @property
    def clean(self) -> int | None:
        """How many clean actions in a row prove it to an agent that begins."""
        return missing(TrustScore(), self.limit)

    def stored(self) -> dict[str, Any]:
        """As a policy keeps them."""
        return {
            "trust_limit": self.limit, "graduation": self.graduation, "sampled": self.sampled,
            "second_admin": self.second_admin,
        }  # fmt: skip

    def data(self) -> dict[str, Any]:
        """As a document writes them."""
        return {
            "limit_percent": self.limit_percent, "graduation": self.graduation, "sampled_percent": self.sampled_percent,
            "second_admin": self.second_admin,
        }  # fmt: skip


class Unfit(Refused):
    """Numbers that cannot be taken: of each fault the field, and what to do."""

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.faults))


def percent(share: float) -> int | float:
    """A share as percent, with one decimal where it has one."""
    found = round(100 * share, 1)
    return int(found) if found == int(found) else found


def read(data: Any, kept: Thresholds) -> Thresholds:
    """Numbers from plain data, each checked; what is not named stays as in `kept`. Raises Unfit."""
    known = kept.data()
    if not isinstance(data, dict):
        raise Unfit([("", _("write names with values: %s.") % ", ".join(known))])
    if faults := list(_faults(data, known)):
        raise Unfit(faults)
    return Thresholds(
        round(data["limit_percent"] / 100, 4) if "limit_percent" in data else kept.limit,
        data.get("graduation", kept.graduation),
        round(data["sampled_percent"] / 100, 4) if "sampled_percent" in data else kept.sampled,
        data.get("second_admin", kept.second_admin),
    )


def looser(before: Thresholds, after: Thresholds) -> bool:
    """Whether an agent may more easily act alone, fewer people look at what it did, or one admin loosens alone."""
    grants = GRADUATION.index(after.graduation) > GRADUATION.index(before.graduation)
    trusts = before.second_admin and not after.second_admin
    return grants or trusts or after.limit > before.limit or after.sampled < before.sampled


def _faults(data: Mapping[Any, Any], known: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in data:
        if name not in known:
            said = {"name": str(name)[:50], "known": ", ".join(known)}
            yield str(name)[:50], _("there is no field “%(name)s”. There are %(known)s.") % said
    for name, (least, most) in {"limit_percent": LIMITS, "sampled_percent": SHARES}.items():
        if name in data and not _share(data[name], least, most):
            span = {"least": least, "most": most}
            yield name, _("write a number from %(least)d to %(most)d, with one decimal at most.") % span
    if "second_admin" in data and not isinstance(data["second_admin"], bool):
        yield "second_admin", _("write true or false.")
    if "graduation" in data and data["graduation"] not in GRADUATION:
        shown = {"value": str(data["graduation"])[:50], "allowed": ", ".join(GRADUATION)}
        yield "graduation", _("“%(value)s” is none of %(allowed)s.") % shown


def _share(value: Any, least: int, most: int) -> bool:
    if type(value) not in (int, float) or not math.isfinite(value) or not least <= value <= most:
        return False
    return math.isclose(10 * value, round(10 * value), abs_tol=1e-9)
