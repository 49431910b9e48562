# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests that the node and the containers compute alike: what a process was started from against what is on disk."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator

# Parts of a package that no running process holds: read afresh for each use, or not read at all.
_NOT_CODE = frozenset(["templates", "static", "tests", "test", "migrations", "__pycache__"])
# As the categories have it: no service loads tests.
_NOT_CODE_NAMES = re.compile(r"(test_.*|.*_test|tests|conftest)\.py")
_NOT_CODE_ENDINGS = (".pyc", ".pyo", ".po", ".swp", ".swx", "~", ".orig", ".rej", ".tmp", ".bak")


# A file in the directory where services tell what they run: paths in the package, a line each, that are code although
# their names say otherwise, for other code imports them.
LOADED = "loaded"


def loaded(run_dir: str) -> tuple[str, ...]:
    try:
        with open(os.path.join(run_dir, LOADED), encoding="utf-8", errors="surrogateescape") as stream:
            return tuple(stream.read().splitlines())
    except OSError:
        return ()


def _walk(top: str, code_only: bool) -> Iterator[tuple[str, list[str]]]:
    for here, directories, names in os.walk(top):
        directories[:] = sorted(
            d
            for d in directories
            if not d.startswith(".") and d != "__pycache__" and not (code_only and d in _NOT_CODE)
        )
        yield here, names


def folders(top: str, also: Iterable[str] = ()) -> set[str]:
    """Where what ``signature`` tells of is done."""
    found = {os.path.dirname(os.path.join(top, relative)) for relative in also}
    for here, names in _walk(top, code_only=True):
        found.add(here)
        links = (path for path in (os.path.join(here, name) for name in names) if os.path.islink(path))
        found.update(os.path.dirname(os.path.realpath(path)) for path in links)
    return found


def _files(top: str, code_only: bool, also: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    for relative in also:
        yield relative, os.path.join(top, relative)
    for here, names in _walk(top, code_only):
        for name in sorted(names):
            if (
                name.startswith((".", "#"))
                or name == "4913"
                or (code_only and (name.endswith(_NOT_CODE_ENDINGS) or _NOT_CODE_NAMES.fullmatch(name)))
            ):
                continue
            path = os.path.join(here, name)
            yield os.path.relpath(path, top), path


def signature(top: str, code_only: bool = True, also: Iterable[str] = ()) -> dict[str, tuple[int, int, int]]:
    """``{path: (size, mtime ns, inode)}``: cheap, and different whenever a file may have changed."""
    found = {}
    for relative, path in _files(top, code_only, also):
        try:
            status = os.stat(path)
        except OSError:
            continue
        found[relative] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found


def _leads_out(path: str, inside: str) -> bool:
    return os.path.islink(path) and not os.path.realpath(path).startswith(inside)


def _digest(tops: tuple[str, ...], code_only: bool, also: Iterable[str] = ()) -> str:
    hasher = hashlib.sha256()
    for top in tops:
        inside = os.path.join(os.path.realpath(top), "")
        for relative, path in _files(top, code_only, also):
            try:
                # A pipe would be waited for; what a link leads to outside, the container does not have.
                if not os.path.isfile(path) or (code_only and _leads_out(path, inside)):
                    continue
                with open(path, "rb") as stream:
                    content = hashlib.sha256(stream.read()).digest()
            except OSError:
                continue
            hasher.update(os.fsencode(relative) + b"\0" + content)
        hasher.update(b"\1")
    return hasher.hexdigest()


def code_digest(package_dir: str, run_dir: str) -> str:
    """SHA-256 over the files of a package that a running process may hold in memory."""
    return _digest((package_dir,), code_only=True, also=loaded(run_dir))


def tree_digest(*tops: str) -> str:
    """SHA-256 over names and contents of all files below the directories, in order."""
    return _digest(tops, code_only=False)
