"""What people outside will read: as a letter and as plain text, as each of them gets it, and never sent without a person."""

import pytest

from agents import tools
from agents.models import Agent, Autonomy, TrustScore, User
from agents.toolbox.models import Customer, Effect
from agents.toolbox.seed import customers
from approvals import policy
from approvals.models import Precedent, Verdict
from tests.cast import Enter, a_task, propose

pytestmark = pytest.mark.django_db
BODY = "Hello {name},\n\nyour price stays. To unsubscribe, say so."
ARGUMENTS = {"segment": "contracts-ending-may", "subject": "Your offer", "body": BODY}
# One call of each tool of the house that reaches a person outside.
OUTSIDE = {
    "email.send": {"to": "anna.13@customers.example", "subject": "Hello", "body": "Hello Anna, all is well."},
    "email.send_campaign": ARGUMENTS,
    "site.publish": {"slug": "news-1", "title": "News", "body": "There is news."},
    "crm.export": {"segment": "key-accounts", "to": "press@partner.example"},
}


@pytest.fixture(autouse=True)
def office(db: None) -> None:
    tools.sync()
    Customer.objects.bulk_create(customers()[:40])


def test_each_recipient_is_shown_what_they_get(enter: Enter, ines: User) -> None:
    action, client = propose(tool="email.send_campaign", arguments=ARGUMENTS), enter(ines)
    people = list(Customer.objects.filter(segment=ARGUMENTS["segment"]).order_by("pk"))
    card = client.get(f"/actions/{action.pk}/").content.decode()
    assert "Hello {name}," in card and f"of {len(people)}" in card and "Nothing fills a placeholder" not in card
    for number in (1, len(people)):
        for headers in ({"HX-Request": "true"}, {}):
            shown = client.get(f"/actions/{action.pk}/letter/", {"recipient": number}, headers=headers).content.decode()
            letter = shown[shown.index('<div id="letter">') :]
            assert f"Hello {people[number - 1].name.split()[0]}," in letter and people[number - 1].email in letter
    for number in ("0", str(len(people) + 1), "-1", "x", "9" * 30, ""):
        shown = client.get(f"/actions/{action.pk}/letter/", {"recipient": number}, headers={"HX-Request": "true"})
        assert shown.status_code == 200 and "Hello {name}," in shown.content.decode()


def test_what_leaves_is_what_was_shown(ines: User) -> None:
    call = tools.Call("1:1", 1, 1, lambda *_args: None)
    tools.run("email.send_campaign", ARGUMENTS, call)
    shown = tools.letter(tools.Row.objects.get(name="email.send_campaign"), ARGUMENTS, 1)
    assert shown and Effect.objects.get().detail["first"] == shown.body


def test_a_placeholder_that_nothing_fills_is_a_failed_check(enter: Enter, ines: User) -> None:
    action = propose(tool="email.send_campaign", arguments={**ARGUMENTS, "body": f"{BODY} {{amount}}"})
    html = enter(ines).get(f"/actions/{action.pk}/").content.decode()
    assert "Nothing fills a placeholder" in html and "{amount}" in html


def test_a_name_is_no_markup(enter: Enter, ines: User) -> None:
    Customer.objects.update(name="<script>alert(1)</script> \u202e")
    action = propose(tool="email.send_campaign", arguments=ARGUMENTS)
    shown = enter(ines).get(f"/actions/{action.pk}/letter/", {"recipient": 1}).content.decode()
    assert "<script>alert" not in shown and "\u202e" not in shown


def test_every_tool_that_reaches_a_person_outside_is_among_them() -> None:
    assert {tool.name for tool in tools.built_in() if tool.effect.outside and tool.effect.affects_others} == set(
        OUTSIDE
    )


@pytest.mark.parametrize("tool", OUTSIDE)
def test_nothing_reaches_a_person_outside_alone_whatever_the_trust(mara: User, tool: str) -> None:
    """All the trust there is, everything done before, granted by an admin, and sure of itself: somebody is asked."""
    agent = Agent.objects.create(slug="trusted", name="Trusted", kind="plan", ceiling=Autonomy.ACTS)
    row = tools.Row.objects.get(name=tool)
    TrustScore.objects.create(
        agent=agent, tool=row, agent_version="1", tool_version=row.version, hundredths=100, clean_ever=9_000,
        clean_since=9_000, granted_at="2026-01-01T00:00Z", granted_by=mara,
    )  # fmt: skip
    task = a_task(
        agent=agent, goal="Write to anna.13@customers.example, press@partner.example and all contracts-ending-may"
    )
    first = propose(tool=tool, arguments=OUTSIDE[tool], task=task, confidence=0.99)
    Precedent.objects.update(count=9_000)
    again = propose(tool=tool, arguments=OUTSIDE[tool], task=task, confidence=0.99)
    for action in (first, again):
        verdict = Verdict.objects.get(action=action)
        assert action.state == "PENDING" and verdict.outcome not in policy.ALONE, verdict.reasons
