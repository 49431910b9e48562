# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's files on disk: which there are, and what is in them."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from .answers import Unreadable
from .categories import is_litter
from .git import Repository, decoded, encoded
from .git_opening import open_repository
from .git_status import Status
from .manifest import ABSENT, Entry, Manifest
from .object_ids import LINK, OTHER, REGULAR, UNREAD, UNREADABLE, Content, object_id
from .stack import Stack
from .untracked import is_young, look

# Files of the netbox-docker checkout that configure the services.
_CHECKOUT_DIRS = ("configuration", "env")
CHECKOUT = "netbox-docker:"
_WALKED = ": every file was looked at, also those that git would ignore"
# Of errors: there is no such file.
_GONE = frozenset([errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG])
# A regular file that anybody may read, and the bits of a mode that tell it.
_READABLE, _KIND = stat.S_IFREG | 0o444, 0o170444
# Nothing is there; a file that is other than it was, and is not read yet, nor looked at.
_NOTHING, _LATE = Entry(ABSENT), Entry(UNREAD)
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
                made.files.update(dict.fromkeys(paths, _LATE))
                for name in repository.converted(attributes, asked) if attributes else ():
                    self._take(made, prefix + os.fsdecode(name), before, repository=True)
        for folder in self.folders:
            self._take(made, folder, before)
        self._take_silent(made, before)
        for path in [*([] if self.repositories else self._walk("")), *self.configuration()]:
            self._take(made, path, before)
        return made

    def _listed(self, known: Manifest | None, made: Manifest) -> dict[str, Status]:
        """What the repository lists, and those inside it, by their prefixes."""
        listed: dict[str, Status] = {}
        try:
            for prefix, repository in self._repositories():
                untracked = known.untracked if known and not prefix else None
                listed[prefix], looked = look(repository, untracked, self._checkout)
                if not prefix:
                    made.untracked = looked
        except Unreadable as error:
            self._give_up(error)
            made.untracked = None
            return {}
        return listed

    def _repositories(self) -> Iterator[tuple[str, Repository]]:
        """The repository and those inside it, each with its prefix; whoever asks has read one before the next comes."""
        pending = [("", self.repositories[""])] if self.repositories else []
        while pending:
            prefix, repository = pending.pop()
            self.repositories[prefix] = repository
            yield prefix, repository
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

    def _give_up(self, error: Unreadable) -> None:
        """Git cannot tell: all is walked."""
        self.notice = str(error) + _WALKED
        self.repositories, self.folders = {}, set()

    def _late(self, prefix: str, status: Status, known: Manifest | None) -> list[bytes]:
        """Very many files that are other than in ``known`` whatever is in them, unless git converts them."""
        if known is None or known.heads.get(prefix) != status.head or len(status.rewritten) < _MANY:
            return []
        settings = self.repositories[prefix].settings()
        if settings is None or settings.get("core.autocrlf", "false") != "false":
            return []
        paths = decoded(status.rewritten)
        return [name for name, path in zip(status.rewritten, paths) if prefix + path not in known.files]

    def _take_silent(self, made: Manifest, before: dict[str, Entry]) -> None:
        """Files that were other than the commit has them and still are, though git says nothing of them any more.

        It goes by time stamps, also where it made another content of them when it took them in.
        """
        silent: dict[str, list[str]] = {}
        for path, entry in before.items() if self.repositories else ():
            if entry.kind != ABSENT and path not in made.files and not path.startswith(CHECKOUT):
                silent.setdefault(self.repository_of(path)[0], []).append(path)
        for prefix, paths in silent.items():
            names = encoded([path[len(prefix) :] for path in paths])
            # Where they cannot be read everything is checked.
            with contextlib.suppress(Unreadable):
                committed = self.repositories[prefix].contents_of(made.heads[prefix], names)
                for path, name in zip(paths, names):
                    entry = self.entry(path, before[path]) if name in committed else _NOTHING
                    if entry.kind != ABSENT and entry.content != committed[name]:
                        made.files[path] = entry

    def path_of(self, where: Path) -> str:
        """The path by which a file below ``root`` is known."""
        path = where.relative_to(self.root).as_posix()
        inner = path[len(self._checkout) :] if path.startswith(self._checkout) else ""
        return CHECKOUT + inner if inner.partition("/")[0] in _CHECKOUT_DIRS else path

    def above(self, path: str) -> Iterable[Path]:
        """The folders that the file of a path is in."""
        return Path(os.fsdecode(self._absolute(path))).parents

    def _absolute(self, path: str) -> bytes:
        if path.startswith(CHECKOUT):
            return os.fsencode(self.stack.checkout / path[len(CHECKOUT) :])
        return self._root + os.fsencode(path)

    def _take(self, made: Manifest, path: str, before: dict[str, Entry], repository: bool = False) -> None:
        for inner in self._files(path):
            entry = self.entry(inner, before.get(inner))
            if entry.kind != ABSENT or repository:
                made.files[inner] = entry

    def _files(self, path: str) -> Iterable[str]:
        """Those that matter of what git, or a walk, lists as ``path``: the file, or all in a folder.

        A folder is a repository that is no submodule, or a submodule that git cannot tell about: its files are as good
        as others. A repository that is read by itself has its own list.
        """
        if path.endswith("/"):
            return () if path in self.repositories else self._walk(path)
        return (path,) if path.startswith(CHECKOUT) or self.matters(path) else ()

    def _walk(self, folder: str) -> Iterator[str]:
        """All files that matter below a folder of the repository."""
        found = _walk(self.root / folder, self.stack.checkout)
        return filter(self.matters, (folder + os.fsdecode(path) for path in found))

    def configuration(self) -> Iterator[str]:
        """The checkout's files that configure the services."""
        for folder in _CHECKOUT_DIRS:
            for path in _walk(self.stack.checkout / folder, self.stack.checkout):
                relative = f"{folder}/{os.fsdecode(path)}"
                if not is_litter(relative):
                    yield CHECKOUT + relative

    def entry(self, path: str, known: Entry | None = None) -> Entry:
        """What the manifest says of one path; a folder, a pipe and the like are nothing."""
        where = self._absolute(path)
        seen: tuple[int, ...] = ()
        try:
            status = os.lstat(where)
            is_link = stat.S_ISLNK(status.st_mode)
            if is_link:
                self.links.add(path)
            elif not stat.S_ISREG(status.st_mode):
                return _NOTHING
            seen = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            kind = LINK if is_link else REGULAR
            if known and known.kind == kind and known.seen == seen:
                return known
            name, self.has_crlf[path] = object_id(where, status, self.kind)
            return Entry(kind, name, *seen)
        except OSError as error:
            if error.errno in _GONE:
                # Since it was listed: deleted, for every process that would load it.
                return _NOTHING
            # Of its content this is all that can be told.
            return Entry(UNREADABLE, "-".join(map(str, seen)))

    def pin(self, manifest: Manifest) -> None:
        """Look at what is not read yet, to tell when it is recorded whether it is what is there now."""
        for path, entry in manifest.files.items():
            if entry is _LATE:
                manifest.files[path] = self._pinned(path)

    def _pinned(self, path: str) -> Entry:
        with contextlib.suppress(OSError):
            status = os.lstat(self._absolute(path))
            if status.st_mode & _KIND == _READABLE and not is_young(status, self._looked_ns):
                return Entry(UNREAD, "", status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        entry = self.entry(path)
        return Entry(OTHER) if entry.kind == ABSENT else entry

    def _read_late(self, path: str, entry: Entry) -> Entry:
        """What was not read before, unless it is another one since it was pinned."""
        later = self.entry(path)
        # It may have been written while it was read.
        still = self.entry(path, later)
        return later if still is later and later.kind == REGULAR and later.seen == entry.seen else Entry(OTHER)

    def completed(self, manifest: Manifest) -> Manifest:
        """With what was not needed to tell the differences, but is to tell the next ones."""
        files = {p: self._read_late(p, e) if e.kind == UNREAD else e for p, e in manifest.files.items()}
        untracked = manifest.untracked
        if untracked and "" in self.repositories:
            untracked = untracked.listed_anew(self.repositories[""], self._checkout)
        return Manifest(manifest.heads, files, untracked)

    def content(self, path: str) -> Content | None:
        """What is at a path now."""
        return self.entry(path).content

    def everything(self) -> set[str]:
        """All files of the repository that matter, as they are listed now."""
        listed: set[str] = set()
        try:
            for prefix, repository in self._repositories():
                listed |= {prefix + os.fsdecode(path) for path in repository.files()}
        except Unreadable as error:
            self._give_up(error)
        if not self.repositories:
            return set(self._walk(""))
        return {inner for path in listed | self.folders for inner in self._files(path)}

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
