# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress while a module runs: JSON lines appended to a file that the action plugin follows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .change import writable
from .log_lines import harmless


class Step:
    """One timed step of a run; set ``changed`` and ``detail`` before it ends."""

    def __init__(self, name: str, services: tuple[str, ...] = ()) -> None:
        self.name = name
        self.services = services
        self.changed = False
        self.detail = ""
        self.seconds = 0.0

    def describe(self) -> dict[str, Any]:
        return {
            "step": self.name,
            "services": list(self.services),
            "changed": self.changed,
            "detail": self.detail,
            "seconds": round(self.seconds, 2),
        }


class Reporter:
    """Collects the steps of a run and, given a file, tells each as it happens."""

    def __init__(self, path: str | None = None) -> None:
        self.path = path
        # Open as long as the module runs.
        self._stream = open(path, "a", encoding="utf-8") if path else None  # noqa: SIM115
        self.steps: list[Step] = []

    def say(self, text: str) -> None:
        """Tell a line of progress."""
        if self._stream:
            self._stream.write(json.dumps({"text": writable(harmless(text))}) + "\n")
            self._stream.flush()

    @contextmanager
    def step(self, name: str, services: tuple[str, ...] = ()) -> Iterator[Step]:
        """Time a step; one that raises is told as failed."""
        step = Step(name, services)
        where = f" ({', '.join(services)})" if services else ""
        started = time.monotonic()
        try:
            yield step
        except BaseException:
            self.say(f"{name}{where}: failed after {time.monotonic() - started:.1f} s")
            raise
        finally:
            step.seconds = time.monotonic() - started
        self.steps.append(step)
        detail = f": {step.detail}" if step.detail else ""
        self.say(f"{name}{where}{detail} [{step.seconds:.1f} s]")

    @property
    def changed(self) -> bool:
        return any(step.changed for step in self.steps)

    def describe(self) -> list[dict[str, Any]]:
        return [step.describe() for step in self.steps]
