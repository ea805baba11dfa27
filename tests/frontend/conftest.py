"""A real Chromium on pages drawn by the real templates, with a socket that the test plays."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.chromium import running

PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with running() as browser:
        yield browser


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests of a test are no news."""


@pytest.fixture(scope="package")
def site() -> Iterator[str]:
    """Address of a server with the pages of this folder behind the product's own middleware."""
    with override_settings(ROOT_URLCONF="tests.frontend.pages.urls", STORAGES=PLAIN_FILES, ALLOWED_HOSTS=["127.0.0.1"]):
        server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
        server.set_app(WSGIHandler())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()


class Socket:
    """The server's end of the page's socket."""

    def __init__(self) -> None:
        self.routes: list[WebSocketRoute] = []

    def opened(self, route: WebSocketRoute) -> None:
        self.routes.append(route)

    def push(self, html: str) -> None:
        self.routes[-1].send(html)

    def beat(self) -> None:
        self.push('<i id="beat" hx-swap-oob="true" hidden></i>')

    def close(self, code: int) -> None:
        self.routes[-1].close(code=code)


class Visit:
    """One page in one browser, its socket, and what it posted."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.socket = Socket()
        self.posts: list[str] = []
        self.ticking = False
        self.unanswered: list[Any] = []
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda line: self.complain(line.text))
        page.route_web_socket(re.compile("/live/"), self.socket.opened)

    def complain(self, line: str) -> None:
        if "Content Security Policy" in line:
            self.problems.append(line)

    def answer_with(self, answer: Callable[[], str], status: int = 200) -> None:
        """What the server says to a decision; the bodies of the posts are kept."""

        def fulfil(route: Any) -> None:
            self.posts.append(route.request.post_data or "")
            route.fulfill(status=status, body=answer(), content_type="text/html")

        self.page.route("**/decide/", fulfil)

    def answer_later(self) -> None:
        """Keep decisions without an answer until `reply`."""

        def keep(route: Any) -> None:
            self.posts.append(route.request.post_data or "")
            self.unanswered.append(route)

        self.page.route("**/decide/", keep)

    def reply(self, body: str) -> None:
        self.until(lambda: self.unanswered)
        self.unanswered.pop(0).fulfill(body=body, content_type="text/html")

    def until(self, look: Callable[[], object]) -> None:
        """Let the browser go on until `look` finds something here."""
        tries = iter(range(1_000))
        while not look():
            assert next(tries, None) is not None, "nothing came of it"
            self.page.wait_for_timeout(10)

    def take_time(self, at: str | None = None) -> None:
        """From here on the test can let moments pass on the page (`pass_time`), which goes on by itself, too."""
        if not self.ticking:
            self.page.clock.install(time=at)
        self.ticking = True

    def pass_time(self, seconds: float) -> None:
        self.page.clock.run_for(round(1000 * seconds))

    def stop_time(self) -> None:
        """From here on no moment passes on the page by itself, however long a loaded machine takes."""
        self.take_time()
        self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1000 + 2)

    def settle(self) -> None:
        """What the page was about to ask for is asked for: whatever it asks later is answered later, too."""
        self.page.evaluate("fetch(location.href, { method: 'HEAD' }).then(() => 0)")

    def open(self, path: str, calm: bool = True) -> Page:
        """Draw a page. Calm: the first moments, in which nothing can be decided, are over."""
        if calm:
            self.take_time()
        self.page.goto(self.site + path)
        if calm:
            self.pass_time(0.75)
        return self.page


@contextmanager
def visiting(browser: Browser, site: str, **options: Any) -> Iterator[Visit]:
    context: BrowserContext = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    visit = Visit(context.new_page(), site)
    yield visit
    context.close()
    assert visit.problems == []


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[Visit]:
    with visiting(chromium, site) as made:
        yield made


__all__ = ["expect", "visiting"]
