"""The board: how its page grows with the queue, and how soon another person sees a decision."""

import time
from collections.abc import Iterator

import redis
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from websockets.sync.client import ClientConnection, connect

from agents.models import User
from approvals import queries
from approvals.models import Approval
from bench import rows
from bench.browser import Browser
from bench.decisions import OURS
from bench.report import Figure, p50, p95
from bench.sockets import CHANNEL

FEW, MANY = 100, 10_000
PAGES = 60
WATCHED = 20
ROUNDS = 25


def long_queue(port: int) -> Iterator[Figure]:
    """The board page with 10,000 waiting beside the same page with 100 waiting."""
    person = Browser(port, "first")
    rows.begin(1)
    rows.fill(FEW)
    few, queries_few = _pages(person), _queries()
    rows.fill(MANY)
    many, queries_many = _pages(person), _queries()
    note = f"{queries_many} queries, and {queries_few} with {FEW} waiting"
    yield Figure(f"board page with {MANY:,} waiting, p95", p95(many), p95(few), "ms", "≤ 1.5 ×", note)


def _pages(person: Browser) -> list[float]:
    for _warm in range(5):
        person.get("/")
    return [_timed(person) for _page in range(PAGES)]


def _timed(person: Browser) -> float:
    begun = time.perf_counter()
    status, _page = person.get("/")
    assert status == 200
    return 1_000 * (time.perf_counter() - begun)


def _queries() -> int:
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username="first"))
    # What was decided a moment ago is still shown, with who decided it.
    recent = Approval.objects.filter(closed_at__gt=Now() - queries.TOMBSTONE)
    rows.until(lambda: not recent.exists(), 60, 0.5)
    client.get("/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/")
    return len(asked)


def other_screen(port: int) -> Iterator[Figure]:
    """From the post of a decision to the frame that takes the row off somebody else's board."""
    person, other = Browser(port, "first"), Browser(port, "second")
    started = rows.begin(WATCHED)
    with connect(f"ws://127.0.0.1:{port}/floor/board/", additional_headers=_headers(other)) as screen:
        assert screen.recv(timeout=10) == "ready"
        floor = [_floor(screen) for _round in range(ROUNDS)]
    with connect(f"ws://127.0.0.1:{port}/live/board/", additional_headers=_headers(other)) as screen:
        ours = [_seen(screen, person, started[n % WATCHED]) for n in range(ROUNDS)]
    note = f"{len(ours)} decisions, {WATCHED} rows on the board; the floor has no post and no decision in it"
    yield Figure("decision → another screen, p50", p50(ours), p50(floor), "ms", "≤ 3 ×", note)


def _headers(person: Browser) -> dict[str, str]:
    return {"Cookie": person.cookie, "Origin": person.origin}


def _floor(screen: ClientConnection) -> float:
    time.sleep(0.1)
    begun = time.perf_counter()
    redis.Redis.from_url(settings.REDIS_URL).publish(CHANNEL, "{}")
    assert 'id="queue"' in str(screen.recv(timeout=10))
    return 1_000 * (time.perf_counter() - begun)


def _seen(screen: ClientConnection, person: Browser, task: int) -> float:
    rows.until(lambda: task in rows.asked([task]), 30)
    question = rows.asked([task])[task]
    _quiet(screen)
    begun = time.perf_counter()
    person.approve(OURS, question)
    while True:
        frame = str(screen.recv(timeout=10))
        if 'id="queue"' in frame and f"approve:{question[0]}:" not in frame:
            return 1_000 * (time.perf_counter() - begun)


def _quiet(screen: ClientConnection, seconds: float = 0.4) -> None:
    """Take what is on its way until nothing but beats has come for a while."""
    last = time.monotonic()
    while time.monotonic() - last < seconds:
        try:
            if 'id="queue"' in str(screen.recv(timeout=seconds / 2)):
                last = time.monotonic()
        except TimeoutError:
            continue
