"""Sockets are opened by pages of ours only: browsers say whose page asks, and the word must be one of ours, to the letter."""

from collections.abc import Iterable
from typing import Any

from channels.security.websocket import WebsocketDenier


class FromOurPages:
    """Lets a socket through when its one Origin is listed: scheme, host and port, as browsers write them.

    Channels' own validator takes a bare host for every scheme and port, and fails on a port that is none.
    """

    def __init__(self, application: Any, origins: Iterable[str]) -> None:
        self.application, self.origins = application, {origin.lower().encode() for origin in origins}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        said = [value for name, value in scope["headers"] if name == b"origin"]
        ours = len(said) == 1 and said[0].lower() in self.origins
        return await (self.application if ours else WebsocketDenier())(scope, receive, send)
