# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A git that hangs, that another process speaks for, that waits for its reader; and no room for what it says."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import answers, changes, git
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.answers import Answer, Unreadable
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import FileUnusable, TimeLimit
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.git_opening import open_repository
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.plain_plugin import (
    Git,
    MakeStack,
    apply,
    make,
    names,
)

STARTED: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def started() -> Iterator[None]:
    yield
    for process in STARTED:
        process.kill()
        process.wait()
    STARTED.clear()


def answer_of(script: str) -> Answer:
    """What a shell answers in git's place."""
    errors = answers.scratch()
    command = ["sh", "-c", script, "git", "-C", "/plugin", "status"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
    STARTED.append(process)
    return Answer(process, errors)


def test_records_come_as_they_are_however_they_are_cut() -> None:
    with answer_of(r"printf 'a\0b'; sleep 0.1; printf 'c\0d\ne\0'") as answer:
        assert list(answer) == [b"a", b"bc", b"d\ne"]


def test_a_git_that_fails_is_told_with_its_words() -> None:
    match = "cannot read the repository: no such thing"
    with answer_of(r"printf 'a\0'; echo no such thing >&2; exit 3") as answer, pytest.raises(Unreadable, match=match):
        list(answer)


def test_a_pipe_that_a_child_of_git_holds_is_not_waited_for() -> None:
    began = time.monotonic()
    with answer_of(r"printf 'a\0'; setsid sleep 20 & printf 'b\0'") as answer:
        assert list(answer) == [b"a", b"b"]
    assert time.monotonic() - began < 5


def test_a_git_that_is_ended_for_its_time_is_not_waited_for_by_a_pipe_that_its_child_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "LISTING_S", 0.3)
    began = time.monotonic()
    match = "gave no answer within 0 s"
    with answer_of(r"setsid sleep 20 & printf 'a\0'; sleep 20") as answer, pytest.raises(TimeLimit, match=match):
        list(answer)
    assert time.monotonic() - began < 5


def test_that_git_waits_for_its_reader_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LISTING_S", 0.5)
    with answer_of(r"for n in 1 2 3 4 5 6 7 8; do head -c 60000 /dev/zero; done; printf 'end\0'") as answer:
        time.sleep(0.7)
        records = []
        for record in answer:
            if len(records) % 120_000 == 0:
                time.sleep(0.2)
            records.append(record)
    assert (len(records), records[-1]) == (480_001, b"end")


def test_a_git_whose_answer_nobody_wants_any_more_is_ended() -> None:
    with pytest.raises(ZeroDivisionError), answer_of("sleep 20") as answer:
        1 / 0  # noqa: B018
    assert answer._process.returncode
    assert answer._errors.closed


def test_a_look_that_fails_leaves_no_git_behind(
    make_stack: MakeStack, run_git: Git, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = make(make_stack, run_git)
    repository = open_repository(made.plugin.root)[0]
    assert repository
    real = shutil.which("git")
    stuck = tmp_path / "bin/git"
    stuck.parent.mkdir()
    stuck.write_text(f'#!/bin/sh\ncase "$*" in *ls-files*) exit 3;; *status*) sleep 20;; esac\nexec {real} "$@"\n')
    stuck.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stuck.parent}:{os.environ['PATH']}")
    begun: list[Answer] = []
    whole = git.Repository.begin

    def begin(*arguments: Any, **options: Any) -> Answer:
        begun.append(whole(*arguments, **options))
        return begun[-1]

    monkeypatch.setattr(git.Repository, "begin", begin)
    assert "git cannot read the repository" in changes.find_changes(made).notices[0]
    assert begun
    assert [one._process.returncode for one in begun if one._process.returncode is None] == []


@pytest.fixture
def stack(make_stack: MakeStack, run_git: Git) -> Stack:
    made = make(make_stack, run_git)
    apply(made)
    return made


class Full:
    """A file where there is no room for another byte."""

    def __init__(self, *_: Any, **_more: Any) -> None:
        self.closed = False

    def write(self, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        self.closed = True
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def refuse(*_: Any, **_more: Any) -> Any:
    raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")


@pytest.mark.parametrize(
    ("made", "why"), [(Full, "No space left on device"), (refuse, "No usable temporary directory found")]
)
def test_no_room_for_a_temporary_file_is_said(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, made: Any, why: str
) -> None:
    monkeypatch.setattr(answers.tempfile, "TemporaryFile", made)
    with pytest.raises(FileUnusable, match=f"{why}.*TMPDIR"):
        changes.find_changes(stack)


def test_no_room_when_it_is_recorded_means_a_search_the_next_time(
    stack: Stack, run_git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stack.plugin.root / "a.py").write_text("A = 1\n")
    result = changes.find_changes(stack, to_record=True)
    with monkeypatch.context() as patch:
        patch.setattr(answers.tempfile, "TemporaryFile", refuse)
        result.record(time.time_ns())
    assert names(stack) == []
