"""The hub of one server process: one Redis subscription, a bounded queue for each socket, one drawing for each audience.

Facts travel over Redis; HTML is made here, at the edge. A fact that is dropped does no harm, because whoever missed
one is told to draw everything again.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Hashable

import redis.asyncio
from django.conf import settings

from agents import facts
from agents.facts import Fact

logger = logging.getLogger(__name__)
ROOM = 64
BEAT_SECONDS = 2.0
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)
RESYNC = {"kind": "resync"}


class Hub:
    """Brings facts to the sockets of this process and draws each region once per audience."""

    def __init__(self) -> None:
        self.sockets: dict[asyncio.Queue[Fact], str] = {}
        self.generation = 0
        self.heard_at = 0.0
        self._drawings: dict[Hashable, tuple[int, str]] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._listener: asyncio.Task[None] | None = None

    def join(self, topic: str) -> asyncio.Queue[Fact]:
        """A queue that hears every fact of the topic ("board" hears all) from now on."""
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        queue: asyncio.Queue[Fact] = asyncio.Queue(ROOM)
        self.sockets[queue] = topic
        return queue

    def leave(self, queue: asyncio.Queue[Fact]) -> None:
        self.sockets.pop(queue, None)
        if not self.sockets and self._listener:
            self._listener.cancel()
            self._listener = None
            self.heard_at = 0.0
            self.generation += 1  # from here on nobody hears that a drawing has become old

    @property
    def alive(self) -> bool:
        """Whether the Redis subscription was heard of within the last beats."""
        return time.monotonic() - self.heard_at < 1.5 * BEAT_SECONDS

    async def region(self, key: Hashable, draw: Callable[[], Awaitable[str]]) -> str:
        """The drawing under `key`, made once per process for all that ask between two facts."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            # A fact that arrives while this draws raises the generation, so the next to ask draws again.
            generation = self.generation
            held = self._drawings.get(key)
            if held and held[0] == generation:
                return held[1]
            html = await draw()
            self._drawings[key] = (generation, html)
        self._forget(generation)
        return html

    def _forget(self, generation: int) -> None:
        """Drop the drawings that no fact will bring back; a hub with few audiences keeps them all."""
        if len(self._drawings) > 200:
            self._drawings = {key: held for key, held in self._drawings.items() if held[0] == generation}
            self._locks = {key: lock for key, lock in self._locks.items() if lock.locked() or key in self._drawings}

    def tell(self, fact: Fact) -> None:
        """Hand a fact to every socket that watches its topic. A full queue is replaced by one resync."""
        self.generation += 1
        topics = {"board", f"action.{fact.get('action')}", f"task.{fact.get('task')}", f"agent.{fact.get('agent')}"}
        for queue, topic in self.sockets.items():
            if topic in topics or fact is RESYNC or "person" in fact or _of_all(fact):
                self._put(queue, fact)

    @staticmethod
    def _put(queue: asyncio.Queue[Fact], fact: Fact) -> None:
        try:
            queue.put_nowait(fact)
        except asyncio.QueueFull:
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(RESYNC)

    async def _listen(self) -> None:
        """Hold the subscription; after a loss, subscribe again and let every socket draw anew."""
        failures = 0
        while True:
            try:
                await self._subscription()
            except (redis.RedisError, OSError) as error:
                logger.warning("live facts are interrupted: %s", type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            failures = 0 if self.alive else failures + 1

    async def _subscription(self) -> None:
        client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=BEAT_SECONDS)
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(facts.CHANNEL)
            since = asked = time.monotonic()
            while True:
                message = await pubsub.get_message(timeout=BEAT_SECONDS / 2)
                now = time.monotonic()
                if message is not None:
                    self.heard_at = now
                if message and message["type"] == "subscribe":
                    # Not before: what was told while Redis had not read our wish yet reached nobody here.
                    self.tell(RESYNC)
                if message and message["type"] == "message":
                    with contextlib.suppress(ValueError, TypeError):
                        for fact in json.loads(message["data"]):
                            self.tell(dict(fact))
                if now - asked >= BEAT_SECONDS / 2:
                    asked = now
                    await pubsub.ping()
                if now - max(self.heard_at, since) > 3 * BEAT_SECONDS:
                    raise redis.ConnectionError("the subscription went mute")


def _of_all(fact: Fact) -> bool:
    """Every page tells of the stops that are on."""
    return str(fact.get("kind", "")).startswith("stop.")


hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop: one in a server process."""
    return hubs.setdefault(asyncio.get_running_loop(), Hub())
