"""What built-in tools and agents say of themselves is listed, so that it can be told in the reader's language."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.translation import override

from agents import labels, plans, tools

pytestmark = pytest.mark.once


def words(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (schema[name] for name in ("title", "description") if isinstance(schema.get(name), str))
        yield from (found for value in schema.values() for found in words(value))
    elif isinstance(schema, list):
        yield from (found for value in schema for found in words(value))


def test_the_list_is_what_tools_and_agents_say() -> None:
    said = {found for tool in tools.built_in() for found in (tool.description, *words(tool.schema))}
    said |= {found for plan in plans.registry().values() for found in (plan.description, *words(plan.parameters))}
    assert said == labels.ALL


@pytest.mark.parametrize("text", ["Approve", "Open", "Amount (net)", "", "amount"])
def test_the_words_of_others_stay(text: str) -> None:
    with override("de"):
        assert labels.told("Amount") == "Betrag"
        assert labels.told(text) == text
