# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import surroundings


def test_copies_among_the_installed_packages_are_found(tmp_path: Path) -> None:
    assert surroundings.copies("netbox_example", str(tmp_path)) == []
    (tmp_path / "netbox_example").mkdir()
    assert surroundings.copies("netbox_example", str(tmp_path)) == [str(tmp_path / "netbox_example")]


def test_path_files_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "__editable__.x-1.pth").write_text(f"{tmp_path}\n{tmp_path}/gone\nimport x\n", encoding="utf-8")
    assert surroundings.dead_paths(str(tmp_path)) == [f"{tmp_path}/gone"]


def test_what_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "migrations").mkdir()
    for name in ("a.py", "b.py", "migrations/0001.py"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "link").symlink_to("/nonexistent")
    assert surroundings.denied(str(tmp_path)) == []
    refused = {str(tmp_path / "b.py"): os.R_OK, str(tmp_path / "migrations"): os.W_OK}
    monkeypatch.setattr(os, "access", lambda path, mode: not refused.get(str(path), 0) & mode)
    assert surroundings.denied(str(tmp_path)) == ["b.py", "migrations"]


def test_every_denied_file_is_told_however_many_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        (tmp_path / f"{number}.py").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert len(surroundings.denied(str(tmp_path))) == 200


def test_a_distribution_that_is_not_there_has_no_place() -> None:
    assert surroundings.installed("no-such-distribution") == ""
    assert surroundings.installed("pytest") != ""


def test_a_watcher_can_be_made_here() -> None:
    assert surroundings.watch() == ""
