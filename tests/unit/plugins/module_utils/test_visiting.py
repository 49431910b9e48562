# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidPath
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime.toolbar import HEADER
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.visiting import Visitor, path_of


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/plugins/example/", "/plugins/example/"),
        ("plugins/example/?page=2&x=%20", "/plugins/example/?page=2&x=%20"),
        ("http://127.0.0.1:8000/dcim/sites/?q=a#part", "/dcim/sites/?q=a"),
        (" / ", "/"),
    ],
)
def test_a_page_is_a_path(url: str, path: str) -> None:
    assert path_of(url) == path


@pytest.mark.parametrize("url", ["", "/a b/", "/ünï/", "/a\r\nHost: x", "?a=b"])
def test_what_is_no_path_is_refused(url: str) -> None:
    with pytest.raises(InvalidPath, match="urls: "):
        path_of(url)


def test_a_page_that_does_not_answer_has_no_status() -> None:
    visitor = Visitor(1)
    assert visitor.visit("/").status == 0
    assert not visitor.log_in("admin", "x")


class Pages(BaseHTTPRequestHandler):
    """Each path leads to the next one, ``/0`` to nowhere else."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get(HEADER, "")))
        number = self.path.strip("/")
        self.send_response(200 if number == "0" else 302)
        if number != "0":
            self.send_header("Location", f"/{int(number) - 1}" if number.isdigit() else "http://127.0.0.1:1/login/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.mark.parametrize(("path", "end"), [("/0", "/0"), ("/2", "/0"), ("/away", "/away"), ("/9", "/9")])
def test_a_page_that_leads_to_another_is_followed_within_the_stack(path: str, end: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert Visitor(server.server_port).leads_to(path) == end
        server.shutdown()
    # Nobody looks at it, so no toolbar is wanted.
    assert all(header for _path, header in Pages.asked)
