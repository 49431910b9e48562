# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The replay tool and the generator of commits, without any NetBox."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import INIT, git, write

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from replay.generate import history
from replay.report import CORRECT, MISSED, NEEDLESS, UNKNOWN, changed_lines, verdict

TOOL = Path(__file__).resolve().parents[1] / "replay"
MODELS = """\
from django.db import models


class Fabric(models.Model):
    name = models.CharField(max_length=9)
"""
# A truth of three words: what the models' fields are, as text.
TRUTH = (
    "import pathlib, sys; print(*sorted(set(pathlib.Path(sys.argv[2], sys.argv[1], 'models.py').read_text().split())))"
)


def test_generated_commits_are_the_same_each_time_and_can_be_parsed() -> None:
    commits = list(history(80))
    assert [commit.files for commit in commits] == [commit.files for commit in history(80)]
    assert len({commit.kind for commit in commits}) > 40
    for commit in commits:
        for path, text in commit.files.items():
            if path.endswith(".py"):
                ast.parse(text, path)


@pytest.mark.parametrize(
    ("schema", "before", "after", "expected"),
    [
        (True, "a", "b", CORRECT),
        (False, "a", "a", CORRECT),
        (False, "a", "b", MISSED),
        (True, "a", "a", NEEDLESS),
        (True, None, "a", UNKNOWN),
        (False, "a", None, UNKNOWN),
    ],
)
def test_a_verdict_compares_the_engine_with_the_truth(
    schema: bool, before: str | None, after: str | None, expected: str
) -> None:
    assert verdict(schema, before, after) == expected


def test_changed_lines_are_few() -> None:
    assert changed_lines("a\nb\n", "a\nc\n") == ["-b", "+c"]
    assert changed_lines("", "".join(f"{n}\n" for n in range(20)), most=3)[-1] == "… and 17 lines more"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A plugin with a field added, a file beside the models, a comment that this truth takes for a field, no models."""
    root = tmp_path / "clone"
    models = root / "example" / "models.py"
    write(root / "example/__init__.py", INIT.format(package="example"))
    git(root.parent, "init", "-q", str(root))
    for subject, path, text in (
        ("start", models, MODELS),
        ("a field", models, f'{MODELS}    role = models.CharField(max_length=9, default="")\n'),
        ("a page", root / "README.md", "Read me.\n"),
        ("a comment", models, f'{MODELS}    role = models.CharField(max_length=9, default="")  # remember\n'),
        ("no plugin", root / "example/__init__.py", "\n"),
    ):
        write(path, text)
        git(root, "add", "--all", ".")
        git(root, "commit", "-q", "-m", subject)
    return root


def test_a_history_is_replayed_without_touching_the_clone(clone: Path, tmp_path: Path) -> None:
    before = git(clone, "status", "--porcelain", "--branch") + git(clone, "rev-parse", "HEAD")
    (tmp_path / "temporary").mkdir()
    command = [sys.executable, str(TOOL), str(clone), "HEAD", "--json", str(tmp_path / "out.json")]
    done = subprocess.run(
        [*command, "--truth", f'{sys.executable} -c "{TRUTH}"', "--cache", str(tmp_path / "cache.jsonl")],
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [(one["subject"], one["verdict"] or one["error"]) for one in found] == [
        ("a field", CORRECT),
        ("a page", CORRECT),
        ("a comment", MISSED),
        ("no plugin", "plugin_not_found"),
    ]
    assert found[0]["actions"] == ["makemigrations", "migrate", "reload"]
    assert found[2]["difference"]
    assert "missed: " in done.stdout
    assert git(clone, "status", "--porcelain", "--branch") + git(clone, "rev-parse", "HEAD") == before
    assert list((tmp_path / "temporary").iterdir()) == []
