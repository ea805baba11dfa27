"""How much a call of a tool that declares nothing touches, as its arguments tell."""

from typing import Any

import pytest

from approvals import impacts


@pytest.mark.parametrize(
    ("arguments", "people"),
    [
        ({"to": "Paris", "flight": "AF 12", "traveller": "Mia Adler"}, set()),
        ({"from": "Bern", "to": "Paris", "passengers": 2}, set()),
        ({"trip": {"origin": "Bern", "to": "Paris"}}, set()),
        ({"to": "mia@example.org", "flight": "AF 12"}, {"mia@example.org"}),
        ({"to": "DE89 3704 0044 0532 0130 00", "flight": "AF 12"}, {"de89 3704 0044 0532 0130 00"}),
        ({"to": "Paris", "subject": "Our flights"}, {"paris"}),
        ({"from": "savings", "to": "Bob"}, {"bob"}),
        ({"flight": "AF 12", "recipients": ["Bob"]}, {"bob"}),
        ({"destination": "Paris", "city": "Paris"}, set()),
    ],
)
def test_where_something_travels_to_names_a_place_and_not_a_person(arguments: dict[str, Any], people: set[str]) -> None:
    assert impacts.people(arguments) == people
