# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import probe


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_static_files_are_compared_by_content_for_every_app_of_the_package(tmp_path: Path) -> None:
    package, root = tmp_path / "pkg", tmp_path / "static"
    write(package / "static/pkg/same.css", "same")
    write(package / "static/pkg/other.css", "new text")
    write(package / "static/pkg/missing.css", "x")
    write(package / "static/pkg/.hidden", "x")
    write(package / "inner/static/inner/app.js", "a")
    write(package / "templates/a.html", "x")
    write(root / "pkg/same.css", "same")
    write(root / "pkg/other.css", "old text")
    write(root / "inner/app.js", "a")
    write(root / "pkg/of-somebody-else.css", "x")
    assert probe.static(str(package), str(root)) == ["pkg/missing.css", "pkg/other.css"]
    write(root / "pkg/missing.css", "x")
    write(root / "pkg/other.css", "new text")
    assert probe.static(str(package), str(root)) == []


@pytest.mark.parametrize("name", [".hidden", "a.css~", "CVS", ".sass-cache/a.css", "CVS/a.css", "old~/inner/a.css"])
def test_what_django_ignores_by_its_name_or_its_folders_is_not_stale(tmp_path: Path, name: str) -> None:
    write(tmp_path / "pkg/static/pkg" / name, "x")
    assert probe.static(str(tmp_path / "pkg"), str(tmp_path / "static")) == []


def test_of_two_apps_with_a_file_of_one_name_the_first_is_served(tmp_path: Path) -> None:
    package, root = tmp_path / "pkg", tmp_path / "static"
    write(package / "static/a.css", "first")
    write(package / "inner/static/a.css", "second")
    write(root / "a.css", "first")
    assert probe.static(str(package), str(root)) == []


def test_a_file_that_is_never_collected_is_not_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "HIDDEN", str(tmp_path / "hidden.json"))
    assert probe.hidden() == []
    probe.remember_hidden({"netbox.css": "/opt/netbox/netbox/project-static/netbox.css"})
    write(tmp_path / "pkg/static/netbox.css", "ours")
    write(tmp_path / "static/netbox.css", "another app's")
    assert probe.static(str(tmp_path / "pkg"), str(tmp_path / "static")) == ["netbox.css"]
    assert probe.static(str(tmp_path / "pkg"), str(tmp_path / "static"), probe.hidden()) == []


def test_what_is_installed_has_a_digest_of_names_and_versions(tmp_path: Path) -> None:
    (tmp_path / "humanize-4.12.dist-info").mkdir()
    (tmp_path / "humanize").mkdir()
    before = probe.packages(str(tmp_path))
    (tmp_path / "humanize/more.py").touch()
    assert probe.packages(str(tmp_path)) == before
    (tmp_path / "humanize-4.12.dist-info").rename(tmp_path / "humanize-4.13.dist-info")
    assert probe.packages(str(tmp_path)) != before
