# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Input that cannot be used, files that are damaged, and what the project file says: each a clear result."""

from __future__ import annotations

import json
import os
import time

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import changes, facts
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidPath, InvalidReference
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.plain_plugin import (
    MODEL,
    PACKAGE,
    Git,
    MakeStack,
    apply,
    commit,
    found,
    make,
)


@pytest.fixture
def stack(make_stack: MakeStack, run_git: Git) -> Stack:
    return make(make_stack, run_git)


@pytest.mark.parametrize("path", ["~nobody-of-that-name/x", "a\0b"])
def test_a_path_that_cannot_be_made_out_is_refused(stack: Stack, path: str) -> None:
    with pytest.raises(InvalidPath, match="cannot be followed"):
        found(stack, paths=[path])


def test_a_reference_with_a_null_character_is_refused(stack: Stack) -> None:
    with pytest.raises(InvalidReference, match="null character"):
        found(stack, since="a\0b")


@pytest.mark.parametrize("root", [".", "the path"])
def test_the_whole_plugin_may_be_named(stack: Stack, root: str) -> None:
    apply(stack)
    named = found(stack, paths=[str(stack.plugin.root) if root == "the path" else root])
    assert {path for path, _change, _category in named} >= {f"{PACKAGE}/models.py", "README.md"}


@pytest.mark.parametrize("how", ["git rm", "rm"])
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_gone_from_a_folder_that_is_named_is_told(stack: Stack, run_git: Git, how: str, whole: bool) -> None:
    for name in ("__init__", "b"):
        commit(stack, run_git, f"{PACKAGE}/jobs/{name}.py", "J = 1\n")
    apply(stack)
    gone = ("__init__", "b") if whole else ("b",)
    for name in gone:
        if how == "git rm":
            run_git(stack.plugin.root, "rm", "-q", f"{PACKAGE}/jobs/{name}.py")
        else:
            (stack.plugin.root / f"{PACKAGE}/jobs/{name}.py").unlink()
    told = found(stack, paths=[f"{PACKAGE}/jobs"])
    assert {(path, change) for path, change, _c in told} >= {(f"{PACKAGE}/jobs/{n}.py", "deleted") for n in gone}


def test_a_module_that_is_named_before_anything_was_applied_may_concern_the_schema(stack: Stack) -> None:
    assert ("netbox_example/views.py", "named", "models") in found(stack, paths=[f"{PACKAGE}/views.py"])
    apply(stack)
    assert found(stack, paths=[f"{PACKAGE}/views.py"]) == [("netbox_example/views.py", "named", "views")]


def test_a_repository_that_has_lost_objects_makes_everything_count_and_says_so(stack: Stack, run_git: Git) -> None:
    apply(stack)
    tree = run_git(stack.plugin.root, "rev-parse", "HEAD^{tree}").strip()
    commit(stack, run_git, f"{PACKAGE}/models.py", MODEL.format(7))
    (stack.plugin.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
    result = changes.find_changes(stack)
    assert "git cannot read the repository" in result.notices[0]
    assert "models" in {change.category for change in result.changes}
    with pytest.raises(InvalidReference, match="cannot be compared: git cannot read"):
        found(stack, since="HEAD~1")


def test_a_pipe_is_no_file_to_wait_for(stack: Stack) -> None:
    apply(stack)
    os.mkfifo(stack.plugin.root / f"{PACKAGE}/pipe.py")
    (stack.plugin.root / f"{PACKAGE}/views.py").write_text("V = 2\n")
    assert found(stack) == [(f"{PACKAGE}/views.py", "modified", "views")]


@pytest.mark.parametrize(
    ("before", "after", "category", "actions"),
    [
        ("port: 8000\n", "# why\nport:  8000\n", "ignored", None),
        ("port: 8000\n", "port: 8000\nrules: []\n", "ignored", None),
        ("port: 8000\n", "port: 8001\n", "settings", ["recreate"]),
        (None, "services:\n  a: {command: rqworker a}\n", "settings", ["recreate"]),
        ("packages: [a]\n", "packages: [a, b]\n", "settings", ["build", "recreate"]),
        ("packages: [a]\n", None, "settings", ["build", "recreate"]),
        ("settings: {A: 1}\n", "settings: {A: 2}\n", "settings", None),
        ("plugin_settings: {a: 1}\n", "plugin_settings: {a: 2}\nport: 1\n", "settings", ["recreate"]),
        ("port: 8000\n", "port: [\n", "settings", None),
    ],
)
@pytest.mark.parametrize("kept", ["by git", "with the facts"])
def test_the_project_file_is_told_by_its_keys(
    stack: Stack,
    run_git: Git,
    kept: str,
    before: str | None,
    after: str | None,
    category: str,
    actions: list[str] | None,
) -> None:
    file = stack.plugin.root / "netbox-dev.yml"
    if before is not None:
        file.write_text(before)
        if kept == "by git":
            run_git(stack.plugin.root, "add", "-A")
            run_git(stack.plugin.root, "commit", "-qm", "file")
    apply(stack)
    if kept == "by git":
        (stack.state / facts.FILE).unlink()
    file.unlink(missing_ok=True)
    if after is not None:
        file.write_text(after)
    (told,) = changes.find_changes(stack).changes
    assert (told.category, None if told.actions is None else sorted(told.actions)) == (category, actions)


def test_an_environment_file_of_the_checkout_needs_new_containers(stack: Stack) -> None:
    file = stack.checkout / "env/netbox.env"
    file.parent.mkdir(parents=True)
    file.write_text("A=1\n")
    apply(stack)
    file.write_text("A=2\n")
    (told,) = changes.find_changes(stack).changes
    assert (told.category, list(told.actions or ())) == ("settings", ["recreate"])


def test_facts_that_are_damaged_are_read_again(stack: Stack) -> None:
    (stack.plugin.root / "setup.cfg").write_text("[metadata]\nname = a\n")
    apply(stack)
    file = stack.state / facts.FILE
    data = json.loads(file.read_text())
    data["meanings"] = dict.fromkeys(data["meanings"], 5)
    for one in data["sources"].values():
        one["imports"] = [5]
    file.write_text(json.dumps(data))
    (stack.plugin.root / "setup.cfg").write_text("[metadata]\nname = b\n")
    (stack.plugin.root / f"{PACKAGE}/models.py").write_text(MODEL.format(9))
    assert [category for _p, _c, category in found(stack)] == ["models", "dependencies"]


def test_an_edit_that_keeps_size_and_time_is_found_by_its_inode(stack: Stack) -> None:
    file = stack.plugin.root / f"{PACKAGE}/jobs.py"
    file.write_text("J = 2\n")
    os.utime(file, (1_000_000, 1_000_000))
    scanned = time.time_ns() + 5 * 10**9
    changes.find_changes(stack).record(scanned)
    file.write_text("J = 3\n")
    os.utime(file, (1_000_000, 1_000_000))
    assert found(stack) == [(f"{PACKAGE}/jobs.py", "modified", "python")]
