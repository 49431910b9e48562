# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever runs a playbook, as its module sees them: a closed terminal and a killed run leave the module behind.

The process above it says little, for that is a shell of Ansible's, which stays. But the action plugin follows the file
of events: it renews the time at which that was read last, and removes the file when the run is gone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable

LOOK_S = 0.5
# Counted in looks, not in time: a run that was stopped, or a machine that slept, comes back.
PATIENCE = 60


@contextmanager
def missed(events: str | None, act: Callable[[], object], look_s: float = LOOK_S) -> Iterator[None]:
    """Call ``act``, and again until this ends, as soon as nobody is there any more who follows ``events``."""
    done, parent = threading.Event(), os.getppid()

    def watch() -> None:
        first = last = _read_at(events)
        silent = 0
        while not done.wait(look_s):
            now = _read_at(events)
            # Nobody is missed who never came.
            silent = silent + 1 if now == last != first else 0
            last = now
            removed = first is not None and now is None
            if removed or silent >= PATIENCE or os.getppid() != parent:
                break
        while not done.is_set():
            act()
            done.wait(look_s)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _read_at(path: str | None) -> int | None:
    """When a file was read last; None where there is none."""
    try:
        return os.stat(path).st_atime_ns if path else None
    except OSError:
        return None
