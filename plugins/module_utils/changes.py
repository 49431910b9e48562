# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where files changed: the repository now against the manifest of the last successful apply."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import git
from .categories import categorize, is_litter
from .errors import InvalidState
from .stack import Stack, check_category
from .state import read_json, write_json

ALL = ("python", "models", "templates", "static", "settings", "migrations", "dependencies", "plugin_config")
# Files of the netbox-docker checkout that configure the services.
_CHECKOUT_DIRS = ("configuration", "env")
Manifest = dict[str, list[Any]]


@dataclass(frozen=True)
class Change:
    """A file added, modified or deleted, or (``path`` None) a category that was named by hand."""

    path: str | None
    change: str
    category: str
    reason: str

    def describe(self) -> dict[str, Any]:
        return asdict(self)


def _walk(root: Path, skip: Path) -> Iterator[bytes]:
    base = os.fsencode(root)
    for here, directories, names in os.walk(base):
        directories[:] = sorted(
            d
            for d in directories
            if os.path.join(here, d) != os.fsencode(skip)
            and not is_litter(os.fsdecode(os.path.relpath(os.path.join(here, d), base)) + "/")
        )
        for name in sorted(names):
            yield os.path.relpath(os.path.join(here, name), base)


def _listed(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Pairs of (name in the manifest, absolute path) of every file that may matter."""
    root = stack.plugin.root
    names = git.files(root)
    inside = os.fsencode(os.path.relpath(stack.checkout, root)) + b"/"
    for name in names if names is not None else _walk(root, stack.checkout):
        if not name.startswith(inside) and not is_litter(os.fsdecode(name)):
            yield os.fsdecode(name), os.path.join(os.fsencode(root), name)
    for folder in _CHECKOUT_DIRS:
        for name in _walk(stack.checkout / folder, stack.checkout) if (stack.checkout / folder).is_dir() else ():
            relative = f"{folder}/{os.fsdecode(name)}"
            if not is_litter(relative):
                yield f"netbox-docker:{relative}", os.fsencode(stack.checkout / relative)


def digest(path: bytes) -> str:
    """SHA-256 of a file's content, or of a symbolic link's target."""
    hasher = hashlib.sha256()
    if os.path.islink(path):
        hasher.update(b"link:" + os.readlink(path))
    else:
        with open(path, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                hasher.update(block)
    return hasher.hexdigest()


def scan(stack: Stack, known: Manifest | None = None) -> Manifest:
    """Return ``{path: [sha256, size, mtime_ns]}`` of the repository and of the checkout's configuration.

    A file whose size and mtime are those of ``known`` is not read again.
    """
    known = known or {}
    manifest: Manifest = {}
    for name, path in _listed(stack):
        try:
            status = os.lstat(path)
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                continue
            before = known.get(name)
            if before and before[1:] == [status.st_size, status.st_mtime_ns]:
                manifest[name] = before
            else:
                manifest[name] = [digest(path), status.st_size, status.st_mtime_ns]
        except OSError:
            # Gone since it was listed, or unreadable: as good as deleted for every process that would load it.
            continue
    return manifest


def read_manifest(stack: Stack) -> Manifest | None:
    """The manifest of the last successful apply; None when there is none, or none that can be used."""
    try:
        data = read_json(stack.state / "manifest.json")
    except InvalidState:
        return None
    if data is None or data.get("root") != str(stack.plugin.root):
        return None
    try:
        # A file written within the clock's granularity of the scan may have changed after it: read it again.
        settled_ns = data["scanned_ns"] - 2_000_000_000
        return {
            name: [content, size, mtime_ns] if mtime_ns < settled_ns else [content, -1, 0]
            for name, (content, size, mtime_ns) in data["files"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def write_manifest(stack: Stack, files: Manifest, scanned_ns: int) -> None:
    """Record what was applied. ``scanned_ns`` is the time (ns since the epoch) before the scan."""
    write_json(
        stack.state / "manifest.json", {"root": str(stack.plugin.root), "files": files, "scanned_ns": scanned_ns}
    )


def find_changes(stack: Stack, named: Iterable[str] = ()) -> tuple[list[Change], Manifest]:
    """Return the changes since the last apply, and the manifest to record when they are applied.

    With ``named`` categories (or ``all``) these are the changes, and no file is compared; edits of other categories
    stay changes for the next apply. Without a manifest every category counts as changed.
    """
    names = list(dict.fromkeys(named))
    before = read_manifest(stack)
    now = scan(stack, before)
    if names:
        wanted = ALL if "all" in names else [check_category(name) for name in names]
        changes = [Change(None, "named", category, "named by hand") for category in wanted]
        return changes, now if "all" in names else _settled(stack, before or {}, now, wanted)
    if before is None:
        return [Change(None, "named", category, "nothing was applied to this stack yet") for category in ALL], now
    found = []
    for name in sorted(before.keys() | now.keys()):
        kind = "added" if name not in before else "deleted" if name not in now else "modified"
        if kind == "modified" and before[name][0] == now[name][0]:
            continue
        category = categorize(name, stack.plugin.package_path, stack.rules)
        found.append(Change(name, kind, category, f"{printable(name)} {kind}"))
    return found, now


def _settled(stack: Stack, before: Manifest, now: Manifest, categories: Iterable[str]) -> Manifest:
    """The manifest of before, brought to now for the files of some categories only."""

    def named(name: str) -> bool:
        return categorize(name, stack.plugin.package_path, stack.rules) in categories

    kept = {name: entry for name, entry in before.items() if not named(name)}
    return {**kept, **{name: entry for name, entry in now.items() if named(name)}}


def printable(name: str) -> str:
    """``name`` with everything that is not printable escaped: a file's name never breaks a line of output."""
    return "".join(
        c
        if c.isprintable()
        else c.encode("utf-8", "surrogateescape").decode("latin-1").encode("unicode_escape").decode()
        for c in name
    )
