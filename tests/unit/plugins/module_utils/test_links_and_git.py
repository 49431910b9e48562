# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Links that lead out of the package, repositories that git half knows, and ends of lines that it converts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import changes
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.changes import Wanted
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
    names,
)


@pytest.fixture
def stack(make_stack: MakeStack, run_git: Git) -> Stack:
    return make(make_stack, run_git)


def link(stack: Stack, name: str, target: Path | str) -> None:
    (stack.plugin.package_dir / name).symlink_to(target)


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize(
    ("name", "target", "file", "categories"),
    [
        ("shared.py", "../lib/shared.py", "lib/shared.py", ["python", "models"]),
        ("shared", "../lib", "lib/shared.py", ["python", "models"]),
        ("models", "../lib", "lib/shared.py", ["models"]),
        ("static", "../lib", "lib/a.css", ["static"]),
        ("data.json", "../lib/data.json", "lib/data.json", ["python"]),
    ],
)
def test_what_a_link_out_of_the_package_leads_to_is_a_change(
    stack: Stack, run_git: Git, tracked: bool, name: str, target: str, file: str, categories: list[str]
) -> None:
    commit(stack, run_git, file, "N = 1\n")
    link(stack, name, target)
    if tracked:
        run_git(stack.plugin.root, "add", "-A")
        run_git(stack.plugin.root, "commit", "-qm", "link")
    apply(stack)
    assert found(stack) == []
    (stack.plugin.root / file).write_text("N = 2\n")
    assert found(stack) == [(file, "modified", category) for category in categories]
    result = changes.find_changes(stack)
    assert f"{PACKAGE}/{name}" in result.changes[0].reason
    assert [notice for notice in result.notices if f"{PACKAGE}/{name} is a link to lib" in notice]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_out_of_the_repository_is_told(stack: Stack, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.py").write_text("X = 1\n")
    link(stack, "x.py" if kind == "file" else "x", outside / "x.py" if kind == "file" else outside)
    apply(stack)
    (outside / "x.py").write_text("X = 2\n")
    result = changes.find_changes(stack)
    assert result.changes == []
    assert str(outside) in result.notices[0]


@pytest.mark.parametrize("target", ["models.py", ".", "nowhere.py", "templates"])
def test_a_link_inside_the_package_or_to_nowhere_is_not_told(stack: Stack, target: str) -> None:
    link(stack, "linked.py", target)
    apply(stack)
    assert changes.find_changes(stack).notices == []


def vendored(stack: Stack, run_git: Git) -> Path:
    """A repository in the package, committed without .gitmodules."""
    inner = stack.plugin.package_dir / "vendored"
    inner.mkdir()
    run_git(inner, "init", "-q")
    (inner / "x.py").write_text("X = 1\n")
    run_git(inner, "add", "-A")
    run_git(inner, "commit", "-qm", "first")
    run_git(stack.plugin.root, "add", "-A")
    run_git(stack.plugin.root, "commit", "-qm", "a commit of another repository")
    return inner


@pytest.mark.parametrize("has_repository", [True, False])
def test_a_repository_that_was_added_without_gitmodules_is_looked_into(
    stack: Stack, run_git: Git, has_repository: bool
) -> None:
    inner = vendored(stack, run_git)
    if not has_repository:
        shutil.rmtree(inner / ".git")
    apply(stack)
    assert names(stack) == []
    (inner / "x.py").write_text("X = 2\n")
    assert names(stack) == [f"{PACKAGE}/vendored/x.py"]


def test_since_a_commit_the_files_of_a_repository_that_is_gone_count_as_added_and_that_is_told(
    stack: Stack, run_git: Git
) -> None:
    inner = vendored(stack, run_git)
    shutil.rmtree(inner / ".git")
    apply(stack)
    result = changes.find_changes(stack, Wanted.of(since="HEAD"))
    assert {(change.path, change.change) for change in result.changes} == {(f"{PACKAGE}/vendored/x.py", "added")}
    told = "is another repository's commit to git, and no repository is in it: what its files were is not known"
    assert result.notices == [f"{PACKAGE}/vendored {told}, they count as added"]


@pytest.mark.parametrize("how", ["core.autocrlf", "attributes"])
def test_other_ends_of_lines_that_git_converts_are_no_change(stack: Stack, run_git: Git, how: str) -> None:
    root, models = stack.plugin.root, stack.plugin.package_dir / "models.py"
    if how == "attributes":
        commit(stack, run_git, ".gitattributes", "*.py text=auto eol=crlf\n")
    else:
        run_git(root, "config", "core.autocrlf", "true")
    for text, tag in ((MODEL.format(2), "v2"), (MODEL.format(1), "v3")):
        models.write_bytes(text.replace("\n", "\r\n").encode())
        if tag == "v2":
            # Applied before it is committed, and after.
            apply(stack)
        run_git(root, "add", "-A")
        run_git(root, "commit", "-qm", tag)
        if tag == "v2":
            assert names(stack) == []
    models.write_bytes(MODEL.format(2).replace("\n", "\r\n").encode())
    assert names(stack, since="HEAD~1") == []
    assert names(stack, since="HEAD") == [f"{PACKAGE}/models.py"]


def test_other_ends_of_lines_that_git_keeps_are_a_change(stack: Stack) -> None:
    apply(stack)
    page = stack.plugin.package_dir / "templates/a.html"
    page.write_bytes(b"a\r\n")
    assert names(stack) == [f"{PACKAGE}/templates/a.html"]
