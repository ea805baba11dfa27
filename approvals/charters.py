"""What a tier, a role or a person's access is, as plain data: read from rows, checked, compared, written back."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext as _

from agents.models import User
from agents.payloads import Refused
from approvals import tiers
from approvals.models import Change, Level, Role, Tier, TierRequirement
from approvals.rules import AT_ZERO

Data = dict[str, Any]
ADMIN, SENIOR = "admin", "senior"
DAY_MINUTES = 24 * 60
MOST_VOICES, MOST_SEATS = 9, 12
RANGES = {
    "deadline_minutes": (1, 7 * DAY_MINUTES), "card_seconds": (0, 600), "hold_seconds": (0, 60 * DAY_MINUTES),
    "fresh_minutes": (1, 7 * DAY_MINUTES),
}  # fmt: skip
FLAGS = ("requester_counts", "reauthenticate")
OPEN_TO_REQUESTERS = (Level.LOW, Level.MEDIUM)
NAME_LIMIT = 100


class Misfit(Refused):
    """Something that a charter cannot say: for each fault its field, and what to do."""

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{place}: {text}" if place else text for place, text in self.faults))


class TierCharter:
    """What one risk level demands. `seats` holds the voices by role."""

    kind: ClassVar[str] = Change.Kind.TIER

    def __init__(self, level: str) -> None:
        self.level = self.name = level
        self.subject: Data = {"slug": level}
        self.about: Data = {"tier": level}
        self.told: Data = {}

    def now(self) -> Data:
        tier = Tier.objects.prefetch_related("requirements").get(level=self.level)
        seats = {need.role.slug: need.count for need in tier.requirements.all()}
        return {
            "seats": dict(sorted(seats.items())),
            **{name: getattr(tier, name) for name in (*RANGES, "at_zero", *FLAGS)},
        }

    def check(self, wanted: Data) -> None:
        if faults := list(self._faults(wanted)):
            raise Misfit(faults)

    def weakens(self, before: Data, wanted: Data) -> bool:
        """Whether anything is easier afterwards: fewer or lower voices, more time, less care."""
        return (
            not covers(before["seats"], wanted["seats"], fillers())
            or any(wanted[name] > before[name] for name in ("deadline_minutes", "fresh_minutes", "requester_counts"))
            or any(wanted[name] < before[name] for name in ("card_seconds", "hold_seconds", "reauthenticate"))
            or AT_ZERO.index(wanted["at_zero"]) < AT_ZERO.index(before["at_zero"])
        )

    def event(self, before: Data, wanted: Data) -> str:
        return "tier.changed"

    def put(self, wanted: Data) -> None:
        tier = Tier.objects.get(level=self.level)
        Tier.objects.filter(pk=tier.pk).update(**{name: value for name, value in wanted.items() if name != "seats"})
        roles = {role.slug: role for role in Role.objects.filter(slug__in=wanted["seats"])}
        tier.requirements.exclude(role__in=roles.values()).delete()
        for slug, count in wanted["seats"].items():
            TierRequirement.objects.update_or_create(tier=tier, role=roles[slug], defaults={"count": count})

    def _faults(self, wanted: Data) -> Iterator[tuple[str, str]]:
        expected = {"seats", "at_zero", *RANGES, *FLAGS}
        if set(wanted) != expected:
            yield "", _("say %(names)s, and nothing else.") % {"names": ", ".join(sorted(expected))}
            return
        yield from _seat_faults(wanted["seats"])
        for name, (least, most) in RANGES.items():
            if type(wanted[name]) is not int or not least <= wanted[name] <= most:
                yield name, _("write a whole number from %(least)d to %(most)d.") % {"least": least, "most": most}
        if wanted["at_zero"] not in AT_ZERO:
            yield "at_zero", _("choose one of %(words)s.") % {"words": ", ".join(AT_ZERO)}
        for name in FLAGS:
            if type(wanted[name]) is not bool:
                yield name, _("say yes or no.")
        if wanted["requester_counts"] is True and self.level not in OPEN_TO_REQUESTERS:
            yield "requester_counts", _("who asked or edited never counts at high and critical.")


class RoleCharter:
    """A group of people: its name, whether it decides, whose seats it fills. Empty data is no role."""

    kind: ClassVar[str] = Change.Kind.ROLE

    def __init__(self, slug: str) -> None:
        self.slug = self.name = slug
        self.subject: Data = {"slug": slug}
        self.about: Data = {}
        self.told: Data = {"role": slug}

    def now(self) -> Data:
        role = Role.objects.prefetch_related("fills").filter(slug=self.slug).first()
        if role is None:
            return {}
        return {"name": role.name, "decides": role.decides, "fills": sorted(other.slug for other in role.fills.all())}

    def check(self, wanted: Data) -> None:
        if faults := list(self._faults(wanted)):
            raise Misfit(faults)

    def weakens(self, before: Data, wanted: Data) -> bool:
        """Whether people who hold the role now could fill a seat more. A role that is new has no members."""
        return bool(before) and bool(_seats_of(self.slug, wanted) - _seats_of(self.slug, before))

    def event(self, before: Data, wanted: Data) -> str:
        return "role.changed" if before and wanted else "role.created" if wanted else "role.deleted"

    def put(self, wanted: Data) -> None:
        if not wanted:
            Role.objects.filter(slug=self.slug).delete()
            return
        told = {"name": wanted["name"], "decides": wanted["decides"]}
        role, _made = Role.objects.update_or_create(slug=self.slug, defaults=told)
        role.fills.set(Role.objects.filter(slug__in=wanted["fills"]))

    def _faults(self, wanted: Data) -> Iterator[tuple[str, str]]:
        if self.slug == ADMIN:
            yield "", _("the role of admins is fixed: it looks after the house and decides nothing.")
        if not wanted:
            yield from self._ties()
            return
        name = wanted.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > NAME_LIMIT or not name.isprintable():
            yield "name", _("give it a name of at most %d characters, on one line.") % NAME_LIMIT
        if type(wanted.get("decides")) is not bool:
            yield "decides", _("say yes or no.")
        known = set(Role.objects.filter(decides=True).exclude(slug=self.slug).values_list("slug", flat=True))
        if unknown := [slug for slug in wanted.get("fills", ()) if slug not in known]:
            yield "fills", _("no other role that decides is called “%(slug)s”.") % {"slug": unknown[0]}
        if wanted.get("fills") and wanted.get("decides") is False:
            yield "fills", _("a role that does not decide fills no seat.")
        if wanted.get("decides") is False and (levels := self._demanded()):
            yield "decides", _("%(levels)s needs voices of this role. Change that first.") % {"levels": levels}

    def _ties(self) -> Iterator[tuple[str, str]]:
        if self.slug == SENIOR:
            yield "", _("seniors lift stops, so this role stays.")
        if levels := self._demanded():
            yield "", _("%(levels)s needs voices of this role. Change that first.") % {"levels": levels}

    def _demanded(self) -> str:
        found = Tier.objects.filter(requirements__role__slug=self.slug)
        return ", ".join(str(tier) for tier in found)


class _OfPerson:
    """What all that is about one person has."""

    def __init__(self, person: User) -> None:
        self.person, self.name = person, str(person)
        self.subject: Data = {"person": person}
        self.about: Data = {}
        self.told: Data = {"person": person.pk, "name": str(person)}


class RolesCharter(_OfPerson):
    """Which roles one person holds."""

    kind: ClassVar[str] = Change.Kind.ROLES

    def now(self) -> Data:
        return {"roles": sorted(self.person.roles.values_list("slug", flat=True))}

    def check(self, wanted: Data) -> None:
        known = set(Role.objects.values_list("slug", flat=True))
        if unknown := [slug for slug in wanted["roles"] if slug not in known]:
            raise Misfit([("roles", _("there is no role “%(slug)s”.") % {"slug": unknown[0]})])
        if ADMIN not in wanted["roles"] and last_admin(self.person):
            raise Misfit([("roles", _("this is the last admin. Make another one first."))])

    def weakens(self, before: Data, wanted: Data) -> bool:
        """Whether the person may do more, or there is an admin less to look over another's shoulder."""
        return bool(set(wanted["roles"]) - set(before["roles"])) or ADMIN in set(before["roles"]) - set(wanted["roles"])

    def event(self, before: Data, wanted: Data) -> str:
        return "person.roles"

    def put(self, wanted: Data) -> None:
        self.person.roles.set(Role.objects.filter(slug__in=wanted["roles"]))


class AccessCharter(_OfPerson):
    """Whether one person may come in; `reset` ends what they have and asks for a new password."""

    kind: ClassVar[str] = Change.Kind.ACCESS

    def now(self) -> Data:
        return {"active": User.objects.values_list("is_active", flat=True).get(pk=self.person.pk)}

    def check(self, wanted: Data) -> None:
        if not wanted["active"] and wanted.get("reset"):
            raise Misfit([("", _("this account is disabled. Enable it first."))])
        if not wanted["active"] and last_admin(self.person):
            raise Misfit([("", _("this is the last admin. Make another one first."))])

    def weakens(self, before: Data, wanted: Data) -> bool:
        """Whether somebody who holds a role comes back, or whoever has the new link could answer as this person."""
        back = wanted["active"] and not before["active"]
        return bool(back or wanted.get("reset")) and self.person.roles.exists()

    def event(self, before: Data, wanted: Data) -> str:
        return "person.reset" if wanted.get("reset") else "person.enabled" if wanted["active"] else "person.disabled"

    def put(self, wanted: Data) -> None:
        self.person.refresh_from_db()
        self.person.is_active = wanted["active"]
        if wanted.get("reset"):
            self.person.set_unusable_password()
        self.person.save(update_fields=["is_active", "password"])
        if not wanted["active"] or wanted.get("reset"):
            end_sessions(self.person)


Charter = TierCharter | RoleCharter | RolesCharter | AccessCharter


def end_sessions(person: User) -> None:
    """Sign a person out everywhere: the rows go, and with them what open sockets live on."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):
            session.delete()


def last_admin(person: User) -> bool:
    """Whether nobody else could sign in as an admin."""
    admins = User.objects.filter(roles__slug=ADMIN, is_active=True)
    return admins.filter(pk=person.pk).exists() and not admins.exclude(pk=person.pk).exists()


def covers(before: Mapping[str, int], after: Mapping[str, int], may_fill: Mapping[str, set[str]]) -> bool:
    """Whether all who could fill the seats afterwards would have filled those before, too."""
    demanded = [slug for slug, count in before.items() for _voice in range(count)]
    offered = [slug for slug, count in after.items() for _voice in range(count)]
    fit = {
        at: {old for old in before if may_fill.get(new, set()) <= may_fill.get(old, set())}
        for at, new in enumerate(offered)
    }
    return len(tiers.seated(fit, demanded)) == len(demanded)


def fillers() -> dict[str, set[str]]:
    """For each role the roles whose members may take its seats, its own included."""
    found: dict[str, set[str]] = {slug: {slug} for slug in Role.objects.values_list("slug", flat=True)}
    for slug, other in Role.objects.filter(decides=True).exclude(fills=None).values_list("slug", "fills__slug"):
        found[other].add(slug)
    return found


def _seats_of(slug: str, charter: Data) -> set[str]:
    return {slug, *charter["fills"]} if charter.get("decides") else set()


def _seat_faults(seats: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(seats, dict) or not seats:
        yield "seats", _("a tier needs at least one voice. With none, everything would run alone.")
        return
    known = set(Role.objects.filter(decides=True).values_list("slug", flat=True))
    for slug, count in seats.items():
        if slug not in known:
            yield "seats", _("no role that decides is called “%(slug)s”.") % {"slug": str(slug)[:50]}
        elif type(count) is not int or not 1 <= count <= MOST_VOICES:
            yield (
                f"seats-{slug}",
                _("write a whole number from %(least)d to %(most)d.") % {"least": 0, "most": MOST_VOICES},
            )
    if sum(count for count in seats.values() if type(count) is int) > MOST_SEATS:
        yield "seats", _("a tier has at most %d voices.") % MOST_SEATS
