# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one adapter to git."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def _run(root: Path, *arguments: str) -> bytes | None:
    if shutil.which("git") is None:
        return None
    # Reading is safe in a repository that another user owns; nothing of it is executed here.
    command = ["git", "-c", f"safe.directory={root}", "-c", "core.fsmonitor=false", "-C", str(root), *arguments]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    return done.stdout if done.returncode == 0 else None


def files(root: Path) -> list[bytes] | None:
    """Paths below ``root`` that git tracks or does not ignore; None where git cannot tell.

    It cannot, either, where an outer repository ignores all of ``root``.
    """
    listed = _run(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is None:
        return None
    return sorted({name for name in listed.split(b"\0") if name}) or None
