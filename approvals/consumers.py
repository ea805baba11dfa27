"""Thin sockets: sign-in, rights and a queue. They only bring news; whatever a browser sends is ignored."""

import asyncio
import hashlib
import logging
import time
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone

from agents.models import Agent, User
from approvals import amendments, cards, earned, live, queries, readers, stages
from approvals.addresses import filter_from, number

logger = logging.getLogger(__name__)
PAUSE_SECONDS = 0.1
RECHECK_SECONDS = 30
SIGNED_OUT = 4401
STOPS: dict[str, Any] = {"stops": queries.stop_banner}


class Region(AsyncWebsocketConsumer):
    """Joins the hub, then draws; after a fact it draws again, a burst of facts at most every 100 ms."""

    topic = "board"

    async def connect(self) -> None:
        await self.accept()
        self.redraw: asyncio.Task[None] | None = None
        self.sent: dict[str, str] = {}
        self.drawn_at = 0.0
        if not await self.check():
            await self.close(SIGNED_OUT)
            return
        self.hub = live.hub()
        self.queue = self.hub.join(self.topic_name())
        self.jobs = [asyncio.create_task(job()) for job in (self.listen, self.beat, self.recheck)]
        self.changed()

    async def disconnect(self, code: int) -> None:
        for job in (*getattr(self, "jobs", ()), getattr(self, "redraw", None)):
            if job:
                job.cancel()
        if hasattr(self, "queue"):
            self.hub.leave(self.queue)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Sockets accept no commands."""

    def topic_name(self) -> str:
        return self.topic

    async def listen(self) -> None:
        while True:
            fact = await self.queue.get()
            if fact.get("person") == self.person.pk and not await self.check():
                await self.close(SIGNED_OUT)
                return
            self.changed()

    def changed(self) -> None:
        if self.redraw is None:
            self.redraw = asyncio.create_task(self.draw())

    async def draw(self) -> None:
        """The first fact draws at once, later ones together once the pause is over."""
        wait = self.drawn_at + PAUSE_SECONDS - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        self.redraw, self.drawn_at = None, time.monotonic()  # a fact that arrives from here on draws again
        try:
            html = await self.hub.region(
                self.whole_key(), database_sync_to_async(self.draw_for, thread_sensitive=False)
            )
        except DatabaseError as error:
            logger.warning("a region was not drawn: %s", type(error).__name__)
            self.changed()
            return
        mark = hashlib.sha256(html.encode()).hexdigest()
        if self.sent.get("region") != mark:
            self.sent["region"] = mark
            try:
                await self.send(text_data=html)
            except Exception:
                # Whoever cannot be told must not believe to be live: a new socket draws from the start.
                await self.close()
                raise

    async def beat(self) -> None:
        """Tell the browser every two seconds that news would reach it, while that is true."""
        while True:
            if self.hub.alive:
                await self.send(text_data=f'<i id="beat" hx-swap-oob="true" data-at="{time.time():.1f}" hidden></i>')
            await asyncio.sleep(live.BEAT_SECONDS)

    async def recheck(self) -> None:
        """A session that ended or a person who was disabled gets nothing more after half a minute."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            before = self.whole_key()
            if not await self.check():
                await self.close(SIGNED_OUT)
                return
            if self.whole_key() != before:
                self.changed()

    async def check(self) -> bool:
        user, session = self.scope.get("user"), self.scope.get("session")
        if user is None or not user.is_authenticated or session is None or not session.session_key:
            return False
        return await self.load(user.pk, session.session_key)

    @database_sync_to_async
    def load(self, person: int, session_key: str) -> bool:
        found = User.objects.filter(pk=person, is_active=True).first()
        alive = Session.objects.filter(session_key=session_key, expire_date__gt=timezone.now()).exists()
        if found is None or not alive:
            return False
        self.become(found)
        return True

    def become(self, person: User) -> None:
        """Watch for this person, as they are now."""
        accepted = dict(self.scope.get("headers", ())).get(b"accept-language", b"")
        self.person, self.reader = person, readers.reader(person, accepted.decode("latin-1"))
        self.prepare(QueryDict(self.scope.get("query_string", b"")))

    def whole_key(self) -> tuple[Any, readers.Reader]:
        """What makes two drawings the same: what they show, and how it is read."""
        return self.key(), self.reader

    def draw_for(self) -> str:
        with self.reader.reads():
            return self.render()

    def prepare(self, wanted: QueryDict) -> None:
        raise NotImplementedError

    def key(self) -> Any:
        raise NotImplementedError

    def render(self) -> str:
        raise NotImplementedError


class BoardRegion(Region):
    """The live regions of the board for one audience."""

    def prepare(self, wanted: QueryDict) -> None:
        self.audience = queries.audience(self.person, filter_from(wanted))

    def key(self) -> Any:
        return ("board", self.audience)

    def render(self) -> str:
        context = {**queries.board(self.audience), "pushed": True}
        return render_to_string("approvals/board.html#live", context)


class ActionRegion(Region):
    """What changes around an open card: state, voices, a newer version."""

    def topic_name(self) -> str:
        return f"action.{self.action_id}"

    def prepare(self, wanted: QueryDict) -> None:
        self.action_id = int(self.scope["url_route"]["kwargs"]["action_id"])
        self.version = number(wanted.get("version", ""))
        self.regions = cards.regions(wanted.get("page", ""))

    def key(self) -> Any:
        return ("action", self.action_id, self.version, self.regions)

    def render(self) -> str:
        context = queries.standing(self.action_id, self.version)
        return render_to_string(self.regions, {**context, **STOPS, "pushed": True}) if context else ""


class TaskRegion(Region):
    """One task and its steps, as they go."""

    def topic_name(self) -> str:
        return f"task.{self.task_id}"

    def prepare(self, wanted: QueryDict) -> None:
        self.task_id = int(self.scope["url_route"]["kwargs"]["task_id"])

    def key(self) -> Any:
        return ("task", self.task_id)

    def render(self) -> str:
        context = stages.standing(self.task_id)
        return render_to_string("approvals/task.html#live", {**context, **STOPS, "pushed": True}) if context else ""


class AgentRegion(Region):
    """What an agent has earned with each tool."""

    def topic_name(self) -> str:
        return f"agent.{self.agent_id}"

    def prepare(self, wanted: QueryDict) -> None:
        self.agent_id = int(self.scope["url_route"]["kwargs"]["agent_id"])
        self.admin = amendments.admin(self.person)

    def key(self) -> Any:
        return ("agent", self.agent_id, self.admin)

    def render(self) -> str:
        agent = Agent.objects.filter(pk=self.agent_id).first()
        if agent is None:
            return ""
        rungs = earned.ladder(agent)
        found = {**STOPS, "rungs": rungs, "changes": earned.changes(agent, rungs), "agent": agent}
        return render_to_string("approvals/agent.html#live", {**found, "runs_policy": self.admin, "pushed": True})


class QuietRegion(Region):
    """For pages whose content does not move: the stops that are on, and the beat that keeps the live chip true."""

    topic = "nothing"

    def prepare(self, wanted: QueryDict) -> None:
        pass

    def key(self) -> Any:
        return ("nothing",)

    def render(self) -> str:
        return render_to_string("_stops.html", {**STOPS, "pushed": True})
