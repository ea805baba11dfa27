"""The hub of a process: one drawing for all who watch, and none that nobody kept fresh."""

import asyncio
from typing import Any

import pytest
import redis.asyncio

from approvals.live import RESYNC, Hub


async def drawn(hub: Hub, words: str) -> str:
    async def draw() -> str:
        return words

    return await hub.region("board", draw)


def test_all_who_watch_get_one_drawing_until_a_fact_comes() -> None:
    async def story() -> list[str]:
        hub = Hub()
        hub.join("board")
        seen = [await drawn(hub, "first"), await drawn(hub, "second")]
        hub.tell({"kind": "action.pending", "action": 1, "task": 1})
        return [*seen, await drawn(hub, "third")]

    assert asyncio.run(story()) == ["first", "first", "third"]


def test_what_was_drawn_before_the_last_one_left_is_not_shown_to_the_next() -> None:
    """Between the two nobody listens to the facts."""

    async def story() -> str:
        hub = Hub()
        watching = hub.join("board")
        await drawn(hub, "old")
        hub.leave(watching)
        hub.join("board")
        return await drawn(hub, "new")

    assert asyncio.run(story()) == "new"


class SlowToSubscribe:
    """Redis as a hub sees it, which confirms the subscription when it is told to."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> "SlowToSubscribe":
        return self

    async def __aexit__(self, *_what: object) -> None:
        pass

    def pubsub(self) -> "SlowToSubscribe":
        return self

    async def subscribe(self, _channel: str) -> None:
        pass

    async def ping(self) -> None:
        pass

    async def get_message(self, timeout: float) -> dict[str, Any] | None:
        return await self.messages.get()


def test_everything_is_drawn_anew_once_the_subscription_stands_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fact told between our wish to hear and Redis reading it is heard by nobody: only what is drawn later shows it."""

    async def story() -> None:
        server = SlowToSubscribe()
        monkeypatch.setattr(redis.asyncio.Redis, "from_url", lambda *_url, **_wishes: server)
        hub = Hub()
        watching = hub.join("board")
        for _turn in range(5):
            await asyncio.sleep(0)
        assert watching.empty()
        assert not hub.alive
        await server.messages.put({"type": "subscribe", "data": 1})
        assert await asyncio.wait_for(watching.get(), 10) is RESYNC
        assert hub.alive
        hub.leave(watching)
        assert not hub.alive, "whoever comes next is not told to be live before a subscription stands"

    asyncio.run(story())
