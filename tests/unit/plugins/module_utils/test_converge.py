# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import converge
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.freshness import Verdict
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import write_json


@pytest.mark.parametrize(
    ("needs", "files", "expected"),
    [
        ("", [], ""),
        ("reload", [], "reload"),
        ("", ["runtime/settings.json"], "restart"),
        ("reload", ["runtime/settings.json"], "restart"),
        ("recreate", ["runtime/settings.json"], "recreate"),
        ("", ["image/packages.txt"], ""),
        # What another override needs, Compose was asked.
        ("", ["docker-compose.override.yml"], ""),
    ],
)
def test_generated_files_that_would_change_are_predicted_with_what_they_need(
    needs: str, files: list[str], expected: str
) -> None:
    assert converge._after_writing(Verdict("netbox", needs, "why"), files).needs == expected


@pytest.mark.parametrize(
    ("recorded", "image", "needed"),
    [
        ({"image": "a", "inputs": {"context": 1}}, "a", False),
        ({"image": "a", "inputs": {"context": 2}}, "a", True),
        # Built by a run that was killed before it recorded that, and then the inputs came back.
        ({"image": "a", "inputs": {"context": 1}}, "b", True),
        ({"inputs": {"context": 1}}, "a", True),
        (None, "a", True),
        ({"image": "a", "inputs": {"context": 1}}, None, True),
    ],
)
def test_an_image_is_built_unless_it_is_the_one_that_was_recorded_of_the_same_inputs(
    make_stack: Callable[..., Stack],
    monkeypatch: pytest.MonkeyPatch,
    recorded: dict[str, Any] | None,
    image: str | None,
    needed: bool,
) -> None:
    one = converge.Converger.__new__(converge.Converger)
    one.stack = make_stack()
    one.engine = SimpleNamespace(image_id=lambda _name: image)
    monkeypatch.setattr(converge.Converger, "_build_inputs", lambda _self: {"context": 1})
    monkeypatch.setattr(converge.Converger, "_override_written", lambda _self: True)
    if recorded:
        one.stack.state.mkdir(parents=True)
        write_json(one.stack.state / "image.json", recorded)
    assert one.build_needed() == needed
