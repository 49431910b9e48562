# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a switch of branches: the database follows to what the migrations on disk make.

Where a copy was kept of the database as that branch had it, it takes its place. Without one, and where a file is gone
on the same branch, migrations that have no file any more are taken back with their files as git has them. What the
database was is kept first, rows and all.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from .answers import Unreadable
from .database import Database
from .git import Repository
from .git_opening import open_repository
from .override import NETBOX_DIR, REPOSITORIES
from .stack import Stack
from .state import read_json, write_json

FILE = "databases.json"
SCHEMA = "schema.json"
TEXTS = "migrations.json"
KEPT = 6
_MARK = "_branch_"


@dataclass
class Way:
    """How the database follows: ``copy`` is the kept database to restore, else ``files`` are the texts of migrations to
    take back, and ``unknown`` are those that nobody knows a text of.
    """

    gone: list[str]
    copy: str = ""
    files: dict[str, str] = field(default_factory=dict)
    # Migrations of the same text under another name on disk, by the name that is applied.
    renamed: dict[str, str] = field(default_factory=dict)
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
        if not self.files:
            return f"{gone}renamed on disk, and so in the database"
        return f"{gone}taken back, with what they added"


def switched(stack: Stack) -> bool:
    """Whether another branch is checked out than when the stack was last fresh, and a database was kept of it."""
    now = branch(stack)
    return now != last_branch(stack) and any(one["branch"] == now for one in _kept(stack).values())


def texts_elsewhere(stack: Stack) -> dict[str, str]:
    """Texts of the migrations as they were applied, where another branch is checked out than then; else none."""
    return _texts(stack) if branch(stack) != last_branch(stack) else {}


def find_way(stack: Stack, gone: list[str], states: dict[str, Any], existing: Container[str]) -> Way:
    """``states`` is what the task in the container says: ``applied`` and ``disk`` of the plugin's, and ``folders``.

    ``existing`` are the names of all databases.
    """
    now = branch(stack)
    kept = _kept(stack).get(key_of(stack, states["disk"], now))
    shown = [f"{name} (there is another of that name)" if name in states["disk"] else name for name in gone]
    if kept and now != last_branch(stack) and kept["database"] in existing:
        return Way(shown, copy=str(kept["database"]))
    way = Way(shown)
    repository = open_repository(stack.plugin.root)[0]
    new = [name for name in states["disk"] if name not in states["applied"]]
    texts = _texts(stack)
    for name in gone:
        text = texts.get(name)
        path = _path(stack, name, states["folders"])
        if text is None and repository and path:
            found = repository.last_text(path)
            text = None if found is None else found.decode("utf-8", "replace")
        if text is None:
            way.unknown.append(name)
            continue
        same = next((other for other in new if _same(stack, states, name, text, other)), None)
        if same:
            new.remove(same)
            way.renamed[name] = same
        else:
            way.files[name] = text
    return way


def _path(stack: Stack, name: str, folders: Mapping[str, str]) -> str:
    """A migration's file, relative to the repository; empty where it is not in it."""
    label, _dot, migration = name.partition(".")
    folder = on_node(stack, folders.get(label, ""))
    return f"{folder}/{migration}.py" if folder else ""


def _same(stack: Stack, states: Mapping[str, Any], name: str, text: str, other: str) -> bool:
    """Whether another migration of the same app on disk has the text, comments aside."""
    if name.partition(".")[0] != other.partition(".")[0]:
        return False
    found = _read(stack, _path(stack, other, states["folders"]))
    return found is not None and _body(found) == _body(text)


def _body(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _read(stack: Stack, path: str) -> str | None:
    try:
        return (stack.plugin.root / path).read_text(encoding="utf-8") if path else None
    except (OSError, ValueError):
        return None


def _texts(stack: Stack) -> dict[str, str]:
    return dict((read_json(stack.state / TEXTS) or {}).get("texts", {}))


def remember_texts(
    stack: Stack, states: Mapping[str, Any], applied: Sequence[str], seen: Mapping[str, str] | None = None
) -> None:
    """Keep the texts of the plugin's migrations as they were applied: no commit may have had them.

    ``seen``: texts from before that by ``app.name``, for a file may have been edited since.
    """
    texts = _texts(stack)
    before = dict(texts)
    for name in states["disk"]:
        if name in applied or (name not in texts and name in states["applied"]):
            found = (seen or {}).get(name) or _read(stack, _path(stack, name, states["folders"]))
            if found is not None:
                texts[name] = found
    if texts != before:
        write_json(stack.state / TEXTS, {"texts": texts})


def texts_as_applied(stack: Stack, names: Sequence[str], folders: Mapping[str, str]) -> dict[str, str]:
    """Of migrations whose files are others now, the texts by which they were applied."""
    texts = _texts(stack)
    found = {name: _read(stack, _path(stack, name, folders)) for name in names if name in texts}
    return {name: texts[name] for name, text in found.items() if text is not None and _body(text) != _body(texts[name])}


def on_node(stack: Stack, folder: str) -> str:
    """A path in the container as one in the repository; empty when it is none."""
    for prefix, path in (
        (f"{NETBOX_DIR}/{stack.plugin.package}/", f"{stack.plugin.package_path}/"),
        (f"{REPOSITORIES}/{stack.plugin.distribution}/", ""),
    ):
        if folder.startswith(prefix):
            return path + folder[len(prefix) :]
    return ""


def key_of(stack: Stack, names: Sequence[str], of: str) -> str:
    """Stands for a branch and a set of the plugin's migrations in a version of NetBox."""
    return hashlib.sha256("\n".join([stack.netbox, of, *sorted(names)]).encode()).hexdigest()[:16]


def keep(stack: Stack, database: Database, applied: Sequence[str], say: Callable[[str], None]) -> tuple[str, list[str]]:
    """Copy the database as the branch had it, and what these migrations made. Sessions are ended.

    Returns its name, and what was dropped for it, each told before: the oldest beyond a number.
    """
    of = last_branch(stack)
    key = key_of(stack, applied, of)
    name = f"{database.name}{_MARK}{key}"
    fresh = f"{name}_new"
    database.drop(fresh)
    database.copy(fresh)
    # What this branch had before is older than what it has.
    database.drop(name)
    database.rename(fresh, name)
    kept = _kept(stack)
    number = 1 + max((int(one["number"]) for one in kept.values()), default=0)
    kept[key] = {"database": name, "number": number, "branch": of}
    dropped = []
    for old in sorted(kept, key=lambda one: int(kept[one]["number"]))[:-KEPT]:
        gone = kept.pop(old)
        dropped.append(f"{gone['branch'] or 'no branch'} ({gone['database']})")
        say(f"{KEPT} databases are kept; the oldest is dropped: {dropped[-1]}")
        database.drop(str(gone["database"]))
    write_json(stack.state / FILE, {"databases": kept})
    return name, dropped


def restore(database: Database, copy: str) -> None:
    """Let a copy of the copy take the database's place: the copy itself stays. Sessions are ended."""
    fresh = f"{database.name}{_MARK}next"
    database.drop(fresh)
    database.clone(copy, fresh)
    database.hold_off(fresh)
    database.put_back(fresh)


def _kept(stack: Stack) -> dict[str, Any]:
    found = dict((read_json(stack.state / FILE) or {}).get("databases", {}))
    return {key: one for key, one in found.items() if "number" in one}


def kept_databases(stack: Stack) -> list[dict[str, str]]:
    """Each kept database and the branch that it is of, the newest first."""
    found = sorted(_kept(stack).values(), key=lambda one: int(one["number"]), reverse=True)
    return [{"database": str(one["database"]), "branch": str(one["branch"])} for one in found]


def branch(stack: Stack) -> str:
    """The branch that is checked out; empty where there is none."""
    repository = open_repository(stack.plugin.root)[0]
    return repository.branch() if repository else ""


def came_to(stack: Stack) -> str:
    """The other commit that was checked out since the stack was last fresh, not made; empty for none."""
    repository = open_repository(stack.plugin.root)[0]
    since = str((read_json(stack.state / SCHEMA) or {}).get("head", ""))
    if not repository or not since:
        return ""
    return repository.came_to(since) if _head(repository) not in (since, "") else ""


def where(stack: Stack) -> dict[str, str]:
    """Branch and commit that are checked out; empty where there are none."""
    repository = open_repository(stack.plugin.root)[0]
    return {"branch": repository.branch(), "head": _head(repository)} if repository else {"branch": "", "head": ""}


def _head(repository: Repository) -> str:
    """The commit that is checked out; empty where git cannot read it."""
    with contextlib.suppress(Unreadable):
        return repository.head()
    return ""


def last_branch(stack: Stack) -> str:
    """The branch that was checked out when the stack was last proved fresh."""
    return str((read_json(stack.state / SCHEMA) or {}).get("branch", ""))
