# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import answers, git_opening, git_process
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import TimeLimit
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.git import Repository
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.git_opening import open_repository
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.git_status import Status

RunGit = Callable[..., str]
HERE = ("commit", "--allow-empty", "-qm", "here")


@pytest.mark.parametrize(
    ("steps", "since_then"),
    [
        ([], None),
        ([HERE, HERE], None),
        ([HERE, ("commit", "--amend", "--allow-empty", "-qm", "mended")], None),
        # Another name for where it is.
        ([("switch", "-qc", "feature"), HERE], None),
        ([("switch", "-q", "other")], 0),
        ([("switch", "-q", "other"), HERE], 1),
        ([("checkout", "-q", "HEAD~1")], 0),
        ([("reset", "-q", "--hard", "HEAD~1")], 0),
        ([("merge", "-q", "--no-ff", "-m", "merged", "other")], 0),
        ([("rebase", "-q", "other")], 0),
    ],
)
def test_a_head_that_only_got_commits_of_its_own_did_not_move(
    tmp_path: Path, run_git: RunGit, steps: list[tuple[str, ...]], since_then: int | None
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
    expected = "" if since_then is None else run_git(tmp_path, "rev-parse", f"HEAD~{since_then}").strip()
    assert repository.came_to(since) == expected


def test_without_a_record_of_its_moves_a_head_is_taken_to_have_got_commits(tmp_path: Path, run_git: RunGit) -> None:
    for step in (("init", "-q"), ("config", "core.logAllRefUpdates", "false"), HERE, HERE):
        run_git(tmp_path, *step)
    repository = open_repository(tmp_path)[0]
    assert repository
    assert not repository.came_to("0" * 40)


def status(repository: Repository) -> Status:
    with repository.begin_status() as answer:
        return repository.status(answer)


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        (lambda repository: repository.head(), "rev-parse"),
        (status, "(status|ls-files)"),
        (lambda repository: repository.files(), "ls-files"),
        (lambda repository: open_repository(repository.root), "rev-parse"),
    ],
)
def test_a_git_that_hangs_is_ended_with_what_it_runs_and_told(
    tmp_path: Path, run_git: RunGit, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Any], Any], asked: str
) -> None:
    run_git(tmp_path, "init", "-q")
    repository = open_repository(tmp_path)[0]
    stuck = tmp_path / "bin" / "git"
    stuck.parent.mkdir()
    stuck.write_text(f"#!/bin/sh\nsleep 60 &\necho $! >> {tmp_path}/children\nwait\n", encoding="utf-8")
    stuck.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stuck.parent}:{os.environ['PATH']}")
    for module in (git_process, git_opening):
        monkeypatch.setattr(module, "ANSWER_S", 0.3)
    for module in (answers, git_process):
        monkeypatch.setattr(module, "LISTING_S", 0.3)
    began = time.monotonic()
    with pytest.raises(TimeLimit, match=f"'git {asked}.*gave no answer within 0 s"):
        ask(repository)
    assert time.monotonic() - began < 5
    for child in (tmp_path / "children").read_text(encoding="utf-8").split():
        deadline = time.monotonic() + 3
        while _lives(child):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _lives(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] != "Z"
    except OSError:
        return False


def test_a_commit_that_is_not_there_is_not_taken_for_none(tmp_path: Path, run_git: RunGit) -> None:
    run_git(tmp_path, "init", "-q", "-b", "main")
    repository = open_repository(tmp_path)[0]
    assert repository
    assert repository.head() == repository.empty_tree()
    run_git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    commit = repository.head()
    (tmp_path / ".git/objects" / commit[:2] / commit[2:]).unlink()
    with pytest.raises(answers.Unreadable, match="the commit that is checked out is not in it"):
        repository.head()


@pytest.mark.parametrize("lazy", ["0", "1"])
def test_no_program_that_a_repository_names_is_run(
    tmp_path: Path, run_git: RunGit, monkeypatch: pytest.MonkeyPatch, lazy: str
) -> None:
    """But for filters, which are how contents are compared (`git status` runs them, too)."""
    root, witness = tmp_path / "repository", tmp_path / "witness"
    root.mkdir()
    run_git(root, "init", "-qb", "main")
    (root / ".gitattributes").write_text("*.txt diff=evil\n")
    (root / "a.txt").write_text("one")
    run_git(root, "add", ".")
    run_git(root, "commit", "-qm", "one")
    signed = run_git(root, "cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n", 1
    )
    (tmp_path / "commit").write_text(signed)
    commit = run_git(root, "hash-object", "-t", "commit", "-w", str(tmp_path / "commit")).strip()
    run_git(root, "reset", "-q", "--hard", commit)
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >>{witness}\n')
    program.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "reference-transaction", "pre-auto-gc"):
        (hooks / hook).symlink_to(program)
    for name in (
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.gitProxy", "core.alternateRefsCommand"),
        *("diff.external", "diff.evil.command", "diff.evil.textconv", "gpg.program", "credential.helper"),
        "remote.origin.uploadpack",
    ):
        run_git(root, "config", name, str(program))
    for name, value in (
        ("core.hooksPath", str(hooks)),
        ("log.showSignature", "true"),
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", str(root)),
        ("protocol.ext.allow", "always"),
    ):
        run_git(root, "config", name, value)
    (root / "a.txt").write_text("two")
    # Older gits do not know this word, and fetch what is missing.
    environment = Repository.environment
    monkeypatch.setattr(Repository, "environment", lambda self: {**environment(self), "GIT_NO_LAZY_FETCH": lazy})
    witness.unlink(missing_ok=True)
    found, why = open_repository(root)
    assert found, why
    found.came_to("0" * 40)
    found.last_text("a.txt")
    assert b"a.txt" in found.status(found.begin_status()).paths
    found.differing("HEAD", found.empty_tree())
    assert (found.untracked(), found.odd, found.has("1" * 40)) == ([], [], False)
    assert list(found.contents(["1" * 40])) == []
    assert not witness.exists(), witness.read_text()
