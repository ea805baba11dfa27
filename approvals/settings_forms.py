"""Forms for what each person settles for themselves. `wanted` holds the columns that a valid one saves."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from agents.models import User
from approvals import keys, readers
from approvals.models import UserSettings


class SettingsForm(forms.ModelForm):
    """One card of the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "f-%s", **kwargs})

    @property
    def wanted(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def keep(self, person: User) -> None:
        UserSettings.objects.update_or_create(person=person, defaults=self.wanted)


class ScreenForm(SettingsForm):
    class Meta:
        model = UserSettings
        fields = ("theme", "density", "counter", "tones")


class ReadingForm(forms.Form):
    """The language of the pages, and the zone of the times on them. Both stand with the person."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "f-%s", **kwargs})
        languages = [("", _("As the browser asks")), *settings.LANGUAGES]
        areas = groupby(readers.zones()[1:], lambda name: name.partition("/")[0])
        zones = [
            ("", readers.UTC),
            *((area, [(name, name.replace("_", " ")) for name in some]) for area, some in areas),
        ]
        self.fields["language"] = forms.ChoiceField(label=_("Language"), choices=languages, required=False)
        self.fields["time_zone"] = forms.ChoiceField(label=_("Time zone"), choices=zones, required=False)

    def keep(self, person: User) -> None:
        person.language, person.time_zone = self.cleaned_data["language"], self.cleaned_data["time_zone"]
        person.save(update_fields=["language", "time_zone"])


class KeysForm(SettingsForm):
    """Whether single keys work, and which one does what. No two entries of the map share a key."""

    class Meta:
        model = UserSettings
        fields = ("single_keys",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.map = {f"key-{ord(entry.key)}": entry for entry in keys.bindings(self.initial["keys"])}
        for name, entry in self.map.items():
            # Longer than one character, so that who writes a word is told why it is no key.
            field = forms.CharField(label=entry.does, initial=entry.now, required=False, max_length=20)
            field.widget.attrs |= {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
            self.fields[name] = field

    @property
    def rows(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in self.map)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        taken: dict[str, keys.Key] = {}
        for name, entry in self.map.items():
            typed = data.get(name, "")
            now = data[name] = keys.character(typed)
            if typed and not now:
                self.add_error(name, _("Type one letter or sign; the digits 1 to 9 choose options."))
            elif now in taken:
                self.add_error(
                    name, _("“%(key)s” is already the key for: %(does)s.") % {"key": now, "does": taken[now].does}
                )
            elif now:
                taken[now] = entry
        return data

    @property
    def wanted(self) -> dict[str, Any]:
        now = {entry.key: self.cleaned_data[name] for name, entry in self.map.items()}
        return {**super().wanted, "keys": {key: new for key, new in now.items() if new != key}}
