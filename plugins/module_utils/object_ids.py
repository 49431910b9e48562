# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is at a path, by git's object ids."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import Any, NamedTuple

# Kinds of a content: those that git tells apart; what is other than it was and is not read yet, what is not as it was
# looked at any more, and what nobody may read.
REGULAR, LINK, REPOSITORY = "file", "link", "repository"
UNREAD, OTHER, UNREADABLE = "unread", "other", "unreadable"

CRLF = b"\r\n"
# Bytes of a file that are read at once.
_BLOCK = 1 << 20


class Content(NamedTuple):
    """What is or was at a path.

    ``name`` is git's id of a file's bytes, of a link's target, or the commit of a repository inside; of what nobody may
    read it is all that can be told of it. Whether a file may be executed does not count: no
    process has that from its start.
    """

    kind: str
    name: str = ""


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
            return content_id(content, kind), CRLF in content
    hasher = hashlib.new(kind, usedforsecurity=False)
    with open(path, "rb") as stream:
        hasher.update(b"blob %d\0" % os.fstat(stream.fileno()).st_size)
        for block in iter(lambda: stream.read(_BLOCK), b""):
            hasher.update(block)
    return hasher.hexdigest(), True
