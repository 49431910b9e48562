# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.git import open_repository

RunGit = Callable[..., str]
HERE = ("commit", "--allow-empty", "-qm", "here")


@pytest.mark.parametrize(
    ("steps", "moved"),
    [
        ([], False),
        ([HERE, HERE], False),
        ([HERE, ("commit", "--amend", "--allow-empty", "-qm", "mended")], False),
        # Another name for where it is.
        ([("switch", "-qc", "feature"), HERE], False),
        ([("switch", "-q", "other")], True),
        ([("switch", "-q", "other"), HERE], True),
        ([("checkout", "-q", "HEAD~1")], True),
        ([("reset", "-q", "--hard", "HEAD~1")], True),
        ([("merge", "-q", "--no-ff", "-m", "merged", "other")], True),
        ([("rebase", "-q", "other")], True),
    ],
)
def test_a_head_that_only_got_commits_of_its_own_did_not_move(
    tmp_path: Path, run_git: RunGit, steps: list[tuple[str, ...]], moved: bool
) -> None:
    for step in (("init", "-q"), ("commit", "--allow-empty", "-qm", "first"), ("switch", "-qc", "other")):
        run_git(tmp_path, *step)
    for step in (("commit", "--allow-empty", "-qm", "there"), ("switch", "-qc", "own", "HEAD~1"), HERE):
        run_git(tmp_path, *step)
    repository = open_repository(tmp_path)[0]
    assert repository
    since = repository.head()
    for step in steps:
        run_git(tmp_path, *step)
    assert repository.moved_otherwise(since) is moved


def test_without_a_record_of_its_moves_a_head_is_taken_to_have_got_commits(tmp_path: Path, run_git: RunGit) -> None:
    for step in (("init", "-q"), ("config", "core.logAllRefUpdates", "false"), HERE, HERE):
        run_git(tmp_path, *step)
    repository = open_repository(tmp_path)[0]
    assert repository
    assert not repository.moved_otherwise("0" * 40)
