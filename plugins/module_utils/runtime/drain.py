# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that ends without losing a request: also not one whose connection it has just accepted.

The two halves go before a threading server and a handler of the standard library's kind.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

# As long as this after its connection a first request is waited for: browsers open some that they may never use.
PATIENCE_S = 1.0


class DrainingServer:
    """Knows the connections that have asked nothing yet, and counts requests from their first byte to their answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._silent: dict[socket.socket, float] = {}
        self._under_way = 0
        self._lock = threading.Lock()
        super().__init__(*args, **kwargs)

    def process_request(self, request: socket.socket, client_address: Any) -> None:
        with self._lock:
            self._silent[request] = time.monotonic()
        super().process_request(request, client_address)  # type: ignore[misc]  # the other half of the class has it

    def shutdown_request(self, request: socket.socket) -> None:
        with self._lock:
            self._silent.pop(request, None)
        super().shutdown_request(request)  # type: ignore[misc]

    def begun(self, request: socket.socket) -> None:
        with self._lock:
            self._silent.pop(request, None)
            self._under_way += 1

    def answered(self) -> None:
        with self._lock:
            self._under_way -= 1

    def busy(self) -> bool:
        with self._lock:
            since = max(self._silent.values(), default=0.0)
            return self._under_way > 0 or time.monotonic() - since < PATIENCE_S

    def drain(self, limit_s: float) -> None:
        """Wait for what is under way; call it when no connection is accepted any more."""
        deadline = time.monotonic() + limit_s
        while self.busy() and time.monotonic() < deadline:
            time.sleep(0.02)


class DrainingHandler:
    """Says when a request of its connection begins and when it is answered."""

    server: DrainingServer
    connection: socket.socket
    rfile: Any

    def handle_one_request(self) -> None:
        # Its first byte, or the end of the connection; another request may have come with the one before.
        self.rfile.peek(1)
        self.server.begun(self.connection)
        try:
            super().handle_one_request()  # type: ignore[misc]  # the other half of the class has it
        finally:
            self.server.answered()
