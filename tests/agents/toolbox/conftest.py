from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker, Settings

from agents.toolbox.seed import seed
from agents.tools import Call, find
from tests.office import kept

EXAMPLES: dict[str, dict[str, Any]] = {
    "email.send": {"to": "anna.13@customers.example", "subject": "Your parcel", "body": "It arrives tomorrow."},
    "email.send_campaign": {"segment": "contracts-ending-may", "subject": "Renew", "body": "Reply to unsubscribe."},
    "email.draft": {"to": "sales@acme.example", "subject": "Idea", "body": "What about this?"},
    "calendar.create": {
        "title": "Review", "day": "2027-01-12", "minutes": 30, "place": {"room": "A", "online": True},
        "guests": ["anna@acme.example", "bo@acme.example"],
    },
    "calendar.list": {"day": "2027-01-12"},
    "files.list": {"folder": "."},
    "files.read": {"path": "reports/q3-summary.md"},
    "files.write": {"path": "reports/new.md", "text": "# New\n"},
    "files.delete": {"paths": ["tmp/export-2023-01.csv", "tmp/export-2023-02.csv"]},
    "files.archive": {"paths": ["tmp/cache.bin"]},
    "crm.search": {"name": "Berg"},
    "crm.update": {"email": "jonas.3@customers.example", "plan": "business"},
    "crm.label": {"segment": "trial-users", "label": "quiet"},
    "crm.export": {"segment": "key-accounts", "to": "press@partner.example"},
    "data.analyse": {"by": "segment"},
    "payments.balance": {"account": "refunds"},
    "payments.refund": {"to": "Nordlicht GmbH", "amount_minor": 124_000, "currency": "EUR"},
    "payments.pay_invoice": {"number": "INV-2041"},
    "payments.wire": {"to": "Baltic Cloud", "amount_minor": 4_900, "currency": "EUR", "reference": "hosting"},
    "flights.search": {"start": "Hamburg", "to": "Oslo", "day": "2027-02-12"},
    "flights.book": {
        "start": "Hamburg", "to": "Oslo", "day": "2027-02-12", "flight": "AI100", "traveller": "Lena Brandt",
    },
    "web.search": {"query": "safer releases"},
    "chat.post": {"team": "platform", "text": "Meeting at two."},
    "site.publish": {"slug": "news", "title": "News", "body": "All is well.", "tags": ["news"]},
    "deploy.release": {"pool": "eu-2", "build": "2027.1.17"},
    "deploy.restart_pool": {"pool": "eu-2"},
}  # fmt: skip


@pytest.fixture(scope="module")
def customers(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Thousands of rows: made once for a module, and gone after it."""
    with kept(django_db_blocker):
        seed()
        yield


@pytest.fixture
def office(customers: None, db: None, tmp_path: Path, settings: Settings) -> Path:
    """The seeded office, with its workspace in a folder of its own."""
    settings.WORKSPACE_DIR = tmp_path / "workspace"
    seed()
    return settings.WORKSPACE_DIR


class Caller:
    """Calls a tool as a worker does, and keeps the progress that it reported."""

    def __init__(self) -> None:
        self.progress: list[tuple[int, str]] = []

    def __call__(self, tool: str, action_id: int = 7, **changes: Any) -> dict[str, Any]:
        found = find(tool)
        assert found is not None
        call = Call(f"{action_id}:1", action_id, 1, lambda percent, note="": self.progress.append((percent, note)))
        return found.run(arguments(tool, **changes), call)


def arguments(tool: str, **changes: Any) -> dict[str, Any]:
    """An example of a tool's arguments; a flight is one that flies."""
    example = EXAMPLES[tool]
    if tool == "flights.book":
        search = find("flights.search")
        assert search is not None
        route = {name: example[name] for name in ("start", "to", "day")}
        found = search.run(route, Call("0:1", 0, 1, lambda _percent, _note="": None))
        example = {**example, "flight": found["options"][0]["flight"]}
    return {**example, **changes}


@pytest.fixture
def call(office: Path) -> Caller:
    return Caller()
