import re
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from agents import trust
from agents.models import Event, TrustScore, User
from agents.states import Conflict
from approvals import amendments, documents, rules, thresholds, trials
from approvals.models import Amendment, Finding, Policy, Trial
from approvals.thresholds import Thresholds, Unfit
from tests.approvals.test_amendments import FIRST, ada, ben
from tests.approvals.test_earned import label, labelled
from tests.approvals.test_policy_pages import at_once, desk, typed
from tests.approvals.test_trust import autonomy, row, run
from tests.cast import approve, proof, reject

__all__ = ["ada", "at_once", "ben", "desk"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]
DEFAULTS = Thresholds()


def tried(person: User, **numbers: Any) -> Trial:
    active = Policy.objects.get(active=True)
    some = thresholds.read(numbers, Thresholds.of(active.thresholds))
    trial = trials.begin(person, rules.stored(active.rules), 30, numbers=some)
    while trials.step(trial.pk):
        pass
    return Trial.objects.select_related("base").get(pk=trial.pk)


def saved(person: User, **numbers: Any) -> Amendment:
    trial = tried(person, **numbers)
    Finding.objects.filter(trial=trial).update(opened_at=trial.made_at)
    return amendments.save(trial, person, proof(), reason="Because.")


def in_force() -> Thresholds:
    return Thresholds.of(Policy.objects.get(active=True).thresholds)


@pytest.mark.parametrize(
    ("change", "looser"),
    [
        ({}, False),
        ({"limit_percent": 10}, False),
        ({"limit_percent": 20.1}, True),
        ({"graduation": "proposed"}, False),
        ({"sampled_percent": 1.9}, True),
        ({"sampled_percent": 100}, False),
        ({"limit_percent": 10, "sampled_percent": 0}, True),
    ],
)
def test_more_autonomy_or_fewer_looks_are_looser(change: dict[str, Any], looser: bool) -> None:
    assert thresholds.looser(DEFAULTS, thresholds.read(change, DEFAULTS)) is looser


def test_automatic_graduation_is_looser_than_an_admins_yes() -> None:
    proposed = Thresholds(graduation="proposed")
    assert thresholds.looser(proposed, DEFAULTS)


@pytest.mark.parametrize("name", ["limit_percent", "sampled_percent"])
@pytest.mark.parametrize("value", [-1, 101, "20", True, None, float("nan"), float("inf"), 10.25, [], {}])
def test_a_number_that_is_none_is_refused_with_its_name(name: str, value: object) -> None:
    with pytest.raises(Unfit, match="with one decimal at most") as unfit:
        thresholds.read({name: value}, DEFAULTS)
    assert [field for field, _text in unfit.value.faults] == [name]


@pytest.mark.parametrize("value", [0, 0.9, 50.1])
def test_a_limit_that_grants_nothing_or_anything_is_refused(value: float) -> None:
    with pytest.raises(Unfit, match="from 1 to 50"):
        thresholds.read({"limit_percent": value}, DEFAULTS)


@pytest.mark.parametrize("stored", [{"sampled": "all"}, {"sampled": 7}, {"trust_limit": "x"}, {"graduation": 3}])
def test_what_cannot_be_read_is_as_strict_as_can_be(stored: dict[str, object]) -> None:
    found = Thresholds.of(stored)
    assert found.sampled == 1.0 or found.limit == 0.0 or found.graduation == "proposed"


def test_numbers_are_written_and_read_the_same() -> None:
    some = Thresholds(0.125, "proposed", 0.005)
    document = documents.read(documents.write((), some))
    assert document == ((), some)
    assert documents.read("rules: []").thresholds is None
    assert documents.read("trust: {limit_percent: 5}\nrules: []", some).thresholds == Thresholds(
        0.05, "proposed", 0.005
    )


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("rules: []\ntrust: 3\n", (2, 8), "names with values"),
        ("rules: []\ntrust:\n  limit_percent: 90\n", (3, 18), "from 1 to 50"),
        ("trust:\n  sampled: 3\nrules: []\n", (2, 12), "no field “sampled”"),
        ("trust:\n  graduation: never\nrules: []\n", (2, 15), "none of proposed, automatic"),
    ],
)
def test_a_document_with_a_wrong_number_is_refused_with_its_place(text: str, place: tuple[int, int], said: str) -> None:
    with pytest.raises(documents.Unread) as unread:
        documents.read(text)
    fault = unread.value.faults[0]
    assert (fault.line, fault.column) == place and said in fault.text


def test_a_lower_limit_is_in_force_at_once_and_takes_back_what_no_longer_reaches(mara: User, ada: User) -> None:
    labelled(mara, 14)
    assert autonomy() == ["trust.graduated"]
    saved(ada, limit_percent=10)
    assert in_force().limit == 0.1
    assert autonomy() == ["trust.graduated", "trust.demoted"]
    assert Event.objects.get(kind="trust.demoted").detail["limit"] == 0.1
    told = Event.objects.get(kind="policy.activated").detail
    assert told["thresholds"] == {"trust_limit": [0.2, 0.1]} and told["looser"] is False
    assert label().state == "PENDING"


def test_a_higher_limit_waits_for_a_second_admin_and_then_grants_by_the_evidence(
    mara: User, ada: User, ben: User
) -> None:
    labelled(mara, 6)
    waiting = label()
    made = saved(ada, limit_percent=50)
    assert (made.state, in_force().limit, autonomy()) == ("open", 0.2, [])
    amendments.agree(made, ben, proof())
    assert in_force().limit == 0.5 and autonomy() == ["trust.graduated"]
    waiting.refresh_from_db()
    assert waiting.state == "PENDING"  # no change of policy approves what waits
    assert label().state == "APPROVED"


def test_automatic_graduation_waits_for_a_second_admin_and_then_grants_what_was_offered(
    mara: User, ada: User, ben: User
) -> None:
    saved(ada, graduation="proposed")
    labelled(mara, 14)
    assert autonomy() == ["trust.offered"]
    made = saved(ada, graduation="automatic")
    assert made.state == "open"
    amendments.agree(made, ben, proof())
    assert autonomy() == ["trust.offered", "trust.graduated"]
    assert trust.alone(row(), in_force().terms)


def test_what_an_older_version_earned_is_not_granted_by_a_new_limit(mara: User, ada: User, ben: User) -> None:
    labelled(mara, 6)
    TrustScore.objects.update(tool_version="older")
    amendments.agree(saved(ada, limit_percent=50), ben, proof())
    assert autonomy() == []


def test_a_decision_about_an_old_question_is_weighed_by_the_terms_in_force(mara: User, ada: User) -> None:
    labelled(mara, 13)
    waiting = label()
    saved(ada, limit_percent=10)
    approve(waiting, mara)
    run(waiting)
    assert autonomy() == []


def test_history_tells_what_would_run_alone_and_what_was_rejected(mara: User, ada: User) -> None:
    labelled(mara, 6)
    reject(label(), mara)
    trial = tried(ada, limit_percent=50)
    assert trial.counts["change"] == {"fewer": 2, "alone": 2}
    assert [finding.kind for finding in trial.findings.order_by("pk")] == ["alone", "passes"]
    assert tried(ada).counts["change"] == {}


def test_two_admins_who_change_numbers_and_rules_at_once(ada: User, ben: User) -> None:
    mine = tried(ada, limit_percent=10)
    saved(ben, sampled_percent=50)
    with pytest.raises(Conflict, match="came into force meanwhile"):
        amendments.save(mine, ada, proof(), reason="Mine.")
    assert in_force() == Thresholds(sampled=0.5)


def numbers(limit: str = "20", graduation: str = "automatic", sampled: str = "2") -> dict[str, str]:
    typed_in = {"limit_percent": limit, "graduation": graduation, "sampled_percent": sampled}
    return {f"trust-{name}": value for name, value in typed_in.items()}


def test_an_admin_changes_the_numbers_on_the_page(desk: Client) -> None:
    page = strip_tags(desk.get("/policies/").content.decode())
    assert re.search(r"20 %\s+14 clean decisions in a row", page) and "2 % of what ran alone" in page
    answer = desk.post("/policies/change/", typed(FIRST, **numbers("10,5", "proposed", "3.5")))
    shown = strip_tags(desk.get(answer["Location"]).content.decode())
    assert "10.5%" in shown and "3.5 %, about 0.0 a day" in shown and "In force at once" in shown
    desk.post(answer["Location"], {"reason": "Careful for a while."})
    assert in_force() == Thresholds(0.105, "proposed", 0.035)
    assert "an admin agrees" in desk.get("/policies/2/").content.decode()


def test_a_looser_number_says_so_before_it_is_asked_for(desk: Client) -> None:
    answer = desk.post("/policies/change/", typed(FIRST, **numbers(limit="30")))
    assert "a second admin has to agree" in desk.get(answer["Location"]).content.decode()
    desk.post(answer["Location"], {"reason": "Fewer questions."})
    assert Amendment.objects.get().state == "open" and in_force() == DEFAULTS


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (numbers(limit="a lot"), "limit_percent"),
        (numbers(limit=""), "limit_percent"),
        (numbers(sampled="1e2"), "sampled_percent"),
        (numbers(sampled="٣"), "sampled_percent"),
        (numbers(graduation="never"), "graduation"),
    ],
)
def test_what_is_no_number_is_told_at_its_field_and_kept(desk: Client, wrong: dict[str, str], place: str) -> None:
    answer = desk.post("/policies/change/", typed(**wrong))
    page = answer.content.decode()
    assert answer.status_code == 422 and not Trial.objects.exists()
    assert f'href="#trust-{place}"' in page and f'id="trust-{place}--errors"' in page
    if place != "graduation":
        assert f'value="{wrong["trust-" + place]}"' in page


def test_numbers_go_from_fields_to_text_and_back(desk: Client) -> None:
    text = desk.post("/policies/change/", typed(FIRST, **numbers("10"), show="text")).content.decode()
    assert "limit_percent: 10" in text
    document = "trust:\n  sampled_percent: 7\nrules: []\n"
    fields = desk.post("/policies/change/", {"view": "text", "text": document, "show": "fields"}).content.decode()
    assert re.search(r'name="trust-sampled_percent"[^>]* value="7"', fields)
    assert "limit_percent: 20" in desk.get("/policies/1/?as=yaml").content.decode()


def test_an_old_version_comes_back_with_its_numbers(ada: User, ben: User, desk: Client) -> None:
    saved(ada, limit_percent=10)
    answer = desk.post("/policies/1/back/")
    desk.post(answer["Location"], {"reason": "Back."})
    amendments.agree(Amendment.objects.latest("pk"), ben, proof())
    assert in_force() == DEFAULTS
