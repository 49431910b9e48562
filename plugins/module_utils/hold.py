# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold the services' own reloads back while a run changes the schema, so that each reloads once, after it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .runtime.supervise import HOLD, HOLD_S
from .stack import Stack


@contextmanager
def held_reloads(stack: Stack) -> Iterator[None]:
    """Services that run go on with what they run. The hold is a lease: that of a killed run ends by itself."""
    path = stack.state / "run" / HOLD
    done = threading.Event()

    def renew() -> None:
        while not done.wait(HOLD_S / 5):
            path.touch()

    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        path.unlink(missing_ok=True)
