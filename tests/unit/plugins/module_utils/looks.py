# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Looks at a plugin: one that takes shortcuts, one that takes nothing for granted; and what is recorded of them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import manifest, tree, untracked
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.differences import Difference, differences
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.manifest import Entry, Manifest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.object_ids import UNREAD, Content
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.tree import Tree

# Twice as long as a kernel's clock stands still.
TICK_NS = 20_000_000
SECONDS_NS = 2 * 10**9


def few_and_quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every file that can be read later is; no time stamp is young for long; nobody's configuration counts."""
    monkeypatch.setattr(untracked, "_TICK_NS", TICK_NS)
    monkeypatch.setattr(tree, "_MANY", 1)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "home").mkdir()


def grow_old() -> None:
    time.sleep(TICK_NS * 1.5 / 10**9)


class Look:
    """What was found, and how."""

    def __init__(self, stack: Stack, before: Manifest | None = None) -> None:
        known = before or manifest.read_manifest(stack)[0]
        self.before = known or Manifest()
        self.scanned_ns = time.time_ns()
        self.tree = Tree(stack)
        self.now = self.tree.read(self.before)
        found = differences(self.tree, self.before, self.now) if known else []
        assert not isinstance(found, str), found
        self.found = found
        self.late = {one.path for one in found if one.new == Content(UNREAD)}

    @property
    def is_quick(self) -> bool:
        return self.now.untracked is not None and self.now.untracked is self.before.untracked

    @property
    def read(self) -> list[Difference]:
        return [one._replace(new=self.tree.content(one.path)) if one.path in self.late else one for one in self.found]

    @property
    def names(self) -> list[str]:
        return [one.path for one in self.found]


def look_from_scratch(stack: Stack, before: Manifest | None = None) -> Look:
    """All is listed and read."""
    before = before or manifest.read_manifest(stack)[0] or Manifest()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "_MANY", 10**9)
        return Look(stack, Manifest(before.heads, {p: Entry(e.kind, e.name) for p, e in before.files.items()}))


def write_look(one: Look, scanned_ns: int) -> None:
    manifest.write_manifest(one.tree.stack, one.tree.completed(one.now), scanned_ns)


def record(stack: Stack, meanwhile: Callable[[], Any] | None = None) -> Manifest:
    """Take all as applied, with what happens ``meanwhile``."""
    grow_old()
    one = Look(stack)
    one.tree.pin(one.now)
    if meanwhile:
        meanwhile()
        grow_old()
    write_look(one, one.scanned_ns + SECONDS_NS - TICK_NS)
    made = manifest.read_manifest(stack)[0]
    assert made
    return made


def looked(stack: Stack) -> Look:
    """A look that has found what one from scratch finds."""
    one = Look(stack)
    assert one.read == look_from_scratch(stack).found
    return one


def make_twins(root: Path) -> None:
    """Two folders with files of one name, size and time, and of two contents."""
    for _try in range(1000):
        for name in ("one", "two"):
            (root / name).mkdir(exist_ok=True)
            (root / name / "a.py").unlink(missing_ok=True)
        handles = [os.open(root / name / "a.py", os.O_CREAT | os.O_WRONLY) for name in ("one", "two")]
        for number, handle in enumerate(handles):
            os.write(handle, b"A = %d\n" % number)
        seen = [os.fstat(handle) for handle in handles]
        for handle in handles:
            os.close(handle)
        if len({(status.st_mtime_ns, status.st_ctime_ns) for status in seen}) == 1:
            return
    pytest.skip("no two files were written while the clock stood still")


def refuse_mode_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is for others than root, who may run this."""
    real = tree.object_id

    def refuse(path: bytes, status: os.stat_result, *more: Any) -> tuple[str, bool]:
        if not status.st_mode & 0o444:
            raise PermissionError(13, "Permission denied", os.fsdecode(path))
        return real(path, status, *more)

    monkeypatch.setattr(tree, "object_id", refuse)
