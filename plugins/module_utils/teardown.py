# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a stack down: what carries its project's name, and only what was asked for."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import time
from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import dumps
from .compose import BASE_FILES, OVERRIDE, Compose
from .database import Database, size_text
from .engine import Engine
from .errors import DumpUndecided, InvalidDump, InvalidProject, LocalWork, NetBoxDevError, SnapshotFailed, TimeLimit
from .events import Reporter
from .git import Repository
from .migrating import Migrating
from .override import check_ours
from .pristine import MARK as PRISTINE
from .runtime.testdb import KEPT as TESTS
from .snapshots import MARK, Snapshots
from .stack import Stack
from .stacks import find_stacks

CONTAINERS, NETWORKS, VOLUMES, IMAGE, CHECKOUT = "containers", "networks", "volumes", "image", "checkout"
_STATE = "state"
TEARDOWN = "hedgehog.netbox_dev.teardown"
# What every server has.
_OF_POSTGRES = ("postgres", "template0", "template1")
_AT_ONCE = 8
# For the origin of the checkout to say which tags it has.
_ORIGIN_S = 10.0


@dataclass
class TakenDown:
    """What was removed, or would be, and what is left of the stack, by kind."""

    removed: dict[str, list[str]] = field(default_factory=dict)
    remains: dict[str, list[str]] = field(default_factory=dict)
    # Why something that was to go stays, by name.
    kept: dict[str, str] = field(default_factory=dict)
    # The dump that is made before.
    dumped: str = ""
    # What is lost with the volumes, where nobody has said yet whether that is meant.
    undecided: str = ""

    @property
    def changed(self) -> bool:
        return any(self.removed.values())

    def for_people(self, stack: Stack, check: bool) -> list[str]:
        done = "would remove" if check else "removed"
        lines = [f"{done} {kind}: {', '.join(names)}" for kind, names in self.removed.items() if names]
        lines = lines or [f"{done}: nothing, the stack is down"]
        if self.dumped and not check:
            lines.append(f"the database is in {self.dumped}: dev_setup -e dump=… begins with it, restore takes it in")
        if check and self.dumped:
            lines.append(f"the database goes with its volume; {self.dumped} is written before")
        if self.undecided:
            lines.append(f"a run stops before that: {self.undecided}")
        lines += [f"note: {name} stays: {why}" for name, why in self.kept.items()]
        lines += [f"remains, {kind}: {', '.join(names)}{_how(kind)}" for kind, names in self.remains.items() if names]
        return [*lines, f"again: dev_setup sets it up for '{stack.plugin.root}'"]


def _how(kind: str) -> str:
    """How what remains is removed, too."""
    return f" ({kind}=true removes {'them' if kind == VOLUMES else 'it'})" if kind in (VOLUMES, IMAGE, CHECKOUT) else ""


class Teardown:
    """One removal of a stack, or of parts of it."""

    def __init__(self, stack: Stack, reporter: Reporter, check: bool = False) -> None:
        self.stack = stack
        self.reporter = reporter
        self.check = check
        self.engine = Engine(stack.project_name)

    def run(
        self, wanted: Iterable[str], dump: Path | None = None, media: bool = False, without_dump: bool = False
    ) -> TakenDown:
        """Remove containers and networks, and of volumes, image and checkout what is ``wanted``; before that, write a
        dump where one is named, with uploaded files if ``media`` says so.

        Raises, before anything is touched: InvalidProject where another stack has the project's name, LocalWork or
        ForeignOverride where the checkout has more than we made, DumpUndecided where data would go and neither a dump
        nor ``without_dump`` says that it may, and what keeps the dump from being written.
        """
        if dump and without_dump:
            raise InvalidDump("dump, without_dump: one says that there is a dump, the other that there is none.")
        self._require_own_project()
        named = list(wanted)
        wanted = {CONTAINERS, NETWORKS, *named}
        if CHECKOUT in wanted and self.stack.checkout.exists():
            self._require_ours(self.stack.checkout)
        outcome = TakenDown()
        if VOLUMES in wanted and not (dump or without_dump):
            outcome.undecided = self._offer(named)
            if outcome.undecided and not self.check:
                raise DumpUndecided(f"nothing was removed: {outcome.undecided}")
        for kind, names in self._there().items():
            going = names if kind in wanted else []
            outcome.removed[kind] = going
            outcome.remains[kind] = [name for name in names if name not in going]
        if dump and self._worth_a_dump(dump, wanted):
            outcome.dumped = str(dump)
            if not self.check:
                self._dump(dump, media)
                # It may have started the database for that.
                outcome.removed[CONTAINERS] = self._there()[CONTAINERS]
                outcome.removed[NETWORKS] = self._there()[NETWORKS]
        if self.check:
            return outcome
        self._stop(outcome.removed[CONTAINERS])
        for kind, names in outcome.removed.items():
            if names:
                with self.reporter.step(f"remove {kind}") as step:
                    outcome.kept.update({name: why for name in names if (why := self._remove(kind, name))})
                    outcome.removed[kind] = [name for name in names if name not in outcome.kept]
                    outcome.remains[kind] += [name for name in names if name in outcome.kept]
                    step.changed = bool(outcome.removed[kind])
                    step.detail = ", ".join(outcome.removed[kind])
        return outcome

    def _offer(self, named: Iterable[str]) -> str:
        """What would be lost with the volumes, and how to keep it or to go on; empty where there are none."""
        lost, dumpable = self._lost()
        if not lost:
            return ""
        root = str(self.stack.plugin.root)
        where = f"plugin_path={root}" if shlex.quote(root) == root else json.dumps({"plugin_path": root})
        options = [where, *(f"{name}=true" for name in named)]
        typed = shlex.join(["ansible-playbook", TEARDOWN, *(word for option in options for word in ("-e", option))])
        file = f"{self.stack.plugin.distribution}-{time.strftime('%Y%m%d-%H%M%S')}.dump"
        dump = (
            "To write the database to a file first, which dev_setup and restore take in (-e media=true: with uploaded "
            f"files), and then go on:\n  {typed} -e dump={file}\n"
        )
        return (
            f"with the volumes goes {', '.join(lost)}.\n{dump if dumpable else ''}"
            f"To go on without{'' if dumpable else ' a dump'}:\n  {typed} -e without_dump=true"
        )

    def _lost(self) -> tuple[list[str], bool]:
        """What is in the stack's volumes, in words, and whether there may be a database to dump."""
        volumes = self.engine.belongings()[VOLUMES]
        if not volumes:
            return [], False
        try:
            database = Database(self.engine, Compose(self.stack.checkout))
            look, names = database.look(), database.names()
        except (NetBoxDevError, OSError):
            nothing_known = f"what is in {', '.join(volumes)}, of which nothing is known, for the database does not run"
            return [nothing_known], True
        dumpable = bool(look.live.applied)
        size = size_text(look.databases[look.name].size)
        found = [f"the database '{look.name}' ({size}){'' if dumpable else ', which has no NetBox in it'}"]
        snapshots = look.marked(MARK)
        if snapshots:
            found.append(f"{len(snapshots)} snapshots, which no dump has ({', '.join(sorted(snapshots))})")
        told_or_made_again = tuple(f"{look.name}{mark}" for mark in (MARK, PRISTINE, TESTS))
        others = sorted({*names} - {look.name, *_OF_POSTGRES})
        others = [name for name in others if not name.startswith(told_or_made_again)]
        if others:
            found.append(f"{len(others)} more databases, which no dump has ({', '.join(others)})")
        return [*found, "uploaded files", "what Redis has"], dumpable

    def _worth_a_dump(self, path: Path, wanted: Container[str]) -> bool:
        """Whether there is a database to dump; raises InvalidDump where it would not be kept, or one is there."""
        if not self.engine.belongings()[VOLUMES]:
            return False
        if not path.is_absolute():
            raise InvalidDump(f"dump: '{path}' is not absolute, and it is unclear from where it would count.")
        if CHECKOUT in wanted and self.stack.checkout in path.parents:
            raise InvalidDump(f"dump: '{path}' would go with the checkout. Give a path elsewhere.", path=str(path))
        if path.exists():
            raise InvalidDump(
                f"dump: '{path}' is there already, and nothing was removed. Give another name, or move it away.",
                path=str(path),
            )
        return True

    def _dump(self, path: Path, media: bool) -> None:
        """Write it, and read it again as a restore would."""
        snapshots = Snapshots(Migrating(self.stack, self.reporter))
        if not snapshots.look.live.applied:
            raise SnapshotFailed("dump: the database is empty; give without_dump instead. Nothing was removed.")
        snapshots.dump(path, "before teardown.yml", ["media"] if media else [])
        dumps.read(path)

    def _there(self) -> dict[str, list[str]]:
        """What there is of the stack, in the order in which it can go."""
        stack = self.stack
        return {
            **self.engine.belongings(),
            IMAGE: [stack.image] if self.engine.image_id(stack.image) else [],
            CHECKOUT: [str(stack.checkout)] if stack.checkout.exists() else [],
            _STATE: [str(stack.state)],
        }

    def _stop(self, containers: list[str]) -> None:
        """Let the database write what it has, and workers end their jobs."""
        if containers:
            with self.reporter.step("stop") as step, ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
                list(pool.map(self.engine.stop, containers))
                step.detail = f"{len(containers)} containers"

    def _remove(self, kind: str, name: str) -> str:
        """Remove one thing; return why it stays, or nothing."""
        if kind == CONTAINERS:
            self.engine.remove(name)
        elif kind == NETWORKS:
            return self.engine.remove_network(name)
        elif kind == VOLUMES:
            return self.engine.remove_volume(name)
        elif kind == IMAGE:
            return self.engine.remove_image(name)
        elif kind == CHECKOUT:
            shutil.rmtree(name)
            above = Path(name).parent
            if above != self.stack.plugin.root:
                # The folder that was made for it, unless more is in it.
                with contextlib.suppress(OSError):
                    above.rmdir()
        return ""

    def _require_own_project(self) -> None:
        """What carries the project's name may be of another clone, in whose netbox-dev.yml the same name stands."""
        name = self.stack.project_name
        for other in find_stacks(self.engine):
            # A repository that was moved is another stack by its path, and the one before is nobody's.
            if other["project_name"] == name and other["id"] != self.stack.id and other["there"]:
                raise InvalidProject(
                    f"project_name: '{name}' is the stack of '{other['plugin_path']}', too, and nothing was removed. "
                    "Take that one down with its own plugin_path, or let the project file of one of them have another "
                    "project_name.",
                    other=other["plugin_path"],
                )

    def _require_ours(self, checkout: Path) -> None:
        if checkout == self.stack.plugin.root or checkout in self.stack.plugin.root.parents:
            raise LocalWork(f"checkout: '{checkout}' holds the plugin itself, and is not removed.", path=str(checkout))
        if not (checkout / BASE_FILES[0]).is_file() or not (checkout / ".git").exists():
            raise LocalWork(
                f"checkout: '{checkout}' is no clone of netbox-docker, and is not removed. Remove it by hand.",
                path=str(checkout),
            )
        check_ours(checkout / OVERRIDE, "")
        work = local_work(checkout)
        if work:
            more = f" and {len(work) - 8} more" if len(work) > 8 else ""
            raise LocalWork(
                f"checkout: '{checkout}' has work that is nowhere else, and nothing was removed: "
                f"{'; '.join(work[:8])}{more}. Commit it elsewhere or undo it; or leave checkout out.",
                path=str(checkout),
                work=work,
            )


def local_work(checkout: Path) -> list[str]:
    """What of a clone its origin does not have: edited and added files, ignored ones too, commits, stashes."""
    repository = Repository(checkout)
    answers = {
        # Every file of an ignored folder, too.
        "status": repository.ask("status", "--porcelain", "-z", "--untracked-files=all", "--ignored=traditional"),
        "log": _own_commits(repository),
        "stash": repository.ask("stash", "list", "--format=stash %gs"),
    }
    unknown = [f"git {name} fails" for name, answer in answers.items() if answer is None]
    found = [line.decode("utf-8", "replace") for line in (answers["status"] or b"").split(b"\0") if line]
    edited = [line for line in found if line[3:] != OVERRIDE and not line.endswith(".pyc")]
    other = (answers["log"] or b"") + (answers["stash"] or b"")
    return [*unknown, *edited, *other.decode("utf-8", "replace").splitlines()]


def _own_commits(repository: Repository) -> bytes | None:
    """Commits that no branch of a remote has, nor a tag of its origin, which is asked only where there are some."""
    log = ("log", "--format=commit %h %s", "HEAD", "--branches", "--tags", "--not", "--remotes")
    found = repository.ask(*log)
    if not found:
        return found
    theirs: set[bytes] = set()
    with contextlib.suppress(TimeLimit):
        listed = repository.ask("ls-remote", "--tags", "origin", limit_s=_ORIGIN_S) or b""
        theirs = {line.split()[0] for line in listed.splitlines()}
    here = repository.ask("for-each-ref", "--format=%(objectname)", "refs/tags") or b""
    return repository.ask(*log, *(name.decode() for name in sorted(theirs.intersection(here.split()))))
