# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.change import Change, compilable
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import compiles


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x = 1\n", []),
        (b"def broken(:\n", ["a.py, line 1:"]),
        (b"x = 1\nif x\n    pass\n", ["a.py, line 2:", ": if x"]),
        (b"x = '\xff'\n", ["a.py"]),
        (b"x = 1\0\n", ["a.py"]),
        # A warning of the compiler's is not an error, wherever warnings are made errors.
        (b"x = '\\d'\n", []),
        (b"from __future__ import braces\n", ["a.py, line 1: not a chance"]),
        (b"(" * 5000, ["a.py"]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_does_not_compile_is_told_by_file_line_and_text(tmp_path: Path, content: bytes, said: list[str]) -> None:
    (tmp_path / "a.py").write_bytes(content)
    found = compiles.broken_python(str(tmp_path), ["a.py", "gone.py"])
    assert len(found) == bool(said)
    for words in said:
        assert words in found[0]


def test_a_file_is_not_run_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("raise SystemExit('run')\n")
    assert compiles.broken_python(str(tmp_path), ["a.py"]) == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_the_program_takes_and_prints_json(tmp_path: Path) -> None:
    odd = os.fsdecode(b"b\xff\n.py")
    (tmp_path / "a.py").write_text("1 +\n")
    (tmp_path / odd).write_text("2 +\n")
    done = subprocess.run(
        [sys.executable, compiles.__file__, json.dumps(["a.py", odd])],
        env={"NETBOX_DEV_REPOSITORY": str(tmp_path), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = json.loads(done.stdout)
    assert first.startswith("a.py, line 1: ")
    assert second.startswith(odd)


def test_what_needs_nothing_and_what_is_gone_may_be_broken() -> None:
    def change(path: str | None, category: str, what: str = "modified") -> Change:
        return Change(path, what, category, "why")

    assert compilable(
        [
            change("pkg/views.py", "views"),
            change("pkg/old.py", "python", "deleted"),
            change("pkg/tests/test_a.py", "tests"),
            change("docs/conf.py", "docs"),
            change(None, "models", "named"),
            change("pkg/data.yaml", "python"),
            change("pkg/templates/pkg/a.html", "templates", "added"),
            change("pkg/templates/pkg/a.j2", "templates"),
            change("pkg/migrations/0002_b.py", "migrations"),
            change("pkg/templates/scaffold/model.py", "python"),
            change("pkg/static/x/old.py", "python"),
            change("pkg/skeleton/{{ name }}/a.py", "python"),
            change("tools/python2.py", "python"),
        ],
        "pkg",
    ) == {"python": ["pkg/views.py", "pkg/migrations/0002_b.py"], "templates": ["pkg/templates/pkg/a.html"]}
