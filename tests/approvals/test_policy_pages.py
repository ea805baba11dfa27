from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from agents.models import Event, User
from approvals import amendments, tasks, trials
from approvals.models import Amendment, Policy, Trial
from tests.approvals.test_amendments import FIRST, MORE, ben, saved, tried
from tests.cast import proof, propose, question, reject

__all__ = ["ben"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no worker here: a hint is what its task does."""

    def send(what: Any, pk: int, seconds: int = 0) -> None:
        while what is tasks.try_out and trials.step(pk):
            pass

    monkeypatch.setattr(tasks, "send", send)


@pytest.fixture
def desk(cast: dict[str, User], client: Client) -> Client:
    client.force_login(cast["ada"])
    return client


def typed(*rows: dict[str, object], **more: object) -> dict[str, Any]:
    fields = {f"rule-{at}-{name}": value for at, row in enumerate(rows) for name, value in row.items()}
    return {"view": "fields", "count": len(rows), "days": "30", **fields, **more}


def test_an_admin_tries_a_rule_on_history_saves_it_and_the_next_action_obeys(desk: Client) -> None:
    propose("medium")
    answer = desk.post("/policies/change/", typed(FIRST, MORE, **{"try": "1"}))
    trial = Trial.objects.get()
    assert answer["Location"] == f"/policies/trials/{trial.pk}/"
    page = desk.get(answer["Location"]).content.decode()
    assert "1 past action" in page and "would have gone to other people" in page
    assert Policy.objects.count() == 1
    assert desk.post(answer["Location"], {"reason": "Anna is our most important customer."}).status_code == 302
    assert question(propose("medium")).tier.level == "high"
    assert "Anna is our most important customer." in desk.get("/policies/").content.decode()


@pytest.mark.parametrize("name", ["mara", "ines", "sami", "nobody"])
@pytest.mark.parametrize("address", ["/policies/", "/policies/1/", "/policies/change/", "/policies/trials/1/"])
def test_everybody_else_reads_who_may(cast: dict[str, User], client: Client, name: str, address: str) -> None:
    client.force_login(cast[name])
    answer = client.get(address)
    assert answer.status_code == 403 and "Only an admin can see and change the policy" in answer.content.decode()
    assert "/policies/" not in client.get("/").content.decode()


def test_nobody_else_posts(cast: dict[str, User], client: Client) -> None:
    trial = tried(cast["ada"], FIRST, MORE)
    client.force_login(cast["ines"])
    for address in ("change/", "1/back/", f"trials/{trial.pk}/", "changes/1/", "findings/1/"):
        assert client.post(f"/policies/{address}", {"reason": "x", "answer": "agree"}).status_code == 403
    assert Policy.objects.count() == 1


def test_rules_are_sentences_and_admins_find_them(desk: Client) -> None:
    page = strip_tags(desk.get("/policies/").content.decode())
    assert "When tool begins with deploy., rate it “Critical” or higher." in page
    assert 'href="/policies/"' in desk.get("/").content.decode()


def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(desk: Client) -> None:
    wrong = MORE | {"when": "recipient > 3", "deadline_minutes": "soon", "tier": ""}
    answer = desk.post("/policies/change/", typed(FIRST, wrong, **{"try": "1"}))
    page = answer.content.decode()
    assert answer.status_code == 422 and not Trial.objects.exists()
    for words in (
        "Nothing is called “recipient”",
        "recipient &gt; 3",
        'value="soon"',
        "whole number from 1",
        "#rule-1-when",
    ):
        assert words in page


def test_a_condition_is_built_from_fields(desk: Client) -> None:
    build = {"rule-0-word": "recipients", "rule-0-operator": ">", "rule-0-value": "500", "build": "0"}
    answer = desk.post("/policies/change/", typed({"name": "A", "when": 'tool == "mail.send"'}, **build))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "tool == &quot;mail.send&quot; &amp;&amp; recipients &gt; 500" in page
    assert "Reads: tool is mail.send and recipients over 500" in strip_tags(page)
    assert not Trial.objects.exists()


def test_a_value_that_is_no_number_is_told(desk: Client) -> None:
    build = {"rule-0-word": "recipients", "rule-0-operator": ">", "rule-0-value": "many", "build": "0"}
    assert "Write a number" in desk.post("/policies/change/", typed(FIRST, **build)).content.decode()


COMPARISON = ("rule-0-word", "rule-0-operator", "rule-0-value")


def left(word: str, operator: str, value: str, **more: str) -> dict[str, Any]:
    """The editor with something left in the fields of a comparison."""
    return typed(MORE | {"when": "rows > 1"}, **dict(zip(COMPARISON, (word, operator, value), strict=True)), **more)


@pytest.mark.parametrize("begun", [("recipients", ">", ""), ("tool", "==", ""), ("", "==", "500"), ("new", "==", "")])
def test_a_comparison_only_begun_is_left_out_when_rules_are_tried(desk: Client, begun: tuple[str, str, str]) -> None:
    assert desk.post("/policies/change/", left(*begun, **{"try": "1"})).status_code == 302
    assert Trial.objects.get().rules[0]["when"] == "rows > 1"


def test_a_comparison_that_fits_is_not_lost(desk: Client) -> None:
    assert desk.post("/policies/change/", left("recipients", ">", "5", **{"try": "1"})).status_code == 302
    assert desk.post("/policies/change/", left("reversible", "==", "", **{"try": "1"})).status_code == 302
    whens = [row.rules[0]["when"] for row in Trial.objects.order_by("pk")]
    assert whens == ["rows > 1 && recipients > 5", "rows > 1 && reversible"]


def test_one_that_does_not_fit_is_told_next_to_its_field_with_the_way_out(desk: Client) -> None:
    answer = desk.post("/policies/change/", left("recipients", ">", "many", **{"try": "1"}))
    page = " ".join(strip_tags(answer.content.decode()).split())
    assert answer.status_code == 422 and not Trial.objects.exists()
    assert "Write a number to compare with. It was not added yet. To leave it out, empty this field." in page
    assert 'id="rule-0-value--errors"' in answer.content.decode()


@pytest.mark.parametrize("pressed", [{"add": "1"}, {"build": "7"}])
def test_what_is_drawn_again_keeps_it_as_it_was_typed(desk: Client, pressed: dict[str, str]) -> None:
    page = desk.post("/policies/change/", left("recipients", ">", "many", **pressed)).content.decode()
    assert 'value="many"' in page and "Write a number" not in page


def test_its_button_adds_nothing_without_a_value(desk: Client) -> None:
    page = desk.post("/policies/change/", left("tool", "==", "", build="0")).content.decode()
    assert "Write what to compare with." in page and "rows &gt; 1</textarea>" in page


def test_rules_are_changed_as_text_and_shown_as_fields_again(desk: Client) -> None:
    text = desk.post("/policies/change/", typed(FIRST, show="text")).content.decode()
    assert "when: tool.startsWith(&quot;deploy.&quot;)" in text
    document = "rules:\n  - name: X\n    when: rows > 5\n    outcome: block\n"
    fields = desk.post("/policies/change/", {"view": "text", "text": document, "show": "fields"}).content.decode()
    assert 'value="X"' in fields and "rows &gt; 5" in fields
    wrong = desk.post("/policies/change/", {"view": "text", "text": document.replace("rows", "row"), "try": "1"})
    assert wrong.status_code == 422 and "Line 3, column 11" in wrong.content.decode()


def test_a_rule_is_added_and_taken_out(desk: Client) -> None:
    page = desk.post("/policies/change/", typed(FIRST, add="1")).content.decode()
    assert page.count('name="rule-1-name"') == 1
    desk.post("/policies/change/", typed(FIRST, MORE, **{"rule-0-remove": "1", "try": "1"}))
    assert [rule["name"] for rule in Trial.objects.get().rules] == ["Anna"]


def test_a_second_admin_agrees_on_the_page(cast: dict[str, User], ben: User, desk: Client) -> None:
    asked = saved(cast["ada"])
    assert "Another admin has to agree" in desk.get("/policies/").content.decode()
    assert desk.post(f"/policies/changes/{asked.pk}/", {"answer": "agree"}).status_code == 403
    desk.force_login(ben)
    assert desk.post(f"/policies/changes/{asked.pk}/", {"answer": "agree"}).status_code == 302
    assert Policy.objects.get(active=True).version == 2
    assert desk.post(f"/policies/changes/{asked.pk}/", {"answer": "agree"}).status_code == 409


def test_an_old_version_comes_back_by_one_click_and_a_reason(cast: dict[str, User], desk: Client) -> None:
    saved(cast["ada"], FIRST, MORE)
    answer = desk.post("/policies/1/back/")
    assert "Back to version 1." in desk.get(answer["Location"]).content.decode()
    desk.post(answer["Location"], {"reason": "Back."})
    assert Amendment.objects.latest("pk").trial.back_to.version == 1


def test_the_second_of_two_admins_is_told_and_keeps_the_rules(cast: dict[str, User], ben: User, desk: Client) -> None:
    trial = tried(cast["ada"], FIRST, MORE)
    saved(ben, FIRST, MORE | {"name": "Berta"})
    answer = desk.post(f"/policies/trials/{trial.pk}/", {"reason": "Mine."})
    assert answer.status_code == 409 and "Version 2, by ben, came into force" in answer.content.decode()
    assert "Another version came into force" in desk.get(f"/policies/trials/{trial.pk}/").content.decode()
    assert 'value="Anna"' in desk.get(f"/policies/change/?trial={trial.pk}").content.decode()


def test_what_was_rejected_is_opened_one_by_one(cast: dict[str, User], ben: User, desk: Client) -> None:
    saved(cast["ada"], FIRST, {"name": "Ask", "when": "true", "outcome": "approve"})
    action = propose("auto")
    reject(action, cast["mara"])
    trial = tried(cast["ada"], FIRST)
    refused = desk.post(f"/policies/trials/{trial.pk}/", {"reason": "Too many questions."})
    assert (
        refused.status_code == 422
        and "Not opened: 1" in refused.content.decode()
        and "Too many questions." in refused.content.decode()
    )
    assert desk.post(f"/policies/findings/{trial.findings.get().pk}/")["Location"] == f"/actions/{action.pk}/"
    assert desk.post(f"/policies/trials/{trial.pk}/", {"reason": "Too many questions."}).status_code == 302


def test_progress_is_shown_until_it_is_over(cast: dict[str, User], desk: Client) -> None:
    propose("medium")
    trial = trials.begin(cast["ada"], (), 7)
    page = desk.get(f"/policies/trials/{trial.pk}/").content.decode()
    assert "0 of 1 past actions judged" in page and 'http-equiv="refresh"' in page
    trials.step(trial.pk)
    part = desk.get(f"/policies/trials/{trial.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<div") and "every 1s" not in part and "Who would have been asked" in part


def test_a_version_is_fetched_as_yaml(desk: Client) -> None:
    answer = desk.get("/policies/1/?as=yaml")
    assert answer.content.decode().startswith("trust:\n  limit_percent: 20\n  graduation: automatic\n")
    assert desk.get("/policies/77/").status_code == 404


def test_the_form_says_whose_voices_a_tier_demands(desk: Client) -> None:
    page = strip_tags(desk.get("/policies/change/").content.decode())
    for words in ("Low risk: Junior reviewer", "Critical: Senior reviewer, Security reviewer", "Hold before it runs"):
        assert words in page


def test_a_change_that_a_stricter_rule_overtook_is_told_and_opens_again(desk: Client, ben: User) -> None:
    ada = User.objects.get(username="ada")
    asked = amendments.save(tried(ada), ada, proof(), reason="Releases are safe by now.")
    saved(ben, FIRST, MORE)
    page = strip_tags(desk.get("/policies/").content.decode())
    assert "Overtaken by another version Ada: Releases are safe by now." in page
    assert f"/policies/change/?trial={asked.trial_id}" in desk.get("/policies/").content.decode()
    event = Event.objects.get(kind="policy.overtaken")
    assert (event.actor_name, event.policy_version, event.detail["asked_by"]) == ("ben", 2, "Ada")
    assert event.detail["amendment"] == asked.pk and event.detail["removed"] == [FIRST["name"]]


def test_what_ended_long_ago_or_asked_nobody_is_not_listed(desk: Client, ben: User) -> None:
    saved(ben, FIRST, MORE)
    assert "What became of" not in desk.get("/policies/").content.decode()
    asked = saved(ben)
    amendments.refuse(asked, User.objects.get(username="ada"), proof(), note="Not yet.")
    page = strip_tags(desk.get("/policies/").content.decode())
    assert "What became of" in page and "Not yet." in page
    Amendment.objects.filter(pk=asked.pk).update(settled_at=timezone.now() - timedelta(days=31))
    assert "What became of" not in desk.get("/policies/").content.decode()
