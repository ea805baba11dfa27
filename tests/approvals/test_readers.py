"""In whose language and zone a page, a push and a row are: the reader's, the reader's, and English."""

import json
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from agents import amounts, proposals, tools
from agents.models import Event, User
from agents.said import Said, amount, counted, said, told
from approvals import controls, readers
from approvals.consumers import ActionRegion, BoardRegion, QuietRegion, Region
from approvals.templatetags import parts, story
from tests.cast import Enter, a_task, proof, propose

ENGLISH, GERMAN = "action needs you", "Aktion braucht Sie"


@pytest.fixture
def lena(mara: User) -> User:
    """Mara, who chose German and Vienna."""
    mara.language, mara.time_zone = "de", "Europe/Vienna"
    mara.save()
    return mara


def page(client: Client, address: str = "/", accepted: str = "") -> str:
    answer = client.get(address, headers={"accept-language": accepted})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert answer["Content-Language"] == re.search(r'<html lang="(\w+)"', html)[1]  # type: ignore[index]
    return html


@pytest.mark.parametrize(
    ("accepted", "words"),
    [("", "Sign in"), ("de-AT,de;q=0.9,en;q=0.8", "Anmelden"), ("fr", "Sign in"), ("*", "Sign in")],
)
def test_the_sign_in_page_follows_the_browser(db: None, accepted: str, words: str) -> None:
    assert f">{words}<" in page(Client(), "/accounts/login/", accepted)


def test_a_page_follows_the_browser_until_the_person_chooses(enter: Enter, mara: User) -> None:
    propose("medium")
    client = enter(mara)
    assert ENGLISH in page(client) and GERMAN in page(client, accepted="de")
    assert client.post("/settings/", {"save": "reading", "language": "en", "time_zone": ""}).status_code == 302
    assert ENGLISH in page(client, accepted="de")
    client.post("/settings/", {"save": "reading", "language": "de", "time_zone": ""})
    assert "Ihre Einstellungen sind gespeichert." in page(client)
    assert GERMAN in page(client)


@pytest.mark.parametrize(
    "sent",
    [{"language": "tlh"}, {"time_zone": "Mars/Olympus"}, {"language": "de\0"}, {"time_zone": "../../etc/passwd"}],
)
def test_a_language_or_zone_that_is_none_is_refused(enter: Enter, mara: User, sent: dict[str, str]) -> None:
    answer = enter(mara).post("/settings/", {"save": "reading", "language": "", "time_zone": "", **sent})
    assert answer.status_code == 422 and b"errorlist" in answer.content
    mara.refresh_from_db()
    assert (mara.language, mara.time_zone) == ("", "")


@pytest.mark.parametrize(("language", "zone"), [("tlh", ""), ("", "Mars/Olympus"), ("xx", "UTC")])
def test_what_is_no_longer_known_reads_as_if_nothing_was_chosen(mara: User, language: str, zone: str) -> None:
    mara.language, mara.time_zone = language, zone
    assert readers.reader(mara) == readers.Reader("en", "UTC")


SUMMER = datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "zone", "told", "short"),
    [
        ("en", "", "Jul 1, 2026, 10:30:05 PM UTC", "Jul 1, 2026, 10:30 PM UTC"),
        ("en", "America/New_York", "Jul 1, 2026, 6:30:05 PM EDT", "Jul 1, 2026, 6:30 PM EDT"),
        ("de", "Europe/Vienna", "02.07.2026, 00:30:05 CEST", "02.07.2026, 00:30 CEST"),
        ("de", "Asia/Kolkata", "02.07.2026, 04:00:05 IST", "02.07.2026, 04:00 IST"),
    ],
)
def test_times_stand_in_the_zone_of_the_reader_and_say_which(
    enter: Enter, cast: dict[str, User], language: str, zone: str, told: str, short: str
) -> None:
    ada = cast["ada"]
    client = enter(ada)
    ada.language, ada.time_zone = language, zone
    ada.save()
    User.objects.update(last_login=SUMMER)
    Event.objects.create(kind="task.queued", actor_kind="system", at=SUMMER)
    assert short in page(client, "/people/").replace("\u202f", " ")
    audit = page(client, "/audit/").replace("\u202f", " ")
    assert told in audit and f'datetime="{SUMMER.astimezone(ZoneInfo(zone or "UTC")).isoformat()}"' in audit


def test_one_page_leaves_nothing_to_the_next(enter: Enter, lena: User) -> None:
    page(enter(lena))
    assert timezone.get_current_timezone_name() == "UTC"
    assert "Sign in" in page(Client(), "/accounts/login/")


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", ["93%", "12.5%", "2,451", "€1,240.00"]), ("de", ["93\xa0%", "12,5\xa0%", "2.451", "1.240,00 €"])],
)
def test_numbers_are_written_as_the_reader_writes_them(language: str, told: list[str]) -> None:
    with override(language):
        assert [parts.percent(93), parts.percent(12.5), story.in_full(2451), amounts.money(124_000, "EUR")] == told


def watching(kind: type[Region], person: User, **route: int) -> Region:
    region = kind()
    region.scope = {"headers": [(b"accept-language", b"fr, en;q=0.5")], "url_route": {"kwargs": route}}
    region.become(person)
    return region


def test_a_push_is_in_the_language_of_whoever_watches(lena: User, jonas: User) -> None:
    action = propose("medium")
    german, english = watching(BoardRegion, lena), watching(BoardRegion, jonas)
    assert GERMAN in german.draw_for() and ENGLISH in english.draw_for()
    card = watching(ActionRegion, lena, action_id=action.pk)
    assert "Wartet auf Freigabe." in card.draw_for()
    assert "Waiting for approval." in watching(ActionRegion, jonas, action_id=action.pk).draw_for()


@pytest.mark.parametrize("kind", [BoardRegion, QuietRegion])
def test_readers_alike_share_a_drawing_and_others_do_not(kind: type[Region], lena: User, jonas: User) -> None:
    ours = watching(kind, jonas).whole_key()
    assert ours != watching(kind, lena).whole_key()
    jonas.language, jonas.time_zone = "de", "Europe/Vienna"
    assert watching(kind, jonas).whole_key() == watching(kind, lena).whole_key()
    jonas.time_zone = ""
    assert watching(kind, jonas).whole_key() != watching(kind, lena).whole_key()


MAIL = {"to": "anna@acme.example", "subject": "Hello", "body": "Good day, Anna."}


@pytest.mark.parametrize(
    ("stored", "german", "english"),
    [
        (counted("Delete %(count)s file", "Delete %(count)s files", 1), "1 Datei löschen", "Delete 1 file"),
        (counted("Delete %(count)s file", "Delete %(count)s files", 2451), "2.451 Dateien löschen", "Delete 2,451 files"),
        (
            said("Refund %(amount)s to %(to)s", amount=amount(124_000, "EUR"), to="5%(x)s"),
            "1.240,00 € an 5%(x)s erstatten",
            "Refund €1,240.00 to 5%(x)s",
        ),
    ],
)  # fmt: skip
def test_what_a_row_says_is_told_in_the_language_of_the_reader(stored: Said, german: str, english: str) -> None:
    kept = json.loads(json.dumps(stored.stored()))
    for language, words in (("de", german), ("en", english)):
        with override(language):
            assert told(kept, "") == words


def test_what_agents_call_their_actions_is_told_as_it_stands(enter: Enter, lena: User) -> None:
    action = propose("medium", arguments={"to": "Delete 2,451 files"})
    assert action.said == {}
    assert action.headline == action.title and "Delete 2,451 files" in page(enter(lena), f"/actions/{action.pk}/")


def test_a_row_is_english_whoever_made_it(mara: User) -> None:
    tools.sync()
    task = a_task()
    with override("de"):
        action = propose(task=task, tool="email.send", arguments=MAIL)
        assert action.headline == "E-Mail “Hello” an anna@acme.example"
        controls.stop_task(task, mara, proof())
    task.refresh_from_db()
    assert (action.title, task.reason) == ("Email “Hello” to anna@acme.example", "a person stopped it: Mara")


def test_what_is_hashed_does_not_depend_on_who_reads(mara: User) -> None:
    tools.sync()
    made = []
    for language, zone in (("en", "UTC"), ("de", "Asia/Kolkata")):
        with readers.Reader(language, zone).reads():
            wish = proposals.Wish("mail", "email.send", MAIL | {"body": "1.240,00 €"}, confidence=0.935)
            made.append(proposals.draft(a_task(), wish))
    tasks = [json.loads(one.body)["task"] for one in made]
    bodies = [one.body.replace(b'"task":%d' % task, b"") for one, task in zip(made, tasks, strict=True)]
    assert bodies[0] == bodies[1] and made[0].title == made[1].title
