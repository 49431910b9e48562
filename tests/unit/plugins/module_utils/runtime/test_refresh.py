# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import refresh, supervise

PAGE = b"<html><body>one</body></html>"


class Server:
    def __init__(self, top: Path) -> None:
        self.top = top
        (top / "templates").mkdir()
        self.headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(PAGE)))]
        self.closed = 0
        self.refreshing = refresh.Refreshing(self, [str(top / "templates")], "netbox")
        self.tell("")

    def __call__(self, _environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", self.headers)
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter([PAGE[:9], PAGE[9:]])

    def close(self) -> None:
        self.closed += 1

    def tell(self, error: str) -> None:
        (self.top / "netbox.json").write_text(json.dumps({"error": error}))

    def ask(self, path: str = "/", query: str = "", method: str = "GET") -> tuple[dict[str, str], Any]:
        said: list[Any] = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
        response = self.refreshing(environ, lambda *given: said.extend(given))
        return dict(said[1]), response

    def page(self) -> str:
        headers, response = self.ask()
        body = b"".join(response)
        response.close()
        assert headers["Content-Length"] == str(len(body))
        return body.decode()

    def events(self) -> Iterator[bytes]:
        found = re.search(r'EventSource\("(.*)\?(\w+)"\)', self.page())
        assert found
        headers, response = self.ask(*found.groups())
        assert headers["Content-Type"] == "text/event-stream"
        stream: Iterator[bytes] = iter(response)
        assert next(stream).startswith(b"retry: ")
        return stream


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(refresh, "RUN_DIR", str(tmp_path))
    monkeypatch.setattr(supervise, "RUN_DIR", str(tmp_path))
    monkeypatch.setattr(refresh, "POLL_S", 0.01)
    monkeypatch.setattr(refresh, "_SILENT_S", 0.05)
    return Server(tmp_path)


def test_a_page_has_the_script_and_is_whole(server: Server) -> None:
    page = server.page()
    assert page.startswith("<html><body>one<script>")
    assert page.endswith("</script>\n</body></html>")
    assert server.closed == 1


@pytest.mark.parametrize(
    "header", [("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Content-Length", None)]
)
def test_what_is_no_page_is_left_alone(server: Server, header: tuple[str, str | None]) -> None:
    server.headers = [pair for pair in server.headers if pair[0] != header[0]]
    if header[1]:
        server.headers.append((header[0], header[1]))
    assert b"".join(server.ask()[1]) == PAGE
    assert b"".join(server.ask(method="POST")[1]) == PAGE


def test_the_stream_says_when_a_template_changed_and_what_is_broken(server: Server) -> None:
    stream = server.events()
    assert next(stream) == b":\n\n"
    server.tell("NameError: é")
    assert b'event: broken\ndata: "NameError: \\u00e9"\n\n' in (next(stream), next(stream))
    (server.top / "netbox.json").write_text(json.dumps({"error": "", "checks": "x.E001"}))
    assert b'event: broken\ndata: "x.E001"\n\n' in (next(stream), next(stream))
    (server.top / supervise.WATCHED).write_text(json.dumps({"error": "it asks"}))
    assert b'event: broken\ndata: "it asks"\n\n' in (next(stream), next(stream))
    (server.top / "templates" / "new.html").write_text("x")
    time.sleep(0.02)
    assert b"event: changed\ndata:\n\n" in list(stream)


def test_the_stream_ends_with_the_process_and_the_next_one_says_that_all_changed(server: Server) -> None:
    stream = server.events()
    server.refreshing.ending = True
    assert list(stream) == []
    other = refresh.Refreshing(server, [str(server.top / "templates")], "netbox")
    assert other.look() != server.refreshing.look()
