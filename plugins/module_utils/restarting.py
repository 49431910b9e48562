# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that are restarted because somebody asks for it, and proved to be back."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .errors import StackNotSetUp
from .freshness import FRESH, PAUSED, Verdict, told_by
from .running import STEADY_S, Running
from .services import choose, python_services
from .stack import Stack


@dataclass
class Restarted:
    """Which services were restarted (or would be), and which are stale for all that, with the reason."""

    services: list[str]
    stale: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def for_people(self, stack: Stack, check: bool) -> list[str]:
        names = ", ".join(self.services)
        if check:
            return [f"would restart: {names}"]
        lines = [f"note: {name} is stale still: {why}; apply_change mends that" for name, why in self.stale.items()]
        return [*lines, f"restarted: {names}; {stack.url} is served [{self.seconds:.1f} s]"]


class Restarter(Running):
    """One restart of some services of a stack."""

    def run(self, asked: Iterable[str]) -> Restarted:
        """Restart what is asked for and wait until it is back.

        Raises UnknownService, StackNotSetUp where a service has no container, BrokenCode where the code on disk does
        not start (before anything is stopped, unless it is what runs) and ServiceUnhealthy.
        """
        config = self.compose.config()
        self.roles = python_services(config)
        outcome = Restarted(choose(config, asked))
        self._require_containers(outcome.services)
        if self.check:
            return outcome
        started = time.monotonic()
        python = [name for name in outcome.services if name in self.roles]
        backing = [name for name in outcome.services if name not in self.roles]
        self.up_backing()
        if any(verdict.needs not in (FRESH, "start") for verdict in self._verdicts(python)):
            # Nothing that serves is ended before the code on disk was seen to start.
            with self.reporter.step("check"):
                self.assert_registered(self.check_code())
        for names, wait in ((backing, self._wait_healthy), (python, self._wait_back)):
            if names:
                with self.reporter.step("restart", tuple(names)) as step:
                    self._restart(names)
                    wait(names)
                    step.changed = True
        self._wait_served(time.monotonic() + self.limits.serve_s)
        outcome.stale = {verdict.service: verdict.why for verdict in self._verdicts(python) if verdict.needs}
        outcome.seconds = time.monotonic() - started
        return outcome

    def _verdicts(self, names: list[str]) -> list[Verdict]:
        return [verdict for verdict in self.verdicts(self.disk()) if verdict.service in names]

    def _require_containers(self, names: list[str]) -> None:
        containers = self.engine.containers()
        absent = [name for name in names if name not in containers]
        if absent:
            raise StackNotSetUp(
                f"there is no container of {', '.join(absent)} that could be restarted. Run "
                "hedgehog.netbox_dev.apply_change: it makes what is missing.",
                absent=absent,
            )

    def _restart(self, names: list[str]) -> None:
        containers = self.engine.containers()
        for name in names:
            # What the old process said is no word of the new one.
            (self.stack.state / "run" / f"{name}.json").unlink(missing_ok=True)
            if containers[name]["State"].get("Paused"):
                self.reporter.say(f"{name}: {PAUSED}, and goes on")
                self.engine.unpause(containers[name]["Id"])
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(self.engine.restart, (containers[name]["Id"] for name in names)))

    def _wait_back(self, names: list[str]) -> None:
        """Wait until every service's new process is ready; raise BrokenCode or ServiceUnhealthy."""
        deadline = time.monotonic() + self.limits.serve_s
        shown = ""
        while True:
            containers = self.engine.containers()
            for name in names:
                if name not in containers:
                    raise self._unhealthy(name, "was removed while it was restarted")
            told = {name: told_by(self.stack, name) for name in names}
            waiting = [name for name in names if not _back(containers[name], told[name])]
            if not waiting:
                young = STEADY_S - min(map(self._told_ago, names))
                if young <= 0:
                    return
                # A command that cannot go on ends as soon as it may go.
                time.sleep(young)
                continue
            late = time.monotonic() > deadline
            for name in waiting:
                # What ended without one may get over it: a scheduler waits until the last one's lock has run out.
                if "Traceback" in told[name].get("error", "") or (late and told[name].get("error")):
                    raise self._broken(Verdict(name, "restart", "", told[name]), containers[name])
            if late:
                raise self._unhealthy(waiting[0], f"is not ready {self.limits.serve_s:.0f} s after its restart")
            if shown != ", ".join(waiting):
                shown = ", ".join(waiting)
                self.reporter.say(f"waiting for {shown}")
            time.sleep(0.1)


def _back(container: dict[str, Any], told: dict[str, Any]) -> bool:
    """Whether the process that the container's supervisor keeps is ready and has not ended."""
    same = told.get("container") == container["Config"]["Hostname"]
    return bool(container["State"]["Running"] and same and told["code"] and not told["busy"] and not told["error"])
