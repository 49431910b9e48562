# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.commit_hook import CommitHook
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidProject
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

PASSES, REFUSES = ["sh", "-c", 'echo "tests $SAID" >> ran; test -z "$GIT_DIR"'], ["false"]
SAID = {"SAID": "it's so"}


@pytest.fixture
def stack(make_stack: Callable[..., Stack], run_git: Callable[..., str]) -> Stack:
    made = make_stack()
    run_git(made.plugin.root, "init", "-q", "-b", "main")
    return made


@pytest.fixture
def commit(stack: Stack) -> Callable[[], int]:
    def run() -> int:
        git = ["git", "-c", "user.name=Dev", "-c", "user.email=dev@example.com"]
        arguments = ["commit", "-q", "--allow-empty", "-m", "x"]
        return subprocess.run([*git, *arguments], cwd=stack.plugin.root, capture_output=True, check=False).returncode

    return run


def put(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{name}" >> ran\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def ran(stack: Stack) -> list[str]:
    path = stack.plugin.root / "ran"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_a_commit_runs_the_command_and_a_second_install_changes_nothing(
    stack: Stack, commit: Callable[[], int]
) -> None:
    assert CommitHook(stack).install(PASSES, SAID, check=True)
    assert commit() == 0
    assert ran(stack) == []
    assert CommitHook(stack).install(PASSES, SAID, check=False)
    assert not CommitHook(stack).install(PASSES, SAID, check=False)
    assert commit() == 0
    assert ran(stack) == ["tests it's so"]


def test_a_failing_command_refuses_the_commit_until_the_hook_is_removed(
    stack: Stack, commit: Callable[[], int]
) -> None:
    CommitHook(stack).install(REFUSES, {}, check=False)
    assert commit() == 1
    assert CommitHook(stack).remove(check=False)
    assert not CommitHook(stack).remove(check=False)
    assert commit() == 0


def test_the_developers_hook_runs_first_and_comes_back(stack: Stack, commit: Callable[[], int]) -> None:
    own = put(stack.plugin.root / ".git/hooks/pre-commit", "own")
    before = own.read_bytes()
    CommitHook(stack).install(PASSES, SAID, check=False)
    assert commit() == 0
    assert ran(stack) == ["own", "tests it's so"]
    CommitHook(stack).remove(check=False)
    assert own.read_bytes() == before
    assert os.listdir(own.parent).count("pre-commit.netbox-dev-kept") == 0


def test_two_hooks_to_keep_are_refused(stack: Stack) -> None:
    put(stack.plugin.root / ".git/hooks/pre-commit", "own")
    CommitHook(stack).install(PASSES, SAID, check=False)
    put(stack.plugin.root / ".git/hooks/pre-commit", "another")
    with pytest.raises(InvalidProject, match="only one can be run first"):
        CommitHook(stack).install(PASSES, SAID, check=False)


@pytest.mark.parametrize("where", [".githooks", "../shared hooks"])
def test_a_chosen_folder_of_hooks_is_left_as_it_is_and_handed_on_to(
    stack: Stack, commit: Callable[[], int], run_git: Callable[..., str], where: str
) -> None:
    root = stack.plugin.root
    put(root / where / "pre-commit", "own")
    put(root / where / "post-commit", "after")
    run_git(root, "config", "core.hooksPath", where)
    assert CommitHook(stack).install(PASSES, SAID, check=False)
    assert not CommitHook(stack).install(PASSES, SAID, check=False)
    assert commit() == 0
    assert ran(stack) == ["own", "tests it's so", "after"]
    assert sorted(os.listdir(root / where)) == ["post-commit", "pre-commit"]
    assert CommitHook(stack).remove(check=False)
    assert run_git(root, "config", "core.hooksPath").strip() == where
    assert not (root / ".git/netbox-dev-hooks").exists()


def test_without_git_there_is_no_place(make_stack: Callable[..., Stack]) -> None:
    with pytest.raises(InvalidProject, match="no git repository"):
        CommitHook(make_stack())
