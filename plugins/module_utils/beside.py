# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to a NetBox beside its database, as the web service's container is asked for it."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .engine import Engine
from .errors import SnapshotFailed
from .override import PYTHON, REPOSITORIES, RUNTIME_PACKAGE
from .stack import Stack

# Where node and container have the same file.
_SHARED = f"{REPOSITORIES}/.run"
PARTS = ("redis", "media")


def ask(engine: Engine, web: str, *command: str) -> dict[str, Any]:
    """Raises SnapshotFailed with the last line of what went wrong."""
    words = f'exec 2>&1; exec {PYTHON} -m {RUNTIME_PACKAGE}.beside "$@"'
    status, output = engine.execute(web, "sh", "-c", words, "sh", *command)
    lines = output.decode("utf-8", "replace").strip().splitlines() or [""]
    if status:
        hint = (
            ". It runs with an older collection: run hedgehog.netbox_dev.apply_change first"
            if "No module named" in lines[-1]
            else ""
        )
        what = " ".join(command[:2])
        raise SnapshotFailed(f"'{what}' failed in the web service: {lines[-1]}{hint}.", command=list(command))
    return dict(json.loads(lines[-1]))


def jobs(engine: Engine, web: str) -> dict[str, Any]:
    """``busy``: containers' short ids in which a worker is at a job; ``waiting``: a number of jobs."""
    return ask(engine, web, "jobs")


def clear_cache(engine: Engine, web: str) -> dict[str, Any]:
    """Forget what was read of another database; returns the same as ``jobs``."""
    return ask(engine, web, "clear-cache")


def digests(engine: Engine, web: str, parts: Iterable[str]) -> dict[str, str]:
    wanted = list(parts)
    return {str(k): str(v) for k, v in ask(engine, web, "digest", *wanted).items()} if wanted else {}


def save(stack: Stack, engine: Engine, web: str, part: str, path: Path) -> None:
    """Write a part to a file of the state, out of the containers' reach."""
    shared = stack.state / "run" / f"{part}.saved"
    try:
        ask(engine, web, "save", part, f"{_SHARED}/{shared.name}")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shared.replace(path)
        if not stat.S_ISREG(os.lstat(path).st_mode):
            path.unlink()
            raise SnapshotFailed(f"'save {part}' in the web service left no file, but a link or the like.")
    finally:
        shared.unlink(missing_ok=True)


def load(stack: Stack, engine: Engine, web: str, part: str, path: Path) -> None:
    """Let a part be what the file has."""
    shared = stack.state / "run" / f"{part}.saved"
    shared.unlink(missing_ok=True)
    # What runs in the containers can put a link there meanwhile.
    handle = os.open(shared, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    with path.open("rb") as source, os.fdopen(handle, "wb") as target:
        os.fchmod(handle, 0o644)
        shutil.copyfileobj(source, target)
    try:
        ask(engine, web, "load", part, f"{_SHARED}/{shared.name}")
    finally:
        shared.unlink(missing_ok=True)
