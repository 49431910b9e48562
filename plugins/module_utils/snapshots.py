# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots: copies of the database in the stack's own PostgreSQL. Each has on it, as a comment, what it is.

What is made is made aside, described, and only then given its name, so that a run that was killed leaves either a whole
snapshot or something that the next run removes.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import dumps
from .beside import PARTS, save
from .database import NAME_BYTES, Database, Described, lacks_room, size_text
from .errors import InvalidDump, InvalidSnapshot, SchemaFailed, SnapshotFailed, StackNotSetUp, nearest
from .events import Reporter
from .follow import where
from .freshness import told_by
from .migrating import Migrating
from .oneoff import run_task
from .pristine import ensure_pristine, find_pristine
from .quiet import quiet
from .restoring import Restoring, recover
from .services import python_services, web_service
from .snapshot_list import by_age, describe, listed, state_of

MARK = "_snapshot_"
FOLDER = "snapshots"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass
class Result:
    changed: bool = False
    # Of the snapshot, or of all; what was asked about.
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    did: str = ""


@dataclass(frozen=True)
class Asked:
    """The options of the module database_snapshot."""

    name: str | None = None
    comment: str | None = None
    redis: bool = False
    media: bool = False
    replace: bool = False
    keep: int | None = None
    dump: str | None = None

    @property
    def parts(self) -> list[str]:
        return [part for part in PARTS if getattr(self, part)]


class Snapshots:
    """The snapshots of one stack; the stack's lock is held wherever something is changed."""

    def __init__(self, running: Migrating) -> None:
        self.running, self.stack, self.check = running, running.stack, running.check
        running.roles = python_services(running.compose.config())
        down = running.backing_down()
        if down and self.check:
            raise StackNotSetUp(f"not running: {', '.join(down)}. Run hedgehog.netbox_dev.apply_change first.")
        if down:
            running.up_backing()
        self.database = Database(running.engine, running.compose)
        if not self.check:
            running.safety.recover()
        self.look = self.database.look()
        if not self.check and (recover(running, self.database, self.look) | self._finish_or_remove()):
            self.look = self.database.look()

    def bring(self, state: str, asked: Asked) -> Result:
        """Bring a snapshot, or a dump where one is named, to a state: present, absent or restored."""
        if asked.dump is not None:
            return self._bring_dump(state, Path(asked.dump), asked)
        if state == "absent":
            return self.remove(asked.name or "")
        if state == "restored":
            return self.restore(self.only() if asked.name is None else asked.name, asked.parts)
        name = time.strftime("%Y%m%d-%H%M%S") if asked.name is None else asked.name
        return self.make(name, asked.comment, asked.parts, asked.replace, asked.keep)

    def _bring_dump(self, state: str, path: Path, asked: Asked) -> Result:
        if asked.redis:
            raise InvalidDump("redis: job queues are of one machine, and go into snapshots, not into dumps.")
        if state == "absent":
            raise InvalidDump("state=absent is for snapshots; a dump is a file of yours.")
        if not path.is_absolute():
            raise InvalidDump(f"dump: '{path}' is not absolute, and it is unclear from where it would count.")
        if state == "restored":
            return self.restore_dump(path, asked.parts)
        return self.dump(path, asked.comment, asked.parts, asked.replace)

    # -- what there is

    def all(self) -> dict[str, Any]:
        """What the module database_snapshot_info returns."""
        found = self.found()
        current = state_of(self.look.live.applied)
        ages = {name: round(time.time() - float(one.said["made"]), 1) for name, one in found.items()}
        return {
            "snapshots": [{**describe(name, found[name]), "age": ages[name]} for name in by_age(found)],
            "state": current,
            "summary": listed(found, current),
        }

    def found(self) -> dict[str, Described]:
        return {name: one for name, one in self.look.marked(MARK).items() if one.said}

    def known(self, name: str) -> Described:
        """Raises InvalidSnapshot for one that is not there, with the nearest name and all others."""
        self.check_name(name)
        found = self.found()
        if name not in found:
            there = f" There are: {', '.join(sorted(found))}." if found else " There is none."
            raise InvalidSnapshot(f"there is no snapshot '{name}'{nearest(name, found)}{there}", asked=name)
        return found[name]

    def only(self) -> str:
        """The name of the only snapshot."""
        found = sorted(self.found())
        if len(found) != 1:
            there = (
                f"{len(found)} are there: {', '.join(found)}" if found else "there is none yet; snapshot.yml makes one"
            )
            raise InvalidSnapshot(f"which snapshot? No name was given, and {there}.")
        return found[0]

    def check_name(self, name: str) -> None:
        room = NAME_BYTES - len(f"{self.database.name}{MARK}".encode())
        if not _NAME.fullmatch(name):
            raise InvalidSnapshot(
                f"'{name}' is no name for a snapshot: letters, digits, - and _ are, beginning with a letter or digit.",
                asked=name,
            )
        if len(name) > room:
            raise InvalidSnapshot(
                f"the name '{name}' has {len(name)} characters; PostgreSQL leaves room for {room}.", asked=name
            )

    # -- present

    def make(
        self, name: str, comment: str | None, parts: Sequence[str], replace: bool = False, keep: int | None = None
    ) -> Result:
        """See that a snapshot is there; one that is, is left unless it is to be replaced."""
        self.check_name(name)
        if keep is not None and keep < 1:
            raise InvalidSnapshot(f"keep: at least 1 was expected, found {keep}.")
        found = self.found()
        there = found.get(name)
        result = Result(before=describe(name, there) if there else {})
        if there and not replace:
            self._left(name, there, comment, parts, result)
        else:
            if not there and f"{self.database.name}{MARK}{name}" in self.look.databases:
                raise InvalidSnapshot(
                    f"'{self.database.name}{MARK}{name}' is a database that this collection did not make. Choose "
                    "another name, or rename it.",
                    asked=name,
                )
            self._make(name, comment or "", parts, result)
        self._prune(name, keep, result)
        return result

    def _left(self, name: str, there: Described, comment: str | None, parts: Sequence[str], result: Result) -> None:
        result.after, result.did = result.before, f"'{name}' is there since {result.before['made']}"
        lacks = [part for part in parts if part not in there.said["parts"]]
        if lacks:
            result.notices.append(f"'{name}' was made without {' and '.join(lacks)}; replace=true makes it anew")
        if comment is not None and comment != there.said["comment"]:
            said = {**there.said, "comment": comment}
            result.changed, result.after = True, {**result.before, "comment": comment}
            if not self.check:
                self.database.describe(there.name, said)
        result.snapshots = [result.after]

    def _make(self, name: str, comment: str, parts: Sequence[str], result: Result) -> None:
        database, running = self.database, self.running
        size = self.look.databases[database.name].size
        self.assert_room(size)
        said = self._said(name, comment, parts)
        made = Described(f"{database.name}{MARK}{name}", size, said)
        result.changed, result.did = True, f"'{name}' made"
        if not self.check:
            with running.reporter.step("snapshot") as step:
                folder = self.stack.state / FOLDER / said["folder"]
                web = self._web(parts)
                with quiet(running, database):
                    began = time.monotonic()
                    database.clone(database.name, database.next)
                    for part in parts:
                        save(self.stack, running.engine, web, part, folder / part)
                    held = time.monotonic() - began
                database.finish(database.next, made.name, said)
                step.changed = True
                step.detail = f"'{name}', {size_text(size)}; requests waited {held:.1f} s for it"
            self.look = self.look.changed(database.next, made)
            self._remove_folders()
        result.after = describe(name, made)
        result.snapshots = [result.after]

    def _web(self, parts: Sequence[str]) -> str:
        """The web service's container, which is asked for what is beside the database; it runs, if anything is."""
        name = web_service(self.running.roles)
        container = self.running.engine.containers().get(name)
        if container and container["State"]["Running"]:
            return str(container["Id"])
        if parts:
            raise SnapshotFailed(f"{' and '.join(parts)}: the service '{name}' has to run for that.")
        return ""

    def _said(self, name: str, comment: str, parts: Sequence[str]) -> dict[str, Any]:
        live = self.look.live
        report = told_by(self.stack, web_service(self.running.roles)).get("report", {})
        made = time.time()
        return {
            "snapshot": name,
            "comment": comment,
            "made": made,
            "netbox": report.get("netbox") or self.stack.netbox,
            "state": state_of(live.applied),
            "types": live.types,
            "parts": list(parts),
            "folder": f"{name}.{int(made * 1000)}",
            **where(self.stack),
        }

    def assert_room(self, needed: int) -> None:
        """Raises SnapshotFailed before anything is begun where the server's disk has no room for a copy."""
        wrong = lacks_room(needed, self.look.free)
        if wrong:
            raise SnapshotFailed(wrong, needed=needed, free=self.look.free)

    def _prune(self, made: str, keep: int | None, result: Result) -> None:
        if keep is None:
            return
        names = [name for name in by_age(self.found()) if name != made]
        for name in names[keep - 1 :]:
            result.changed = True
            result.notices.append(
                f"'{name}' was among more than {keep}" + (" and would go" if self.check else " and is gone")
            )
            if not self.check:
                self._drop(name)

    # -- absent

    def remove(self, name: str) -> Result:
        self.check_name(name)
        there = self.found().get(name)
        result = Result(did=f"there is no '{name}'{nearest(name, self.found())}"[:-1])
        if there:
            result.changed, result.before, result.did = True, describe(name, there), f"'{name}' removed"
            if not self.check:
                self._drop(name)
        return result

    def _drop(self, name: str) -> None:
        with self.running.reporter.step("remove snapshot") as step:
            gone = f"{self.database.name}{MARK}{name}"
            self.database.drop(gone)
            self.look = self.look.changed(gone)
            self._remove_folders()
            step.changed, step.detail = True, f"'{name}'"

    # -- restored

    def restore(self, name: str, parts: Sequence[str]) -> Result:
        there = self.known(name)
        lacks = [part for part in parts if part not in there.said["parts"]]
        if lacks:
            raise InvalidSnapshot(f"the snapshot '{name}' was made without {' and '.join(lacks)}.", asked=name)
        folder = self._folder(there)
        gone = [part for part in parts if not (folder / part).is_file()]
        if gone:
            raise InvalidSnapshot(f"the snapshot '{name}' lost its {' and '.join(gone)}: '{folder}' is not there.")
        restoring = Restoring(
            self.running, self.database, self.look.live, f"snapshot '{name}'", f"snapshot {there.said['folder']}"
        )
        restoring.parts = {part: folder / part for part in parts}
        self._check_room_unless(restoring, there.size)
        same = there.said["state"] == state_of(self.look.live.applied)
        applied = self.look.live.applied if same else self.database.applied(there.name)
        changed = restoring.restore(applied, there.said["types"], lambda new: self.database.clone(there.name, new))
        after = describe(name, there)
        return Result(
            changed, [after], restoring.notices, restoring.before, after if changed else restoring.before, restoring.did
        )

    def _folder(self, there: Described) -> Path:
        # The plugin's code can write what is said on a database.
        return self.stack.state / FOLDER / Path(str(there.said["folder"])).name

    def _check_room_unless(self, restoring: Restoring, size: int) -> None:
        if not restoring.unchanged_so_far():
            self.assert_room(size)

    # -- dumps

    def dump(self, path: Path, comment: str | None, parts: Sequence[str], replace: bool = False) -> Result:
        """See that a file is a dump; one that is, and whole, is left unless it is to be replaced."""
        if path.exists() and not replace:
            there = dumps.read(path).header
            made = datetime.fromtimestamp(there["made"], timezone.utc).isoformat(timespec="seconds")
            return Result(did=f"'{path}' is a whole dump, made {made}; replace=true makes it anew")
        if not path.parent.is_dir():
            raise SnapshotFailed(f"the dump '{path}' cannot be written: '{path.parent}' is no folder.", path=str(path))
        database, running = self.database, self.running
        said = self._said("", comment or "", parts)
        header = {
            **{key: said[key] for key in ("comment", "made", "netbox", "branch", "head", "state")},
            "package": self.stack.plugin.package,
            "applied": self.look.live.applied,
            "types": self.look.live.types,
            "postgres": self.look.version // 10000,
            "size": self.look.databases[database.name].size,
        }
        result = Result(True, did=f"'{path}' written", after={**header, "applied": len(header["applied"])})
        if not self.check:
            with running.reporter.step("dump") as step:
                media = self.stack.state / "media.dumped" if parts else None
                try:
                    if media:
                        save(self.stack, running.engine, self._web(parts), "media", media)
                    size = dumps.write(path, header, self.stack, database, media)
                finally:
                    if media:
                        media.unlink(missing_ok=True)
                step.changed, step.detail = True, f"'{path}', {size_text(size)}"
        return result

    def restore_dump(self, path: Path, parts: Sequence[str]) -> Result:
        found = dumps.read(path)
        header = found.header
        dumps.refuse_foreign(found, self.stack, self.look)
        lacks = [part for part in parts if part not in found.parts]
        if lacks:
            raise InvalidDump(f"the dump '{path}' was made without {' and '.join(lacks)}.", path=str(path))
        restoring = Restoring(
            self.running, self.database, self.look.live, f"dump '{path.name}'", f"dump {found.identity}"
        )
        with tempfile.TemporaryDirectory(prefix="media.", dir=str(self.stack.state)) as scratch:
            if parts and not self.check:
                restoring.parts = {"media": dumps.extract(found, "media", Path(scratch, "media"))}
            self._check_room_unless(restoring, int(header["size"]))
            changed = restoring.restore(
                header["applied"], header["types"], lambda new: dumps.fill(found, self.database, new)
            )
        after = {**header, "applied": len(header["applied"])}
        before = restoring.before
        return Result(changed, [], restoring.notices, before, after if changed else before, restoring.did)

    # -- reset

    def reset(self) -> Result:
        """Back to the pristine database, which is made if there is none."""
        name = find_pristine(self.stack, self.look)
        if not name and self.check:
            return Result(True, did="the pristine database would be made, and take NetBox's place")
        if not name:
            name = ensure_pristine(self.running)
            self.look = self.database.look()
        pristine = self.look.databases[name]
        restoring = Restoring(self.running, self.database, self.look.live, "pristine database", f"pristine {name}")
        self._check_room_unless(restoring, pristine.size)
        applied = pristine.said["applied"]
        changed = restoring.restore(applied, pristine.said.get("types", ""), lambda new: self.database.clone(name, new))
        after = {"database": f"pristine, {len(applied)} migrations"}
        return Result(
            changed, [], restoring.notices, restoring.before, after if changed else restoring.before, restoring.did
        )

    def reset_app(self, app: str) -> Result:
        """Take the tables of one of the plugin's apps to zero and up again."""
        web = web_service(self.running.roles)
        request: dict[str, Any] = {"app": app, "database_s": 60}
        say = self.running.reporter.say
        try:
            run_task(self.running.compose, web, "again", say, dry_run=True, **request)
        except SchemaFailed as error:
            if "NoSuchApp" in error.message:
                raise InvalidSnapshot(
                    error.message.partition("NoSuchApp: ")[2].splitlines()[0] + ".", asked=app
                ) from None
            raise
        if self.check:
            return Result(True, did=f"{app} would be taken to zero and up again")
        with self.running.reporter.step("reset") as step, self.running.safety.guarded():
            limit = self.running.limits.schema_s
            done = run_task(self.running.compose, web, "again", say, timeout_s=limit, dry_run=False, **request)
            step.changed = True
            step.detail = f"{app} to zero and up again, {len(done['applied'])} migrations"
        return Result(True, did=step.detail)

    # -- what a killed run left

    def _finish_or_remove(self) -> bool:
        """A copy that is described has but to get its name; one that is not goes. Return whether there was one."""
        database = self.database
        found = self.look.databases.get(database.next)
        if found:
            target = f"{database.name}{MARK}{found.said.get('snapshot', '')}"
            with self.running.reporter.step("remove what a killed run left") as step:
                if found.said.get("snapshot") and target not in self.look.databases:
                    database.rename(found.name, target)
                    step.detail = f"the snapshot '{found.said['snapshot']}' was made, and has its name now"
                else:
                    database.drop(found.name)
                    step.detail = "half a copy"
                step.changed = True
        self._remove_folders()
        return found is not None

    def _remove_folders(self) -> None:
        known = {str(one.said.get("folder")) for one in self.found().values()}
        for path in sorted((self.stack.state / FOLDER).glob("*")):
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)


def returned(result: Result, reporter: Reporter) -> dict[str, Any]:
    """What a module returns."""
    return {
        "changed": result.changed or reporter.changed,
        "snapshots": result.snapshots,
        "notices": result.notices,
        "diff": {"before": result.before, "after": result.after},
        "summary": [*(f"note: {notice}" for notice in result.notices), result.did],
        "steps": reporter.describe(),
    }
