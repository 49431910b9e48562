# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let another database take the place of NetBox's.

It is made aside, brought up to the code's migrations there, and takes its place by two renames in one transaction. What
had the place is kept until the new one answers: a run that is killed leaves one of the two whole, and the next run ends
what it began.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

from . import dumps
from .beside import clear_cache, digests, load
from .database import Content, Database, Look
from .errors import BrokenCode, InvalidSnapshot, ServiceUnhealthy, SnapshotFailed
from .freshness import Verdict, told_by
from .migrating import Migrating
from .oneoff import run_task
from .quiet import quiet
from .running import Running
from .services import web_service
from .state import read_json, write_json

JOURNAL = "restoring.json"
RESTORED = "restored.json"
# As long as this after it was active, a session may not have told what it wrote.
_TOLD_AFTER_S = 11.0
_ANSWER_LIMIT_S = 60.0


def recover(running: Running, database: Database, look: Look) -> bool:
    """End what a run began that was killed while one database took another's place; return whether one had."""
    journal = read_json(running.stack.state / JOURNAL)
    replaced = database.replaced in look.databases
    if not replaced and not journal:
        return False
    with running.reporter.step("end what a killed run began") as step:
        step.changed = replaced
        if replaced and journal and not look.live.applied:
            _undo(running, database)
            step.detail = f"{journal['what']} does not answer; what it replaced has its place again"
        elif replaced:
            database.drop(database.replaced)
            step.detail = f"{journal['what']} has taken its place" if journal else "a left-over copy is gone"
        (running.stack.state / JOURNAL).unlink(missing_ok=True)
    return True


def _undo(running: Running, database: Database) -> None:
    """Give what was replaced its place again."""
    with quiet(running, database):
        database.swap_back()


def restore_into_empty(running: Migrating, dump: dumps.Dump) -> None:
    """Begin with a dump instead of the migrations; what the code has beyond it is applied by whoever asked."""
    database = Database(running.engine, running.compose)
    look = database.look()
    dumps.refuse_foreign(dump, running.stack, look)
    if database.next in look.databases:
        database.drop(database.next)
    restoring = Restoring(running, database, look.live, f"dump '{dump.path.name}'", f"dump {dump.identity}")
    applied, types = dump.header["applied"], dump.header["types"]
    restoring.restore(applied, types, lambda new: dumps.fill(dump, database, new))


class Restoring:
    """One restore: ``what`` for people, ``identity`` by which a second one of the same is known."""

    def __init__(self, running: Migrating, database: Database, live: Content, what: str, identity: str) -> None:
        self.running, self.database, self.live = running, database, live
        self.what, self.identity = what, identity
        self.stack, self.engine, self.check = running.stack, running.engine, running.check
        # Files of what is restored beside the database.
        self.parts: Mapping[str, Path] = {}
        # Whether it is brought up to the code's migrations.
        self.upgrades = True
        self.notices: list[str] = []
        self.before: dict[str, Any] = {}
        self.did = ""
        name = web_service(running.roles)
        container = running.engine.containers().get(name)
        self.web = str(container["Id"]) if container and container["State"]["Running"] else ""

    # -- is there anything to do

    def unchanged_so_far(self) -> bool:
        """Whether this was restored last, and nothing is known to have been written since."""
        recorded = read_json(self.stack.state / RESTORED) or {}
        return recorded.get("identity") == self.identity and recorded.get("writes") == self.live.writes

    def unchanged(self) -> bool:
        """The same of what is not told yet: who writes must end first, or have had the time to tell."""
        if not self.unchanged_so_far():
            return False
        if self.check:
            if self.database.recently_used(_TOLD_AFTER_S):
                time.sleep(_TOLD_AFTER_S)
        else:
            with quiet(self.running, self.database):
                self.database.end_sessions(self.database.name)
        self.live = self.database.content(self.database.name)
        recorded = read_json(self.stack.state / RESTORED) or {}
        beside = digests(self.engine, self.web, self.parts)
        return self.unchanged_so_far() and all(recorded["beside"].get(part) == beside[part] for part in beside)

    # -- do it

    def restore(self, applied: Sequence[str], types: str, make: Callable[[str], Any]) -> bool:
        """Return whether anything was changed. ``make`` fills a database of the name that it is given.

        ``applied`` are the migrations that it will have, ``types`` stands for its content types. Raises
        InvalidSnapshot, with nothing touched, where the code lacks one of them.
        """
        live = self.live.applied
        self.before = {"database": f"{self.database.name}, {len(live)} migrations"}
        if self.parts and not self.web:
            raise SnapshotFailed(f"{' and '.join(self.parts)}: the web service has to run for that.")
        pending = self._compare(applied, live)
        if self.unchanged():
            self.did = f"{self.what} is restored already, and nothing was written since"
            return False
        self.did = f"{self.what} restored" + (f", {len(pending)} migrations applied to it" if pending else "")
        if self.check:
            return True
        with self.running.reporter.step("restore") as step:
            self._restore(make, pending)
            step.changed, step.detail = True, self.did
        if sorted(applied) != live:
            self._reload()
        elif types != self.live.types:
            self._renew_others()
        return True

    def _compare(self, applied: Sequence[str], live: Sequence[str]) -> list[str]:
        """Migrations on disk that it will lack."""
        if sorted(applied) == live or not self.upgrades:
            return []
        web = web_service(self.running.roles)
        found = run_task(self.running.compose, web, "compare", self.running.reporter.say, applied=list(applied))
        unknown = [name for name in found["unknown"] if name not in live]
        if unknown:
            more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
            raise InvalidSnapshot(
                f"the {self.what} has migrations that the code on disk lacks: {', '.join(unknown[:3])}{more}. Check "
                "out the branch that has them, or a newer NetBox. Nothing was changed.",
                unknown=unknown,
            )
        return list(found["pending"])

    def _restore(self, make: Callable[[str], Any], pending: Sequence[str]) -> None:
        database, running = self.database, self.running
        served = self._served()
        try:
            make(database.next)
            if pending:
                self._bring_up()
        except BaseException:
            database.drop(database.next)
            raise
        with quiet(running, database):
            began = time.monotonic()
            write_json(self.stack.state / JOURNAL, {"what": self.what})
            with ThreadPoolExecutor(max_workers=1) as pool:
                cleared = pool.submit(self._clear_cache)
                content = database.swap(database.next)
            try:
                for part, path in self.parts.items():
                    load(self.stack, self.engine, self.web, part, path)
            except BaseException:
                database.swap_back()
                (self.stack.state / JOURNAL).unlink()
                raise
            held = time.monotonic() - began
        self._prove(served, content.applied)
        beside = digests(self.engine, self.web, self.parts)
        said = {"identity": self.identity, "writes": content.writes, "beside": beside}
        write_json(self.stack.state / RESTORED, said)
        (self.stack.state / JOURNAL).unlink()
        database.drop(database.replaced)
        self.did += f"; requests waited {held:.1f} s for it"
        self._tell_of_jobs(cleared.result())

    def _clear_cache(self) -> int:
        """Forget what NetBox cached of the other database; how many jobs wait."""
        if not self.web or "redis" in self.parts:
            return 0
        return int(clear_cache(self.engine, self.web)["waiting"])

    def _bring_up(self) -> None:
        run_task(
            self.running.compose,
            web_service(self.running.roles),
            "upgrade",
            self.running.reporter.say,
            timeout_s=self.running.limits.schema_s,
            database=self.database.next,
            database_s=60,
            superuser_name="",
            superuser_password="",
        )

    def _prove(self, served: bool, applied: Sequence[str]) -> None:
        """See that NetBox answers with the database where it did before; else what was there comes back.

        ``applied`` are the migrations that the database itself answered that it has.
        """
        deadline = time.monotonic() + _ANSWER_LIMIT_S
        while True:
            why = "" if applied else "no migrations are in it"
            if not why and served and not self._served():
                why = f"{self.stack.url}/login/ is not served with it"
            if not why:
                return
            if time.monotonic() > deadline or not applied:
                break
            time.sleep(0.2)
        _undo(self.running, self.database)
        (self.stack.state / JOURNAL).unlink()
        raise SnapshotFailed(f"the {self.what} does not do: {why}. The database is as it was before.", why=why)

    def _served(self) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=20)
            connection.request("GET", "/login/")
            status = connection.getresponse().status
            connection.close()
        except (OSError, http.client.HTTPException):
            return False
        return status == 200

    def _tell_of_jobs(self, waiting: int) -> None:
        if waiting:
            self.notices.append(
                f"{waiting} jobs wait in Redis from before; they may be about rows that are not there any more "
                "(with redis=true, snapshots hold queues, too)"
            )

    def _live_services(self) -> dict[str, str]:
        """Containers of the Python services that run."""
        containers = self.engine.containers()
        return {
            name: str(containers[name]["Id"])
            for name in sorted(self.running.roles)
            if name in containers and containers[name]["State"]["Running"]
        }

    def _renew_others(self) -> None:
        """Content types have other numbers: the web service forgot them while it was held, others start anew.

        Nobody waits for it: what they run stays the same, and jobs go on meanwhile.
        """
        others = {name: container for name, container in self._live_services().items() if container != self.web}
        if others:
            with self.running.reporter.step("reload", tuple(others)) as step:
                for container in others.values():
                    self.engine.signal(container, "SIGHUP")
                step.changed, step.detail = True, "the database has other content types; it goes on by itself"

    def _reload(self) -> None:
        """Processes hold what they read of the database that was there."""
        running = self.running
        names = list(self._live_services())
        if not names:
            return
        disk = running.disk()
        stale = {v.service: v.why for v in running.verdicts(disk) if v.needs in ("restart", "recreate")}
        with running.reporter.step("reload", tuple(names)) as step:
            running.act([Verdict(n, "reload", "another database", told_by(self.stack, n)) for n in names], disk)
            step.changed, step.detail = True, "the database has other migrations"
            if stale:
                # Those do not become fresh by a reload.
                why = next(iter(stale.values()))
                services = ", ".join(sorted(stale))
                self.notices.append(f"not fresh: {services} ({why}). Run hedgehog.netbox_dev.apply_change")
                return
            try:
                running.prove(disk)
                if self.upgrades:
                    running.remember_applied()
            except (BrokenCode, ServiceUnhealthy) as error:
                self.notices.append(error.message)
