# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the database for the time in which it may be harmed, and its return if it is.

Services are paused meanwhile: requests wait, and no row is written that a return would lose. What is under way is kept
in the state, so that the run after one that was killed puts the database back first.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .compose import Compose
from .database import Database
from .engine import Engine
from .errors import DatabaseBusy, NetBoxDevError, SchemaFailed
from .events import Reporter
from .freshness import PAUSED
from .services import python_services
from .stack import Stack
from .state import read_json, write_atomic, write_json

# Copies of migrations that went well, for a while longer.
KEPT = 3
FILE = "safety.json"
_BUSY_LIMIT_S = 20.0


def read_files(stack: Stack, names: Iterable[str]) -> dict[str, str | None]:
    """Texts of files of the state; None for one that is not there."""
    paths = {name: stack.state / name for name in names}
    return {name: path.read_text(encoding="utf-8") if path.is_file() else None for name, path in paths.items()}


def restore_files(stack: Stack, under_way: dict[str, Any]) -> None:
    """Let the state say of the database what it said when it was copied."""
    for name, text in under_way.get("files", {}).items():
        if text is None:
            (stack.state / name).unlink(missing_ok=True)
        else:
            write_atomic(stack.state / name, text)


class Safety:
    """The copies of one stack's database."""

    def __init__(self, stack: Stack, engine: Engine, compose: Compose, reporter: Reporter) -> None:
        self.stack, self.engine, self.compose, self.reporter = stack, engine, compose, reporter

    def interrupted(self) -> bool:
        """Whether a run was killed in the middle, and the database waits to be put back."""
        return (self.stack.state / FILE).exists()

    def recover(self, put_back: bool | None = None) -> bool:
        """Put back what a run left that was killed in the middle; return whether there was anything.

        Where services were started, stopped or went on since then, and were let write by somebody, rows may have been
        written: only ``put_back`` says then what becomes of them. Raises SchemaFailed without it, and services stay as
        they are.
        """
        under_way = read_json(self.stack.state / FILE)
        paused = self._paused()
        if not under_way:
            if paused:
                with self.reporter.step("start", tuple(sorted(paused.values()))) as step:
                    self._resume(paused)
                    step.changed, step.detail = True, PAUSED
            return False
        database = Database(self.engine, self.compose)
        copy = str(under_way["copy"])
        held = self._paused_since() == under_way.get("paused") or database.held_off()
        with self.reporter.step("put the database back") as step:
            if copy not in database.copies():
                # It was not made yet, or has taken its place already.
                restore_files(self.stack, under_way)
                step.detail = "a run was killed; the database is as before it"
            elif put_back or (held and put_back is None):
                database.put_back(copy)
                restore_files(self.stack, under_way)
                step.changed = True
                step.detail = "a run was killed in the middle of migrating; the database is as before it"
            elif put_back is None:
                raise SchemaFailed(
                    "a run was killed in the middle of migrating, and services were started or stopped since then, so "
                    f"rows may have been written. As before that run, the database is kept as '{copy}'. Say what shall "
                    "be: put_back=true lets it take the place of what is there, put_back=false goes on with what is "
                    "there and keeps the copy.",
                    copy=copy,
                )
            else:
                step.detail = f"the database stays as it is; as before a run that was killed, it is kept as '{copy}'"
        self._forget(database)
        self._resume(paused)
        return True

    def assert_room(self, copies: int = 1) -> Database:
        """Raises SchemaFailed where the server's disk has no room for copies of the database."""
        database = Database(self.engine, self.compose)
        wrong = database.lacks_room(copies)
        if wrong:
            raise SchemaFailed(wrong)
        return database

    @contextmanager
    def guarded(self, *files: str, copies: int = 1) -> Iterator[Database]:
        """Services paused, the database copied, and others kept from writing to it; what fails inside ends with it as
        it was.

        So do the state's ``files``. Where even that fails, services stay paused and the next run does it. ``copies``
        are those that there must be room for.
        """
        database = self.assert_room(copies)
        copy = database.new_copy_name()
        paused = self._pause_between(database)
        try:
            under_way = {"copy": copy, "paused": self._paused_since(), "files": read_files(self.stack, files)}
            write_json(self.stack.state / FILE, under_way)
            try:
                database.copy_and_hold_off(copy)
            except BaseException:
                self._forget(database)
                raise
            try:
                yield database
            except BaseException as error:
                try:
                    database.put_back(copy)
                except (NetBoxDevError, OSError) as second:
                    paused = []
                    raise SchemaFailed(
                        f"{error}\nThe database could not be put back: {second}\nServices stay paused, and nothing is "
                        f"lost: as before, it is kept as '{copy}'. Mend the cause and run apply_change again, which "
                        "puts it back first.",
                        copy=copy,
                    ) from error
                restore_files(self.stack, under_way)
                self._forget(database)
                raise
            self._forget(database)
            for old in database.copies()[:-KEPT]:
                database.drop(old)
        finally:
            self._resume(paused)

    def _forget(self, database: Database) -> None:
        database.let_write()
        (self.stack.state / FILE).unlink(missing_ok=True)

    def _pause_between(self, database: Database) -> list[str]:
        """Pause the services while none of them is in the middle of a transaction; return their containers."""
        deadline = time.monotonic() + _BUSY_LIMIT_S
        told = False
        while True:
            running = self._running()
            try:
                for container in running:
                    self.engine.pause(container)
                busy = database.busy()
            except BaseException as error:
                self._resume(running)
                # On a busy machine the kernel may not freeze all at once.
                if not isinstance(error, OSError) or time.monotonic() > deadline:
                    raise
                time.sleep(0.3)
                continue
            if not busy:
                return running
            self._resume(running)
            if time.monotonic() > deadline:
                raise DatabaseBusy(
                    f"the database is in use, and a copy of it cannot be made: {busy}. Waited {_BUSY_LIMIT_S:.0f} s; "
                    "let that end and run again. The database was not changed.",
                    session=busy,
                )
            if not told:
                self.reporter.say(f"waiting for the database: {busy}")
                told = True
            time.sleep(0.3)

    def _python(self, paused: bool) -> dict[str, str]:
        """Running Python services, by container."""
        python = python_services(self.compose.config())
        found = {name: c for name, c in self.engine.containers().items() if name in python and c["State"]["Running"]}
        return {c["Id"]: name for name, c in found.items() if bool(c["State"].get("Paused")) == paused}

    def _running(self) -> list[str]:
        return list(self._python(paused=False))

    def _paused(self) -> dict[str, str]:
        return self._python(paused=True)

    def _paused_since(self) -> dict[str, str]:
        """The Python services' containers, each with the start since which it is paused, else with its state."""
        python = python_services(self.compose.config())
        return {
            c["Id"]: c["State"]["StartedAt"] if c["State"].get("Paused") else c["State"]["Status"]
            for name, c in self.engine.containers().items()
            if name in python
        }

    def _resume(self, containers: Iterable[str]) -> None:
        for container in containers:
            with contextlib.suppress(OSError):
                self.engine.unpause(container)
