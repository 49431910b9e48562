# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What the engine says of the commit that is checked out, against its parent."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".venv/collections"))

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.change import BY_PATH, Change
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.changes import Wanted, find_changes
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import NetBoxDevError
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.plan import make_plan
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import resolve

ROLES = {"netbox": "web", "netbox-worker": "worker"}


@dataclass(frozen=True)
class Decision:
    """The changes of one commit and the actions of their plan; or the code of the error that the engine answers."""

    package: str = ""
    changes: list[Change] = field(default_factory=list)
    actions: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str = ""

    @property
    def schema(self) -> bool:
        return any(change.category == "models" for change in self.changes)

    @property
    def reasons(self) -> list[str]:
        """Why it says that the schema is concerned."""
        return [f"{c.path}: {c.reason} ({c.confidence})" for c in self.changes if c.category == "models"]


def decide(root: Path, since: str = "HEAD~1", package: str | None = None) -> Decision:
    started = time.perf_counter()
    try:
        stack = resolve(str(root), {"package": package} if package else None)
        found = find_changes(stack, Wanted.of(since=since))
    except NetBoxDevError as error:
        return Decision(error=error.code, seconds=time.perf_counter() - started)
    actions = tuple(action.action for action in make_plan(found.changes, ROLES))
    # The next commit has most files in common with this one.
    found.facts.save()
    return Decision(stack.plugin.package, found.changes, actions, time.perf_counter() - started)


def is_doubtful(change: Change) -> bool:
    """Whether only the path of a Python file was told, though there are two versions to compare.

    What is done for tests and migrations does not hang on what they say.
    """
    if change.category in ("tests", "migrations"):
        return False
    if "cannot parse" in change.reason:
        return True
    path = change.path or ""
    return change.confidence == BY_PATH and path.endswith(".py") and change.change not in ("added", "deleted")


def is_unclassified(change: Change) -> bool:
    """Whether no rule knew the file, and what is left over was taken."""
    path = change.path or ""
    data = change.category == "python" and not path.endswith(".py")
    return change.confidence == BY_PATH and (data or change.category == "ignored")
