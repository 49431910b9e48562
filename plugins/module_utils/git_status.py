# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What git says of a work tree, read."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from .object_ids import LINK, REGULAR, REPOSITORY, Content

NOTHING, SUBMODULE, SYMLINK = b"000000", b"160000", b"120000"
_KINDS = {SUBMODULE: REPOSITORY, SYMLINK: LINK}
# How a status begins for a file whose content alone is other than the commit and the index have it.
_REWRITTEN = tuple(b"1 .M N... %s %s %s " % (mode, mode, mode) for mode in (b"100644", b"100755"))

# An entry of the index, with what was seen of the file.
_INDEXED = re.compile(
    rb"([^\0]+)\0"
    rb"  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: .*\n  uid: .*\n  size: (\d+)\tflags: .*\n"
)
_SECOND_NS = 10**9


def content_of(mode: bytes, name: bytes) -> Content | None:
    """What is at a path to which git gives this mode and object."""
    return None if mode == NOTHING else Content(_KINDS.get(mode, REGULAR), name.decode())


class Odd(NamedTuple):
    """What of an index is no file like others: a link, a repository, or what git was told not to look at."""

    flag: bytes
    mode: bytes
    path: bytes


class Status(NamedTuple):
    """The commit that is checked out, and paths whose contents on disk may be other than it has them.

    ``rewritten`` are those of which git has found so itself, in files of the same kind; a conversion it does not count,
    and ``attributed`` are those among them whose attributes may say one. ``masked`` are those that it takes for what
    the commit has, by what it makes of their contents.
    """

    head: str
    paths: set[bytes]
    untracked: list[bytes]
    rewritten: list[bytes]
    attributed: set[bytes]
    masked: set[bytes]


def read_status(
    answer: Iterable[bytes], known: Iterable[bytes], kind: str, skip: int
) -> tuple[Status, dict[bytes, Content | None]]:
    """What git has found, with the files that are ``known`` to be untracked; and what the commit has, by path.

    ``kind`` is that of object ids; of paths the first ``skip`` bytes are left out. A branch without a
    commit has no head.
    """
    committed: dict[bytes, Content | None] = {}
    head, others, rewritten = "", set(), []
    untracked = list(known)
    # Of such a line, where the object's id is, and the path.
    start = len(_REWRITTEN[0])
    id_end = start + (64 if kind == "sha256" else 40)
    rest = id_end * 2 - start + 2 + skip
    for line in answer:
        if line.startswith(_REWRITTEN):
            path = line[rest:]
            committed[path] = Content(REGULAR, line[start:id_end].decode())
            rewritten.append(path)
        elif line.startswith(b"1 "):
            _kind, _xy, _sub, mode, _index, _disk, name, _staged, path = line.split(b" ", 8)
            committed[path[skip:]] = content_of(mode, name)
        elif line.startswith(b"u "):
            others.add(line.split(b" ", 10)[10][skip:])
        elif line.startswith(b"? "):
            untracked.append(line[2 + skip :])
        elif line.startswith(b"# branch.oid "):
            head = line[13:].decode()
    if head == "(initial)":
        head = ""
    for path in untracked:
        committed.setdefault(path, None)
    return Status(head, committed.keys() | others, untracked, rewritten, set(), set()), committed


def doubted(root: bytes, indexed: bytes) -> set[bytes]:
    """Of the files of an index those that are as it has seen them by whole seconds, and not by parts of them."""
    found = set()
    for entry in _INDEXED.finditer(indexed):
        path, *numbers = entry.groups()
        changed_s, changed_ns, written_s, written_ns, size = map(int, numbers)
        with contextlib.suppress(OSError):
            status = os.lstat(os.path.join(root, path))
            changed, written = divmod(status.st_ctime_ns, _SECOND_NS), divmod(status.st_mtime_ns, _SECOND_NS)
            is_same = (changed[0], written[0], status.st_size) == (changed_s, written_s, size)
            if is_same and (changed[1], written[1]) != (changed_ns, written_ns):
                found.add(path)
    return found


def unseen(root: bytes, paths: Iterable[bytes]) -> list[bytes]:
    """Of the paths those at which nobody can tell whether there is a file."""
    found = []
    for path in paths:
        try:
            os.lstat(os.path.join(root, path))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            found.append(path)
    return found
