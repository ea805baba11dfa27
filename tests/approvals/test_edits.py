"""What people change is knowledge: it goes back to the agent with the result, and its page lists it."""

import pytest

from agents import edits, ledger, payloads, plans, proposals, runner, tools
from agents.models import Agent, User
from agents.toolbox.models import Customer
from agents.toolbox.seed import customers
from approvals import decisions
from approvals.models import Tier
from tests.cast import Answer, Enter, approve, go_on, proof, propose, question

pytestmark = pytest.mark.django_db


def change(action, person: User, **changes: object) -> None:  # type: ignore[no-untyped-def]
    """Save a person's version without a voice for it."""
    asked = question(action)
    made = proposals.redraft(action, asked.asked, {**payloads.arguments(bytes(asked.asked.body)), **changes})
    decisions.edit(asked, person, made=made, seen=Answer(person).seen(asked), proof=proof())
    action.refresh_from_db()


def test_the_agent_gets_the_diff_with_the_result_and_goes_on_by_it(
    cast: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    plans.sync()
    tools.sync()
    monkeypatch.setattr("agents.toolbox.mail.work", lambda *_args: None)
    Customer.objects.bulk_create(customers()[:5])
    Tier.objects.update(hold_seconds=0)
    agent = Agent.objects.get(slug="outreach")
    wish = {"segment": "contracts-ending-may", "subject": "Your offer"}
    task = runner.start(agent=agent, goal="Write", parameters=wish, mode="blocking", by=ledger.GATE)

    go_on(task)
    mail = task.actions.get(step="send")
    change(mail, cast["ines"], subject="Same price, another year")
    approve(mail, cast["omar"])
    go_on(task)
    report = task.actions.get(step="report")
    assert (
        "“Same price, another year” went out" in question(report).asked.body.decode() or "another year" in report.title
    )
    told = edits.with_results([task.actions.get(step="send")])["send"]["edited"]
    assert told == [{"at": "$.subject", "was": "Your offer", "now": "Same price, another year"}]


def test_what_nobody_edited_comes_as_it_is(mara: User) -> None:
    action = propose("medium")
    approve(action, mara)
    assert edits.with_results([action]) == {"step-0": None}


def test_edits_are_listed_on_the_page_of_the_agent(enter: Enter, cast: dict[str, User]) -> None:
    action = propose("medium", arguments={"to": "anna", "text": "We meet at two. <b>"})
    client = enter(cast["mara"])
    address = f"/agents/{action.agent.slug}/"
    assert "Nobody has changed anything" in client.get(address).content.decode()
    change(action, cast["mara"], text="We meet at three. <b>")
    html = client.get(address).content.decode()
    listed = html[html.index('id="h-edits"') : html.index("</section>", html.index('id="h-edits"'))]
    assert "<b>" not in listed and "Mara" in listed and "<code>" in listed
    assert "two" in listed[listed.index("<del>") : listed.index("</del>")]
    assert "three" in listed[listed.index("<ins>") : listed.index("</ins>")]
