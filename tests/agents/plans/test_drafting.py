"""The agents of this process rewrite the draft that is there, by what was asked, and say what they could not do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import payloads, plans, tools
from agents.plans import drafting
from agents.plans.campaign import BODY

CAMPAIGN = {"segment": "contracts-ending-may", "subject": "Your spring renewal offer", "body": BODY}
REPLY = {
    "to": "anna.13@customers.example",
    "subject": "Your ticket #5120",
    "body": "Hello,\n\nyour parcel for ticket #5120 arrives tomorrow before noon.\n\nAcme support",
}
NOTICE = {"team": "platform", "text": "Meeting at 14:00 in Room A. Agenda: the next two weeks. It takes half an hour."}
PAY = {"to": "Nordlicht GmbH", "amount_minor": 5_400, "currency": "EUR"}


def body(arguments: dict[str, object], asks: str = "", text: str = "") -> str:
    made = drafting.redraft(arguments, tuple(asks.split()), text)
    return str(made.arguments.get("body") or made.arguments.get("text"))


@pytest.mark.parametrize("draft", [CAMPAIGN, REPLY, NOTICE], ids=["campaign", "reply", "notice"])
@pytest.mark.parametrize("ask", drafting.ASKS)
def test_each_chip_changes_each_draft_or_says_why_not(draft: dict[str, object], ask: str) -> None:
    made = drafting.redraft(draft, (ask,), "")
    changed = made.arguments != draft
    assert changed == (ask != "facts")
    assert made.why.startswith(
        "Rewritten as you asked" if changed else "Nothing is rewritten. You did not say which fact"
    )
    assert set(made.arguments) == set(draft)


@pytest.mark.parametrize("draft", [CAMPAIGN, REPLY, NOTICE], ids=["campaign", "reply", "notice"])
def test_shorter_is_shorter_and_keeps_what_the_law_asks_for(draft: dict[str, object]) -> None:
    short = body(draft, "shorter")
    assert len(short) < len(" ".join(str(draft.get("body") or draft.get("text")).split()))
    assert ("unsubscribe" in short) == (draft is CAMPAIGN)


def test_manners_are_told_apart_and_follow_one_another() -> None:
    warm, formal = body(REPLY, "warmer"), body(REPLY, "formal")
    assert warm.startswith("Dear Anna,") and "Thank you" in warm and "warm wishes" in warm
    assert formal.startswith("Dear Anna,") and "consignment" in formal and "Yours sincerely" in formal
    assert "Thank you" not in body({**REPLY, "body": warm}, "formal"), "the last wish counts"
    assert body({**CAMPAIGN, "body": body(CAMPAIGN, "warmer")}, "warmer") == body(CAMPAIGN, "warmer"), "once is enough"


@pytest.mark.parametrize(
    "text",
    [
        "It is 30 June, not 31 May.", "30 June instead of 31 May", "not 31 May but 30 June", "31 May -> 30 June",
        "replace “31 May” with “30 June”", "31 May should be 30 June", "30 June", "The contract ends on 30 June!",
    ],
)  # fmt: skip
def test_a_fact_is_put_right_however_it_is_said(text: str) -> None:
    assert body(CAMPAIGN, "facts", text) == BODY.replace("31 May", "30 June")


def test_a_fact_is_put_right_wherever_the_call_says_it() -> None:
    made = drafting.redraft(REPLY, (), "#5121 not #5120")
    assert (made.arguments["subject"], made.arguments["to"]) == ("Your ticket #5121", REPLY["to"])
    assert "#5121" in str(made.arguments["body"])


def test_what_is_nowhere_or_could_mean_two_things_is_not_guessed() -> None:
    assert drafting.redraft(CAMPAIGN, (), "1 July, not 1 June").arguments == CAMPAIGN
    two = {"text": "From 14:00 to 15:00 in the Library, all of us."}
    made = drafting.redraft(two, (), "16:00")
    assert made.arguments == two and "write “16:00, not …”" in made.why


def test_words_that_are_understood_are_followed() -> None:
    made = drafting.redraft(
        CAMPAIGN, (), "Make it friendlier. Address them as “Berg family”. Mention that the price list is attached; leave out signing."
    )  # fmt: skip
    text = str(made.arguments["body"])
    assert text.startswith("Dear Berg family,") and "The price list is attached." in text and "sign" not in text
    assert "Thank you" in text


def test_another_language_translates_what_is_known_and_names_what_is_not() -> None:
    french = drafting.redraft(CAMPAIGN, ("language",), "French, please.").arguments
    assert "votre contrat chez nous prend fin le 31 mai" in str(french["body"]) and "renouvellement" in str(
        french["subject"]
    )
    made = drafting.redraft({**REPLY, "body": f"{REPLY['body']}\n\nNobody knows this one."}, (), "in German")
    assert "Ihr Paket zu Ticket #5120" in str(made.arguments["body"]) and "“Nobody knows this one.”" in made.why
    assert "you named no language".lower() in drafting.redraft(CAMPAIGN, ("language",), "").why.lower()


def test_a_call_without_a_text_says_so() -> None:
    made = drafting.redraft(PAY, ("shorter",), "")
    assert made.arguments == PAY and "no text" in made.why


@given(
    st.sampled_from([CAMPAIGN, REPLY, NOTICE, PAY, {}]), st.lists(st.sampled_from(drafting.ASKS), unique=True),
    st.text(max_size=2_000) | st.sampled_from(["not a but b. " * 150, "“" * 2_000, "1,1," * 500, "a@" * 1_000, ". " * 1_000, "語" * 2_000]),
)  # fmt: skip
def test_no_guidance_breaks_a_draft(draft: dict[str, object], asks: list[str], text: str) -> None:
    made = drafting.redraft(draft, asks, text)
    assert set(made.arguments) == set(draft) and made.why


@pytest.mark.parametrize("unit", ["word ", "1,1.", "a@b.", "“x” ", ". ", "語", "\n\n", "Hello, "])
def test_a_long_draft_is_rewritten_too(unit: str) -> None:
    draft = {"body": unit * (40_000 // len(unit.encode()))}
    made = drafting.redraft(draft, drafting.ASKS, "30 June. 14:00. In French. not a but b. €5")
    assert payloads.check(made.arguments)


def test_what_the_office_writes_stays_within_what_its_tools_take() -> None:
    schemas = {tool.name: tool.schema for tool in tools.built_in()}
    for name, draft in (("email.send_campaign", CAMPAIGN), ("email.send", REPLY), ("chat.post", NOTICE)):
        for ask in drafting.ASKS:
            assert not payloads.problems(schemas[name], plans.redraft(draft, (ask,), "").arguments)
