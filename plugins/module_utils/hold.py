# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases for which services hold something back: their reloads while a run changes the schema, or new requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .runtime.supervise import HOLD, HOLD_S
from .stack import Stack


@contextmanager
def held_reloads(stack: Stack) -> Iterator[None]:
    """Services that run go on with what they run, and reload once, after it."""
    with lease(stack, HOLD):
        yield


@contextmanager
def lease(stack: Stack, name: str, text: str = "") -> Iterator[None]:
    """A file that the services see. That of a killed run ends by itself."""
    path = stack.state / "run" / name
    done = threading.Event()

    def renew() -> None:
        while not done.wait(HOLD_S / 5):
            path.touch()

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        path.unlink(missing_ok=True)
