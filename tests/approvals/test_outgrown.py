"""Another version of a tool or an agent begins anew: what was granted is taken back with an Event, and the page says so."""

from dataclasses import replace

import pytest

from agents import ledger, plans, reasons, replays, tools, trust
from agents.models import Agent, Event, Tool, TrustScore, User
from agents.toolbox import customers
from approvals import autonomy as levels
from approvals.models import Policy
from tests.approvals.test_earned import keeper, label, labelled, words
from tests.approvals.test_trust import autonomy, run
from tests.cast import Enter, approve

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]


def new_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code declares another version of crm.label, and the product starts."""
    changed = [replace(tool, version="77") if tool.name == "crm.label" else tool for tool in customers.TOOLS]
    monkeypatch.setattr(customers, "TOOLS", changed)
    tools.sync()


def test_another_version_of_the_tool_takes_it_back_and_the_page_says_so(
    mara: User, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(mara, 14)
    assert label().state == "APPROVED"
    new_tool(monkeypatch)
    assert autonomy() == ["trust.graduated", "trust.demoted"]
    event = Event.objects.get(kind="trust.demoted")
    assert (event.detail["tool"], event.detail["clean_since"]) == ("crm.label", 14)
    assert event.reason.startswith(f"{reasons.TOOL_OUTGROWN}: ") and "→ 77-" in event.reason
    assert TrustScore.objects.get().granted_at is None
    assert label().state == "PENDING"
    page = words(enter(mara))
    assert "Asks again" in page and "the tool is another version now, and its trust begins anew" in page
    assert "14 more clean approvals until it may run alone" in page


def test_another_version_of_the_agent_takes_it_back(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled(mara, 14)
    changed = {slug: replace(plan, version="9") for slug, plan in plans.registry().items()}
    monkeypatch.setattr(plans, "registry", lambda: changed)
    plans.sync()
    assert keeper().version == "9"
    assert autonomy() == ["trust.graduated", "trust.demoted"]
    assert Event.objects.get(kind="trust.demoted").reason == f"{reasons.AGENT_OUTGROWN}: 1 → 9"


def test_what_was_only_offered_is_withdrawn(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    Policy.objects.filter(active=True).update(active=False)
    Policy.objects.create(version=9, active=True, thresholds={"graduation": "proposed"})
    labelled(mara, 14)
    new_tool(monkeypatch)
    assert autonomy() == ["trust.offered", "trust.withdrawn"]


def test_starting_again_with_the_same_versions_writes_nothing(mara: User) -> None:
    labelled(mara, 14)
    tools.sync()
    plans.sync()
    assert autonomy() == ["trust.graduated"]


def test_what_fails_to_be_written_takes_nothing_back(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled(mara, 14)
    before = Tool.objects.get(name="crm.label").version

    def break_off(tool: Tool | None = None) -> None:
        raise OSError

    monkeypatch.setattr(trust, "outgrown", break_off)
    with pytest.raises(OSError):
        new_tool(monkeypatch)
    assert (Tool.objects.get(name="crm.label").version, autonomy()) == (before, ["trust.graduated"])


def test_work_that_an_earlier_version_began_grants_nothing(mara: User) -> None:
    labelled(mara, 13)
    last = label()
    approve(last, mara)
    Agent.objects.filter(slug="records").update(version="9")
    run(last)
    assert TrustScore.objects.get().clean_since == 14
    assert autonomy() == []


def test_the_version_that_comes_back_is_granted_by_its_evidence(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled(mara, 14)
    with monkeypatch.context() as changed:
        new_tool(changed)
    tools.sync()
    assert label().state == "PENDING"
    labelled(mara)
    assert autonomy() == ["trust.graduated", "trust.demoted", "trust.graduated"]
    assert label().state == "APPROVED"


def test_a_recorded_tool_that_comes_with_another_schema_begins_anew(mara: User) -> None:
    labelled(mara, 14)
    row = TrustScore.objects.get()
    replays._keep_tool("shop/refund", {"parameters": {"type": "object", "properties": {}}})
    recorded = Tool.objects.get(name="shop/refund")
    TrustScore.objects.filter(pk=row.pk).update(tool=recorded, tool_version=recorded.version)
    replays._keep_tool("shop/refund", {"parameters": {"type": "object", "properties": {"a": {"type": "string"}}}})
    assert autonomy() == ["trust.graduated", "trust.demoted"]


def test_a_grant_of_an_earlier_version_is_none(mara: User, cast: dict[str, User]) -> None:
    labelled(mara, 14)
    TrustScore.objects.update(granted_at=None, tool_version="older")
    terms = levels.terms({})
    assert not trust.grant(TrustScore.objects.get(), terms, cast["ada"], ledger.GATE)
