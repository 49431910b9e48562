# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which repository a folder is in, if git can tell."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .answers import ANSWER_S, cannot_read, whole
from .git import Repository

# Lines of what it tells about a repository.
_TOLD = 5


def open_repository(root: Path) -> tuple[Repository | None, str]:
    """The repository that ``root`` is in; or None and the reason why git cannot tell about it, in words.

    It cannot, either, where an outer repository ignores all of ``root``: there is no reason to give then.
    """
    if shutil.which("git") is None:
        return None, "git is not installed on this node" if _inside(root) else ""
    repository = Repository(root)
    process = repository.start(
        *("rev-parse", "--is-inside-work-tree", "--show-object-format"),
        *("--git-path", "index", "--git-path", "info/exclude", "--show-prefix"),
    )
    answer, errors = whole(process, ANSWER_S)
    inside, *told = answer.split(b"\n")
    if process.returncode or inside != b"true":
        text = errors.decode("utf-8", "replace").strip()
        if "dubious ownership" in text:
            return None, (
                "git does not trust the repository, another user owns it; "
                f"'git config --global --add safe.directory {root}' makes it"
            )
        return None, cannot_read(errors) if text and _inside(root) else ""
    repository.kind = "sha256" if told[0] == b"sha256" else "sha1"
    if len(told) == _TOLD:
        _kind, index, exclude, repository.prefix, _end = told
        repository.index, repository.exclude = (os.path.join(os.fsencode(root), path) for path in (index, exclude))
    else:
        # A folder's name has several lines.
        repository.prefix = (repository.ask("rev-parse", "--show-prefix") or b"").removesuffix(b"\n")
    repository.has_cases = _has_cases(repository)
    if repository.prefix and repository.ask("check-ignore", "-q", str(root)) is not None:
        return None, ""
    return repository, ""


def _has_cases(repository: Repository) -> bool:
    """Whether names that differ in case alone are names of two files where the repository is."""
    root = os.path.join(os.path.realpath(os.fsencode(repository.root)), b"")
    top = root[: len(root) - len(repository.prefix)]
    try:
        return not os.path.samefile(os.path.join(top, b".git"), os.path.join(top, b".GIT"))
    except OSError:
        return True


def _inside(root: Path) -> bool:
    return any((folder / ".git").exists() for folder in [root, *root.parents])
