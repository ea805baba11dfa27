"""The hub of a process: one drawing for all who watch, and none that nobody kept fresh."""

import asyncio

from approvals.live import Hub


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
