# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that load themselves again when what they show is served otherwise, and show what keeps it from being served.

A script at the end of each page listens to a stream of events that this process answers beside NetBox: ``changed`` when
templates, static files or the process are others than when the page was made, ``broken`` with the error that is shown
until it is gone. A stream is no request that anything waits for: it ends when the process is to end, and the browser
then asks the next one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from . import digest
from .supervise import RUN_DIR, WATCHED, leased

PATH = "/.netbox-dev/changes"
POLL_S = 0.25
# As long as this nothing is said; who is gone is noticed by what is said.
_SILENT_S = 3.0
_SCRIPT = """<script>
(() => {
  let source, bar;
  const show = text => {
    if (bar) bar.remove();
    if (!text) return;
    bar = document.createElement("pre");
    bar.id = "netbox-dev-broken";
    bar.textContent = text;
    bar.style.cssText = "position:fixed;bottom:0;left:0;right:0;z-index:99999;margin:0;padding:1em;max-height:40vh;"
      + "overflow:auto;white-space:pre-wrap;background:#7a1010;color:#fff;font:13px monospace";
    document.body.append(bar);
  };
  const listen = () => {
    if (source) source.close();
    source = undefined;
    // A browser has few connections to one place: a page that nobody sees needs none.
    if (document.hidden) return;
    source = new EventSource("@");
    source.addEventListener("changed", () => { source.close(); location.reload(); });
    source.addEventListener("broken", event => show(JSON.parse(event.data)));
  };
  document.addEventListener("visibilitychange", listen);
  listen();
})();
</script>
"""


class _Body(list[bytes]):
    """A response in one piece."""

    def __init__(self, body: bytes, close: Callable[[], None]) -> None:
        super().__init__([body])
        self.close = close


class Refreshing:
    """An application with the script in its pages and the stream beside them.

    ``folders`` are those of templates and static files. Set ``ending`` when the process is to end.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], folders: Iterable[str], service: str) -> None:
        self.application = application
        self.folders = list(folders)
        self.told = os.path.join(RUN_DIR, f"{service}.json")
        self.process = f"{os.getpid()} {time.time_ns()}"
        self.ending = False
        self._lock = threading.Lock()
        self._looked = 0.0
        self._seen = ("", "")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == PATH:
            start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
            return self._events(environ.get("QUERY_STRING", ""))
        if environ.get("REQUEST_METHOD") != "GET":
            return self.application(environ, start_response)
        return self._page(environ, start_response)

    def look(self) -> tuple[str, str]:
        """What stands for all that a page may show, and the error that is to be shown."""
        with self._lock:
            if time.monotonic() - self._looked > POLL_S:
                files = [digest.signature(folder, code_only=False) for folder in self.folders]
                self._seen = hashlib.sha1(repr((self.process, files)).encode()).hexdigest(), self._error()
                self._looked = time.monotonic()
            return self._seen

    def _error(self) -> str:
        """What the watch or, without one, the supervisor says is wrong."""
        with contextlib.suppress(OSError, ValueError):
            word = json.loads(leased(WATCHED) or "{}")
            if word.get("error"):
                return str(word["error"])
            with open(self.told, encoding="utf-8") as stream:
                told = json.load(stream)
                return str(told["error"] or told.get("checks") or "")
        return ""

    def _events(self, known: str) -> Iterator[bytes]:
        yield b"retry: 250\n\n"
        shown, spoke = "", time.monotonic()
        while not self.ending:
            now, error = self.look()
            if now != known:
                yield b"event: changed\ndata:\n\n"
                return
            if error != shown:
                yield f"event: broken\ndata: {json.dumps(error)}\n\n".encode()
                shown, spoke = error, time.monotonic()
            elif time.monotonic() - spoke > _SILENT_S:
                yield b":\n\n"
                spoke = time.monotonic()
            time.sleep(POLL_S)

    def _page(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        known = self.look()[0]
        head: list[Any] = []
        response = self.application(environ, lambda *given: head.extend(given))
        status, headers, *more = head
        kind = {name.lower(): value for name, value in headers}
        whole = kind.get("content-type", "").startswith("text/html") and "content-length" in kind
        if not whole or "content-encoding" in kind:
            start_response(status, headers, *more)
            return response
        body = b"".join(response)
        at = body.rfind(b"</body>")
        if at >= 0:
            script = _SCRIPT.replace("@", f"{PATH}?{known}").encode()
            body = body[:at] + script + body[at:]
            headers = [pair for pair in headers if pair[0].lower() != "content-length"]
            headers.append(("Content-Length", str(len(body))))
        start_response(status, headers, *more)
        return _Body(body, getattr(response, "close", lambda: None))
