# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Generated commits on the example plugin: the engine's word on the schema against Django's own, commit by commit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import build_sandbox
from .stack import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from replay.decide import Decision, decide
from replay.generate import EXAMPLE, SEED, Generated, history
from replay.history import git
from replay.report import CORRECT, MISSED, NEEDLESS, UNKNOWN, changed_lines, verdict
from replay.truth import Server

COMMITS = 100
MOST_NEEDLESS = 0.10
IMAGE = "localhost/netbox-dev-sandbox/netbox:v4.3-3.3.0"
SCRIPT = ROOT / "tests/replay/model_state.py"
PACKAGE = "netbox_example"
AUTHOR = ("-c", "user.name=Sandbox", "-c", "user.email=sandbox@example.com")


@pytest.fixture(scope="module")
def commits() -> list[Generated]:
    return list(history(COMMITS, int(os.environ.get("NETBOX_DEV_E2E_SEED", SEED))))


@pytest.fixture(scope="module")
def django(commits: list[Generated], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One container of the sandbox's NetBox that is asked about every commit, the example as it is first."""
    home = tmp_path_factory.mktemp("states")
    build_sandbox(home / "sandbox")
    for number in range(len(commits) + 1):
        shutil.copytree(EXAMPLE, home / str(number))
        if number:
            write(home / str(number), commits[number - 1].files)
    # The image's user reads them.
    subprocess.run(["chmod", "-R", "a+rX", str(home)], check=True)
    mounts = ["-v", f"{home}:/states:ro", "-v", f"{SCRIPT}:/model_state.py:ro"]
    container = ["docker", "run", "--rm", "-i", "--network=none", *mounts, "-e", "PYTHONDONTWRITEBYTECODE=1", IMAGE]
    server = Server([*container, "python", "/model_state.py", "--each", "2"])
    for number in range(len(commits) + 1):
        server.send(PACKAGE, f"/states/{number}")
    yield server
    server.close()


def write(root: Path, files: dict[str, str]) -> None:
    """Make the models and modules of a copy of the example what the commit has."""
    if f"{PACKAGE}/models.py" not in files:
        (root / PACKAGE / "models.py").unlink(missing_ok=True)
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def decided(root: Path, commits: list[Generated]) -> Iterator[Decision]:
    """The engine's word on each commit of a repository that is made as it goes."""
    shutil.copytree(EXAMPLE, root)
    git(root, "init", "-q")
    before: set[str] = set()
    for number, commit in enumerate([Generated("the example", {}), *commits]):
        for path in before - commit.files.keys():
            (root / path).unlink()
        write(root, commit.files) if number else None
        before = set(commit.files)
        git(root, "add", "--all", ".")
        git(root, *AUTHOR, "commit", "-q", "-m", commit.kind)
        if number:
            yield decide(root)


def test_no_commit_that_django_sees_is_missed_and_few_are_needless(
    commits: list[Generated], django: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETBOX_DEV_STATE_HOME", str(tmp_path / "state"))
    decisions = list(decided(tmp_path / "plugin", commits))
    texts = [django.receive() for _ in range(len(commits) + 1)]
    broken = [f"{checkout}: {error}" for checkout, text, error in texts if text is None]
    assert not broken, "\n".join(broken)
    verdicts: Counter[str] = Counter()
    told = []
    for number, (commit, decision) in enumerate(zip(commits, decisions)):
        before, after = texts[number][1] or "", texts[number + 1][1] or ""
        assert not decision.error, f"commit {number}, {commit.kind}: {decision.error}"
        found = verdict(decision.schema, before, after)
        verdicts[found] += 1
        if found != CORRECT:
            why = decision.reasons or [f"{c.path}: {c.category}, {c.reason}" for c in decision.changes]
            told.append(f"{found}: commit {number}, {commit.kind}: {why} {changed_lines(before, after)}")
    told.append(
        f"{len(commits)} commits: " + ", ".join(f"{verdicts[name]} {name}" for name in (CORRECT, MISSED, NEEDLESS))
    )
    print("\n".join(told))
    assert verdicts[UNKNOWN] == verdicts[MISSED] == 0, "\n".join(told)
    assert verdicts[NEEDLESS] <= MOST_NEEDLESS * len(commits), "\n".join(told)
