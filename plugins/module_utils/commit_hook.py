# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A git hook that runs tests before a commit; whatever hooks the developer has are kept, and run first."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import InvalidProject
from .git import Repository
from .git_opening import open_repository
from .stack import Stack
from .state import write_atomic

_MARK = "# Written by hedgehog.netbox_dev"
_HOOK = "pre-commit"
_KEPT = f"{_HOOK}.netbox-dev-kept"
_FOLDER = "netbox-dev-hooks"
_RECORD = "kept.json"
# What git runs on a developer's side. Some others are not the same when they are there and do nothing.
_OTHERS = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-merge-commit", "prepare-commit-msg", "commit-msg"),
    *("post-commit", "pre-rebase", "post-checkout", "post-merge", "pre-push", "post-rewrite"),
)


def _script(kept: str, command: Sequence[str], environment: Mapping[str, str]) -> str:
    """``kept`` is a path in the shell's words; without a command, that is all there is to run."""
    lines = ["#!/bin/sh", f"{_MARK}: 'test.yml -e pre_commit=false' removes it.", f"kept={kept}"]
    if not command:
        return "\n".join([*lines, 'if [ -x "$kept" ]; then exec "$kept" "$@"; fi', ""])
    # What git tells its hooks about the repository is not for others that are looked at.
    unset = "unset $(env | sed -n 's/^\\(GIT_[A-Z_]*\\)=.*/\\1/p')"
    given = [f"{name}={shlex.quote(value)}; export {name}" for name, value in sorted(environment.items())]
    told = "echo 'Tests that the commit touches (git commit --no-verify leaves them out):' >&2"
    run = f"exec {' '.join(map(shlex.quote, command))} </dev/null"
    return "\n".join([*lines, 'if [ -x "$kept" ]; then "$kept" "$@" || exit; fi', told, unset, *given, run, ""])


class CommitHook:
    """The hook in the repository of one stack's plugin."""

    def __init__(self, stack: Stack) -> None:
        """Raises InvalidProject where git has no repository."""
        repository, why = open_repository(stack.plugin.root)
        if repository is None:
            raise InvalidProject(
                f"pre_commit: there is no git repository at '{stack.plugin.root}'{f' ({why})' if why else ''}: a hook "
                "has no place."
            )
        self.stack = stack
        self.repository: Repository = repository
        root = stack.plugin.root
        self.git_dir = (root / self._ask("rev-parse", "--git-common-dir")).resolve()
        self.top = Path(self._ask("rev-parse", "--show-toplevel"))
        self.folder = self.git_dir / _FOLDER
        chosen = self._ask("config", "--path", "core.hooksPath")
        # Where git looks for hooks, when that was chosen.
        self.chosen = self.top / chosen if chosen else None

    def _ask(self, *arguments: str) -> str:
        return (self.repository.ask(*arguments) or b"").decode("utf-8", "surrogateescape").strip()

    def install(self, command: Sequence[str], environment: Mapping[str, str], check: bool) -> bool:
        """Return whether anything is other than it was. Raises InvalidProject where two hooks would have to be kept."""
        if self.chosen:
            return self._install_beside(self.chosen, command, environment, check)
        hook, kept = self.git_dir / "hooks" / _HOOK, self.git_dir / "hooks" / _KEPT
        script = _script(f'"$(dirname "$0")"/{_KEPT}', command, environment)
        if _is_ours(hook):
            return self._write({hook: script}, check)
        if os.path.lexists(hook):
            if os.path.lexists(kept):
                raise InvalidProject(
                    f"pre_commit: '{hook}' and '{kept}' are both there, and only one can be run first. Put them "
                    "together in the first, remove the second, and run again."
                )
            if not check:
                hook.rename(kept)
        self._write({hook: script}, check)
        return True

    def _install_beside(
        self, chosen: Path, command: Sequence[str], environment: Mapping[str, str], check: bool
    ) -> bool:
        """Whoever chose another folder may share it, or have it in the repository: nothing is written there."""
        record = self.folder / _RECORD
        if chosen != self.folder:
            local = self._ask("config", "--local", "core.hooksPath") or None
            kept = {"local": local, "path": str(chosen)}
        else:
            kept = json.loads(record.read_text(encoding="utf-8"))
        place = f'{shlex.quote(str(kept["path"]))}/"$(basename "$0")"'
        files = {self.folder / name: _script(place, (), {}) for name in _OTHERS}
        files[self.folder / _HOOK] = _script(place, command, environment)
        files[record] = json.dumps(kept) + "\n"
        changed = self._write(files, check)
        if chosen != self.folder:
            changed = True
            if not check:
                self._ask("config", "--local", "core.hooksPath", str(self.folder))
        return changed

    def remove(self, check: bool) -> bool:
        """Put everything back to what it was; return whether there was anything."""
        if self.chosen == self.folder:
            if not check:
                local = json.loads((self.folder / _RECORD).read_text(encoding="utf-8"))["local"]
                self._ask("config", "--local", *(["core.hooksPath", local] if local else ["--unset", "core.hooksPath"]))
                shutil.rmtree(self.folder)
            return True
        hook, kept = self.git_dir / "hooks" / _HOOK, self.git_dir / "hooks" / _KEPT
        if not _is_ours(hook):
            return False
        if not check:
            hook.unlink()
            if os.path.lexists(kept):
                kept.rename(hook)
        return True

    def _write(self, files: Mapping[Path, str], check: bool) -> bool:
        changed = False
        owner = self.git_dir.stat()
        for path, text in files.items():
            same = path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text
            changed = changed or not same
            if not same and not check:
                for folder in [one for one in (path.parent,) if not one.exists()]:
                    folder.mkdir()
                    if os.geteuid() == 0:
                        os.chown(folder, owner.st_uid, owner.st_gid)
                write_atomic(path, text, 0o755)
        return changed


def _is_ours(path: Path) -> bool:
    return path.is_file() and _MARK in path.read_text(encoding="utf-8", errors="replace")
