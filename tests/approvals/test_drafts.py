"""What somebody types into an edit outlasts the page, is shown before it is kept, and meets newer versions unharmed."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client

from agents import tools
from agents.models import Action, User
from approvals import drafts, tasks
from approvals.models import Draft
from tests.cast import Enter, a_task, propose, reject

pytestmark = pytest.mark.django_db
MAIL = {
    "to": "anna@acme.example",
    "subject": "Hello",
    "body": "Dear Anna, we meet at two in the Library. Bring nothing.",
}


@pytest.fixture
def mail(db: None) -> Action:
    tools.sync()
    return propose(tool="email.send", arguments=MAIL, task=a_task())


def page(client: Client, action: Action) -> str:
    return client.get(f"/actions/{action.pk}/edit/").content.decode()


def own(html: str) -> dict[str, str]:
    """What the form sends by itself."""
    found = {
        name: re.search(rf'name="{name}" value="([^"]*)"', html) for name in ("nonce", "version", "digest", "shown")
    }
    return {name: found[name][1] for name in found if found[name]}


def type_in(client: Client, action: Action, html: str, **typed: str) -> HttpResponse:
    fields = {f"f-{name}": words for name, words in {**MAIL, **typed}.items()}
    return client.post(f"/actions/{action.pk}/draft/", {**own(html), **fields}, headers={"HX-Request": "true"})


def save(client: Client, action: Action, html: str, how: str = "save", **typed: Any) -> HttpResponse:
    fields = {f"f-{name}": words for name, words in {**MAIL, **typed}.items()}
    return client.post(f"/actions/{action.pk}/edit/", {**own(html), **fields, "save": how})


def shown(html: str, name: str) -> str:
    """What stands in a control."""
    found = re.search(
        rf'<textarea id="f-{name}"[^>]*>\n([^<]*)</textarea>|<input id="f-{name}"[^>]* value="([^"]*)"', html
    )
    assert found
    return unescape(found[1] if found[1] is not None else found[2])


def test_what_is_typed_here_is_there_on_another_device_and_nobody_elses(
    enter: Enter, mara: User, jonas: User, mail: Action
) -> None:
    here = enter(mara)
    assert type_in(here, mail, page(here, mail), body="We meet at </textarea> five.").status_code == 204
    there = page(enter(mara), mail)
    assert shown(there, "body") == "We meet at </textarea> five." and "Your draft is back." in there
    assert "Your draft is back." not in page(enter(jonas), mail)
    pushed = enter(mara).get(f"/actions/{mail.pk}/?version=1&page=edit", headers={"HX-Request": "true"})
    assert "five" not in pushed.content.decode()
    assert Action.objects.get(pk=mail.pk).version == 1, "a draft is no version"


def test_a_draft_ends_when_it_is_saved_or_discarded(enter: Enter, mara: User, mail: Action) -> None:
    client = enter(mara)
    html = page(client, mail)
    type_in(client, mail, html, subject="Hello again")
    gone = client.post(f"/actions/{mail.pk}/draft/", {**own(html), "f-subject": "x", "discard": "1"})
    assert gone.status_code == 302 and not Draft.objects.exists()
    type_in(client, mail, html, subject="Hello again")
    told = save(client, mail, html, subject="Hello again").content.decode()
    assert Draft.objects.exists(), "it was shown, not saved"
    assert save(client, mail, told, subject="Hello again").status_code == 302
    assert not Draft.objects.exists()


def test_a_message_that_comes_after_its_page_was_saved_brings_no_draft_back(
    enter: Enter, mara: User, mail: Action
) -> None:
    client = enter(mara)
    html = page(client, mail)
    told = save(client, mail, html, subject="Hello again").content.decode()
    assert save(client, mail, told, subject="Hello again").status_code == 302
    assert type_in(client, mail, told, subject="Hello again").status_code == 204
    assert not Draft.objects.exists()


def test_a_change_is_shown_word_by_word_before_it_is_kept(enter: Enter, mara: User, mail: Action) -> None:
    """From medium risk on; what was shown is what is kept, and another change is shown anew."""
    client = enter(mara)
    answer = save(client, mail, page(client, mail), "approve", body=MAIL["body"].replace("two", "three"))
    html = answer.content.decode()
    assert answer.status_code == 200 and "This is what you change." in html
    words = re.search(r"<del><bdi[^>]*>([^<]*)</bdi></del>.*<ins><bdi[^>]*>([^<]*)</bdi></ins>", html)
    assert words and (words[1].strip(), words[2].strip()) == ("two", "three")
    again = save(client, mail, html, "approve", body=MAIL["body"].replace("two", "four"))
    assert again.status_code == 200 and Action.objects.get(pk=mail.pk).version == 1
    done = save(client, mail, again.content.decode(), "approve", body=MAIL["body"].replace("two", "four"))
    mail.refresh_from_db()
    assert done.status_code == 302 and (mail.version, mail.state) == (2, "APPROVED")


def test_at_low_risk_an_edit_is_kept_at_once(enter: Enter, mara: User) -> None:
    action, client = propose("low", arguments={"to": "anna", "text": "At two."}), enter(mara)
    post = {**own(page(client, action)), "f-to": "anna", "f-text": "At three.", "save": "save"}
    assert client.post(f"/actions/{action.pk}/edit/", post).status_code == 302
    assert Action.objects.get(pk=action.pk).version == 2


def test_a_draft_is_carried_over_to_a_newer_version(enter: Enter, mara: User, jonas: User, mail: Action) -> None:
    """Only what its owner changed: what the other one changed stays as it is in the newer version."""
    client, other = enter(mara), enter(jonas)
    type_in(client, mail, page(client, mail), subject="Hello from Mara")
    told = save(other, mail, page(other, mail), body="Dear Anna, we meet at four.").content.decode()
    save(other, mail, told, body="Dear Anna, we meet at four.")
    note = client.get(f"/actions/{mail.pk}/?version=1&page=edit", headers={"HX-Request": "true"}).content.decode()
    assert ">Compare<" in note and f'href="/actions/{mail.pk}/edit/" data-load>Load v2</a>' in note
    assert "four" in note, "what is new stands in the note"
    html = page(client, mail)
    assert own(html)["version"] == "2" and "carried over to version 2" in html
    assert (shown(html, "subject"), shown(html, "body")) == ("Hello from Mara", "Dear Anna, we meet at four.")


def test_a_draft_about_what_was_decided_meanwhile_is_given_back(
    enter: Enter, mara: User, jonas: User, mail: Action
) -> None:
    client = enter(mara)
    type_in(client, mail, page(client, mail), subject="Hello <b>again")
    reject(mail, jonas)
    late = client.get(f"/actions/{mail.pk}/edit/")
    assert late.status_code == 409 and "Hello &lt;b&gt;again" in late.content.decode()


def test_a_half_typed_draft_comes_back_as_it_is(enter: Enter, mara: User, mail: Action) -> None:
    client = enter(mara)
    html = page(client, mail)
    client.post(f"/actions/{mail.pk}/draft/", {**own(html), "f--raw": '{"to": "anna@'})
    assert "{&quot;to&quot;: &quot;anna@" in page(client, mail)


@pytest.mark.parametrize("words", ["語" * 34_000, "a" * 100_000, "\0\ufeff\u202e" * 1_000])
def test_a_long_or_strange_draft_is_kept_whole(enter: Enter, mara: User, mail: Action, words: str) -> None:
    client = enter(mara)
    assert type_in(client, mail, page(client, mail), body=words).status_code == 204
    assert shown(page(client, mail), "body").replace("\ufffd", "\0") == words
    late = save(client, mail, page(client, mail), body=words)
    assert late.status_code in (200, 422), "kept or told why not, with everything that was typed"
    assert Draft.objects.get().fields["f-body"]


def test_what_is_too_long_is_refused_with_a_clear_answer(enter: Enter, mara: User, mail: Action) -> None:
    client = enter(mara)
    html = page(client, mail)
    type_in(client, mail, html, body="short")
    answer = type_in(client, mail, html, body="x" * (drafts.SIZE_LIMIT + 1))
    assert answer.status_code == 422 and "512 KB" in answer.content.decode()
    assert Draft.objects.get().fields["f-body"] == ["short"], "the last one that fitted is still there"


def test_who_may_not_edit_keeps_no_draft(enter: Enter, mara: User) -> None:
    action = propose("high")
    nonce = own(page(enter(mara), propose("medium")))["nonce"]
    answer = enter(mara).post(f"/actions/{action.pk}/draft/", {"nonce": nonce, "version": "1", "f-to": "berta"})
    assert answer.status_code == 403 and not Draft.objects.exists()


def test_a_draft_that_nobody_comes_back_to_is_forgotten(mara: User, mail: Action) -> None:
    drafts.keep(mail, mara, version=1, fields={"f-subject": ["x"]}, nonce="n")
    tasks.sweep()
    assert Draft.objects.exists()
    Draft.objects.update(at=Now() - drafts.LASTS)
    tasks.sweep()
    assert not Draft.objects.exists()


def test_json_is_kept_and_shown_too(enter: Enter, mara: User, mail: Action) -> None:
    client = enter(mara)
    raw = json.dumps({**MAIL, "subject": "From JSON"})
    told = client.post(f"/actions/{mail.pk}/edit/", {**own(page(client, mail)), "f--raw": raw, "save": "save"})
    assert "<ins><bdi" in told.content.decode()
    done = client.post(f"/actions/{mail.pk}/edit/", {**own(told.content.decode()), "f--raw": raw, "save": "save"})
    assert done.status_code == 302 and Action.objects.get(pk=mail.pk).version == 2
