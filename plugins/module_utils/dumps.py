# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Portable dumps: one file with two lines of text, then what they describe.

The first line has the format's version and the digest of the second, the second is a JSON object that says what the
dump is of and has size and digest of every part that follows. So every byte is covered, and ``head -2`` reads it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .database import LIMIT_S, Database, Look
from .errors import InvalidDump, SnapshotFailed, TimeLimit
from .stack import Stack

MAGIC = "hedgehog.netbox_dev dump"
FORMAT = 1
JOBS = 2
_BLOCK = 1 << 20
_LINE_LIMIT = 16 << 20
# In PostgreSQL's container.
_FOLDER = "/tmp/netbox-dev-dump"
_DUMP = """\
exec 2>&1; rm -rf "$1"; mkdir -m 0700 "$1"
dump() { pg_dump -Fd -j "$2" --compress="$3" -U "${POSTGRES_USER:-postgres}" -d "$4" -f "$1/database"; }
{ [ "$4" -ge 16 ] && dump "$1" "$2" zstd:1 "$3"; } || { rm -rf "$1/database"; dump "$1" "$2" 1 "$3"; }
"""
_RESTORE = """\
exec 2>&1; pg_restore --exit-on-error --no-owner --no-privileges -j "$2" \
-U "${POSTGRES_USER:-postgres}" -d "$3" "$1/database"
"""


@dataclass(frozen=True)
class Part:
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Dump:
    """A dump that was read and found whole. ``header`` is what it says of itself."""

    path: Path
    header: Mapping[str, Any]
    parts: Mapping[str, tuple[Part, int]]

    @property
    def identity(self) -> str:
        """Stands for all that is in it."""
        return hashlib.sha256(json.dumps(self.header, sort_keys=True).encode()).hexdigest()

    @contextmanager
    def opened(self, name: str) -> Iterator[PartStream]:
        """A part as a file of its own."""
        part, begin = self.parts[name]
        with self.path.open("rb") as stream:
            stream.seek(begin)
            yield PartStream(stream, part.size)


class PartStream:
    """As much of a file as a part has."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        # By the last the Docker SDK knows how much there is to send.
        self._stream, self.len = stream, size

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(self.len if size < 0 else min(size, self.len))
        self.len -= len(block)
        return block

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read(_BLOCK):
            yield block


def read(path: Path) -> Dump:
    """Read a dump to its end. Raises InvalidDump with what is wrong with it."""
    try:
        with path.open("rb") as stream:
            return _read(path, stream)
    except OSError as error:
        raise InvalidDump(f"the dump '{path}' cannot be read: {error.strerror}.", path=str(path)) from error


def _read(path: Path, stream: BinaryIO) -> Dump:
    first = stream.readline(200)
    found = re.fullmatch(rf"{re.escape(MAGIC)} (\d{{1,6}}) ([0-9a-f]{{64}})\n", first.decode("ascii", "replace"))
    if not found:
        raise InvalidDump(f"'{path}' is no dump of this collection{_looks_like(first)}.", path=str(path))
    version, digest = found.groups()
    if int(version) != FORMAT:
        than = "newer" if int(version) > FORMAT else "older"
        raise InvalidDump(
            f"the dump '{path}' has format {version}, {than} than the {FORMAT} that is known here. "
            + ("Update the collection." if int(version) > FORMAT else "Make it anew."),
            path=str(path),
        )
    second = stream.readline(_LINE_LIMIT)
    if hashlib.sha256(second).hexdigest() != digest:
        raise InvalidDump(f"the dump '{path}' is damaged: its header is other than was written.", path=str(path))
    begin = len(first) + len(second)
    parts = {}
    try:
        header = json.loads(second)
        for part in _described(header):
            parts[part.name] = part, begin
            begin += part.size
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidDump(f"the dump '{path}' has a header that no dump has: {error!r}.", path=str(path)) from error
    size = os.fstat(stream.fileno()).st_size
    if size != begin:
        how = "cut off" if size < begin else "longer than it was"
        raise InvalidDump(f"the dump '{path}' is {how}: {begin} bytes were written, {size} are there.", path=str(path))
    for part, _begin in parts.values():
        if _digest(stream, part.size) != part.sha256:
            raise InvalidDump(f"the dump '{path}' is damaged: '{part.name}' is other than was written.", path=str(path))
    return Dump(path, header, parts)


def _described(header: Mapping[str, Any]) -> list[Part]:
    """The parts that a header says. Raises ValueError, TypeError or KeyError for one that was never written so."""
    for key, kind in (("package", str), ("types", str), ("postgres", int), ("size", int), ("applied", list)):
        if not isinstance(header[key], kind):
            raise TypeError(key)
    parts = [Part(one["name"], one["size"], one["sha256"]) for one in header["parts"]]
    names = [part.name for part in parts]
    if names not in (["database"], ["database", "media"]):
        raise ValueError(f"parts: {names}")
    if not all(isinstance(part.size, int) and part.size >= 0 for part in parts):
        raise ValueError("parts: size")
    return parts


def _looks_like(first: bytes) -> str:
    if first.startswith(b"PGDMP"):
        return ", it is one of pg_dump's own (-Fc). Restore it by hand, then use snapshot.yml -e dump=FILE"
    if first.startswith(b"--"):
        return ", it looks like SQL. Restore it by hand into an empty database, then use snapshot.yml -e dump=FILE"
    return ", or its first line is damaged" if first else ", it is empty"


def _digest(stream: BinaryIO, size: int) -> str:
    whole = hashlib.sha256()
    while size > 0:
        block = stream.read(min(size, _BLOCK))
        if not block:
            break
        whole.update(block)
        size -= len(block)
    return whole.hexdigest()


def refuse_foreign(dump: Dump, stack: Stack, look: Look) -> None:
    """Raises InvalidDump for a dump of another plugin, and for one of a newer PostgreSQL than there is here."""
    header = dump.header
    if header["package"] != stack.plugin.package:
        raise InvalidDump(
            f"the dump '{dump.path}' is of the plugin '{header['package']}', and this stack is "
            f"'{stack.plugin.package}''s.",
            path=str(dump.path),
        )
    there = look.version // 10000
    if int(header["postgres"]) > there:
        raise InvalidDump(
            f"the dump '{dump.path}' is of PostgreSQL {header['postgres']}, and the stack has {there}, which does not "
            "read it. Take a newer netbox-docker release, or make the dump with the older one.",
            path=str(dump.path),
        )


def write(path: Path, header: Mapping[str, Any], stack: Stack, database: Database, media: Path | None) -> int:
    """Write a dump of NetBox's database, whole or not at all; return its size. It is the developer's, mode 0600."""
    owner = (stack.plugin.uid, stack.plugin.gid)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=str(path.parent)) as scratch:
            parts = {"database": Path(scratch, "database")}
            _dump(database, int(header["postgres"]), parts["database"])
            if media:
                parts["media"] = media
            whole = Path(scratch, "whole")
            _assemble(whole, header, parts)
            os.chmod(whole, 0o600)
            if os.geteuid() == 0:
                os.chown(whole, *owner)
            os.replace(whole, path)
    except OSError as error:
        raise SnapshotFailed(
            f"the dump '{path}' cannot be written: {error.strerror or error}.", path=str(path)
        ) from error
    return path.stat().st_size


def _dump(database: Database, major: int, target: Path) -> None:
    try:
        _in_container(database, "pg_dump", _DUMP, _FOLDER, str(JOBS), database.name, str(major))
        with target.open("wb") as stream:
            database.engine.fetch(database.container, f"{_FOLDER}/database", stream)
    finally:
        _remove_folder(database)


def _assemble(whole: Path, header: Mapping[str, Any], parts: Mapping[str, Path]) -> None:
    described = []
    for name, source in parts.items():
        with source.open("rb") as stream:
            size = source.stat().st_size
            described.append({"name": name, "size": size, "sha256": _digest(stream, size)})
    second = json.dumps({**header, "parts": described}, sort_keys=True).encode() + b"\n"
    with whole.open("wb") as target:
        target.write(f"{MAGIC} {FORMAT} {hashlib.sha256(second).hexdigest()}\n".encode())
        target.write(second)
        for source in parts.values():
            with source.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    target.write(block)
        target.flush()
        os.fsync(target.fileno())


def fill(dump: Dump, database: Database, name: str) -> None:
    """Restore a dump into a new database of that name."""
    try:
        _in_container(database, "mkdir", 'exec 2>&1; rm -rf "$1"; mkdir -m 0700 "$1"', _FOLDER)
        with dump.opened("database") as stream:
            database.engine.send(database.container, _FOLDER, stream)
        database.create(name)
        _in_container(database, "pg_restore", _RESTORE, _FOLDER, str(JOBS), name)
    finally:
        _remove_folder(database)
    if sorted(database.applied(name)) != sorted(dump.header["applied"]):
        raise SnapshotFailed(f"the dump '{dump.path}' restored to other migrations than it says that it has.")


def extract(dump: Dump, name: str, target: Path) -> Path:
    """Copy a part of a dump to a file."""
    with dump.opened(name) as stream, target.open("wb") as copy:
        for block in stream:
            copy.write(block)
    return target


def _in_container(database: Database, what: str, script: str, *arguments: str) -> None:
    words = ("sh", "-c", script, "sh", *arguments)
    status, output = database.engine.execute(database.container, *words, limit_s=LIMIT_S)
    if status:
        lines = output.decode("utf-8", "replace").strip().splitlines()
        raise SnapshotFailed(f"{what} failed: {' / '.join(lines[-3:])}", status=status)


def _remove_folder(database: Database) -> None:
    with contextlib.suppress(OSError, TimeLimit):
        database.engine.execute(database.container, "rm", "-rf", _FOLDER)
