# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of each test, told as it happens."""

from __future__ import annotations

import re
import time
from typing import Any, Callable

BAD = ("failed", "error", "unexpected success")


class Refused(Exception):
    """There is nothing to run, or nothing to run it with; the message says why."""


def refuse_nothing(count: int) -> None:
    """Raise Refused where what was named has no test in it."""
    if not count:
        raise Refused("there is no test in what was named; tests are methods named test… of files named test….py")


_FRAME = re.compile(r'File "([^"]+)", line (\d+)|^(\S+\.py):(\d+): ', re.MULTILINE)
# Lines of a traceback that are told as a test fails; all of it is in the results.
_TOLD = 25


class Outcomes:
    """Collects ``{test, outcome, seconds, message, text, path, line}`` by test, and tells what is new in lines."""

    def __init__(self, say: Callable[[str], None], roots: tuple[str, ...]) -> None:
        self._say = say
        # Folders of the plugin, one with its slash each: failures are placed in files of these.
        self._roots = roots
        self.total = 0
        # The test that runs, and since when.
        self.current = ""
        self.started = time.monotonic()
        self.found: list[dict[str, Any]] = []
        # Tests of one class, or one file, that were told of not yet.
        self._group = ""
        self._passed = 0
        self._since = time.monotonic()

    def start(self, test: str) -> None:
        self.current, self.started = test, time.monotonic()

    def add(self, test: str, outcome: str, seconds: float = 0.0, message: str = "", text: str = "") -> None:
        path, line = self._place(text) if outcome in BAD else ("", 0)
        one = {"test": test, "outcome": outcome, "seconds": round(seconds, 3), "message": message, "text": text}
        group = test.rpartition("::")[0] or test.rpartition(".")[0]
        if group != self._group or outcome in BAD:
            self.flush()
            self._group = group
        self.found.append({**one, "path": path, "line": line})
        if outcome in BAD:
            where = f" at {path}:{line}" if path else ""
            self._say(f"{outcome.upper()} {test}{where}: {message}")
            for told in text.rstrip().splitlines()[-_TOLD:]:
                self._say(f"    {told}")
        else:
            self._passed += 1

    def flush(self) -> None:
        """Tell of the tests that went well since the last line."""
        if self._passed:
            done = f"{len(self.found)}/{self.total}" if self.total else str(len(self.found))
            seconds = time.monotonic() - self._since
            self._say(f"[{done}] {self._group}: {self._passed} ok [{seconds:.1f} s]")
        self._passed = 0
        self._since = time.monotonic()

    def _place(self, text: str) -> tuple[str, int]:
        """The last line of the plugin's own that a traceback names."""
        places = [(a or c, int(b or d)) for a, b, c, d in _FRAME.findall(text)]
        own = [place for place in places if place[0].startswith(self._roots)]
        return own[-1] if own else ("", 0)
