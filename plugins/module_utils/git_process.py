# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""How git is run: without writing anything, as the repository's owner, for no longer than it may take."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

from .answers import ANSWER_S, LISTING_S, Answer, Unreadable, cannot_read, scratch, whole

# Nothing is written; of what the repository's configuration names, git executes the filters that it needs to compare
# contents, and nothing else. It does not make git look less closely, either: no time stamp is left out, no cache of
# names trusted, and what the index has as not wanted on disk stays so when it is there after all, for it is looked at
# here.
_SAFE = (
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.trustctime=true"),
    *("-c", "core.checkStat=default"),
    *("-c", "sparse.expectFilesOutsideOfPatterns=true"),
    *("-c", "log.showSignature=false"),
)
# Where the file system tells names apart that differ in case alone, so does git, whatever it was told: of two such
# files it would know one. Where they are one, it may go by what it was told.
_CASES = ("-c", "core.ignoreCase=false")


class Git:
    """Git in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Whether the file system tells names apart that differ in case alone.
        self.has_cases = False
        self._user = _owner(root)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        command = ["git", *_SAFE, *(_CASES if self.has_cases else ()), "-C", str(self.root), *arguments]
        who = {key: value for key, value in self._user.items() if key != "env"}
        options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options}
        # A session of its own, so that what git runs can be ended with it.
        options["start_new_session"] = True
        environment = self.environment()
        if "ls-remote" not in arguments[:2]:
            # What is missing is fetched by no older git either: how, the repository's configuration would say.
            environment["GIT_ALLOW_PROTOCOL"] = "none"
        return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, **who, **options)

    def environment(self) -> dict[str, str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        return {
            **environment,
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            # What stands for another object is not what was committed.
            "GIT_NO_REPLACE_OBJECTS": "1",
            **self._user.get("env", {}),
        }

    def ask(self, *arguments: str, stdin: bytes | None = None, limit_s: float = 0) -> bytes | None:
        """Git's answer, or None when it fails. Raises TimeLimit when it gives none in time."""
        process = self.start(*arguments, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        answer = whole(process, limit_s or ANSWER_S, stdin)[0]
        return answer if process.returncode == 0 else None

    def told(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Git's answer. Raises Unreadable when it fails, TimeLimit when it gives none in time."""
        process = self.start(*arguments, stdin=subprocess.PIPE)
        answer, errors = whole(process, LISTING_S, stdin)
        if process.returncode:
            raise Unreadable(cannot_read(errors))
        return answer

    def begin(self, *arguments: str, **options: Any) -> Answer:
        errors = scratch()
        try:
            return Answer(self.start(*arguments, stderr=errors, **options), errors)
        except BaseException:
            errors.close()
            raise

    def records(self, *arguments: str) -> list[bytes]:
        """All that git answers. Raises Unreadable."""
        with self.begin(*arguments) as answer:
            return list(answer)


def _owner(root: Path) -> dict[str, Any]:
    """Root asks git as the repository's owner: git trusts it then, and runs no code of its configuration as root."""
    status = root.stat()
    if os.geteuid() != 0 or status.st_uid == 0:
        return {}
    try:
        home = pwd.getpwuid(status.st_uid).pw_dir
    except KeyError:
        home = "/nonexistent"
    return {"user": status.st_uid, "group": status.st_gid, "extra_groups": [], "env": {"HOME": home}}
