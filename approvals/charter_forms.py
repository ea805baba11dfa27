"""Forms for people, roles and tiers. What a charter refuses is told at its field, and nothing typed is lost."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.validators import validate_slug
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import User
from approvals import rosters
from approvals.amendments import REASON_LIMIT
from approvals.charters import ADMIN, FLAGS, MOST_VOICES, NAME_LIMIT, OPEN_TO_REQUESTERS, RANGES, Data, Misfit
from approvals.models import Change, Role, Tier
from approvals.rules import AT_ZERO

LABELS: dict[str, Any] = {
    "seats": gettext_lazy("Voices"), "deadline_minutes": gettext_lazy("Time to answer, minutes"), "at_zero": gettext_lazy("When the time is over"),
    "card_seconds": gettext_lazy("Least time on the card, seconds"), "hold_seconds": gettext_lazy("Hold after approval, seconds"),
    "fresh_minutes": gettext_lazy("A voice stays fresh for, minutes"),
    "requester_counts": gettext_lazy("Who asked for it or edited it may count"),
    "reauthenticate": gettext_lazy("Asks for the password again"), "name": gettext_lazy("Name"), "decides": gettext_lazy("Decides"),
    "fills": gettext_lazy("Fills also the seats of"), "roles": gettext_lazy("Roles"), "active": gettext_lazy("May come in"),
    "reset": gettext_lazy("Sets a new password"),
}  # fmt: skip
HELP: dict[str, Any] = {
    "deadline_minutes": gettext_lazy("A shorter time is stricter."),
    "card_seconds": gettext_lazy(
        "The server counts from when the card was opened. An approval that comes sooner is refused."
    ),
    "hold_seconds": gettext_lazy(
        "What is approved and reaches outside waits this long before it starts; until then it can be taken back."
    ),
    "fresh_minutes": gettext_lazy("What did not start within this time of a voice expires."),
}


class ChangeForm(forms.Form):
    """What every change carries: why, and the mark of what the page was drawn from."""

    template_name_label = "django/forms/label.html"
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=REASON_LIMIT, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Kept in the ledger."), required=False,
    )  # fmt: skip

    def __init__(self, *args: Any, mark: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "f-%s", **kwargs})
        self.fields["seen"].initial = mark

    def blame(self, misfit: Misfit) -> None:
        """Put each fault to its field."""
        for place, text in misfit.faults:
            field = place if place in self.fields else None
            said = f"{LABELS[place]}: {text}" if field is None and place in LABELS else text
            self.add_error(field, said)

    def draw_again(self, mark: str) -> None:
        """Keep what was typed, and take the mark of how things are now."""
        data: Any = self.data
        self.data = data.copy()
        self.data[self.add_prefix("seen")] = mark  # type: ignore[index]


class SeatsForm(ChangeForm):
    """A change that may leave seats to nobody. It says which; then it takes a tick of its own."""

    anyway = forms.BooleanField(label=gettext_lazy("Save it although nobody could fill it today"), required=False)
    warning: Any = gettext_lazy(
        "Nobody could fill this today: %(seats)s. Give people the role first, or tick the box below."
    )
    unfilled = ""

    def leaves_empty(self) -> str:
        """Those seats in words; empty when there are none."""
        raise NotImplementedError

    def clean(self) -> Data:
        if not self.errors and not self.cleaned_data["anyway"] and (seats := self.leaves_empty()):
            self.unfilled = seats
            self.add_error(None, self.warning % {"seats": seats})
        return self.cleaned_data


class TierForm(SeatsForm):
    """One tier, with a number of voices for every role that decides."""

    def __init__(self, *args: Any, level: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles = list(Role.objects.filter(decides=True).order_by("pk"))
        made: dict[str, forms.Field] = {}
        for role in self.roles:
            made[f"seats-{role.slug}"] = _whole((0, MOST_VOICES), role.name, required=False)
        for name, bounds in RANGES.items():
            made[name] = _whole(bounds, LABELS[name], help_text=HELP[name])
        zero = [(value, label) for value, label in Tier.AtZero.choices if value in AT_ZERO]
        made["at_zero"] = forms.ChoiceField(label=LABELS["at_zero"], choices=zero)
        for name in FLAGS:
            made[name] = forms.BooleanField(label=LABELS[name], required=False)
        if level not in OPEN_TO_REQUESTERS:
            made["requester_counts"].disabled = True
            made["requester_counts"].help_text = _("Never at high and critical.")
        self.fields = {**made, **self.fields}

    @staticmethod
    def first(now: Data) -> Data:
        """What the form begins with."""
        return {
            **{name: now[name] for name in now if name != "seats"},
            **{f"seats-{slug}": n for slug, n in now["seats"].items()},
        }

    @property
    def seats(self) -> Iterator[forms.BoundField]:
        return (self[f"seats-{role.slug}"] for role in self.roles)

    @property
    def numbers(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in RANGES)

    @property
    def flags(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in FLAGS)

    @cached_property
    def wanted(self) -> Data:
        told = self.cleaned_data
        seats = {role.slug: told[f"seats-{role.slug}"] for role in self.roles if told.get(f"seats-{role.slug}")}
        return {"seats": dict(sorted(seats.items())), **{name: told[name] for name in (*RANGES, "at_zero", *FLAGS)}}

    def leaves_empty(self) -> str:
        return rosters.unfilled(self.wanted)


class EmptyingForm(SeatsForm):
    """A change after which some may no longer take the seats that they take now."""

    warning = gettext_lazy(
        "Then nobody could fill %(seats)s. Give somebody else the role first, or tick the box below."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["anyway"].label = _("Do it although nobody could fill that then")


class RoleForm(EmptyingForm):
    """One role."""

    slug = forms.CharField(
        label=gettext_lazy("Short name"), max_length=40, validators=[validate_slug],
        help_text=gettext_lazy("Letters, digits and hyphens. It stays as it is: decisions are kept under it."),
    )  # fmt: skip
    name = forms.CharField(label=LABELS["name"], max_length=NAME_LIMIT)
    decides = forms.BooleanField(
        label=LABELS["decides"],
        required=False,
        help_text=gettext_lazy("Members may give voices in tiers that ask for this role."),
    )
    fills = forms.MultipleChoiceField(
        label=LABELS["fills"], required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Their seats are open to members of this role, too. One person takes one seat."),
    )  # fmt: skip
    field_order = ("slug", "name", "decides", "fills", "reason")

    def __init__(self, *args: Any, slug: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = slug
        others = Role.objects.filter(decides=True).exclude(slug=slug).order_by("pk")
        self.fields["fills"].choices = [(role.slug, role.name) for role in others]  # type: ignore[attr-defined]
        if slug:
            del self.fields["slug"]

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).lower()
        if Role.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("There is a role with this short name already."))
        return slug

    @property
    def wanted(self) -> Data:
        told = self.cleaned_data
        return {"name": told["name"], "decides": told["decides"], "fills": sorted(told["fills"])}

    def leaves_empty(self) -> str:
        if not self.about:  # nobody holds a new one
            return ""
        told = self.wanted
        stays = told["decides"] and self.data.get("do") != "delete"
        seats = {self.about, *told["fills"]} if stays else set()
        return rosters.emptied(lambda now: now.where(self.about, seats))


class PersonForm(EmptyingForm):
    """A change of what one person may do, which others may not be there to do in their place."""

    def __init__(self, *args: Any, about: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about


class RolesForm(PersonForm):
    """Which roles somebody holds."""

    roles = forms.MultipleChoiceField(label=LABELS["roles"], required=False, widget=forms.CheckboxSelectMultiple)
    field_order = ("roles", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "roles", **kwargs})
        self.fields["roles"].choices = [(role.slug, role.name) for role in Role.objects.order_by("pk")]  # type: ignore[attr-defined]

    @property
    def wanted(self) -> Data:
        return {"roles": sorted(self.cleaned_data["roles"])}

    def leaves_empty(self) -> str:
        return rosters.emptied(lambda now: now.but(self.about, self.wanted["roles"]))


class AccessForm(PersonForm):
    """Disable, enable or reset: which one, a button says."""

    VERBS: dict[str, Data] = {
        "disable": {"active": False}, "enable": {"active": True}, "reset": {"active": True, "reset": True},
    }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "access", **kwargs})

    @property
    def wanted(self) -> Data:
        return self.VERBS[self.data["do"]]

    def leaves_empty(self) -> str:
        return "" if self.wanted["active"] else rosters.emptied(lambda now: now.but(self.about, ()))


class InviteForm(forms.Form):
    """Somebody new."""

    username = forms.CharField(label=gettext_lazy("Name to sign in with"), max_length=150)
    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150, required=False)
    reason = ChangeForm.base_fields["reason"]

    def blame(self, misfit: Misfit) -> None:
        """Put each fault to its field."""
        for place, text in misfit.faults:
            self.add_error(place if place in self.fields else None, text)


def differences(change: Change) -> list[tuple[str, str, str]]:
    """What a change changes: label, before, after."""
    names = dict(Role.objects.values_list("slug", "name"))
    fields = [name for name in {**change.before, **change.wanted} if change.before.get(name) != change.wanted.get(name)]
    return [
        (str(LABELS.get(name, name)), said(change.before.get(name), names), said(change.wanted.get(name), names))
        for name in fields
    ]


def said(value: Any, names: Mapping[str, str]) -> str:
    """A value of a charter in words."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return rosters.said_seats(value, names)
    if isinstance(value, list):
        return ", ".join(names.get(str(slug), str(slug)) for slug in value) or _("none")
    if value in dict(Tier.AtZero.choices):
        return str(Tier.AtZero(value).label)
    return "–" if value is None else str(value)


def is_fixed(role: Role) -> bool:
    return role.slug == ADMIN


def _whole(bounds: tuple[int, int], label: Any, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=bounds[0], max_value=bounds[1], **more)
