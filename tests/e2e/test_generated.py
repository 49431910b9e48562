# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Commits on the example plugin, generated and thought out: the engine's word on the schema against Django's own."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from .conftest import build_sandbox
from .long import long
from .stack import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from replay.decide import Decision, decide
from replay.generate import EXAMPLE, SEED, history
from replay.history import git
from replay.pairs import read_pairs
from replay.report import CORRECT, MISSED, NEEDLESS, UNKNOWN, changed_lines, verdict
from replay.truth import Server

COMMITS = 100
MOST_NEEDLESS = 0.10
# Code that measures its own text: nothing that compares what code does can follow that.
NOT_FOLLOWED = {"a comment that is read", "a docstring that is read"}
IMAGE = "localhost/netbox-dev-sandbox/netbox:v4.3-3.3.0"
SCRIPT = ROOT / "tests/replay/model_state.py"
PACKAGE = "netbox_example"
AUTHOR = ("-c", "user.name=Sandbox", "-c", "user.email=sandbox@example.com")
Files = dict[str, str]


class Django:
    """One container of the sandbox's NetBox that is asked about versions of the example's files."""

    def __init__(self, home: Path) -> None:
        self.home = home
        mounts = ["-v", f"{home}:/states:ro", "-v", f"{SCRIPT}:/model_state.py:ro"]
        # Root reads whatever modes this machine's umask gave the files.
        container = ["docker", "run", "--rm", "-i", "--network=none", "--user=0", *mounts]
        self.server = Server([*container, IMAGE, "python", "/model_state.py", "--each", "2"])
        self.numbers: dict[str, int] = {}
        self.texts: list[str] = []

    def ask(self, versions: Iterable[Files]) -> list[int]:
        """Make the versions and ask about each once; the answers come while we do something else."""
        numbers = []
        for files in versions:
            key = json.dumps(files, sort_keys=True)
            if key not in self.numbers:
                number = self.numbers[key] = len(self.numbers)
                copy(self.home / str(number), files)
                self.server.send(PACKAGE, f"/states/{number}")
            numbers.append(self.numbers[key])
        return numbers

    def answers(self, numbers: list[int]) -> list[str]:
        """Every version must be one that NetBox takes."""
        while len(self.texts) < len(self.numbers):
            state, text, error = self.server.receive()
            assert text is not None, f"{state}: {error}"
            self.texts.append(text)
        return [self.texts[number] for number in numbers]


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Django]:
    build_sandbox(tmp_path_factory.mktemp("sandbox"))
    home = tmp_path_factory.mktemp("states")
    home.chmod(0o755)
    asked = Django(home)
    yield asked
    asked.server.close()


def copy(root: Path, files: Files) -> None:
    shutil.copytree(EXAMPLE, root)
    write(root, files)


def write(root: Path, files: Files) -> None:
    """Make files of a copy of the example what a version has; models may have become a package."""
    if f"{PACKAGE}/models/__init__.py" in files:
        (root / PACKAGE / "models.py").unlink(missing_ok=True)
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def decided(root: Path, versions: Iterable[Files]) -> Iterator[Decision]:
    """The engine's word on each version against the one before, in a repository that is made as it goes."""
    before: Files | None = None
    for files in versions:
        if before is None:
            copy(root, files)
            git(root, "init", "-q")
        else:
            for path in before.keys() - files.keys():
                (root / path).unlink()
            write(root, files)
        git(root, "add", "--all", ".")
        git(root, *AUTHOR, "commit", "-q", "--allow-empty", "-m", "a version")
        if before is not None:
            yield decide(root)
        before = files


def judged(name: str, decision: Decision, before: str, after: str) -> tuple[str, str]:
    """The verdict, and why it is that where it is not that both agree."""
    assert not decision.error, f"{name}: {decision.error}"
    found = verdict(decision.schema, before, after)
    why = decision.reasons or [f"{change.path}: {change.category}, {change.reason}" for change in decision.changes]
    return found, "" if found == CORRECT else f"{found}: {name}: {why} {changed_lines(before, after)}"


def counted(verdicts: Iterable[str]) -> tuple[Counter[str], str]:
    counts = Counter(verdicts)
    names = (CORRECT, MISSED, NEEDLESS)
    return counts, f"{counts.total()} commits: " + ", ".join(f"{counts[name]} {name}" for name in names)


def test_no_generated_commit_is_missed_and_few_are_needless(
    django: Django, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETBOX_DEV_STATE_HOME", str(tmp_path / "state"))
    commits = list(history(COMMITS, int(os.environ.get("NETBOX_DEV_E2E_SEED", SEED))))
    versions: list[Files] = [{}, *(commit.files for commit in commits)]
    numbers = django.ask(versions)
    decisions = list(decided(tmp_path / "plugin", versions))
    texts = django.answers(numbers)
    found = [
        judged(f"commit {number}, {commit.kind}", decision, texts[number], texts[number + 1])
        for number, (commit, decision) in enumerate(zip(commits, decisions))
    ]
    counts, figures = counted(name for name, _why in found)
    told = "\n".join([*(why for _name, why in found if why), figures])
    print(told)
    assert counts[MISSED] == counts[UNKNOWN] == 0, told
    assert counts[NEEDLESS] <= MOST_NEEDLESS * len(commits), told


@long
def test_no_value_that_is_hard_to_follow_is_missed(
    django: Django, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETBOX_DEV_STATE_HOME", str(tmp_path / "state"))
    pairs = read_pairs()
    numbers = django.ask(files for pair in pairs for files in (pair.before, pair.after))
    decisions = []
    for number, pair in enumerate(pairs):
        decisions += decided(tmp_path / str(number), [pair.before, pair.after])
    texts = django.answers(numbers)
    found = {
        pair.name: judged(pair.name, decision, *texts[2 * number : 2 * number + 2])
        for number, (pair, decision) in enumerate(zip(pairs, decisions))
    }
    _counts, figures = counted(name for name, _why in found.values())
    told = "\n".join([*(why for _name, why in found.values() if why), figures])
    print(told)
    assert {name for name, (word, _why) in found.items() if word == MISSED} <= NOT_FOLLOWED, told
