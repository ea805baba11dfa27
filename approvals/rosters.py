"""Who could decide what, as people and tiers are now. Nothing here writes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.models import User
from approvals import decisions, queries, tiers
from approvals.charters import Data
from approvals.models import Approval, Decision, Role, Tier

WAITING = 20
NAMED = 4


@dataclass(frozen=True)
class Roster:
    """All people who can sign in, with the seats that each could fill."""

    people: Mapping[int, User]
    powers: tiers.Powers

    @classmethod
    def now(cls) -> "Roster":
        people = {person.pk: person for person in User.objects.filter(is_active=True).order_by("username")}
        return cls(people, tiers.powers(people))

    def but(self, person: User, roles: Iterable[str]) -> "Roster":
        """As it would be if one of them held these roles, and no others."""
        if person.pk not in self.people:
            return self
        return replace(self, powers={**self.powers, person.pk: _powers(roles, fillable())})

    def where(self, slug: str, seats: set[str]) -> "Roster":
        """As it would be if the members of this role could take these seats by it, and no others."""
        held, able = tiers.held(self.people)[0], {**fillable(), slug: seats}
        return replace(self, powers={pk: _powers(roles, able) for pk, roles in held.items()})

    def able(self, seats: Iterable[str], without: Iterable[int] = ()) -> list[User]:
        """Who could take one of these seats."""
        wanted, out = set(seats), set(without)
        return [one for pk, one in self.people.items() if pk not in out and self.powers.get(pk, set()) & wanted]

    def lacking(self, demanded: list[str], without: Iterable[int] = ()) -> list[str]:
        """The seats that stay empty when everybody who may answers. Distinct people take distinct seats."""
        out = set(without)
        free = {pk: able for pk, able in self.powers.items() if pk not in out}
        return list((Counter(demanded) - Counter(tiers.seated(free, demanded).values())).elements())


@dataclass(frozen=True)
class Line:
    """One tier of the matrix."""

    tier: Tier
    cells: list[tuple[Role, str]]
    people: list[User]
    lacking: list[str]
    viewer: str

    @property
    def level(self) -> str:
        return self.tier.level


@dataclass
class Waiting:
    """One action that waits, with who could answer it now."""

    row: queries.Row
    roster: Roster
    names: Mapping[str, str]

    @cached_property
    def out(self) -> set[int]:
        return tiers.barred(self.row.approval) | {voice.person_id for voice in self.row.voices}

    @property
    def able(self) -> list[User]:
        return self.roster.able((role.slug for role in self.row.missing), self.out)

    @property
    def named(self) -> str:
        """The first of them by name, and how many more there are."""
        able = self.able
        more = len(able) - NAMED
        said = ", ".join(str(one) for one in able[:NAMED])
        return said + (" " + _("and %(count)d more") % {"count": more} if more > 0 else "")

    @property
    def lacking(self) -> str:
        found = self.roster.lacking([role.slug for role in self.row.missing], self.out)
        return said_seats(Counter(found), self.names)


def matrix(roster: Roster, viewer: "Viewer | None" = None) -> list[Line]:
    """Each tier with what every role may do there."""
    roles = list(Role.objects.filter(decides=True).order_by("pk"))
    able = fillable()
    names = {role.slug: role.name for role in roles}
    lines = []
    for tier in Tier.objects.prefetch_related("requirements"):
        seats = tiers.seats(tier)
        cells = [(role, _part(role.slug, able[role.slug], seats, names)) for role in roles]
        lacking = [names.get(slug, slug) for slug in roster.lacking(seats)]
        lines.append(Line(tier, cells, roster.able(seats), lacking, viewer.may(seats, names) if viewer else ""))
    return lines


def fillable() -> dict[str, set[str]]:
    """Of each role that decides the seats that its members may take."""
    deciding = Role.objects.filter(decides=True).prefetch_related("fills")
    return {role.slug: {role.slug, *(other.slug for other in role.fills.all())} for role in deciding}


def _powers(roles: Iterable[str], able: Mapping[str, set[str]]) -> set[str]:
    return set().union(*(able.get(slug, set()) for slug in roles))


def waiting(roster: Roster) -> list[Waiting]:
    """The most urgent actions that wait, with who could answer."""
    asked = Approval.objects.filter(state=Approval.State.OPEN).exclude(kind=Approval.Kind.REVIEW)
    related = ("action__agent", "action__task", "tier", "asked")
    names = dict(Role.objects.values_list("slug", "name"))
    found = list(asked.select_related(*related).order_by("urgency", "pk")[:WAITING])
    return [Waiting(row, roster, names) for row in queries.rows_of(found)]


def unfilled(wanted: Data) -> str:
    """The seats of a tier as somebody wants it that nobody could fill today, in words; empty when all can be."""
    demanded = [slug for slug, count in wanted["seats"].items() for _voice in range(count)]
    return said_seats(Counter(Roster.now().lacking(demanded)), dict(Role.objects.values_list("slug", "name")))


def emptied(change: Callable[[Roster], Roster]) -> str:
    """The seats by tier that nobody could fill any more after a change; empty when none is lost."""
    now, names = Roster.now(), dict(Role.objects.values_list("slug", "name"))
    then, found = change(now), []
    for tier in Tier.objects.prefetch_related("requirements__role"):
        demanded = tiers.seats(tier)
        if lost := Counter(then.lacking(demanded)) - Counter(now.lacking(demanded)):
            found.append(f"{tier} ({said_seats(lost, names)})")
    return ", ".join(found)


def said_seats(seats: Mapping[str, int], names: Mapping[str, str]) -> str:
    """Seats in words, such as “Senior reviewer ×2, Security reviewer”."""
    return ", ".join(
        f"{names.get(slug, slug)} ×{count}" if count > 1 else names.get(slug, slug) for slug, count in seats.items()
    )


@dataclass(frozen=True)
class Viewer:
    """Whose eyes an admin looks through: a person, or anybody of one role."""

    name: str
    able: frozenset[str]
    person: User | None = None

    @classmethod
    def named(cls, wanted: str, roster: Roster) -> "Viewer | None":
        """From an address: “role-senior” or “person-7”. None for what names nobody."""
        kind, _dash, which = wanted.partition("-")
        if kind == "role" and (role := Role.objects.prefetch_related("fills").filter(slug=which[:40]).first()):
            own = {role.slug, *(other.slug for other in role.fills.all())} if role.decides else set()
            return cls(role.name, frozenset(own))
        if (
            kind == "person"
            and which.isascii()
            and which.isdecimal()
            and (person := roster.people.get(int(which[:18])))
        ):
            return cls(str(person), frozenset(roster.powers.get(person.pk, set())), person)
        return None

    def may(self, seats: list[str], names: Mapping[str, str]) -> str:
        """What this viewer does in a tier, in words."""
        fits = [names.get(slug, slug) for slug in dict.fromkeys(seats) if slug in self.able]
        if not fits:
            return _("sees it, decides nothing")
        if len(seats) == 1:
            return _("decides alone")
        return _("gives one of %(count)d voices, as %(roles)s") % {"count": len(seats), "roles": _(" or ").join(fits)}

    def may_answer(self, waiting: Waiting) -> str:
        """Why not, in words; empty when this viewer could answer."""
        if self.person:
            if self.person.pk in {voice.person_id for voice in waiting.row.voices}:
                return _("has answered already")
            return decisions.why_not(waiting.row.approval, self.person, Decision.Answer.APPROVE)
        missing = {role.slug for role in waiting.row.missing}
        return "" if missing & self.able else _("none of the seats still empty is open to this role")


def _part(slug: str, able: set[str], seats: list[str], names: Mapping[str, str]) -> str:
    """What members of one role may do in a tier; empty for nothing."""
    if own := seats.count(slug):
        return ngettext("%(count)d voice", "%(count)d voices", own) % {"count": own}
    fits = [names.get(seat, seat) for seat in dict.fromkeys(seats) if seat in able]
    return _("for %(roles)s") % {"roles": ", ".join(fits)} if fits else ""


def choices(roster: Roster) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Everybody whose eyes there are, for a select."""
    roles = [(f"role-{role.slug}", role.name) for role in Role.objects.order_by("pk")]
    return [(_("Roles"), roles), (_("People"), [(f"person-{pk}", str(one)) for pk, one in roster.people.items()])]
