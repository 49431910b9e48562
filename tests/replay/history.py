# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A clone's commits, checked out one after another in a temporary clone that shares its objects."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Hooks, filters and monitors of the replayed repository are not for this machine to run.
_SAFE = ("-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
_SILENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_LFS_SKIP_SMUDGE": "1"}
# What a process of NetBox may read as it sets models up: code, and data beside it.
_READ = re.compile(rb"\.(py|ya?ml|json|toml|csv|txt)$")


@dataclass(frozen=True)
class Commit:
    name: str
    parent: str | None
    subject: str


def git(directory: Path, *arguments: str) -> bytes:
    done = subprocess.run(
        ["git", *_SAFE, "-C", str(directory), *arguments],
        env={**os.environ, **_SILENT},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout


def commits(clone: Path, revisions: str, first_parent: bool) -> list[Commit]:
    """Commits of the range, oldest first: of the first parents' line, or all that are no merges."""
    how = "--first-parent" if first_parent else "--no-merges"
    listed = git(clone, "log", "--topo-order", "--reverse", how, "--format=%H%x00%P%x00%s", revisions, "--")
    found = []
    for line in listed.decode("utf-8", "replace").splitlines():
        name, parents, subject = line.split("\0", 2)
        found.append(Commit(name, parents.split(" ")[0] or None, subject))
    return found


def code_key(clone: Path, commit: str) -> str:
    """A digest of the files that can matter to the models: commits that share it need to be asked about once."""
    lines = git(clone, "ls-tree", "-r", "-z", commit).split(b"\0")
    kept = sorted(line for line in lines if _READ.search(line) and b"\ttests/" not in line and b"/tests/" not in line)
    return hashlib.sha256(b"\0".join(kept)).hexdigest()


class Checkout:
    """The work tree that holds one commit after another; the given clone is only read."""

    def __init__(self, clone: Path, directory: Path) -> None:
        self.root = directory
        git(directory.parent, "clone", "-q", "--shared", "--no-checkout", str(clone.resolve()), str(directory))

    def switch(self, commit: str) -> None:
        git(self.root, "checkout", "-q", "--force", "--detach", commit)
        git(self.root, "clean", "-ffdxq")


@contextlib.contextmanager
def checkout(clone: Path) -> Iterator[Checkout]:
    """A temporary checkout beside a state home of its own."""
    with tempfile.TemporaryDirectory(prefix="netbox-dev-replay-") as folder:
        # Other users read it: what runs in a container does not run as us.
        os.chmod(folder, 0o755)
        before = os.environ.get("NETBOX_DEV_STATE_HOME")
        os.environ["NETBOX_DEV_STATE_HOME"] = f"{folder}/state"
        try:
            yield Checkout(clone, Path(folder, "plugin"))
        finally:
            if before is None:
                del os.environ["NETBOX_DEV_STATE_HOME"]
            else:
                os.environ["NETBOX_DEV_STATE_HOME"] = before
