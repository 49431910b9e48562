# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import task

PARTS = {"queues": [{"queue": "default"}], "hidden_static": {}, "look": {"static": 3}}


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Any = ModuleType("django.conf")
    settings.settings = SimpleNamespace(DEBUG=True, DEVELOPER=True)
    monkeypatch.setitem(sys.modules, "django.conf", settings)
    monkeypatch.setenv("NETBOX_DEV_PACKAGE", "netbox_example")
    monkeypatch.setattr(task, "reachable", lambda: {"tasks": "", "caching": ""})
    monkeypatch.setattr(task, "explain_registration", dict)
    monkeypatch.setattr(task, "plugin_labels", lambda _package: ["netbox_example"])
    monkeypatch.setattr(task, "load", lambda: SimpleNamespace(detect_conflicts=dict))
    for name, value in PARTS.items():
        monkeypatch.setattr(task, name, lambda *_request, value=value: value)


def test_all_parts_are_told(examined: None) -> None:
    found = task.examine({})
    assert {name: found[name] for name in PARTS} == PARTS
    assert (found["debug"], found["errors"]) == (True, {})


@pytest.mark.parametrize("part", list(PARTS))
def test_a_part_that_cannot_be_told_leaves_the_others(
    examined: None, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def fail(*_request: object) -> None:
        raise ValueError("odd")

    monkeypatch.setattr(task, part, fail)
    found = task.examine({})
    others = {name: value for name, value in PARTS.items() if name != part}
    assert {name: found[name] for name in others} == others
    error = found["look"]["error"] if part == "look" else found["errors"][part]
    assert error == "ValueError: odd"
    assert part == "look" or part not in found
