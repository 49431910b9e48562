# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases for which services hold something back: reloads (while the schema changes, or a watch runs) or requests."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .runtime.supervise import HOLD, HOLD_S, WATCHED, leased
from .stack import Stack
from .state import write_atomic


@contextmanager
def held_reloads(stack: Stack) -> Iterator[None]:
    """Services that run go on with what they run, and reload once, after it."""
    with lease(stack, HOLD):
        yield


@contextmanager
def watching(stack: Stack) -> Iterator[None]:
    """Services load nothing but what is allowed meanwhile."""
    with lease(stack, WATCHED):
        yield


def watched(stack: Stack) -> bool:
    """Whether services load only what is allowed. A watch that was killed says nothing any more."""
    return _text(stack) is not None


def _text(stack: Stack) -> str | None:
    return leased(WATCHED, str(stack.state / "run"))


def allow(stack: Stack, code: str, same: Iterable[str] = ()) -> None:
    """Let services load this code, be there a watch; those that run one of ``same`` need no new process for it."""
    if _word(stack).get("code") != code:
        _say(stack, code=code, same=list(same))


def tell_error(stack: Stack, text: str) -> None:
    """Have open pages show what keeps the newest code from being served; empty when nothing does."""
    if _word(stack).get("error", "") != text:
        _say(stack, error=text)


def refused(stack: Stack) -> str:
    """What keeps the newest code from being served, as a watch has told it."""
    return str(_word(stack).get("error", ""))


def _word(stack: Stack) -> dict[str, Any]:
    return dict(json.loads(_text(stack) or "{}"))


def _say(stack: Stack, **changes: Any) -> None:
    if watched(stack):
        write_atomic(stack.state / "run" / WATCHED, json.dumps({**_word(stack), **changes}))


@contextmanager
def lease(stack: Stack, name: str, text: str = "") -> Iterator[None]:
    """A file that the services see. That of a killed run ends by itself."""
    path = stack.state / "run" / name
    done = threading.Event()

    def renew() -> None:
        while not done.wait(HOLD_S / 5):
            # What runs in the containers can put a link there.
            with contextlib.suppress(FileNotFoundError):
                os.utime(path, follow_symlinks=False)

    write_atomic(path, text, 0o644)
    os.utime(path, follow_symlinks=False)
    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        path.unlink(missing_ok=True)
