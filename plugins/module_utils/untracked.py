# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files git calls untracked, without a search of every folder as long as it would find the same.

What git finds depends on its index, on its configuration, on the rules about what is ignored, and on the names in the
folders that it looks into. A folder's time stamps change with these names.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .answers import Unreadable
from .categories import LITTER, is_litter
from .errors import FileUnusable
from .git import Repository, encoded
from .git_status import Odd, Status

# A change may leave time stamps as they are that are as young as this: the kernel's clock stands still for a moment; a
# file system that keeps whole seconds has one for up to two of them.
_TICK_NS = 200_000_000
_WHOLE_NS = 2_100_000_000
_SECOND_NS = 10**9
_MOUNTS = "/proc/self/mountinfo"
# File systems on which a folder's names may change and its time stamps not, or not yet: FAT has none of its uppermost
# folder; what another machine keeps, or FUSE brings, is seen with stamps that were had a while ago.
_LATE_KINDS = re.compile(rb"(ms|v|ex)?fat|msdos|nfs\d?|cifs|smb\w*|9p|virtiofs|vboxsf|prl_fs|fuse.*|afs|ceph|lustre")


def is_young(status: os.stat_result, looked_ns: int) -> bool:
    """Whether what was changed after ``looked_ns`` may have these time stamps; those that are yet to come may."""
    stamps = (status.st_mtime_ns, status.st_ctime_ns)
    return any(stamp >= looked_ns - (_TICK_NS if stamp % _SECOND_NS else _WHOLE_NS) for stamp in stamps)


def tells_late(root: Path) -> bool:
    """Whether a folder at ``root`` or below may have new names and old time stamps, by the file systems' kinds."""
    place = os.path.join(os.path.realpath(os.fsencode(root)), b"")
    kinds: dict[bytes, bytes] = {}
    with contextlib.suppress(OSError), open(_MOUNTS, "rb") as mounts:
        for line in mounts:
            about, _dash, source = line.partition(b" - ")
            point = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), about.split(b" ")[4])
            kinds[os.path.join(point, b"")] = source.split(b" ")[0]
    above = max((point for point in kinds if place.startswith(point)), key=len, default=b"")
    found = {kind for point, kind in kinds.items() if point == above or point.startswith(place)}
    return any(_LATE_KINDS.fullmatch(kind) for kind in found)


class _Unsure(Exception):
    """It cannot be told by time stamps what git would find."""


@dataclass(frozen=True)
class Untracked:
    """What git found in a repository while its index had the checksum ``index``.

    ``odd``: what of the index is no file like others. ``paths``: what is untracked as long as ``rules`` and ``marks``
    are the same, digests of the configuration and of the time stamps of ``places``: folders, and files of rules in
    them. Without marks, that is not known.
    """

    index: str = ""
    odd: list[list[str]] = field(default_factory=list)
    rules: str = ""
    paths: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    marks: str = ""

    @classmethod
    def unpack(cls, data: Any) -> Untracked | None:
        """What ``pack`` made; None for anything else."""
        texts, lists = ("index", "rules", "marks"), ("paths", "places")
        if not isinstance(data, dict) or data.keys() != asdict(cls()).keys():
            return None
        odd = data["odd"]
        if not isinstance(odd, list) or not all(isinstance(one, list) and len(one) == len(Odd._fields) for one in odd):
            return None
        if not all(isinstance(data[name], str) for name in texts):
            return None
        if not all(isinstance(data[name], list) for name in lists):
            return None
        inside = [text for values in (*odd, *(data[name] for name in lists)) for text in values]
        if not all(isinstance(text, str) for text in inside):
            return None
        try:
            if len(encoded(inside)) != len(inside):
                return None
        except UnicodeEncodeError:
            return None
        return cls(**data)

    pack = asdict

    def lists(self, root: bytes) -> bool:
        """Whether the folders have the names that they had."""
        digest = hashlib.sha256()
        try:
            for place in self.places:
                _add_mark(digest, root, place)
        except (OSError, _Unsure):
            return False
        return self.marks == digest.hexdigest()

    def listed_anew(self, repository: Repository, checkout: str) -> Untracked:
        """With what git lists now, if it is sure to be told when that is other."""
        if self.marks or not self.index or tells_late(repository.root):
            return self
        looked_ns = time.time_ns()
        try:
            rules = _rules(repository, checkout, looked_ns)
            # What comes into a folder after it was looked at, and before git lists it, changes the folder once more.
            places, marks = _places(repository, checkout, looked_ns)
            paths = [os.fsdecode(path) for path in repository.untracked()]
            # It may have listed them by others.
            is_sure = rules == _rules(repository, checkout, looked_ns) and repository.index_state() == self.index
        except (OSError, _Unsure, Unreadable, FileUnusable):
            return self
        if not is_sure:
            return self
        return replace(self, rules=rules, paths=paths, places=places, marks=marks)


def look(repository: Repository, known: Untracked | None, checkout: str) -> tuple[Status, Untracked | None]:
    """What git finds, and what is known of its index; None where that was written meanwhile.

    Files below the path ``checkout`` do not matter. Raises Unreadable.
    """
    index = repository.index_state()
    if known and index and known.index == index:
        repository.odd = [Odd(*map(os.fsencode, one)) for one in known.odd]
        with contextlib.suppress(_Unsure):
            if known.marks and not tells_late(repository.root) and known.rules == _rules(repository, checkout):
                # It works while the folders are looked at.
                with repository.begin_status(untracked=False) as answer:
                    if known.lists(os.fsencode(repository.root)):
                        return repository.status(answer, map(os.fsencode, known.paths)), known
    with repository.begin_status() as answer:
        # Where the index is the same, they were looked at, and it is too late for others.
        doubtful = set() if known and index and known.index == index else repository.doubtful()
        status = repository.status(answer)
    status.paths.update(doubtful)
    odd = [[os.fsdecode(text) for text in one] for one in repository.odd]
    return status, Untracked(index, odd) if index == repository.index_state() else None


def _rules(repository: Repository, checkout: str, looked_ns: int | None = None) -> str:
    """A digest of what is configured and of the rules outside. Raises _Unsure where these are young."""
    settings = repository.settings()
    if settings is None:
        raise _Unsure
    said = [checkout, LITTER, *(f"{name} {value}" for name, value in sorted(settings.items()))]
    for path in repository.rule_files(settings):
        said.append(os.fsdecode(path))
        try:
            said.append(_mark(os.stat(path), looked_ns))
        except OSError as error:
            said.append(str(error.errno))
    return hashlib.sha256("\0".join(said).encode("utf-8", "surrogateescape")).hexdigest()


def _mark(status: os.stat_result, looked_ns: int | None) -> str:
    """What changes with a folder's names and a file's content. Raises _Unsure where it may stay as it is."""
    if looked_ns is not None and is_young(status, looked_ns):
        raise _Unsure
    return f"{status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {status.st_dev} {status.st_mode}"


def _add_mark(digest: Any, root: bytes, place: str, looked_ns: int | None = None) -> None:
    """Raises OSError, _Unsure."""
    mark = _mark(os.lstat(os.path.join(root, os.fsencode(place))), looked_ns)
    digest.update(f"{place}\0{mark}\0".encode("utf-8", "surrogateescape"))


def _places(repository: Repository, checkout: str, looked_ns: int) -> tuple[list[str], str]:
    """Folders in which git looks for what is untracked, as far as that matters, and the files of rules in them.

    The text is a digest of their marks. Raises _Unsure, Unreadable, OSError.
    """
    root, places, digest = os.fsencode(repository.root), [], hashlib.sha256()

    def take(path: bytes) -> None:
        places.append(os.fsdecode(path))
        _add_mark(digest, root, places[-1], looked_ns)

    level = [b""]
    while level:
        inner = []
        for folder in level:
            take(folder)
            with os.scandir(os.path.join(root, folder)) as entries:
                for entry in entries:
                    path = folder + entry.name
                    name = entry.name.lower()
                    if name == b".git" and (folder or repository.prefix):
                        # Another repository, or what may become one.
                        raise _Unsure
                    if name == b".gitignore":
                        if not entry.is_file(follow_symlinks=False):
                            raise _Unsure
                        take(path)
                    elif entry.is_dir(follow_symlinks=False):
                        text = os.fsdecode(path) + "/"
                        if not is_litter(text) and not text.startswith(checkout):
                            inner.append(path)
        ignored = repository.ignored(inner) if inner else set()
        level = [path + b"/" for path in inner if path not in ignored]
    return places, digest.hexdigest()
