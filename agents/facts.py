"""Facts for whoever watches: small, losable messages over Redis. Rows decide; a fact only says that they changed."""

import json
import logging
import math
import time
from typing import Any

import redis
from django.conf import settings
from django.db import connection, transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)
CHANNEL = "hitl.facts"
PATIENCE_SECONDS = 0.4
PAUSE_SECONDS = 5.0
Fact = dict[str, Any]


class Breaker:
    """Stops asking a broken Redis for a while, so that a decision never waits for it twice."""

    def __init__(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        self.pause_seconds = pause_seconds
        self.closed_until = 0.0

    @property
    def open(self) -> bool:
        return time.monotonic() >= self.closed_until

    def trip(self) -> None:
        self.closed_until = time.monotonic() + self.pause_seconds

    def close(self) -> None:
        self.closed_until = math.inf


breaker = Breaker()
_client = redis.Redis.from_url(
    settings.REDIS_URL or "redis://127.0.0.1:1/0",
    socket_timeout=PATIENCE_SECONDS,
    socket_connect_timeout=PATIENCE_SECONDS,
    retry=Retry(NoBackoff(), 0),
)


def mute() -> None:
    """Tell nobody any more from this process: its rows are not those of the installation."""
    breaker.close()


class Telling:
    """The facts of one transaction: they go as one message once it is committed."""

    def __init__(self, fact: Fact) -> None:
        self.facts = [fact]

    def send(self) -> None:
        publish(*self.facts)


def tell(**fact: Any) -> None:
    """Tell every hub once the caller's transaction is committed; at once where there is none."""
    waiting = (getattr(entry[1], "__self__", None) for entry in connection.run_on_commit)
    if telling := next((one for one in waiting if isinstance(one, Telling)), None):
        # What a savepoint takes back later is told all the same: it only makes somebody look again.
        telling.facts.append(fact)
        return
    transaction.on_commit(Telling(fact).send, robust=True)


def publish(*told: Fact) -> None:
    """Tell every hub. Never raises and never takes longer than a moment: a lost fact is redrawn at the next one."""
    if not breaker.open:
        return
    try:
        _client.publish(CHANNEL, json.dumps(told))
    except redis.RedisError as error:
        breaker.trip()
        logger.warning("facts are not sent for a while: %s", type(error).__name__)
