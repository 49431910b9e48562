# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What is on disk: links and files are two things, folders that nobody may read, clocks that stand still."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import changes
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.tree import Tree
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.plain_plugin import (
    FILES,
    PACKAGE,
    Git,
    MakeStack,
    apply,
    commit,
    found,
    make,
    names,
)

NOBODY = 65534


@pytest.fixture(params=["git", "no git"])
def stack(request: pytest.FixtureRequest, make_stack: MakeStack, run_git: Git) -> Stack:
    return make(make_stack, run_git) if request.param == "git" else make_stack(files=FILES)


@pytest.fixture
def in_git(make_stack: MakeStack, run_git: Git) -> Stack:
    return make(make_stack, run_git)


@pytest.mark.parametrize("first", ["link", "file"])
@pytest.mark.parametrize("target", ["views.py", "nowhere.py"])
def test_a_link_and_a_file_that_has_the_links_text_are_two_things(stack: Stack, first: str, target: str) -> None:
    path = stack.plugin.package_dir / "linked.py"
    put = {"link": lambda: path.symlink_to(target), "file": lambda: path.write_text(target)}
    put.pop(first)()
    apply(stack)
    assert names(stack) == []
    path.unlink()
    for other in put.values():
        other()
    assert set(found(stack)) >= {(f"{PACKAGE}/linked.py", "modified", "models")}
    apply(stack)
    assert names(stack) == []


@pytest.mark.parametrize("asked", [{}, {"since": "HEAD~1"}, {"since": "HEAD"}])
def test_a_committed_link_and_a_file_that_has_its_text_are_two_things(
    in_git: Stack, run_git: Git, asked: dict[str, Any]
) -> None:
    root, path = in_git.plugin.root, in_git.plugin.package_dir / "linked.py"
    path.symlink_to("views.py")
    run_git(root, "add", "-A")
    run_git(root, "commit", "-qm", "link")
    run_git(root, "commit", "-qm", "empty", "--allow-empty")
    apply(in_git)
    path.unlink()
    path.write_text("views.py")
    assert set(names(in_git, **asked)) == {f"{PACKAGE}/linked.py"}
    if not asked:
        run_git(root, "commit", "-qam", "a file")
        assert set(names(in_git)) == {f"{PACKAGE}/linked.py"}


@pytest.mark.parametrize("has_links", [True, False])
def test_links_that_git_keeps_as_texts_are_looked_at(in_git: Stack, run_git: Git, has_links: bool) -> None:
    """Git calls both clean, by its configuration: a link where it knows them, a text where it does not."""
    root, path = in_git.plugin.root, in_git.plugin.package_dir / "linked.py"
    path.symlink_to("views.py")
    run_git(root, "add", "-A")
    run_git(root, "commit", "-qm", "link")

    def check_out(value: bool) -> None:
        run_git(root, "config", "core.symlinks", str(value).lower())
        path.unlink()
        run_git(root, "checkout", "--", ".")
        assert path.is_symlink() == value
        assert run_git(root, "status", "--porcelain") == ""

    check_out(has_links)
    apply(in_git)
    assert names(in_git) == []
    check_out(not has_links)
    assert set(names(in_git)) == {f"{PACKAGE}/linked.py"}
    apply(in_git)
    assert names(in_git) == []


def test_a_file_that_became_executable_is_no_change(stack: Stack) -> None:
    apply(stack)
    (stack.plugin.package_dir / "views.py").chmod(0o755)
    assert names(stack) == []


@contextlib.contextmanager
def as_somebody() -> Iterator[None]:
    """Not as root, whom no mode keeps from reading."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_to_all(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that somebody else gets at."""
    with tempfile.TemporaryDirectory() as made:
        os.chmod(made, 0o755)
        monkeypatch.setenv("NETBOX_DEV_STATE_HOME", f"{made}/state")
        yield Path(made)


@pytest.mark.parametrize("is_repository", [False, True])
@pytest.mark.parametrize("mode", [0o000, 0o600])
def test_what_is_in_a_folder_that_nobody_may_read_is_not_taken_for_deleted(
    open_to_all: Path, run_git: Git, make_stack: MakeStack, mode: int, is_repository: bool
) -> None:
    from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import resolve

    root = open_to_all / "plugin"
    made = make_stack(files={**FILES, f"{PACKAGE}/deep/models.py": "X = 1\n", f"{PACKAGE}/deep/er/a.txt": "1\n"})
    made.plugin.root.rename(root)
    if is_repository:
        run_git(root, "init", "-q")
        run_git(root, "add", f"{PACKAGE}/models.py", f"{PACKAGE}/deep/models.py")
        run_git(root, "commit", "-qm", "first")
    subprocess.run(["chown", "-R", str(NOBODY if os.geteuid() == 0 else os.geteuid()), str(open_to_all)], check=True)
    with as_somebody():
        stack = resolve(str(root))
        apply(stack)
        assert names(stack) == []
        folder = root / PACKAGE / "deep"
        folder.chmod(mode)
        try:
            told = changes.find_changes(stack).changes
        finally:
            folder.chmod(0o755)
        assert {one.path for one in told} == {f"{PACKAGE}/deep/models.py", f"{PACKAGE}/deep/er/a.txt"}
        assert {one.change for one in told} == {"modified"}
        assert all(f"{one.path} cannot be read" in one.reason for one in told)
        assert (f"{PACKAGE}/deep/models.py", "models") in {(one.path, one.category) for one in told}
        assert names(stack) == []


def nested(stack: Stack, run_git: Git) -> None:
    """A repository that git lists as a folder, a folder that it lists as a commit, and a submodule's like."""
    package = stack.plugin.package_dir
    for name in ("plain", "broken", "inner"):
        (package / name / "deep").mkdir(parents=True)
        (package / name / "deep/b.py").write_text("B = 1\n")
        (package / name / ".gitignore").write_text("*.log\n")
        run_git(package / name, "init", "-q")
        if name != "plain":
            run_git(package / name, "add", "-A")
            run_git(package / name, "commit", "-qm", "first")
            run_git(stack.plugin.root, "add", f"{PACKAGE}/{name}")
    run_git(stack.plugin.root, "commit", "-qm", "inner")
    subprocess.run(["rm", "-r", str(package / "broken/.git")], check=True)


def test_naming_a_folder_names_all_that_is_looked_at_there(in_git: Stack, run_git: Git) -> None:
    nested(in_git, run_git)
    configuration = in_git.checkout / "configuration"
    configuration.mkdir(parents=True)
    (configuration / "extra.py").write_text("X = 1\n")
    apply(in_git)
    inner = [f"{PACKAGE}/{name}/deep/b.py" for name in ("broken", "inner", "plain")]
    for path in inner:
        (in_git.plugin.root / path).write_text("B = 2\n")
    (configuration / "extra.py").write_text("X = 2\n")
    everything = {*inner, "netbox-docker:configuration/extra.py"}
    assert set(names(in_git)) == everything
    assert set(names(in_git, paths=["."])) >= everything
    assert set(names(in_git, paths=["gitignore"])) == {"netbox-docker:configuration/extra.py"}
    for path in inner:
        assert path in names(in_git, paths=[path.rsplit("/", 1)[0]])
        assert path in names(in_git, paths=[path.rsplit("/", 2)[0]])
        # Also for who asks before anything is read.
        assert path in Tree(in_git).everything()


def test_an_edit_between_gits_look_and_the_end_of_its_index_is_found(in_git: Stack, run_git: Git) -> None:
    """Git compares whole seconds, and takes what is older than its index for what it has read."""
    root, path = in_git.plugin.root, in_git.plugin.package_dir / "views.py"
    time.sleep(1.02 - time.time() % 1)
    path.write_text("V = 2\n")
    run_git(root, "commit", "-qam", "2")
    time.sleep(0.02)
    path.write_text("V = 3\n")
    written = path.stat().st_mtime_ns
    # A long checkout writes its index when it has written all files.
    os.utime(root / ".git/index", ns=(written + 5 * 10**9, written + 5 * 10**9))
    if run_git(root, "status", "--porcelain"):
        pytest.skip("this git compares more than seconds, or the machine is slow")
    apply(in_git)
    assert names(in_git) == []
    assert set(names(in_git, since="HEAD")) == {f"{PACKAGE}/views.py"}
    run_git(root, "update-index", "--really-refresh")
    path.write_text("V = 2\n")
    assert set(names(in_git)) == {f"{PACKAGE}/views.py"}


def test_a_file_is_looked_at_again_that_git_called_clean_when_it_was_recorded(in_git: Stack, run_git: Git) -> None:
    commit(in_git, run_git, "a.py", "A = 1\n")
    apply(in_git)
    (in_git.plugin.root / "a.py").write_text("A = 2\n")
    assert names(in_git) == ["a.py"]
