# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What is other than a commit has it: whole repositories inside that are gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import changes
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.changes import Wanted
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.plain_plugin import (
    PACKAGE,
    Git,
    MakeStack,
    apply,
    found,
    make,
)

SUB = f"{PACKAGE}/sub"


@pytest.fixture
def stack(make_stack: MakeStack, run_git: Git, tmp_path: Path) -> Stack:
    """With a submodule in the package, since the tag ``withsub``."""
    made = make(make_stack, run_git)
    root, other = made.plugin.root, tmp_path / "other"
    other.mkdir()
    run_git(other, "init", "-q")
    (other / "a.py").write_text("A = 1\n")
    run_git(other, "add", "-A")
    run_git(other, "commit", "-qm", "first")
    run_git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), SUB)
    run_git(root, "commit", "-qm", "submodule")
    run_git(root, "tag", "withsub")
    apply(made)
    return made


@pytest.mark.parametrize("how", ["committed", "staged", "a file", "from disk", "put away"])
def test_a_repository_that_is_gone_since_a_commit_may_have_been_anything(stack: Stack, run_git: Git, how: str) -> None:
    root = stack.plugin.root
    if how == "from disk":
        shutil.rmtree(root / SUB)
    elif how == "put away":
        run_git(root, "submodule", "deinit", "-q", "-f", SUB)
    else:
        run_git(root, "rm", "-qf", SUB)
    if how == "a file":
        (root / SUB).write_text("1\n")
    if how == "committed":
        run_git(root, "commit", "-qm", "gone")
    told = changes.find_changes(stack, Wanted.of(since="withsub")).changes
    assert {(one.path, one.category) for one in told if one.path and one.path.startswith(SUB)} >= {
        (SUB, "models"),
        (SUB, "plugin_config"),
    }
    assert "another repository's commit" in told[-1].reason
    # There was none at first.
    assert SUB not in {path for path, change, _category in found(stack, since="v1") if change == "deleted"}


def test_files_in_the_place_of_a_repository_are_told_as_well(stack: Stack, run_git: Git) -> None:
    root = stack.plugin.root
    run_git(root, "rm", "-qf", SUB)
    (root / SUB).mkdir()
    (root / SUB / "b.py").write_text("B = 1\n")
    run_git(root, "add", "-A")
    run_git(root, "commit", "-qm", "files")
    told = found(stack, since="withsub")
    assert (SUB, "deleted", "models") in told
    assert (f"{SUB}/b.py", "added") in {(path, change) for path, change, _category in told}


def test_a_repository_that_is_there_is_compared_file_by_file(stack: Stack) -> None:
    assert found(stack, since="withsub") == []
    (stack.plugin.root / SUB / "a.py").write_text("A = 2\n")
    assert {path for path, _change, _category in found(stack, since="withsub")} == {f"{SUB}/a.py"}
