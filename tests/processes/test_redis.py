"""Redis flushed, restarted, mute or gone: a decision does not wait for it, and what was approved runs."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from agents.models import Action, User
from tests.cast import question
from tests.processes.conftest import effects, reached, work
from tests.processes.product import Product, until

pytestmark = pytest.mark.processes
# Two are promised, and a machine with much to do takes three: without patience it would be as long as Redis says nothing.
PATIENCE_SECONDS = 10


class Visitor:
    """A person with a browser that only speaks HTTP."""

    def __init__(self, product: Product, name: str) -> None:
        self.client = httpx.Client(base_url=product.address, follow_redirects=True, timeout=30)
        token = self.token("/accounts/login/")
        page = self.client.post(
            "/accounts/login/", data={"login": name, "password": "secret", "csrfmiddlewaretoken": token}
        )
        assert page.url.path == "/", page.text[:500]

    def token(self, path: str) -> str:
        page = self.client.get(path).text
        self.nonce = next(iter(re.findall(r'name="nonce" value="([^"]+)"', page)), "")
        return re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]

    def approve(self, action: Action) -> float:
        """Approve on the board; the seconds until the answer was here."""
        token, approval = self.token("/"), question(action)
        given = f"approve:{approval.pk}:{approval.asked.version}:{approval.asked.digest}"
        began = time.monotonic()
        page = self.client.post("/decide/", data={"answer": given, "nonce": self.nonce, "csrfmiddlewaretoken": token})
        took = time.monotonic() - began
        assert page.status_code == 200, page.text[:500]
        assert approval.decisions.count() == 1
        return took


@pytest.fixture
def asked(product: Product, people: dict[str, User]) -> Action:
    """An action that waits in an installation where everything runs."""
    product.start("redis", "web", "worker")
    task = work(("test.once", {}))
    product.hint(task.pk)
    return until(lambda: Action.objects.filter(task=task, state="PENDING").first(), 90, "the question")


@pytest.fixture
def mara(product: Product, asked: Action) -> Visitor:
    return Visitor(product, "mara")


@contextmanager
def mute(port: int) -> Iterator[None]:
    """A server that takes every connection and never says a word."""
    lines: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", port), backlog=50) as server:

        def accept() -> None:
            try:
                while True:
                    lines.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for line in lines:
        line.close()


def test_an_action_runs_though_its_hint_was_flushed(product: Product, asked: Action, mara: Visitor) -> None:
    product.kill("worker")
    assert mara.approve(asked) < PATIENCE_SECONDS
    product.broker.flushall()
    product.start("worker")
    assert reached(asked, "SUCCEEDED") and effects(asked) == 1


def test_redis_that_was_restarted_delays_and_changes_nothing(product: Product, asked: Action, mara: Visitor) -> None:
    product.kill("redis")
    assert mara.approve(asked) < PATIENCE_SECONDS
    product.start("redis")
    assert reached(asked, "SUCCEEDED", seconds=40) and effects(asked) == 1


def test_while_redis_is_gone_a_decision_stands(product: Product, asked: Action, mara: Visitor) -> None:
    product.kill("redis")
    assert mara.approve(asked) < PATIENCE_SECONDS
    assert reached(asked, "APPROVED") and effects(asked) == 0
    health = product.health()
    assert health is not None and health.status_code == 503 and not health.json()["redis"]["ok"]


def test_while_redis_is_mute_a_decision_stands_and_then_runs(product: Product, asked: Action, mara: Visitor) -> None:
    product.kill("redis")
    with mute(product.redis_port):
        assert mara.approve(asked) < PATIENCE_SECONDS
        assert reached(asked, "APPROVED") and effects(asked) == 0
    product.start("redis")
    assert reached(asked, "SUCCEEDED", seconds=40) and effects(asked) == 1
