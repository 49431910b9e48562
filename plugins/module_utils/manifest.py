# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stack was last made fresh from, and which files are other now.

A manifest is what a commit has, and the files that are not as the commit has them. Where git cannot tell, it is all
files. Contents are compared by git's own object ids, so that what was committed, reverted or checked out since then
comes out right.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from .answers import Unreadable
from .categories import is_litter
from .change import printable
from .errors import InvalidReference, InvalidState
from .git import Repository, Status, decoded, encoded, open_repository
from .stack import Stack
from .state import read_json, write_json
from .untracked import Untracked, is_young, look

# Files of the netbox-docker checkout that configure the services.
_CHECKOUT_DIRS = ("configuration", "env")
CHECKOUT = "netbox-docker:"
FILE = "manifest.json"
_WALKED = ": every file was looked at, also those that git would ignore"
# Bytes of a file that are read at once.
_BLOCK = 1 << 20
_CRLF = b"\r\n"
# [object id, size, mtime_ns, ctime_ns, inode] of a file; None where a commit has one and the disk has not. Without an
# id it is yet to be read. A copy of the repository has other inodes: its files are read.
Entry = list[Any]
# A regular file that anybody may read, and the bits of a mode that tell it.
_READABLE, _KIND = stat.S_IFREG | 0o444, 0o170444
# Of a file that is other than it was, and is not read yet, nor looked at.
_LATE: Entry = [None, -1, 0, 0, 0]
# From as many files on, git is asked which of them it converts, and those that it does not are not read.
_MANY = 500
# In the place of the object id of a file that is other than it was, and was not read; of one that is not as it was
# looked at any more; and at the start of what stands for one that nobody may read.
UNREAD, _OTHER, UNREADABLE = "unread", "other since", "unreadable"
# What a manifest may have for an object id, and for a commit.
_NAME, _COMMIT = re.compile(rf"[0-9a-f]{{40,64}}|{_OTHER}|{UNREADABLE}[-0-9]*"), re.compile("([0-9a-f]{40,64})?")


class Difference(NamedTuple):
    """A file that is other than it was: its object ids before and now, and its name before if it was renamed.

    The one now may be UNREAD, of a file that is there.
    """

    path: str
    old: str | None
    new: str | None
    previous: str | None = None

    @property
    def change(self) -> str:
        if self.previous:
            return "renamed"
        return "added" if self.old is None else "deleted" if self.new is None else "modified"


@dataclass
class Manifest:
    """``heads``: the commit of the repository (``""``) and of each submodule (its path with a slash)."""

    heads: dict[str, str] = field(default_factory=dict)
    files: dict[str, Entry | None] = field(default_factory=dict)
    untracked: Untracked | None = None


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
        self._folders: set[str] = set()
        # Files that are as the commit has them by what git makes of their contents.
        self.masked: set[str] = set()
        # Of the files that were read: whether they have ends of lines that git might convert.
        self._has_crlf: dict[str, bool] = {}
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
        for folder in self._folders if self.repositories else ():
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
                self._folders |= {f"{prefix}{os.fsdecode(path)}/" for path in repository.plain_folders()}
                for path in repository.submodules():
                    inner = f"{prefix}{os.fsdecode(path)}/"
                    found = open_repository(self.root / inner)[0]
                    if found and not found.prefix:
                        pending.append((inner, found))
                    else:
                        # Git cannot tell about it, or climbs to the repository around it.
                        self._folders.add(inner)
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
            name, self._has_crlf[path] = object_id(where, status, self.kind)
            return [name, *seen]
        except PermissionError:
            # Of its content this is all that can be told.
            return _unseen("-".join([UNREADABLE, *map(str, seen)]))
        except OSError:
            # Gone since it was listed: deleted, for every process that would load it.
            return None

    def pin(self, manifest: Manifest) -> None:
        """Look at what is not read yet, to tell when it is recorded whether it is what is there now."""
        for path, entry in manifest.files.items():
            if entry is _LATE:
                manifest.files[path] = self._pinned(path)

    def _pinned(self, path: str) -> Entry:
        with contextlib.suppress(OSError):
            status = os.lstat(self._absolute(path))
            if status.st_mode & _KIND == _READABLE and not is_young(status, self._looked_ns):
                return [None, *_seen(status)]
        return self.entry(path) or _unseen(_OTHER)

    def _read_late(self, path: str, entry: Entry) -> Entry:
        """What was not read before, unless it is another one since it was pinned."""
        later = self.entry(path)
        # It may have been written while it was read.
        still = self.entry(path, later)
        return later if later and still is later and later[1:] == entry[1:] else _unseen(_OTHER)

    def completed(self, manifest: Manifest) -> Manifest:
        """With what was not needed to tell the differences, but is to tell the next ones."""
        files = {path: self._read_late(path, e) if e and _is_unread(e) else e for path, e in manifest.files.items()}
        untracked = manifest.untracked
        if untracked and "" in self.repositories:
            untracked = untracked.listed_anew(self.repositories[""], self._checkout)
        return Manifest(manifest.heads, files, untracked)

    def id_now(self, path: str) -> str | None:
        entry = self.entry(path)
        return str(entry[0]) if entry else None

    def differences(self, before: Manifest, now: Manifest) -> list[Difference] | str:
        """Files that are other ``now``; or why that cannot be told, in words."""
        try:
            return self._differences(before, now)
        except Unreadable as error:
            return str(error)

    def _differences(self, before: Manifest, now: Manifest) -> list[Difference] | str:
        if before.heads.keys() != now.heads.keys():
            if ("" in before.heads) != ("" in now.heads):
                return "git tells about this repository now, and did not before, or the other way round"
            return "a submodule came or went"
        paths = before.files.keys() | now.files.keys()
        for prefix, head in before.heads.items():
            repository = self.repositories[prefix]
            if head == now.heads[prefix]:
                continue
            if not repository.has(head):
                return f"the commit that was applied last, {head[:10]}, is no longer in the repository"
            paths |= {prefix + os.fsdecode(path) for path in repository.differing(head, now.heads[prefix])}
        paths = {path for path in paths if path in now.files or path.startswith(CHECKOUT) or self.matters(path)}
        found = []
        if before.heads == now.heads:
            late = [path for path, entry in now.files.items() if _is_unread(entry) and path not in before.files]
            paths.difference_update(late)
            old = self._ids(before, late)
            found = [Difference(path, old.get(path), UNREAD) for path in late]
        old, new = self._ids(before, paths), self._ids(now, paths)
        for path in sorted(paths):
            was, is_now = old.get(path), new.get(path)
            if is_now is None and was is not None and path not in now.files and self.repositories:
                # Git ignores it since then, but it is there.
                is_now = self.id_now(path)
            if was != is_now and not (was and is_now and self._is_converted(path, {was, is_now})):
                found.append(Difference(path, was, is_now))
        return _with_renames(sorted(found))

    def _is_converted(self, path: str, both: set[str]) -> bool:
        """Whether two contents are one, as it is on disk and as git keeps it, with other ends of lines."""
        text = self.text(path) if self._has_crlf.get(path, True) else None
        if not text or _CRLF not in text:
            return False
        prefix, repository = self.repository_of(path)
        ids = {content_id(text, self.kind), content_id(text.replace(_CRLF, b"\n"), self.kind)}
        return both == ids and repository is not None and repository.converts(path[len(prefix) :])

    def _ids(self, manifest: Manifest, paths: Iterable[str]) -> dict[str, str]:
        """Object ids of ``paths`` as a manifest has them."""
        ids: dict[str, str] = {}
        committed: dict[str, list[str]] = {}
        for path in paths:
            if path in manifest.files:
                entry = manifest.files[path]
                if entry:
                    ids[path] = self.id_now(path) or _OTHER if _is_unread(entry) else entry[0]
            elif not path.startswith(CHECKOUT):
                prefix, repository = self.repository_of(path)
                if repository:
                    committed.setdefault(prefix, []).append(path)
        for prefix, wanted in committed.items():
            names = encoded([path[len(prefix) :] for path in wanted] if prefix else wanted)
            found = self.repositories[prefix].blobs(manifest.heads[prefix], names)
            ids.update({path: found[name] for path, name in zip(wanted, names) if name in found})
        return ids

    def since(self, reference: str, now: Manifest) -> list[Difference]:
        """Files that are other than the commit has them that ``reference`` names.

        Raises InvalidReference when there is no such commit.
        """
        repository = self.repositories.get("")
        if repository is None:
            why = self.notice.partition(":")[0] or "no git repository holds this plugin"
            raise InvalidReference(f"since: '{reference}' cannot be looked up: {why}.", asked=reference)
        base = repository.base_of(reference)
        inner = [prefix for prefix in self.repositories if prefix]
        heads = {"": base}
        for prefix in inner:
            commit = repository.ask("rev-parse", "--verify", "-q", f"{base}:./{prefix.rstrip('/')}")
            heads[prefix] = commit.decode().strip() if commit else ""
        known = {prefix: head for prefix, head in heads.items() if head and self.repositories[prefix].has(head)}
        empty = {prefix: self.repositories[prefix].empty_tree() for prefix in heads if prefix not in known}
        # Of what git makes of contents, only git can tell.
        told = replace(now, files={path: entry for path, entry in now.files.items() if path not in self.masked})
        compared = self.differences(Manifest({**known, **empty}), told)
        if isinstance(compared, str):
            raise InvalidReference(f"since: '{reference}' cannot be compared: {compared}.", asked=reference)
        # The base has nothing of the checkout's configuration to compare with.
        return [difference for difference in compared if not difference.path.startswith(CHECKOUT)]

    def untold(self, since: Iterable[Difference]) -> list[str]:
        """Of which folders no commit tells what was in them, in words."""
        added = [difference.path for difference in since if difference.old is None]
        return [
            f"{printable(folder[:-1])} is another repository's commit to git, and no repository is in it: what its "
            "files were is not known, they count as added"
            for folder in sorted(self._folders)
            if any(path.startswith(folder) for path in added)
        ]

    def everything(self) -> set[str]:
        """All files that matter, as they are listed now."""
        if not self.repositories:
            return {path for path in map(os.fsdecode, _walk(self.root, self.stack.checkout)) if self.matters(path)}
        found = set()
        for prefix, repository in self.repositories.items():
            found |= {prefix + os.fsdecode(path) for path in repository.files()}
        return {path for path in found if not path.endswith("/") and self.matters(path)}

    def knew(self, path: str, before: Manifest | None) -> bool:
        """Whether a manifest has the file; False where git cannot tell any more."""
        with contextlib.suppress(Unreadable):
            return before is not None and path in self._ids(before, [path])
        return False

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


def _unseen(name: str) -> Entry:
    """A content of a file that is to be looked at again."""
    return [name, -1, 0, 0, 0]


def _is_unread(entry: Entry | None) -> bool:
    return entry is not None and entry[0] is None


def _with_renames(found: list[Difference]) -> list[Difference]:
    """A deleted and an added file of the same content are one renamed file."""
    gone: dict[str, list[Difference]] = {}
    for difference in found:
        if difference.new is None and difference.old:
            gone.setdefault(difference.old, []).append(difference)
    if not gone:
        return found
    result = []
    taken = set()
    for difference in found:
        old = gone.get(difference.new or "") if difference.old is None else None
        if old:
            match = old.pop(0)
            taken.add(match.path)
            result.append(Difference(difference.path, match.old, difference.new, match.path))
        else:
            result.append(difference)
    return [d for d in result if not (d.new is None and d.path in taken)]


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


def content_id(content: bytes, kind: str) -> str:
    """The id that git gives to a content; ``kind`` is sha1 or sha256."""
    hasher: Any = getattr(hashlib, kind)
    return str(hasher(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest())


def object_id(path: bytes, status: os.stat_result, kind: str) -> tuple[str, bool]:
    """The id of a file's content, or of a symbolic link's target; and whether it may have other ends of lines."""
    if stat.S_ISLNK(status.st_mode):
        return content_id(os.readlink(path), kind), False
    if status.st_size <= _BLOCK:
        handle = os.open(path, os.O_RDONLY)
        try:
            content = os.read(handle, status.st_size + 1)
        finally:
            os.close(handle)
        if len(content) == status.st_size:
            return content_id(content, kind), _CRLF in content
    hasher = hashlib.new(kind, usedforsecurity=False)
    with open(path, "rb") as stream:
        hasher.update(b"blob %d\0" % os.fstat(stream.fileno()).st_size)
        for block in iter(lambda: stream.read(_BLOCK), b""):
            hasher.update(block)
    return hasher.hexdigest(), True


def read_manifest(stack: Stack) -> tuple[Manifest | None, str]:
    """The manifest of the last successful apply; or None, and why there is none that can be used."""
    try:
        data = read_json(stack.state / FILE)
    except InvalidState as error:
        return None, f"what was applied last is not known: {error.message}"
    if data is None:
        return None, "nothing was applied to this stack yet"
    if data.get("root") != str(stack.plugin.root):
        return None, f"what was applied last is that of another plugin, {data.get('root')}"
    try:
        # A file written within the clock's granularity of the scan may have changed after it: read it again.
        settled_ns = data["scanned_ns"] - 2_000_000_000
        files = {path: _unpacked(entry, settled_ns) for path, entry in data["files"].items()}
        heads = data["heads"]
        paths = [*files, *heads]
        if len(encoded(paths)) != len(paths) or not all(map(_COMMIT.fullmatch, heads.values())):
            raise ValueError("of a path or commit")
        if not isinstance(settled_ns, int):
            raise TypeError(settled_ns)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"{stack.state / FILE} is damaged, or of a newer version ({ascii(error)[:200]})"
        return None, f"what was applied last is not known: {why}"
    return Manifest(heads, files, Untracked.unpack(data.get("untracked"))), ""


def _unpacked(entry: Any, settled_ns: int) -> Entry | None:
    """An entry as it was packed; older versions had no inode. Raises TypeError, ValueError for anything else."""
    if entry is None:
        return None
    name, size, mtime_ns, ctime_ns, *inode = entry
    if not _NAME.fullmatch(name) or len(inode) > 1 or {type(n) for n in (size, mtime_ns, ctime_ns, *inode)} != {int}:
        raise ValueError(entry)
    return entry if inode and max(mtime_ns, ctime_ns) < settled_ns else _unseen(name)


def write_manifest(tree: Tree, manifest: Manifest, scanned_ns: int) -> None:
    """Record what was applied. ``scanned_ns`` is the time (ns since the epoch) before the scan."""
    made = tree.completed(manifest)
    data: dict[str, Any] = {"root": str(tree.root), "heads": made.heads, "files": made.files, "scanned_ns": scanned_ns}
    if made.untracked:
        data["untracked"] = made.untracked.pack()
    write_json(tree.stack.state / FILE, data)


def with_written(now: Manifest, written: Mapping[str, str], kind: str) -> Manifest:
    """``now``, with files that came since then with these texts; ``kind`` is that of object ids."""
    own = {path: _unseen(content_id(text.encode(), kind)) for path, text in written.items()}
    return replace(now, files={**now.files, **own})


def without_waiting(now: Manifest, waiting: Iterable[Difference]) -> Manifest:
    """``now``, but for the differences that still wait to be applied: they stay differences."""
    files = dict(now.files)
    for difference in waiting:
        files[difference.path] = None
        if difference.old:
            files[difference.previous or difference.path] = _unseen(difference.old)
    return replace(now, files=files)
