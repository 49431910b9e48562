# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import measure


def busy() -> int:
    return sum(range(1000))


def test_a_profile_by_cprofile_has_the_plugins_functions_first_and_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyinstrument", None)
    assert measure.profiled(busy, str(tmp_path), str(Path(__file__).parent)) == 499500
    page = (tmp_path / "profile.html").read_text(encoding="utf-8")
    first = page.partition('<tr class="own">')[2].partition("</tr>")[0]
    assert first.endswith("busy</td>")
    text = (tmp_path / "profile.txt").read_text(encoding="utf-8")
    assert text.count("(busy)") == 2
    assert text.index("(busy)") < text.index("{built-in method")


def test_what_fails_is_profiled_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyinstrument", None)
    with pytest.raises(ZeroDivisionError):
        measure.profiled(lambda: 1 // 0, str(tmp_path), "/x")
    assert (tmp_path / "profile.txt").is_file()


def test_pyinstrument_is_taken_where_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Profiler:
        def start(self) -> None: ...

        def stop(self) -> None: ...

        def output_html(self) -> str:
            return "<html>"

        def output_text(self, **_options: Any) -> str:
            return "text"

    module: Any = ModuleType("pyinstrument")
    module.Profiler = Profiler
    monkeypatch.setitem(sys.modules, "pyinstrument", module)
    assert measure.profiled(lambda: 3, str(tmp_path), "/x") == 3
    assert (tmp_path / "profile.html").read_text(encoding="utf-8") == "<html>"
