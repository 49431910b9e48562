# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching a plugin: each burst of saved files is applied by a process that stays, and told in a line."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .caller import missed
from .change import Change, compilable, printable
from .changes import Wanted, find_changes
from .converge import Converger, Outcome
from .errors import NetBoxDevError, SavedMeanwhile, StackLocked
from .events import Reporter, Step
from .freshness import disk_code, told_by
from .hold import allow, tell_error, watching
from .migrating import PENDING
from .plan import make_plan
from .running import Limits
from .runtime.compiles import broken_python
from .runtime.hints import Hints
from .schema import wishes_of
from .services import web_service
from .stack import Stack, load
from .state import lock, lock_holder
from .summary import summarize
from .tree import Tree

POLL_S = 0.1
# As long as this nothing is saved before what was saved is applied: a switch of branches is one burst. One or two files
# are an editor's.
SETTLE_S = 0.3
SETTLE_LIMIT_S = 10.0
EDITED_S = 0.1
_EDITED = 2
# What takes longer shows what it is at.
PATIENCE_S = 3.0
# As long as this services may need to see that nothing in what they run has changed.
_SEEN_S = 1.0
# As long as this a process may take to load what was saved, before it is looked at why.
_LOADED_S = 10.0
# As long as this a page may take.
_SERVED_S = 0.3
_NAMED = 3
# Of the checkout, what the stack is configured by.
_CONFIGURATION = ("configuration", "env")

Look = dict[str, tuple[int, int, int]]


class Watched:
    """The files that may matter and the folders that they are in, as they were when last looked at."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.paths: set[str] = set()
        self.seen: Look = {}
        self.hints = Hints(str(stack.plugin.root))
        self.take()

    def take(self) -> None:
        """Take everything as seen, with files and folders that are new."""
        root = self.stack.plugin.root
        files = {str(root / path) for path in Tree(self.stack).everything()}
        for name in _CONFIGURATION:
            files |= {str(path) for path in (self.stack.checkout / name).rglob("*")}
        self.paths = {str(root)}
        for path in files:
            while path not in self.paths:
                self.paths.add(path)
                path = os.path.dirname(path)
        links = {os.path.dirname(os.path.realpath(path)) for path in files if os.path.islink(path)}
        self.hints.follow((self.paths - files) | links)
        self.seen = self._look()

    def moved(self) -> bool:
        return self.hints.due() and self._look() != self.seen

    def settle(self) -> None:
        """Wait until nothing is saved any more, though not for ever, then take it all as seen."""
        before: Look = {}
        now = self._look()
        deadline = time.monotonic() + SETTLE_LIMIT_S
        while now != before and time.monotonic() < deadline:
            moved = [path for path in {*self.seen, *now} if self.seen.get(path) != now.get(path)]
            time.sleep(EDITED_S if len(moved) <= _EDITED else SETTLE_S)
            before, now = now, self._look()
        self.take()

    def _look(self) -> Look:
        started = time.monotonic()
        found = {}
        for path in self.paths:
            with suppress(OSError):
                status = os.stat(path)
                found[path] = (status.st_size, status.st_mtime_ns, status.st_ino)
        self.hints.looked(time.monotonic() - started, POLL_S)
        return found


class Terse(Reporter):
    """Steps are not told, and what they say only once they take long."""

    def __init__(self, above: Reporter) -> None:
        super().__init__()
        self.above = above
        self.started = time.monotonic()

    def say(self, text: str) -> None:
        if time.monotonic() - self.started > PATIENCE_S:
            self.above.say(f"  {text}")

    @contextmanager
    def step(self, name: str, services: tuple[str, ...] = ()) -> Iterator[Step]:
        step = Step(name, services)
        started = time.monotonic()
        try:
            yield step
        finally:
            step.seconds = time.monotonic() - started
        self.steps.append(step)


class Watch:
    """One watch over one plugin. ``bursts`` were applied, ``failed`` of them could not be."""

    def __init__(self, plugin_path: str | None, reporter: Reporter, lock_s: float, step_s: float) -> None:
        self.plugin_path = plugin_path
        self.reporter = reporter
        self.lock_s = lock_s
        self.limits = Limits(step_s, step_s, min(step_s, 180))
        self.stack = load(plugin_path)
        self.bursts = 0
        self.failed = 0
        self.error: NetBoxDevError | None = None
        # Whether another run holds the stack, and something is to be applied when it ends.
        self.waits = False
        # Of services, and the code that was applied last.
        self.roles: dict[str, str] = {}
        self.code = ""

    def predict(self) -> tuple[bool, list[str]]:
        """Whether anything would be done now, and what, in lines."""
        outcome = Converger(self.stack, self.reporter, self.limits, check=True).run(Wanted())
        return outcome.changed, summarize(outcome, self.reporter, self.stack, check=True)

    def run(self, once: bool, limit_s: float) -> None:
        """Bring the stack up to date, then wait for files to be saved, until the limit, or until one was applied.

        Ends, too, when whoever started it is gone.
        """
        gone = threading.Event()
        deadline = time.monotonic() + limit_s
        watched = Watched(self.stack)
        with missed(self.reporter.path, gone.set), watching(self.stack):
            self._apply(first=True)
            self.reporter.say(f"watching {self.stack.plugin.root}; {self.stack.url}")
            while not (once and self.bursts) and time.monotonic() < deadline and not gone.is_set():
                if watched.moved():
                    # What is saved from here on is seen as another burst.
                    watched.settle()
                elif not self.waits or lock_holder(self.stack.state):
                    watched.hints.pause(POLL_S)
                    continue
                self._apply()

    def _apply(self, first: bool = False) -> None:
        """Apply what changed, if anything did."""
        started = time.monotonic()
        terse = Terse(self.reporter)
        files = "the stack" if first else "what was saved"
        try:
            self.stack = load(self.plugin_path)
            code = disk_code(self.stack)
            changes = find_changes(self.stack).changes
            if not (changes or first or self.error or self.waits):
                return
            files = _files(changes) or files
            with lock(self.stack.state, self.lock_s, "watch"):
                self.waits = False
                if code == disk_code(self.stack):
                    self._allow(changes, code, terse)
                converger = Converger(self.stack, terse, self.limits)
                converger.wishes = wishes_of(self.stack)
                outcome = converger.run(Wanted())
                self.roles, self.code = converger.roles, code if code == disk_code(self.stack) else ""
        except SavedMeanwhile:
            # That is another burst, with these changes among its own.
            return
        except StackLocked as error:
            self.waits = True
            self._tell(files, f"waits for another run: {error.details.get('holder') or error.message}", started)
            return
        except NetBoxDevError as error:
            self.bursts += 1
            self.failed += 1
            self.error = error
            tell_error(self.stack, error.message)
            self._tell(files, f"{error.message}\n(waiting for the next save)", started)
            return
        mended, self.error = self.error is not None, None
        tell_error(self.stack, "")
        if changes or outcome.changed or mended:
            self.bursts += 1
            self._tell(files, _done(outcome, terse), started)

    def _allow(self, changes: Sequence[Change], code: str, terse: Terse) -> None:
        """Let services load this code at once where nothing has to come before; and none where it is as before."""
        plan = {action.action: action.services for action in make_plan(changes, self.roles)}
        python = compilable(changes, self.stack.plugin.package_path)["python"]
        if not self.code or (self.stack.state / PENDING).exists() or set(plan) - {"reload", "collectstatic"}:
            return
        if "reload" not in plan:
            allow(self.stack, code, (self.code,))
            self._wait_loaded(code, self.roles, _SEEN_S)
        elif not broken_python(str(self.stack.plugin.root), python):
            allow(self.stack, code)
            with terse.step("reload", plan["reload"]) as step:
                step.changed = True
                # What is looked at besides would keep the processor from it, and from the page.
                self._wait_loaded(code, [web_service(self.roles)], _LOADED_S)
                time.sleep(_SERVED_S)

    def _wait_loaded(self, code: str, services: Iterable[str], limit_s: float) -> None:
        """Wait until services run the code, or say that they cannot."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            told = [told_by(self.stack, name) for name in services]
            if all(one.get("code") == code or (one.get("attempted") == code and one.get("error")) for one in told):
                return
            if code != disk_code(self.stack):
                return
            time.sleep(0.05)

    def _tell(self, what: str, text: str, started: float) -> None:
        first, *rest = text.splitlines()
        self.reporter.say(f"{time.strftime('%H:%M:%S')} {what}: {first} [{time.monotonic() - started:.1f} s]")
        for line in rest:
            self.reporter.say(f"  {line}")


def _files(changes: Sequence[Change]) -> str:
    names = list(dict.fromkeys(printable(Path(change.path).name) for change in changes if change.path))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _done(outcome: Outcome, reporter: Reporter) -> str:
    """What was done, in one line, and what is to be known besides in further ones."""
    found: dict[str, list[str]] = {}
    for step in reporter.steps:
        if step.changed:
            found.setdefault(step.name, []).extend(step.services or filter(None, [step.detail and f"({step.detail})"]))
    done = [" ".join(filter(None, [name, ", ".join(sorted(set(where)))])) for name, where in found.items()]
    return "\n".join(["; ".join(done) or "every service is fresh", *(f"note: {notice}" for notice in outcome.notices)])
