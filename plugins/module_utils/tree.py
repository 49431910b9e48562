# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's files on disk: which there are, and what is in them."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .answers import Unreadable
from .categories import is_litter
from .git import Repository, decoded, encoded
from .git_opening import open_repository
from .git_status import Status
from .manifest import LATE, OTHER, UNREADABLE, Entry, Manifest, is_unread, unseen
from .object_ids import object_id
from .stack import Stack
from .untracked import is_young, look

# Files of the netbox-docker checkout that configure the services.
_CHECKOUT_DIRS = ("configuration", "env")
CHECKOUT = "netbox-docker:"
_WALKED = ": every file was looked at, also those that git would ignore"
# A regular file that anybody may read, and the bits of a mode that tell it.
_READABLE, _KIND = stat.S_IFREG | 0o444, 0o170444
# From as many files on, git is asked which of them it converts, and those that it does not are not read.
_MANY = 500


class Tree:
    """The files on disk that may matter to a stack. One object reads them once."""

    def __init__(self, stack: Stack) -> None:
        self._looked_ns = time.time_ns()
        self.stack = stack
        self.root = stack.plugin.root
        self._root = os.fsencode(self.root) + b"/"
        self._checkout = os.path.relpath(stack.checkout, self.root).replace(os.sep, "/") + "/"
        repository, self.notice = open_repository(self.root)
        self.repositories: dict[str, Repository] = {}
        # Symbolic links; folders that git names and does not look into.
        self.links: set[str] = set()
        self.folders: set[str] = set()
        # Files that are as the commit has them by what git makes of their contents.
        self.masked: set[str] = set()
        # Of the files that were read: whether they have ends of lines that git might convert.
        self.has_crlf: dict[str, bool] = {}
        if repository:
            self.repositories[""] = repository
        # Of object ids, as the repository makes them.
        self.kind = repository.kind if repository else "sha1"
        if self.notice:
            self.notice += _WALKED

    def repository_of(self, path: str) -> tuple[str, Repository | None]:
        """The innermost repository that holds ``path``, with its prefix."""
        if len(self.repositories) == 1 and "" in self.repositories:
            return "", self.repositories[""]
        prefix = max((p for p in self.repositories if path.startswith(p)), key=len, default="")
        return prefix, self.repositories.get(prefix)

    def matters(self, path: str) -> bool:
        return not path.startswith(self._checkout) and not is_litter(path)

    def read(self, known: Manifest | None = None) -> Manifest:
        """The manifest of what is on disk now; a file whose size and mtime are those of ``known`` is not read again."""
        before = known.files if known else {}
        made = Manifest()
        for prefix, status in self._listed(known, made).items():
            made.heads[prefix] = status.head
            self.masked |= {prefix + os.fsdecode(name) for name in status.masked}
            late = self._late(prefix, status, known)
            with contextlib.ExitStack() as opened:
                repository = self.repositories[prefix]
                asked = status.attributed.intersection(late)
                attributes = opened.enter_context(repository.begin_attributes(asked)) if asked else None
                # What is in one folder is found sooner one after the other.
                for name in sorted(status.paths.difference(late)):
                    self._take(made, prefix + os.fsdecode(name), before, repository=True)
                paths = filter(self.matters, (prefix + path for path in decoded(late)))
                made.files.update(dict.fromkeys(paths, LATE))
                for name in repository.converted(attributes, asked) if attributes else ():
                    self._take(made, prefix + os.fsdecode(name), before, repository=True)
        for folder in self.folders if self.repositories else ():
            self._take(made, folder, before)
        self._take_silent(made, before)
        if not self.repositories:
            for path in _walk(self.root, self.stack.checkout):
                self._take(made, os.fsdecode(path), before)
        for folder in _CHECKOUT_DIRS:
            for path in _walk(self.stack.checkout / folder, self.stack.checkout):
                relative = f"{folder}/{os.fsdecode(path)}"
                if not is_litter(relative):
                    self._take(made, CHECKOUT + relative, before)
        return made

    def _listed(self, known: Manifest | None, made: Manifest) -> dict[str, Status]:
        """What the repository lists, and those inside it, by their prefixes."""
        listed: dict[str, Status] = {}
        pending = [("", self.repositories[""])] if self.repositories else []
        try:
            while pending:
                prefix, repository = pending.pop()
                self.repositories[prefix] = repository
                if prefix:
                    with repository.begin_status() as answer:
                        listed[prefix] = repository.status(answer)
                else:
                    untracked = known.untracked if known else None
                    listed[""], made.untracked = look(repository, untracked, self._checkout)
                self.links |= {prefix + os.fsdecode(path) for path in repository.links()}
                self.folders |= {f"{prefix}{os.fsdecode(path)}/" for path in repository.plain_folders()}
                for path in repository.submodules():
                    inner = f"{prefix}{os.fsdecode(path)}/"
                    found = open_repository(self.root / inner)[0]
                    if found and not found.prefix:
                        pending.append((inner, found))
                    else:
                        # Git cannot tell about it, or climbs to the repository around it.
                        self.folders.add(inner)
        except Unreadable as error:
            self.notice = str(error) + _WALKED
            self.repositories = {}
            made.untracked = None
            return {}
        return listed

    def _late(self, prefix: str, status: Status, known: Manifest | None) -> list[bytes]:
        """Very many files that are other than in ``known`` whatever is in them, unless git converts them."""
        if known is None or known.heads.get(prefix) != status.head or len(status.rewritten) < _MANY:
            return []
        settings = self.repositories[prefix].settings()
        if settings is None or settings.get("core.autocrlf", "false") != "false":
            return []
        paths = decoded(status.rewritten)
        return [name for name, path in zip(status.rewritten, paths) if prefix + path not in known.files]

    def _take_silent(self, made: Manifest, before: dict[str, Any]) -> None:
        """Files that were other than the commit has them and still are, though git says nothing of them any more.

        It goes by time stamps, also where it made another content of them when it took them in.
        """
        silent: dict[str, list[str]] = {}
        for path, entry in before.items() if self.repositories else ():
            if entry and path not in made.files and not path.startswith(CHECKOUT):
                silent.setdefault(self.repository_of(path)[0], []).append(path)
        for prefix, paths in silent.items():
            names = encoded([path[len(prefix) :] for path in paths])
            # Where they cannot be read everything is checked.
            with contextlib.suppress(Unreadable):
                committed = self.repositories[prefix].blobs(made.heads[prefix], names)
                for path, name in zip(paths, names):
                    entry = self.entry(path, before[path]) if name in committed else None
                    if entry and entry[0] != committed[name]:
                        made.files[path] = entry

    def path_of(self, where: Path) -> str:
        """The path by which a file below ``root`` is known."""
        path = where.relative_to(self.root).as_posix()
        inner = path[len(self._checkout) :] if path.startswith(self._checkout) else ""
        return CHECKOUT + inner if inner.partition("/")[0] in _CHECKOUT_DIRS else path

    def _absolute(self, path: str) -> bytes:
        if path.startswith(CHECKOUT):
            return os.fsencode(self.stack.checkout / path[len(CHECKOUT) :])
        return self._root + os.fsencode(path)

    def _take(self, made: Manifest, path: str, before: dict[str, Any], repository: bool = False) -> None:
        if path.endswith("/") and path not in self.repositories:
            # A repository inside this one that is no submodule of it: its files are as good as others.
            for inner in _walk(self.root / path, self.stack.checkout):
                self._take(made, path + os.fsdecode(inner), before)
            return
        if path.endswith("/") or not (path.startswith(CHECKOUT) or self.matters(path)):
            return
        entry = self.entry(path, before.get(path))
        if entry or repository:
            made.files[path] = entry

    def entry(self, path: str, known: Entry | None = None) -> Entry | None:
        """What the manifest says of one file; None when it is not there or is no file."""
        where = self._absolute(path)
        seen: list[int] = []
        try:
            status = os.lstat(where)
            if stat.S_ISLNK(status.st_mode):
                self.links.add(path)
            elif not stat.S_ISREG(status.st_mode):
                return None
            seen = _seen(status)
            if known and known[1:] == seen:
                return known
            name, self.has_crlf[path] = object_id(where, status, self.kind)
            return [name, *seen]
        except PermissionError:
            # Of its content this is all that can be told.
            return unseen("-".join([UNREADABLE, *map(str, seen)]))
        except OSError:
            # Gone since it was listed: deleted, for every process that would load it.
            return None

    def pin(self, manifest: Manifest) -> None:
        """Look at what is not read yet, to tell when it is recorded whether it is what is there now."""
        for path, entry in manifest.files.items():
            if entry is LATE:
                manifest.files[path] = self._pinned(path)

    def _pinned(self, path: str) -> Entry:
        with contextlib.suppress(OSError):
            status = os.lstat(self._absolute(path))
            if status.st_mode & _KIND == _READABLE and not is_young(status, self._looked_ns):
                return [None, *_seen(status)]
        return self.entry(path) or unseen(OTHER)

    def _read_late(self, path: str, entry: Entry) -> Entry:
        """What was not read before, unless it is another one since it was pinned."""
        later = self.entry(path)
        # It may have been written while it was read.
        still = self.entry(path, later)
        return later if later and still is later and later[1:] == entry[1:] else unseen(OTHER)

    def completed(self, manifest: Manifest) -> Manifest:
        """With what was not needed to tell the differences, but is to tell the next ones."""
        files = {path: self._read_late(path, e) if e and is_unread(e) else e for path, e in manifest.files.items()}
        untracked = manifest.untracked
        if untracked and "" in self.repositories:
            untracked = untracked.listed_anew(self.repositories[""], self._checkout)
        return Manifest(manifest.heads, files, untracked)

    def id_now(self, path: str) -> str | None:
        entry = self.entry(path)
        return str(entry[0]) if entry else None

    def everything(self) -> set[str]:
        """All files that matter, as they are listed now."""
        if not self.repositories:
            return {path for path in map(os.fsdecode, _walk(self.root, self.stack.checkout)) if self.matters(path)}
        found = set()
        for prefix, repository in self.repositories.items():
            found |= {prefix + os.fsdecode(path) for path in repository.files()}
        return {path for path in found if not path.endswith("/") and self.matters(path)}

    def text(self, path: str) -> bytes | None:
        """A file's content now; None when it cannot be read."""
        where = self._absolute(path)
        try:
            # A pipe would be waited for.
            if not os.path.isfile(where):
                return None
            with open(where, "rb") as stream:
                return stream.read()
        except OSError:
            return None

    def old_text(self, path: str, name: str) -> bytes | None:
        """The content of an object that git keeps for ``path``; None when it keeps none."""
        repository = self.repository_of(path)[1]
        return next((content for _name, content in repository.contents([name])), None) if repository else None


def _seen(status: os.stat_result) -> list[int]:
    """What is other when a file is written, or another one takes its place."""
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _walk(root: Path, skip: Path) -> Iterator[bytes]:
    base = os.fsencode(root)
    for here, directories, names in os.walk(base):
        links = [d for d in directories if os.path.islink(os.path.join(here, d))]
        directories[:] = sorted(
            d
            for d in directories
            if d not in links
            and os.path.join(here, d) != os.fsencode(skip)
            and not is_litter(os.fsdecode(os.path.relpath(os.path.join(here, d), base)) + "/")
        )
        for name in sorted([*names, *links]):
            yield os.path.relpath(os.path.join(here, name), base)
