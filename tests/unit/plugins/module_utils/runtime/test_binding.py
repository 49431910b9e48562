# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What of late binding needs no Django; that the result is a cold start's is seen on a stack."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import binding


def made_at(line: int) -> Any:
    space: dict[str, Any] = {}
    exec(compile("\n" * line + "def f(): pass", "settings.py", "exec"), space)
    return space["f"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": [1, {"b": (2,)}]}, {"a": [1, {"b": (2,)}]}),
        (made_at(3), made_at(3)),
        ([object()], [object()]),
    ],
)
def test_what_the_same_lines_make_anew_is_the_same(one: Any, other: Any) -> None:
    assert binding._same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], [2, 1]),
        ([1], (1,)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (made_at(3), made_at(4)),
        (1, True),
        ({"a": [1]}, {"a": [1, 2]}),
    ],
)
def test_other_order_type_place_or_content_is_another(one: Any, other: Any) -> None:
    assert not binding._same(one, other)


def test_a_copy_shares_no_list_or_dict_with_what_it_is_of() -> None:
    original = {"a": [1, {"b": [2]}]}
    copy = binding._copied(original)
    original["a"][1]["b"].append(3)
    assert copy == {"a": [1, {"b": [2]}]}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "bound_settings.py").write_text("QUEUES = {'a': 1}\nAPPS = ['x']\nNAME = 'one'\nlower = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "bound_settings", raising=False)
    return importlib.import_module("bound_settings")


def test_a_module_is_executed_again_without_being_touched(module: ModuleType) -> None:
    module.QUEUES["b"] = 2
    assert binding._executed("bound_settings") == {"QUEUES": {"a": 1}, "APPS": ["x"], "NAME": "one"}
    assert module.QUEUES == {"a": 1, "b": 2}


def test_lists_and_dicts_are_filled_in_place_for_whoever_has_read_them(module: ModuleType) -> None:
    queues, apps = module.QUEUES, module.APPS
    binding._take_over("bound_settings", {"QUEUES": {"c": 3}, "APPS": ["x", "y"], "NAME": "two", "NEW": 1})
    assert (queues, apps) == ({"c": 3}, ["x", "y"])
    assert (module.QUEUES is queues, module.APPS is apps) == (True, True)
    assert (module.NAME, module.NEW) == ("two", 1)


def test_executed_anew_a_module_stands_where_what_it_imports_looks_for_it(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binding, "_CONFIGURATION", ("bound_local",))
    (tmp_path / "bound_local.py").write_text("import sys\nAPPS = [*sys.modules['bound_settings'].APPS, sys.argv[-1]]\n")
    (tmp_path / "bound_settings.py").write_text("APPS = ['x']\nfrom bound_local import *\n")
    monkeypatch.setattr(sys, "argv", ["warm"])
    importlib.reload(module)
    monkeypatch.setattr(sys, "argv", ["manage.py", "test"])
    assert binding._executed("bound_settings") == {"APPS": ["x", "warm"]}
    assert binding._executed("bound_settings", anew=True) == {"APPS": ["x", "test"]}
    assert sys.modules["bound_settings"] is module
    assert module.APPS == ["x", "warm"]
    del sys.modules["bound_local"]
