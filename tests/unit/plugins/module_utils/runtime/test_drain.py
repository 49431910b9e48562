# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import drain

HEAD = b"GET / HTTP/1.1\r\nHost: netbox\r\n"


class Handler(drain.DrainingHandler, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"done")

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(drain.DrainingServer, ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: Any) -> None:
        """A client that is gone is no news."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=lambda: made.serve_forever(poll_interval=0.01))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def connected(server: Server) -> socket.socket:
    """A connection that the server has accepted."""
    client = socket.create_connection(server.server_address[:2], timeout=5)
    while not server.busy():
        time.sleep(0.001)
    return client


def draining(server: Server, limit_s: float = 5.0) -> threading.Thread:
    server.shutdown()
    thread = threading.Thread(target=server.drain, args=(limit_s,))
    thread.start()
    return thread


def test_a_request_is_waited_for_whose_connection_was_accepted_before_the_end(server: Server) -> None:
    with connected(server) as client:
        thread = draining(server)
        time.sleep(0.1)
        assert thread.is_alive()
        client.sendall(HEAD)
        time.sleep(drain.PATIENCE_S + 0.2)
        assert thread.is_alive(), "a request whose first bytes have come was not waited for"
        client.sendall(b"\r\n")
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200")
        thread.join(5)
        assert not thread.is_alive()


def test_a_connection_that_asks_nothing_is_given_up(server: Server) -> None:
    with connected(server):
        thread = draining(server, limit_s=60)
        thread.join(drain.PATIENCE_S + 5)
        assert not thread.is_alive()


def test_one_that_is_kept_after_its_answer_keeps_nothing(server: Server) -> None:
    with connected(server) as client:
        for _again in range(2):
            client.sendall(HEAD + b"\r\n")
            answer = b""
            while not answer.endswith(b"done"):
                answer += client.recv(1 << 16)
        deadline = time.monotonic() + 5
        while server.busy() and time.monotonic() < deadline:
            time.sleep(0.001)
        assert not server.busy()


def test_one_that_is_gone_before_it_asked_keeps_nothing(server: Server) -> None:
    connected(server).close()
    deadline = time.monotonic() + drain.PATIENCE_S / 2
    while server.busy() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not server.busy()


def test_the_limit_ends_it(server: Server) -> None:
    with connected(server) as client:
        client.sendall(HEAD)
        time.sleep(0.05)
        began = time.monotonic()
        thread = draining(server, limit_s=0.1)
        thread.join(5)
        assert not thread.is_alive()
        assert time.monotonic() - began < drain.PATIENCE_S
