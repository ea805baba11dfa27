"""A person at the keyboard, as far as a server sees one: cookies, a page's nonce, posts."""

import re
from copy import copy
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode

PASSWORD = "a password of the bench only"


class Browser:
    """One signed-in browser with one kept connection."""

    def __init__(self, port: int, username: str) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.line = HTTPConnection("127.0.0.1", port, timeout=60)
        self.get("/accounts/login/")
        status, _page = self.post("/accounts/login/", login=username, password=PASSWORD)
        assert status == 302, f"the sign-in answered {status}"
        self.nonce = re.findall(r'name="nonce" value="([^"]+)"', self.get("/")[1])[0]

    def tab(self) -> "Browser":
        """Another connection of the same session: sign-ins are limited."""
        other = copy(self)
        other.cookies, other.line = dict(self.cookies), HTTPConnection("127.0.0.1", self.port, timeout=60)
        return other

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> tuple[int, str]:
        self.line.request("GET", path, headers={"Cookie": self.cookie})
        return self._answer(self.line.getresponse())

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        token = self.cookies.get("hitl-csrf", "")
        headers = {
            "Cookie": self.cookie, "Origin": self.origin, "X-CSRFToken": token,
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        self.line.request("POST", path, urlencode(fields), headers)
        return self._answer(self.line.getresponse())

    def approve(self, path: str, asked: tuple[int, int, str]) -> None:
        """Post a yes to (approval, version, digest), as the board's button does."""
        answer = "approve:{}:{}:{}".format(*asked)
        status, page = self.post(path, answer=answer, nonce=self.nonce)
        assert status == 302, f"the decision answered {status}: {page[:300]}"

    def _answer(self, response: HTTPResponse) -> tuple[int, str]:
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _equals, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, response.read().decode()
