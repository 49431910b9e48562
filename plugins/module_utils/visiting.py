# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the stack, asked for as a browser does: logged in, GET, timed."""

from __future__ import annotations

import contextlib
import http.client
import re
import time
import urllib.parse
from dataclasses import dataclass

from .errors import InvalidPath
from .runtime.toolbar import HEADER

_TIMEOUT_S = 60
_MOST_REDIRECTS = 5


@dataclass(frozen=True)
class Visit:
    """A page as it came: seconds until its last byte."""

    status: int
    seconds: float
    size: int


def path_of(url: str) -> str:
    """The path, with its query, of a URL of the stack or of a path; raises InvalidPath for what is neither."""
    parts = urllib.parse.urlsplit(url.strip())
    path = parts.path if parts.netloc else f"/{parts.path.lstrip('/')}"
    if not path.isascii() or any(ord(letter) < 33 for letter in path + parts.query) or not parts.path:
        raise InvalidPath(
            f"urls: '{url}' is no path such as /plugins/example/?page=2 (encode other letters).", asked=url
        )
    return f"{path}?{parts.query}" if parts.query else path


class Visitor:
    """One browser."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}
        # Where the last answer sends whoever asked.
        self._location = ""

    def _ask(self, path: str, data: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, HEADER: "measure"}
        body = None
        if data is not None:
            body = urllib.parse.urlencode(data)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Referer"] = f"http://127.0.0.1:{self._port}{path}"
        with contextlib.closing(connection):
            connection.request("GET" if body is None else "POST", path, body=body, headers=headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _equals, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            self._location = response.headers.get("Location") or ""
            return response.status, response.read().decode("utf-8", "replace")

    def log_in(self, name: str, password: str) -> bool:
        """Log in with the form; whether that worked."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            _status, form = self._ask("/login/")
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
            if token:
                data = {"csrfmiddlewaretoken": token.group(1), "username": name, "password": password, "next": "/"}
                return self._ask("/login/", data)[0] == 302
        return False

    def leads_to(self, path: str) -> str:
        """The page that a path leads to in the end, by redirects within the stack; the path itself where it is one."""
        at = path
        for _again in range(_MOST_REDIRECTS):
            if self.visit(at).status not in (301, 302, 303, 307, 308):
                return at
            to = urllib.parse.urlsplit(urllib.parse.urljoin(f"http://127.0.0.1:{self._port}{at}", self._location))
            if to.port != self._port:
                return path
            at = path_of(to._replace(scheme="", netloc="").geturl())
        return path

    def visit(self, path: str) -> Visit:
        """GET a page; a status of 0 is no answer."""
        started = time.perf_counter()
        status, text = 0, ""
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, text = self._ask(path)
        return Visit(status, time.perf_counter() - started, len(text))
