# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A plugin of a few files in a git repository, and what changed in it."""

from __future__ import annotations

import time
from typing import Any, Callable

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import changes
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.changes import Wanted
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]
Git = Callable[..., str]
PACKAGE = "netbox_example"
MODEL = "from django.db import models\n\n\nclass M(models.Model):\n    a = models.IntegerField(default={})\n"
FILES = {
    f"{PACKAGE}/models.py": MODEL.format(1),
    f"{PACKAGE}/views.py": "V = 1\n",
    f"{PACKAGE}/templates/a.html": "a\n",
    "README.md": "hello\n",
    ".gitignore": "*.log\n/gitignore/\n",
}


def make(make_stack: MakeStack, run_git: Git) -> Stack:
    made = make_stack(files=FILES)
    root = made.plugin.root
    run_git(root, "init", "-q", "-b", "main")
    run_git(root, "add", "-A")
    run_git(root, "commit", "-qm", "first")
    run_git(root, "tag", "v1")
    return made


def commit(stack: Stack, run_git: Git, path: str, text: str) -> None:
    place = stack.plugin.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    run_git(stack.plugin.root, "add", "-A")
    run_git(stack.plugin.root, "commit", "-qm", path)


def apply(stack: Stack, **asked: Any) -> None:
    scanned = time.time_ns()
    changes.find_changes(stack, Wanted.of(**asked)).record(scanned)


def found(stack: Stack, **asked: Any) -> list[tuple[str | None, str, str]]:
    return [(c.path, c.change, c.category) for c in changes.find_changes(stack, Wanted.of(**asked)).changes]


def names(stack: Stack, **asked: Any) -> list[str | None]:
    return [path for path, _change, _category in found(stack, **asked)]
