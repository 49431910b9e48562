# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What an edit is: each case writes a plugin, says that it was applied, edits it, and asks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import changes
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.change import Change
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils import file_cases, plugin_cases

MakeStack = Callable[..., Stack]


def place(path: str) -> str:
    return path[1:] if path.startswith("/") else f"netbox_example/{path}"


def put(root: Path, path: str, content: Any) -> None:
    where = root / place(path)
    if content is None:
        where.unlink(missing_ok=True)
        return
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))


def decided(stack: Stack, before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The changes that ``after`` is, when ``before`` was applied."""
    for path, content in before.items():
        put(stack.plugin.root, path, content)
    changes.find_changes(stack).record(time.time_ns())
    for path, content in after.items():
        put(stack.plugin.root, path, content)
    return changes.find_changes(stack).changes


def described(found: list[Change]) -> dict[str, str]:
    """``{path: "category+category role"}``"""
    result: dict[str, str] = {}
    for one in found:
        assert one.path
        word = " ".join([one.category, *(one.roles or ())])
        result[one.path] = f"{word}+{result[one.path]}" if one.path in result else word
    return {path: "+".join(sorted(text.split("+"), reverse=True)) for path, text in result.items()}


@pytest.mark.parametrize("edit", plugin_cases.EDITS, ids=lambda edit: edit[0])
def test_an_edit_of_a_plugin_is_what_django_makes_of_it(make_stack: MakeStack, edit: plugin_cases.Edit) -> None:
    _name, path, _old, _new, expected, *reason = edit
    found = decided(make_stack(), plugin_cases.PLUGIN, {path: plugin_cases.edited(edit)})
    assert described(found) == {place(path): expected}, [one.reason for one in found]
    assert reason == [] or reason[0] in found[-1].reason
    assert {one.confidence for one in found} <= ({"path"} if path.endswith(".yaml") else {"content", "import"})


@pytest.mark.parametrize("case", file_cases.CASES, ids=lambda case: case[0])
def test_an_edit_of_files_is_what_django_makes_of_it(make_stack: MakeStack, case: file_cases.FileCase) -> None:
    _name, files, expected = case
    edits = {path: content for path, content in files.items() if isinstance(content, tuple)}
    before = {path: edits[path][0] if path in edits else content for path, content in files.items()}
    found = decided(make_stack(), before, {path: after for path, (_before, after) in edits.items()})
    wanted = expected if isinstance(expected, dict) else dict.fromkeys(edits, expected)
    assert described(found) == {place(path): text for path, text in wanted.items()}, [one.reason for one in found]
