# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's files and the machine's room, as the node sees them."""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import ssl
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..freshness import disk_code
from ..stack import Stack

# Accounts below are the system's and the images', never a person's.
FIRST_PERSON = 500 if sys.platform == "darwin" else 1000


@dataclass(frozen=True)
class Room:
    """Bytes free of those in total, and the share of inodes that is free."""

    free: int
    total: int
    inodes: float = 1.0


@dataclass(frozen=True)
class Files:
    """``foreign``: paths in the plugin that belong to root or an image's user; ``future``: seconds by path."""

    foreign: tuple[str, ...] = ()
    future: dict[str, float] = field(default_factory=dict)
    folders: int = 0
    # Of the package's folder, and of its code as services digest it.
    inode: int = 0
    digest: str = ""
    # Device and inode of the package's folder, and of the one in which services tell.
    place: tuple[int, ...] = ()
    told_in: tuple[int, ...] = ()
    # What the PluginConfig says that its package is; empty where that cannot be read.
    named: str = ""
    room: dict[str, Room] = field(default_factory=dict)
    # What is wrong with the CA bundle.
    ca_bundle: str = ""
    # How many folders one user may have watched.
    watches: int | None = None


def look_at_files(stack: Stack) -> Files:
    """Look at the package, at the files at the repository's top, and at the file systems."""
    plugin = stack.plugin
    places = {"the plugin": plugin.root, "migrations": plugin.package_dir / "migrations", "the state": stack.state}
    foreign, future, folders = [], {}, 0
    for path in _paths(plugin.root, plugin.package_dir):
        with contextlib.suppress(OSError):
            status = os.lstat(path)
            relative = os.path.relpath(path, plugin.root)
            folders += os.path.isdir(path)
            if is_foreign(status.st_uid, plugin.uid):
                foreign.append(relative)
            ahead = status.st_mtime - time.time()
            if ahead > 60:
                future[relative] = ahead
    return Files(
        foreign=tuple(sorted(foreign)),
        future=future,
        folders=folders,
        inode=plugin.package_dir.stat().st_ino,
        digest=disk_code(stack),
        place=_place(plugin.package_dir),
        told_in=_place(stack.state / "run"),
        named=configured_name(plugin.package_dir / "__init__.py"),
        room={name: room(path) for name, path in places.items() if path.exists()},
        ca_bundle=wrong_bundle(stack.ca_bundle) if stack.ca_bundle else "",
        watches=_watches(),
    )


def is_foreign(uid: int, owner: int) -> bool:
    """Whether a file of the plugin belongs to root or to an account of the system, and the plugin to somebody else."""
    return uid != owner and uid < FIRST_PERSON


def may_change(path: Path) -> bool:
    """Whether we may change who may use a file."""
    with contextlib.suppress(OSError):
        return os.geteuid() in (0, os.lstat(path).st_uid)
    return False


def _paths(root: Path, package: Path) -> Iterator[str]:
    for entry in os.scandir(root):
        if entry.is_file(follow_symlinks=False):
            yield entry.path
    yield str(package)
    for here, folders, names in os.walk(package):
        folders[:] = [name for name in folders if name not in ("node_modules", "__pycache__")]
        yield from (os.path.join(here, name) for name in (*folders, *names))


def _place(path: Path) -> tuple[int, ...]:
    with contextlib.suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino
    return ()


def room(path: Path) -> Room:
    usage, status = shutil.disk_usage(path), os.statvfs(path)
    return Room(usage.free, usage.total, status.f_favail / status.f_files if status.f_files else 1.0)


def configured_name(init: Path) -> str:
    """The ``name`` of the PluginConfig in a package, without importing it."""
    try:
        tree = ast.parse(init.read_text(encoding="utf-8", errors="replace"))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any("PluginConfig" in ast.dump(base) for base in node.bases):
            for statement in node.body:
                if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                    names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
                    if "name" in names:
                        return str(statement.value.value)
    return ""


def wrong_bundle(path: Path) -> str:
    """Why a CA bundle is of no use; empty where it is."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=str(path))
    except OSError as error:
        return f"'{path}' cannot be read as certificates: {error}"
    ends = [ssl.cert_time_to_seconds(str(one["notAfter"])) for one in context.get_ca_certs() if "notAfter" in one]
    return f"all {len(ends)} certificates in '{path}' are out of date" if ends and max(ends) < time.time() else ""


def _watches() -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/proc/sys/fs/inotify/max_user_watches").read_text(encoding="ascii"))
    return None
