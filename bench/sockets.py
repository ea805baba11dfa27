"""The floor of live news: one subscription, one drawing for each message, one send."""

import asyncio
from typing import Any

import redis.asyncio
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.template.loader import render_to_string

from approvals import queries

CHANNEL = "bench.floor"


class FloorBoard(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.accept()
        self.audience = await database_sync_to_async(queries.audience)(self.scope["user"], queries.Filter())
        self.job = asyncio.create_task(self.listen())

    async def disconnect(self, code: int) -> None:
        self.job.cancel()

    async def listen(self) -> None:
        async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            await self.send(text_data="ready")
            async for message in pubsub.listen():
                if message["type"] == "message":
                    await self.send(text_data=await self.draw())

    async def draw(self) -> str:
        return await database_sync_to_async(self.render, thread_sensitive=False)()

    def render(self) -> str:
        context: dict[str, Any] = {**queries.board(self.audience), "pushed": True}
        return render_to_string("approvals/board.html#live", context)
