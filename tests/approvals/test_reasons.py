"""Why the house moved a row: English in the row, the reader's language on the page, and nobody else's words touched."""

from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.utils.translation import override

from agents import reasons
from agents.models import Action, Task, User
from approvals import gate
from approvals.models import Approval
from approvals.templatetags.story import why
from tests.cast import Enter, propose, question


@pytest.fixture
def german(tmp_path: Path, settings: Any) -> None:
    """A second language, in which two of the sentences are known."""
    catalogue = Catalog(locale="de")
    catalogue.add(reasons.NOBODY_ANSWERED, "niemand hat rechtzeitig geantwortet")
    catalogue.add(reasons.PLAN_BROKE, "sein Plan ist entzwei, das Protokoll sagt wo")
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, catalogue)
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    settings.LOCALE_PATHS = [tmp_path]


def expire(action: Action) -> None:
    asked = question(action)
    Approval.objects.update(deadline=asked.opened_at)
    with override("de"):
        gate.expire(asked)


def test_the_row_is_english_and_the_page_is_not(german: None, enter: Enter, mara: User) -> None:
    action = propose("medium")
    expire(action)
    action.refresh_from_db()
    assert action.reason == "nobody answered in time" == action.events.latest("pk").reason
    browser = enter(mara)
    for address in (f"/actions/{action.pk}/", "/actions/", f"/tasks/{action.task_id}/", "/audit/"):
        assert "niemand hat" in browser.get(address, headers={"accept-language": "de"}).content.decode(), address
        assert "nobody answered" in browser.get(address).content.decode(), address


def test_the_details_behind_a_sentence_stay(german: None, enter: Enter, mara: User) -> None:
    action = propose("medium")
    Task.objects.update(state="STOPPED", reason=f"{reasons.PLAN_BROKE}: <KeyError>")
    for address in (f"/tasks/{action.task_id}/", "/tasks/"):
        page = enter(mara).get(address, headers={"accept-language": "de"}).content.decode()
        assert "das Protokoll sagt wo: &lt;KeyError&gt;" in page, address


@pytest.mark.parametrize(
    "words", ["Nobody answered in time.", "I say: nobody answered in time", "%(name)s: 100 %", ": ", ""]
)
def test_the_words_of_people_and_agents_are_left_alone(german: None, mara: User, words: str) -> None:
    with override("de"):
        assert why(words) == words


@pytest.mark.parametrize("sentence", sorted(reasons.ALL))
def test_a_sentence_can_be_followed_by_details(sentence: str) -> None:
    assert ": " not in sentence and "%" not in sentence
