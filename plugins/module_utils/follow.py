# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a switch of branches: the database follows to what the migrations on disk make.

Where a copy was kept of the database as that branch had it, it takes its place. Without one, and where a file is gone
on the same branch, migrations that have no file any more are taken back with their files as git has them. What the
database was is kept first, rows and all.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .git import open_repository
from .override import NETBOX_DIR, REPOSITORIES
from .safety import Database
from .stack import Stack
from .state import read_json, write_json

FILE = "databases.json"
SCHEMA = "schema.json"
KEPT = 6
_MARK = "_branch_"


@dataclass
class Way:
    """How the database follows: ``copy`` is the kept database to restore, else ``files`` are texts by migration."""

    gone: list[str]
    copy: str = ""
    files: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    @property
    def leads(self) -> bool:
        """Whether there is anything to do, and all that it needs."""
        return bool(self.copy or (self.gone and not self.unknown))

    @property
    def text(self) -> str:
        more = f" and {len(self.gone) - 3} more" if len(self.gone) > 3 else ""
        gone = f"applied and not on disk: {', '.join(self.gone[:3])}{more}; " if self.gone else ""
        if self.copy:
            return f"{gone}the database as this branch had it takes its place"
        return f"{gone}taken back, with what they added"


def switched(stack: Stack) -> bool:
    """Whether another branch is checked out than when the stack was last fresh, and a database was kept of it."""
    now = branch(stack)
    return now != last_branch(stack) and any(one["branch"] == now for one in _kept(stack).values())


def find_way(stack: Stack, gone: list[str], states: dict[str, Any]) -> Way:
    """``states`` is what the task in the container says: ``applied`` and ``disk`` of the plugin's, and ``folders``."""
    kept = _kept(stack).get(key_of(stack, states["disk"]))
    if kept and kept["branch"] == branch(stack) != last_branch(stack):
        return Way(gone, copy=str(kept["database"]))
    way = Way(gone)
    repository = open_repository(stack.plugin.root)[0]
    for name in gone:
        label, _dot, migration = name.partition(".")
        folder = _on_node(stack, states["folders"].get(label, ""))
        path = f"{folder}/{migration}.py"
        found = repository.last_text(path) if repository and folder else None
        if found is None:
            way.unknown.append(name)
        else:
            way.files[name] = found.decode("utf-8", "replace")
    return way


def _on_node(stack: Stack, folder: str) -> str:
    """A folder in the container as a path in the repository; empty when it is none."""
    for prefix, path in (
        (f"{NETBOX_DIR}/{stack.plugin.package}/", f"{stack.plugin.package_path}/"),
        (f"{REPOSITORIES}/{stack.plugin.distribution}/", ""),
    ):
        if folder.startswith(prefix):
            return path + folder[len(prefix) :]
    return ""


def key_of(stack: Stack, names: Sequence[str]) -> str:
    """Stands for a set of the plugin's migrations in a version of NetBox."""
    return hashlib.sha256("\n".join([stack.netbox, *sorted(names)]).encode()).hexdigest()[:16]


def keep(stack: Stack, database: Database, applied: Sequence[str]) -> str:
    """Copy the database as what these migrations made; the oldest copies beyond a number go. Sessions are ended."""
    key = key_of(stack, applied)
    name = f"{database.name}{_MARK}{key}"
    database.drop(name)
    database.copy(name)
    kept = _kept(stack)
    kept[key] = {"database": name, "at": time.time(), "branch": last_branch(stack)}
    order = sorted(kept, key=lambda one: float(kept[one]["at"]))
    for old in order[:-KEPT]:
        database.drop(str(kept.pop(old)["database"]))
    write_json(stack.state / FILE, {"databases": kept})
    return name


def restore(database: Database, copy: str) -> None:
    """Let a copy of the copy take the database's place: the copy itself stays. Sessions are ended."""
    fresh = f"{database.name}_next"
    database.drop(fresh)
    database.ask(f'CREATE DATABASE "{fresh}" TEMPLATE "{copy}"')
    database.put_back(fresh)


def _kept(stack: Stack) -> dict[str, Any]:
    return dict((read_json(stack.state / FILE) or {}).get("databases", {}))


def kept_databases(stack: Stack) -> list[dict[str, str]]:
    """Each kept database and the branch that it is of, the newest first."""
    found = sorted(_kept(stack).values(), key=lambda one: float(one["at"]), reverse=True)
    return [{"database": str(one["database"]), "branch": str(one["branch"])} for one in found]


def branch(stack: Stack) -> str:
    """The branch that is checked out; empty where there is none."""
    repository = open_repository(stack.plugin.root)[0]
    return repository.branch() if repository else ""


def last_branch(stack: Stack) -> str:
    """The branch that was checked out when the stack was last proved fresh."""
    return str((read_json(stack.state / SCHEMA) or {}).get("branch", ""))
