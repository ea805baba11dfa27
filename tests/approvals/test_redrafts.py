"""Another draft: asked for with chips and words, made by the agent in its own time, judged again, taken or left in parts."""

import re
from html import unescape
from typing import Any

import pytest
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client

from agents import payloads, proposals, tools
from agents.models import Action, Event, Guidance, TrustScore, User
from agents.payloads import Refused
from agents.states import Conflict
from approvals import decisions, tasks
from approvals.models import Approval, Decision
from tests.cast import Answer, Enter, a_task, a_tool, approve, go_on, proof, propose, question, reject

pytestmark = pytest.mark.django_db
LETTER = "Hello,\n\nyour parcel for ticket #5120 arrives tomorrow before noon. It is very heavy. Nobody has to sign.\n\nAcme support"
MAIL = {"to": "anna.13@customers.example", "subject": "Your ticket #5120", "body": LETTER}


@pytest.fixture
def mail(db: None) -> Action:
    tools.sync()
    return propose(tool="email.send", arguments=MAIL, task=a_task(), confidence=0.9)


def regenerate(action: Action, person: User, *asks: str, text: str = "", **more: Any) -> Decision:
    asked = question(action)
    seen = more.pop("seen", None) or Answer(person).seen(asked)
    return decisions.regenerate(asked, person, asks=list(asks), text=text, seen=seen, proof=proof())


def said(action: Action) -> dict[str, Any]:
    return payloads.arguments(bytes(question(action).asked.body))


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def own(html: str) -> dict[str, str]:
    found = {
        name: re.search(rf'name="{name}" value="([^"]*)"', html)
        for name in ("nonce", "version", "digest", "shown", "old")
    }
    return {name: match[1] for name, match in found.items() if match}


def ask(client: Client, action: Action, html: str, **more: object) -> HttpResponse:
    asked = question(action)
    value = f"regenerate:{asked.pk}:{asked.asked.version}:{asked.asked.digest}"
    return client.post("/decide/", {"answer": value, "nonce": own(html)["nonce"], "from": "card", **more})


def test_the_next_draft_follows_the_guidance_and_is_judged_again(mara: User, mail: Action) -> None:
    first = question(mail)
    regenerate(mail, mara, "shorter", "warmer", text="#5121, not #5120")
    assert question(mail).state == Approval.State.ANSWERED and said(mail) == MAIL, "the agent has not had its turn yet"
    go_on(mail)
    again = question(mail)
    text = said(mail)["body"]
    assert (mail.state, mail.version, again.state) == ("PENDING", 2, Approval.State.OPEN)
    assert again.asked.digest != first.asked.digest and again.verdict != first.verdict
    assert "Dear Anna," in text and "#5121" in text
    assert "heavy" not in text, "what says least is left out"
    assert again.asked.why.startswith("Rewritten as you asked:") and again.asked.why.endswith("Because.")
    kept = Guidance.objects.get()
    assert (kept.kind, kept.asks, kept.text, kept.person) == (
        "redraft",
        ["shorter", "warmer"],
        "#5121, not #5120",
        mara,
    )


def test_a_voice_for_the_old_draft_counts_no_more(cast: dict[str, User]) -> None:
    action = propose("critical", arguments={"to": "anna", "text": "We will restart the pool at noon. It is very safe."})
    approve(action, cast["ines"])
    seen = Answer(cast["sami"]).seen(question(action))
    regenerate(action, cast["sami"], "shorter")
    with pytest.raises(Conflict):
        decisions.decide(question(action), cast["sami"], answer="approve", seen=seen, proof=proof())
    go_on(action)
    assert action.version == 2 and question(action).decisions.count() == 0
    assert question(action).tier.level == "critical"


def test_no_draft_goes_to_a_lower_tier_and_none_settles_a_doubt(ines: User) -> None:
    action = propose("high", arguments={"to": "anna", "text": "We meet at two. It is very early."})
    regenerate(action, ines, "shorter")
    a_tool("high", effect={"affects_others": True})
    go_on(action)
    again = question(action)
    assert (again.tier.level, again.kind) == ("high", Approval.Kind.APPROVE)
    assert again.verdict.facts["settled"] == []


def test_who_dictates_the_next_draft_does_not_count_at_high(cast: dict[str, User]) -> None:
    action = propose("high", arguments={"to": "anna", "text": "Pay 100 EUR. It is very early."})
    regenerate(action, cast["ines"], "shorter")
    go_on(action)
    assert decisions.why_not(question(action), cast["ines"], "approve") == "", "a manner is no content"
    regenerate(action, cast["ines"], text="200 EUR, not 100 EUR")
    go_on(action)
    with pytest.raises(decisions.Forbidden, match="told the agent what to write"):
        approve(action, cast["ines"])
    approve(action, cast["omar"])
    assert action.state == "APPROVED"


def test_a_draft_that_its_tool_would_not_take_is_not_made(mara: User) -> None:
    schema = {"type": "object", "properties": {"text": {"type": "string", "maxLength": 40}}}
    action = propose(
        "medium", tool=a_tool("medium", schema=schema).name, arguments={"text": "We meet at two in the Library."}
    )
    regenerate(action, mara, text="Mention that the door is open until five in the afternoon")
    go_on(action)
    assert (action.state, action.version) == ("PENDING", 2) and said(action)["text"] == "We meet at two in the Library."
    assert question(action).asked.why.startswith("What you asked for does not fit")


def test_the_deadline_holds_while_it_is_rewritten(mara: User, mail: Action) -> None:
    regenerate(mail, mara, "shorter")
    Approval.objects.update(deadline=Now())
    tasks.sweep()
    mail.refresh_from_db()
    assert mail.state == "EXPIRED"


def test_another_draft_is_not_right_yet_as_an_edit_is(mara: User, mail: Action) -> None:
    """What a person approves in the end is not what the agent wanted: no trust comes of it."""
    regenerate(mail, mara, "shorter")
    go_on(mail)
    approve(mail, mara)
    go_on(mail)
    score = TrustScore.objects.get()
    assert mail.state == "SUCCEEDED"
    assert (score.hundredths, score.clean_ever, score.wrong_ever) == (0, 0, 1)


def test_two_people_about_one_draft_and_one_page_twice(mara: User, jonas: User, mail: Action) -> None:
    seen, other = Answer(mara).seen(question(mail)), Answer(jonas).seen(question(mail))
    once = regenerate(mail, mara, "shorter", seen=seen)
    assert regenerate(mail, mara, "warmer", seen=seen) == once
    with pytest.raises(Conflict):
        regenerate(mail, jonas, "formal", seen=other)
    with pytest.raises(Conflict):
        made = proposals.redraft(mail, question(mail).asked, {**MAIL, "subject": "Mine"})
        decisions.edit(question(mail), jonas, made=made, seen=other, proof=proof())
    go_on(mail)
    assert mail.version == 2 and Guidance.objects.count() == 1


def test_who_may_not_decide_may_not_ask_for_a_draft_and_a_replay_writes_none(mara: User) -> None:
    with pytest.raises(decisions.Forbidden):
        regenerate(propose("high"), mara, "shorter")
    replayed = propose("medium", task=a_task(script={"steps": []}))
    with pytest.raises(Refused, match="played again"):
        regenerate(replayed, mara, "shorter")
    assert not Guidance.objects.exists()


def test_the_card_offers_it_the_board_shows_it_and_the_record_keeps_it(enter: Enter, mara: User, mail: Action) -> None:
    client = enter(mara)
    html = page(client, f"/actions/{mail.pk}/")
    assert 'data-key="r"' in html and "Three drafts" not in html
    nothing = ask(client, mail, html)
    assert nothing.status_code == 422 and "choose a chip" in nothing.content.decode()
    assert ask(client, mail, html, ask=["formal", "x' OR 1"], guidance="Mention <b>Anna</b>").status_code == 302
    board = page(client, "/")
    row = board[board.index('id="group-rewritten"') :]
    assert f'id="approval-{question(mail).pk}"' in row and "More formal: Mention &lt;b&gt;Anna" in row
    assert board.count(f'id="approval-{question(mail).pk}"') == 1 and 'value="approve:' not in row[: row.index("</ol>")]
    assert "Being rewritten." in page(client, f"/actions/{mail.pk}/")
    go_on(mail)
    assert "group-rewritten" not in page(client, "/")
    html = page(client, f"/actions/{mail.pk}/")
    assert "redrafted as" in html and "More formal" in html and f"/actions/{mail.pk}/compare/?old=1" in html
    assert Event.objects.filter(kind="decision.regenerate", action=mail).count() == 1


@pytest.mark.parametrize("words", ["x" * 2_001, "語" * 2_000, "\u202e\0" * 100, "<script>alert(1)</script>", " "])
def test_guidance_of_any_length_and_script_gets_a_clear_answer(
    enter: Enter, mara: User, mail: Action, words: str
) -> None:
    client = enter(mara)
    answer = ask(client, mail, page(client, f"/actions/{mail.pk}/"), guidance=words)
    html = answer.content.decode()
    if answer.status_code == 422:
        assert words.strip() == "" or "\0" in words or len(words) > 2_000
        assert (
            unescape(re.sub(r".*name=\"guidance\"[^>]*>", "", html, flags=re.S)).startswith(
                words[:50].replace("\0", "")
            )
            or "\0" in words
        )
        return
    go_on(mail)
    shown = page(client, f"/actions/{mail.pk}/")
    assert mail.version == 2 and "<script>alert" not in shown and "\u202e" not in shown


def test_after_three_drafts_in_a_row_it_asks_whether_a_fourth_one_helps(enter: Enter, mara: User, mail: Action) -> None:
    client = enter(mara)
    for asked in ("shorter", "warmer", "formal"):
        assert "Three drafts" not in page(client, f"/actions/{mail.pk}/")
        regenerate(mail, mara, asked)
        go_on(mail)
    html = page(client, f"/actions/{mail.pk}/")
    assert "Three drafts did not get there. Write it yourself, or hand it back?" in html
    value = re.search(r'value="(reject:[^"]*:handed_back)"', html)
    assert value
    client.post("/decide/", {"answer": value[1], "nonce": own(html)["nonce"], "from": "card"})
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == ("REJECTED", "Handed back: none of the drafts was right")


@pytest.fixture
def redrafted(mara: User, mail: Action) -> Action:
    regenerate(mail, mara, "warmer", text="#5121, not #5120")
    go_on(mail)
    return mail


def takes(html: str) -> dict[str, str]:
    """Each change that may be taken or left: its key, and what it says."""
    found = re.findall(r'name="take" value="([^"]*)" checked>(.*?)</label>', html, re.S)
    return {key: re.sub(r"<[^>]*>", "", words) for key, words in found}


def test_each_change_can_be_taken_or_left_and_the_result_is_an_edit(
    enter: Enter, mara: User, redrafted: Action
) -> None:
    client, address = enter(mara), f"/actions/{redrafted.pk}/compare/"
    html = page(client, f"{address}?old=1")
    keys = takes(html)
    thanks = [key for key, words in keys.items() if "Thank you" not in words]
    assert len(thanks) < len(keys), html
    told = client.post(address, {**own(html), "take": thanks}).content.decode()
    assert "This is what you change." in told and "Thank you" in told[told.index("<del>") : told.index("</del>")]
    typed = re.search(r'name="f--base" value="([^"]*)"', told)
    assert typed and Action.objects.get(pk=redrafted.pk).version == 2, "it is shown, not kept"
    post = {**own(told), "f--base": unescape(typed[1]), "save": "save"}
    assert client.post(f"/actions/{redrafted.pk}/edit/", post).status_code == 302
    redrafted.refresh_from_db()
    assert redrafted.version == 3 and question(redrafted).asked.editor == mara
    assert "#5121" in said(redrafted)["body"] and "Thank you" not in said(redrafted)["body"]
    assert client.post(address, {**own(html), "take": thanks}).status_code == 409, "a newer version waits by now"


def test_any_version_can_be_chosen_again_to_the_byte(enter: Enter, mara: User, redrafted: Action) -> None:
    client, address = enter(mara), f"/actions/{redrafted.pk}/compare/"
    html = page(client, f"{address}?old=1")
    told = client.post(address, {**own(html), "whole": "1"}).content.decode()
    typed = re.search(r'name="f--base" value="([^"]*)"', told)
    assert typed
    client.post(f"/actions/{redrafted.pk}/edit/", {**own(told), "f--base": unescape(typed[1]), "save": "save"})
    first, _second, third = redrafted.versions.order_by("version")
    assert (bytes(third.body), third.digest, third.editor) == (bytes(first.body), first.digest, mara)


def test_taking_all_is_the_newer_version_and_nothing_is_saved(enter: Enter, mara: User, redrafted: Action) -> None:
    client, address = enter(mara), f"/actions/{redrafted.pk}/compare/"
    html = page(client, f"{address}?old=1")
    answer = client.post(address, {**own(html), "take": list(takes(html))})
    assert answer.status_code == 302 and Action.objects.get(pk=redrafted.pk).version == 2


def test_who_may_not_edit_compares_and_chooses_nothing(enter: Enter, cast: dict[str, User], redrafted: Action) -> None:
    client, address = enter(cast["nobody"]), f"/actions/{redrafted.pk}/compare/"
    html = page(client, f"{address}?old=1")
    assert "<ins>" in html and not takes(html)
    assert client.post(address, {"old": "1", "version": "2", "whole": "1"}).status_code == 403
    reject(redrafted, cast["mara"])
    late = enter(cast["mara"])
    assert not takes(page(late, f"{address}?old=1"))
    assert late.post(address, {"old": "1", "version": "2", "whole": "1"}).status_code == 409
    for number in ("0", "2", "7", "x", ""):
        assert late.get(address, {"old": number}).status_code == 404


def test_hostile_text_is_inert_where_versions_stand_side_by_side(enter: Enter, mara: User) -> None:
    hostile = "<script>alert(1)</script> Pay \u202egnp.exe"
    action = propose("medium", arguments={"to": hostile, "text": f"Hello {hostile}. We meet at two."})
    regenerate(action, mara, text=f"Mention that {hostile}")
    go_on(action)
    html = page(enter(mara), f"/actions/{action.pk}/compare/?old=1")
    assert "<script>alert" not in html and "\u202e" not in html
