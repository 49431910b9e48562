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
from typing import Any, NamedTuple

from .errors import InvalidState
from .git import encoded
from .object_ids import LINK, OTHER, REGULAR, UNREADABLE, Content, content_id
from .stack import Stack
from .state import read_json, write_json
from .untracked import Untracked

FILE = "manifest.json"
# There is nothing at a path where a commit has a file.
ABSENT = "absent"
_KINDS = frozenset([REGULAR, LINK, OTHER, UNREADABLE, ABSENT])
# What a manifest may have for an object id, for the name of what has none, and for a commit.
_NAME, _ANY, _COMMIT = re.compile("[0-9a-f]{40,64}"), re.compile("[-0-9]*"), re.compile("([0-9a-f]{40,64})?")


class Entry(NamedTuple):
    """What is at a path, and what was seen of it then; without a size it is to be looked at again.

    A copy of the repository has other inodes: its files are read.
    """

    kind: str
    name: str = ""
    size: int = -1
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0

    @property
    def content(self) -> Content | None:
        return None if self.kind == ABSENT else Content(self.kind, self.name)

    @property
    def seen(self) -> tuple[int, ...]:
        return self[2:]


@dataclass
class Manifest:
    """``heads``: the commit of the repository (``""``) and of each submodule (its path with a slash)."""

    heads: dict[str, str] = field(default_factory=dict)
    files: dict[str, Entry] = field(default_factory=dict)
    untracked: Untracked | None = None


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
        why = f"{stack.state / FILE} is damaged, or of another version ({ascii(error)[:200]})"
        return None, f"what was applied last is not known: {why}"
    return Manifest(heads, files, Untracked.unpack(data.get("untracked"))), ""


def _unpacked(packed: Any, settled_ns: int) -> Entry:
    """An entry as it was packed. Raises TypeError, ValueError for anything else."""
    entry = Entry(*packed)
    name = _NAME if entry.kind in (REGULAR, LINK) else _ANY
    if entry.kind not in _KINDS or not name.fullmatch(entry.name) or {type(number) for number in entry.seen} != {int}:
        raise ValueError(entry)
    return entry if max(entry.mtime_ns, entry.ctime_ns) < settled_ns else Entry(entry.kind, entry.name)


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
    own = {path: Entry(REGULAR, content_id(text.encode(), kind)) for path, text in written.items()}
    return replace(now, files={**now.files, **own})
