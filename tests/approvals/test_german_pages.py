"""Each page in German: its telling words are there, and none of our English sentences is left."""

import re
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.test import Client
from django.utils.html import strip_tags

from agents.models import Action, User
from agents.toolbox import flights
from tests.cast import Enter, a_task, approve, propose, reject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]
CATALOGUE = Path(__file__).parents[2] / "locale" / "de" / "LC_MESSAGES" / "django.po"
MAIL = {"to": "anna@acme.example", "subject": "Angebot", "body": "Guten Tag."}


@cache
def sentences() -> tuple[str, ...]:
    """What we say in English in three words or more, and otherwise in German; what is filled in cuts it in pieces."""
    with CATALOGUE.open("rb") as file:
        told = [one for one in read_po(file, locale="de") if one.id]
    english = {form for one in told for form in (one.id if isinstance(one.id, tuple) else (one.id,))}
    german = " ".join(form for one in told for form in ([one.string] if isinstance(one.string, str) else one.string))
    pieces = {
        piece.strip(" .:;,“”") for form in english for piece in re.split(r"%\([\w.]+\)[sd]|%%|\{\w+\}|<[^>]+>", form)
    }
    return tuple(piece for piece in pieces if piece.count(" ") >= 2 and piece not in german)


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    html = answer.content.decode()
    spoken = " ".join(re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', html))
    seen = strip_tags(re.sub(r"(?s)<(style|script)\b(?! id=\"words\").*?</\1>", "", html))
    return " ".join(unescape(f"{seen} {spoken}").split())


@pytest.fixture
def german(enter: Enter, cast: dict[str, User]) -> dict[str, Client]:
    User.objects.update(language="de", time_zone="Europe/Vienna")
    return {name: enter(User.objects.get(username=name)) for name in ("ada", "ines", "mara")}


@pytest.fixture
def story(cast: dict[str, User]) -> dict[str, Action]:
    """One action in each of the states that a card tells apart."""
    mara, jonas = cast["mara"], cast["jonas"]
    task = a_task(starter=jonas)
    made = {
        name: propose(tool="email.send", arguments=MAIL | {"subject": name}, task=task)
        for name in ("waits", "approved", "rejected")
    }
    approve(made["approved"], mara)
    reject(made["rejected"], mara)
    made["high"] = propose(tool="payments.refund", task=task, arguments={
        "to": "Berg", "amount_minor": 124_000, "currency": "EUR", "reference": "T1",
    })  # fmt: skip
    made["critical"] = propose(tool="deploy.restart_pool", arguments={"pool": "eu-2"}, task=task)
    return made


PAGES = {
    "/": ("Für mich", "Alle Stufen", "Letzte Aktionen"),
    "/?scope=all": ("Hohes Risiko", "läuft dann ab", "Freigeben"),
    "/tasks/": ("Aufgabe starten", "Letzte Änderung"),
    "/agents/": ("bezahlt fällige Rechnungen", "Starten", "Wartend"),
    "/agents/clerk/": ("Wie weit er allein geht", "Agent stoppen"),
    "/agents/clerk/start/": ("Was dann geschieht", "Betrag", "In Cent"),
    "/actions/": ("Wie es ging", "Abgelehnt"),
    "/decisions/": ("Gesehen auf", "freigegeben"),
    "/audit/": ("Prüfprotokoll", "Die Schranke", "CE"),
    "/stop/": ("Alles stoppen?", "Gerade in Ausführung"),
    "/settings/": ("Sprache und Zeiten", "Zeitzone"),
    "/filters/?scope=all&level=high": ("Ihre gespeicherten Filter",),
    "/sandbox/?family=payments": ("Kontostände", "Was wirklich geschah"),
    "/people/": ("Zuletzt angemeldet", "Einladen"),
    "/people/invite/": ("Ein neues Konto",),
    "/roles/": ("Besetzt auch die Plätze von",),
    "/roles/junior/": ("Was ihre Mitglieder dürfen",),
    "/tiers/": ("Wer was entscheidet", "2 Stimmen"),
    "/tiers/high/": ("Jetzt in Kraft", "Haltezeit"),
    "/policies/": ("Wenn Werkzeug beginnt mit deploy., mindestens als „Kritisch“ einstufen.",),
    "/policies/change/": ("Am Verlauf erproben", "Wörter einer Bedingung"),
    "/policies/1/": ("Als YAML",),
    "/accounts/logout/": ("Abmelden?",),
    "/accounts/reauthenticate/": ("Noch einmal Ihr Passwort",),
}


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_german(german: dict[str, Client], story: dict[str, Action], address: str) -> None:
    told = text(german["ada"], address)
    assert [words for words in PAGES[address] if words not in told] == []
    assert [words for words in sentences() if words in told] == []


CARDS = {
    "waits": ("Wartet auf Freigabe.", "Bei Freigabe:", "E-Mail “waits” an anna@acme.example", "warum Sie das sehen"),
    "approved": ("Freigegeben.", "Mara: Version 1 freigegeben"),
    "rejected": ("Abgelehnt", "nicht ausgeführt.", "Mara: Version 1 abgelehnt"),
    "high": ("1.240,00 €", "an Berg erstatten", "Hohes Risiko"),
    "critical": ("Kritisch", "14 Hosts"),
}


@pytest.mark.parametrize("state", CARDS)
def test_a_card_is_german(german: dict[str, Client], story: dict[str, Action], state: str) -> None:
    told = text(german["ines"], f"/actions/{story[state].pk}/")
    assert [words for words in CARDS[state] if words not in told] == []
    assert [words for words in sentences() if words in told] == []


@pytest.mark.parametrize("page", ["edit/", "feedback/"])
def test_what_belongs_to_a_card_is_german(german: dict[str, Client], story: dict[str, Action], page: str) -> None:
    told = text(german["ines"], f"/actions/{story['waits'].pk}/{page}", 200)
    assert [words for words in sentences() if words in told] == []


def test_a_refusal_is_german(german: dict[str, Client]) -> None:
    assert "Hier ist nichts" in text(german["mara"], "/actions/999999/", 404)
    assert "Nur Admins können" in text(german["mara"], "/policies/", 403)


def test_options_are_german(german: dict[str, Client]) -> None:
    trip = {"start": "Hamburg", "to": "Paris", "day": "2027-01-12", "traveller": "Lena Brandt"}
    calls = [trip | {"flight": found["flight"]} for found in flights.options("Hamburg", "Paris", trip["day"])]
    asked = {"ask": "Welcher Flug?", "options": [{"arguments": call} for call in calls]}
    action = propose(tool="flights.book", arguments=calls[0], question=asked)
    told = text(german["ines"], f"/actions/{action.pk}/")
    assert "Zwischenstopps" in told and "Der Preis wird nicht erstattet." in told and " € buchen" in told
    assert [words for words in sentences() if words in told] == []
