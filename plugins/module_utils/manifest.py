# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stack was last made fresh from: kept in its state, for the next run.

A manifest is what a commit has, and the files that are not as the commit has them. Where git cannot tell, it is all
files. Contents are compared by git's own object ids, so that what was committed, reverted or checked out since then
comes out right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import InvalidState
from .git import encoded
from .object_ids import content_id
from .stack import Stack
from .state import read_json, write_json
from .untracked import Untracked

FILE = "manifest.json"
# [object id, size, mtime_ns, ctime_ns, inode] of a file; None where a commit has one and the disk has not. Without an
# id it is yet to be read. A copy of the repository has other inodes: its files are read.
Entry = list[Any]
# Of a file that is other than it was, and is not read yet, nor looked at.
LATE: Entry = [None, -1, 0, 0, 0]
# In the place of the object id of a file that is other than it was, and was not read; of one that is not as it was
# looked at any more; and at the start of what stands for one that nobody may read.
UNREAD, OTHER, UNREADABLE = "unread", "other since", "unreadable"
# What a manifest may have for an object id, and for a commit.
_NAME, _COMMIT = re.compile(rf"[0-9a-f]{{40,64}}|{OTHER}|{UNREADABLE}[-0-9]*"), re.compile("([0-9a-f]{40,64})?")


@dataclass
class Manifest:
    """``heads``: the commit of the repository (``""``) and of each submodule (its path with a slash)."""

    heads: dict[str, str] = field(default_factory=dict)
    files: dict[str, Entry | None] = field(default_factory=dict)
    untracked: Untracked | None = None


def unseen(name: str) -> Entry:
    """A content of a file that is to be looked at again."""
    return [name, -1, 0, 0, 0]


def is_unread(entry: Entry | None) -> bool:
    return entry is not None and entry[0] is None


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
    return entry if inode and max(mtime_ns, ctime_ns) < settled_ns else unseen(name)


def write_manifest(stack: Stack, made: Manifest, scanned_ns: int) -> None:
    """Record what was applied. ``scanned_ns`` is the time (ns since the epoch) before the scan."""
    data: dict[str, Any] = {
        "root": str(stack.plugin.root),
        "heads": made.heads,
        "files": made.files,
        "scanned_ns": scanned_ns,
    }
    if made.untracked:
        data["untracked"] = made.untracked.pack()
    write_json(stack.state / FILE, data)


def with_written(now: Manifest, written: Mapping[str, str], kind: str) -> Manifest:
    """``now``, with files that came since then with these texts; ``kind`` is that of object ids."""
    own = {path: unseen(content_id(text.encode(), kind)) for path, text in written.items()}
    return replace(now, files={**now.files, **own})
