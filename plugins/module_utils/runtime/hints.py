# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""When to look at files again: the kernel's word that something was done in their folders (inotify).

It is a hint, and nothing more. Files are looked at now and then without one, and often where the kernel does not tell
of everything, for the files are another machine's: of a host that runs Docker in a virtual machine, or of a server.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import select
import struct
import time
from collections.abc import Iterable

_MOUNTS = "/proc/self/mountinfo"
# What is saved on these is saved by this kernel.
_LOCAL = frozenset(["bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"])
_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x4, 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _IGNORED, _ONLY_FOLDERS = 0x400, 0x800, 0x8000, 0x1000000
_TOLD = _MODIFY | _ATTRIB | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
_EVENT = struct.Struct("iIII")
# Of folders that are gone, or that nobody may read, nothing is told.
_NO_FOLDER = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP)
# Without a hint files are looked at this often at most, and not for more than a part of the time.
IDLE_S = 2.0
_IDLE_PARTS, _PARTS = 50, 4


def _is_local(path: str) -> bool:
    """Whether the file system that has the path is this kernel's own."""
    kind, longest = "", -1
    path = os.path.join(os.path.realpath(path), "")
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as stream:
            for line in stream:
                place, _separator, more = line.partition(" - ")
                top = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), place.split(" ")[4])
                # Of those mounted over each other the last one counts.
                if path.startswith(os.path.join(top, "")) and len(top) >= longest:
                    kind, longest = more.split(" ")[0], len(top)
    except (OSError, IndexError):
        return False
    return kind in _LOCAL


class Hints:
    """Of what is done to files in folders of one file system, that of ``top``."""

    def __init__(self, top: str) -> None:
        self._descriptor = -1
        self._folders: dict[str, int] = {}
        self._stirred = False
        # Moments of ``time.monotonic``: before the one nobody looks again, at the other one everybody does.
        self._earliest = self._latest = 0.0
        self.trusted = False
        try:
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, AttributeError):
            return
        self.trusted = self._descriptor >= 0 and _is_local(top)

    def follow(self, folders: Iterable[str]) -> None:
        """Be told of these, too. To be called before they are looked at: what is done meanwhile is a hint again."""
        for path in folders if self._descriptor >= 0 else ():
            if path in self._folders:
                continue
            number = self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), _TOLD | _ONLY_FOLDERS)
            if number >= 0:
                self._folders[path] = number
            elif ctypes.get_errno() not in _NO_FOLDER:
                # There are more than one may follow.
                self.close()
                return

    def due(self) -> bool:
        """Whether to look now."""
        self._wait(0)
        now = time.monotonic()
        return now >= self._latest or (self._stirred and now >= self._earliest)

    def looked(self, seconds: float, poll_s: float) -> None:
        """Files were looked at, and how long that took; ``poll_s`` is how often to, where no word can be relied on."""
        now = time.monotonic()
        self._stirred = False
        self._earliest = now + _PARTS * seconds
        self._latest = now + (max(IDLE_S, _IDLE_PARTS * seconds) if self.trusted else max(poll_s, _PARTS * seconds))

    def pause(self, seconds: float) -> None:
        """Wait, though no longer than until there is a hint."""
        if self._stirred:
            time.sleep(seconds)
        else:
            self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        if self._descriptor < 0:
            time.sleep(seconds)
        elif select.select([self._descriptor], [], [], seconds)[0]:
            self._stirred = True
            self._read()

    def _read(self) -> None:
        try:
            told = os.read(self._descriptor, 1 << 18)
        except BlockingIOError:
            return
        at, gone = 0, set()
        while at < len(told):
            number, what, _cookie, length = _EVENT.unpack_from(told, at)
            at += _EVENT.size + length
            if what & (_DELETE_SELF | _MOVE_SELF | _IGNORED):
                gone.add(number)
        if gone:
            # Another folder may take the place.
            self._folders = {path: number for path, number in self._folders.items() if number not in gone}

    def close(self) -> None:
        """Have no hints any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self.trusted, self._folders = -1, False, {}
