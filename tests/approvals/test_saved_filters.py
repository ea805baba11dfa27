"""The address of the board holds every filter, and a person keeps some of them under names of their own."""

import re
from urllib.parse import parse_qs

import pytest
from django.http import QueryDict
from django.test import Client

from agents.models import User
from approvals import saved_filters
from approvals.addresses import filter_from
from approvals.models import SavedFilter
from tests.approvals.test_board_page import page, regions
from tests.cast import Enter, propose, question

EVERY = "scope=all&needs=input&level=high&agent=tester&tool=test.high&q=caf%C3%A9"
HOSTILE = "<script>alert(1)</script> \u202e & \" '"


@pytest.fixture
def mine(enter: Enter, mara: User) -> Client:
    return enter(mara)


def keep(client: Client, name: str = "Mine", query: str = "scope=all&level=high") -> tuple[int, str]:
    answer = client.post("/filters/", {"do": "keep", "name": name, "query": query})
    return answer.status_code, answer.content.decode()


def kept() -> list[tuple[str, str]]:
    return list(SavedFilter.objects.order_by("name").values_list("name", "query"))


@pytest.mark.once
@pytest.mark.parametrize("query", ["", "scope=review", EVERY, f"{EVERY}&length=100"])
def test_a_filter_is_its_address_and_back(query: str) -> None:
    found = filter_from(QueryDict(query)).query
    assert parse_qs(found) == parse_qs(query)
    assert filter_from(QueryDict(found)).query == found


def test_each_filter_narrows_the_board_and_stays_in_its_links(enter: Enter, cast: dict[str, User]) -> None:
    client = enter(cast["ines"])
    rows = {"question": question(propose("low", confidence=0.4)), "yes or no": question(propose("high"))}
    assert {row.kind for row in rows.values()} == {"input", "approve"}
    for query, shown in (
        ("scope=all", {"question", "yes or no"}),
        ("scope=all&needs=input", {"question"}),
        ("level=high", {"yes or no"}),
        ("scope=all&q=nothing+like+it", set()),
        ("scope=all&tool=test.high", {"yes or no"}),
    ):
        html = page(client, f"/?{query}")
        assert {name for name, row in rows.items() if f'id="approval-{row.pk}"' in html} == shown, query
        assert f'ws-connect="/live/board/?{query.replace("&", "&amp;")}"' in html
    html = page(client, f"/?{EVERY}")
    for control in (
        'name="q" value="café"',
        'name="needs" value="input"',
        'value="high" selected',
        'value="tester" selected',
    ):
        assert control in html
    assert 'Needs input <span class="num">1</span>' in html


def test_a_view_is_kept_opened_renamed_and_deleted(mine: Client) -> None:
    assert "Save this filter" not in page(mine)
    assert "Save this filter" in page(mine, "/?scope=all&level=high&length=100")
    answer = mine.post("/filters/", {"do": "keep", "name": " Mine ", "query": "level=high&scope=all&evil=1&length=100"})
    assert answer["Location"] == "/?scope=all&level=high"
    assert kept() == [("Mine", "scope=all&level=high")]
    assert re.search(
        r'href="/\?scope=all&amp;level=high" aria-current="true">.*Mine', page(mine, "/?scope=all&level=high")
    )
    row = SavedFilter.objects.get()
    mine.post("/filters/", {"do": "rename", "filter": row.pk, "name": "Ours"})
    assert kept() == [("Ours", "scope=all&level=high")]
    mine.post("/filters/", {"do": "delete", "filter": row.pk})
    assert kept() == []


def test_what_is_pushed_to_everybody_holds_no_name_of_somebody(mine: Client) -> None:
    keep(mine, "Only mine")
    assert "Only mine" in page(mine)
    assert "Only mine" not in regions(mine)


@pytest.mark.parametrize("verb", ["rename", "delete"])
def test_filters_of_others_are_out_of_reach(mine: Client, enter: Enter, jonas: User, verb: str) -> None:
    keep(mine)
    other = enter(jonas)
    other.post("/filters/", {"do": verb, "filter": SavedFilter.objects.get().pk, "name": "Taken"})
    assert kept() == [("Mine", "scope=all&level=high")]
    assert "Mine" not in page(other, "/filters/")
    assert keep(other)[0] == 302


def test_a_hostile_name_stays_text(mine: Client) -> None:
    assert keep(mine, HOSTILE)[0] == 302
    for address in ("/", "/filters/"):
        html = page(mine, address)
        assert "<script>alert" not in html
        assert "U+202E" in html


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "Give it a name."), (" \n ", "Give it a name."), ("x" * 61, "60 characters"), ("Mine", "already")],
)
def test_a_name_that_does_not_do_is_told_and_comes_back(mine: Client, name: str, said: str) -> None:
    keep(mine)
    status, html = keep(mine, name, "scope=review")
    assert (status, len(kept())) == (422, 1)
    assert said in html
    assert 'name="query" value="scope=review"' in html
    assert f'value="{name}"' in html
    row = SavedFilter.objects.create(person=SavedFilter.objects.get().person, name="Other", query="")
    answer = mine.post("/filters/", {"do": "rename", "filter": row.pk, "name": name})
    assert answer.status_code == 422
    assert f'value="{name}"' in answer.content.decode()


def test_a_name_without_a_place_in_a_database_is_mended(mine: Client) -> None:
    assert keep(mine, "a\0b")[0] == 302
    assert len(kept()) == 1


def test_there_is_an_end_to_it(mine: Client, mara: User) -> None:
    for number in range(saved_filters.MOST):
        keep(mine, f"Number {number}")
    status, html = keep(mine, "One more")
    assert (status, len(kept())) == (422, saved_filters.MOST)
    assert "Delete one" in html


@pytest.mark.parametrize(
    "sent", [{}, {"do": "rename", "filter": "x", "name": "y"}, {"do": "delete", "filter": "9" * 30}, {"do": "?"}]
)
def test_nonsense_changes_nothing(mine: Client, sent: dict[str, str]) -> None:
    keep(mine)
    assert mine.post("/filters/", sent).status_code == 302
    assert kept() == [("Mine", "scope=all&level=high")]
