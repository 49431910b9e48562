# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The netbox-docker checkout as it is: its release, edits of its files, newer releases, whose its override is."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..compose import OVERRIDE
from ..docker_host import version_tuple
from ..git import Repository
from ..override import authorship
from ..stack import Stack

_ANSWER_S = 4.0
# In no repository: its configuration would say by which program.
_LIST_REMOTE = ("--git-dir=/nonexistent", "ls-remote")


@dataclass(frozen=True)
class Checkout:
    """``release``: the stack's, or what is checked out instead; ``override``: as authorship() says it."""

    exists: bool = False
    release: str = ""
    edits: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()
    override: str = ""


def look_at_checkout(stack: Stack) -> Checkout:
    """Ask git, and the repository that the checkout came from where that answers soon."""
    if not (stack.checkout / ".git").exists():
        return Checkout()
    repository = Repository(stack.checkout)
    with ThreadPoolExecutor(max_workers=2) as pool:
        remote = pool.submit(
            repository.ask, *_LIST_REMOTE, "--tags", "--refs", stack.netbox_docker_url, limit_s=_ANSWER_S
        )
        wanted = repository.ask("rev-parse", "--verify", "-q", f"{stack.release}^{{commit}}")
        # A release may be a branch's name, too, and a commit have several tags.
        there = wanted is None or wanted.decode().strip() == repository.head()
        name = repository.ask("describe", "--tags", "--always", "HEAD")
        edited = repository.ask("status", "--porcelain", "--untracked-files=no") or b""
        listed = (remote.result() or b"").decode("utf-8", "replace")
    path = stack.checkout / OVERRIDE
    return Checkout(
        exists=True,
        release=stack.release if there else (name or b"").decode().strip(),
        edits=tuple(line[3:] for line in edited.decode("utf-8", "replace").splitlines()),
        newer=newer_releases(stack.release, re.findall(r"refs/tags/(\S+)", listed)),
        override=authorship(path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""),
    )


def newer_releases(release: str, tags: list[str]) -> tuple[str, ...]:
    """Releases of the same line (``3.3.1`` for ``3.3.0``) that are newer, the newest last."""
    own = version_tuple(release)
    line = [tag for tag in tags if re.fullmatch(r"\d+\.\d+\.\d+", tag) and version_tuple(tag)[:2] == own[:2]]
    return tuple(sorted((tag for tag in line if version_tuple(tag) > own), key=version_tuple))
