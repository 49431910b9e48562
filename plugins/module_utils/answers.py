# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a git process answers: read while it works, and waited for no longer than it may take."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import IO, cast

from .errors import FileUnusable, TimeLimit

# Seconds for an answer, and for one about all files or all commits.
ANSWER_S, LISTING_S = 60.0, 900.0
# Bytes of an answer that are read at once.
_BLOCK = 1 << 20
# Seconds after which a git that says nothing is looked at, and for one that is ended.
_LOOK_S, _END_S = 0.5, 5.0


class Unreadable(Exception):
    """Git cannot tell about a repository; the text says why."""


class Answer:
    """What git answers, record by record, each ended by a null character. It works meanwhile; the block's end ends it.

    Raises Unreadable at the end, and TimeLimit when git was waited for too long in all; that it waits for its reader
    does not count.
    """

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self._process = process
        self._output = cast("IO[bytes]", process.stdout)
        self._errors = errors
        # Whether it said more than it answered, as of files that it cannot look at; known at the end.
        self.complained = False
        self._left_s = LISTING_S
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._output.close()
        self._errors.close()
        if self._process.poll() is None:
            _end(self._process)
            # One that hangs in the kernel ends when that lets it.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)

    def __iter__(self) -> Iterator[bytes]:
        # An answer for all files is long: it is not kept.
        rest = b""
        for block in iter(self._read, b""):
            *records, rest = (rest + block).split(b"\0")
            yield from records
        try:
            status = self._process.wait(max(self._left_s, 0))
        except subprocess.TimeoutExpired:
            raise _too_long(self._process, LISTING_S) from None
        self._errors.seek(0)
        errors = self._errors.read()
        if status:
            raise Unreadable(cannot_read(errors))
        self.complained = bool(errors)

    def _read(self) -> bytes:
        """What comes next; nothing at the end."""
        while True:
            ended = self._process.poll() is not None
            began = time.monotonic()
            there = self._poll.poll(0 if ended else 1000 * max(0, min(self._left_s, _LOOK_S)))
            self._left_s -= time.monotonic() - began
            if there:
                return os.read(self._output.fileno(), _BLOCK)
            if ended:
                # What it ran holds the pipe, and says nothing in its name.
                return b""
            if self._left_s <= 0:
                raise _too_long(self._process, LISTING_S)


def whole(process: subprocess.Popen[bytes], limit_s: float, stdin: bytes | None = None) -> tuple[bytes, bytes]:
    """A short answer and what git says of errors. Raises TimeLimit when they do not come in time."""
    try:
        return process.communicate(stdin, timeout=limit_s)
    except subprocess.TimeoutExpired:
        _end(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_END_S)
        raise _too_long(process, limit_s) from None


def scratch(content: bytes = b"") -> IO[bytes]:
    """A file that is gone when it is closed, at the start of its content. Raises FileUnusable."""
    made = None
    try:
        made = tempfile.TemporaryFile()  # noqa: SIM115 whoever asked closes it
        made.write(content)
        made.seek(0)
        return made
    except OSError as error:
        if made:
            # What it could not write yet, it would write now.
            with contextlib.suppress(OSError):
                made.close()
        raise FileUnusable(
            f"git's answer needs a temporary file, and none can be made: {error.strerror or error}. Make room in "
            "/tmp, or let TMPDIR name a folder that is writable and has room, and run again."
        ) from None


def cannot_read(errors: bytes) -> str:
    text = errors.decode("utf-8", "replace").strip() or "no reason given"
    return f"git cannot read the repository: {text.splitlines()[0]}"


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _too_long(process: subprocess.Popen[bytes], limit_s: float) -> TimeLimit:
    words = [str(word) for word in cast("list[str]", process.args)]
    place = words[words.index("-C") + 1]
    asked = " ".join(words[words.index("-C") + 2 :])[:80]
    return TimeLimit(
        f"'git {asked}' gave no answer within {limit_s:.0f} s, and was ended. What hangs may be the file system of "
        f"'{place}', or what git runs by its configuration (a filter, say): try 'git -C {place} status'. Nothing was "
        "changed."
    )
