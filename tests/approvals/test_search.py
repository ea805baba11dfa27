"""The search of the palette: the newest of each kind, and nothing of theirs is markup."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, User
from tests.cast import Enter, a_task, propose

HOSTILE = "<script>alert(1)</script> Ada\u202e"


@pytest.fixture
def page(enter: Enter, mara: User) -> Client:
    return enter(mara)


def found(client: Client, words: str) -> str:
    answer = client.get("/find/", {"q": words})
    assert answer.status_code == 200
    return answer.content.decode()


def test_actions_tasks_agents_and_people_are_found_with_where_they_are(page: Client, jonas: User) -> None:
    agent = Agent.objects.create(slug="jonas-helper", name="Helper of Jonas", kind="plan")
    action = propose("low", task=a_task(agent=agent, goal="Help Jonas"), arguments={"to": "jonas"})
    action.title = "Write to Jonas"
    action.save()
    html = found(page, "JONAS")
    for address in (
        f"/actions/{action.pk}/",
        f"/tasks/{action.task_id}/",
        "/agents/jonas-helper/",
        "/decisions/?person=jonas",
    ):
        assert f'data-href="{address}"' in html


def test_admins_come_to_the_account(enter: Enter, cast: dict[str, User]) -> None:
    assert f'data-href="/people/{cast["jonas"].pk}/"' in found(enter(cast["ada"]), "jonas")


def test_what_is_found_is_never_markup(page: Client) -> None:
    task = a_task(goal=HOSTILE)
    task.agent.name = HOSTILE
    task.agent.save()
    html = found(page, "ada")
    assert "<script" not in html
    assert "U+202E" in html


@pytest.mark.parametrize("words", ["", "a", "  ", "\0", "%", "nothing at all like this", "x" * 5_000])
def test_too_little_and_nothing_like_it_find_nothing(page: Client, words: str) -> None:
    propose("low")
    assert 'role="option"' not in found(page, words)


def test_a_disabled_account_is_not_found(page: Client, jonas: User) -> None:
    User.objects.filter(pk=jonas.pk).update(is_active=False)
    assert 'role="option"' not in found(page, "jonas")


def test_a_search_asks_no_more_often_however_much_it_finds(page: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            found(page, "tes")
        return len(queries)

    propose("low")
    asked()
    few = asked()
    for _n in range(9):
        propose("low", task=a_task())
    assert asked() == few


def test_nobody_searches_without_signing_in(client: Client, db: None) -> None:
    assert client.get("/find/?q=mara").status_code == 302
