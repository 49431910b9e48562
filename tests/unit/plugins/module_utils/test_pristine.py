# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import pristine
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.database import Content, Described, Look
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

FIRST, SECOND = "netbox_example.0001_initial", "netbox_example.0002_more"
FILES = {f"netbox_example/migrations/{name.partition('.')[2]}.py": f"# {name}" for name in (FIRST, SECOND)}


@pytest.fixture
def stack(make_stack: Callable[..., Stack]) -> Stack:
    return make_stack(files=FILES)


def kept(stack: Stack, *applied: str, **said: Any) -> Described:
    description = {**pristine._description(stack, applied), "made": 1, **said}
    key = pristine._key(pristine._description(stack, applied))
    return Described(f"netbox_pristine_{key}", 1, description)


def look(*databases: Described, applied: list[str]) -> Look:
    return Look("netbox", 170004, {one.name: one for one in databases}, Content(applied, "", ""), 0)


def test_the_one_with_the_same_migrations_is_found(stack: Stack) -> None:
    one, two = kept(stack, FIRST), kept(stack, FIRST, SECOND)
    assert pristine.find_pristine(stack, look(one, two, applied=[FIRST, SECOND])) == two.name
    assert pristine.find_pristine(stack, look(one, applied=[FIRST, SECOND])) == ""
    half = Described(two.name, 1, {})
    assert pristine.find_pristine(stack, look(half, applied=[FIRST, SECOND])) == ""


def test_a_migration_that_was_edited_is_another(stack: Stack) -> None:
    one = kept(stack, FIRST)
    path: Path = stack.plugin.package_dir / "migrations/0001_initial.py"
    path.write_text("# edited", encoding="utf-8")
    assert pristine.find_pristine(stack, look(one, applied=[FIRST])) == ""
    wanted = pristine._description(stack, [FIRST, SECOND])
    assert pristine._nearest(wanted, {"a": one}) is None


def test_the_nearest_below_is_where_a_new_one_begins(stack: Stack) -> None:
    none, one = kept(stack), kept(stack, FIRST)
    wanted = pristine._description(stack, [FIRST, SECOND])
    other = kept(stack, FIRST, netbox="another release")
    beyond = kept(stack, FIRST, SECOND, applied=[FIRST, SECOND, "gone.0001"])
    assert pristine._nearest(wanted, {"a": none, "b": one, "c": beyond}) == one
    assert pristine._nearest(wanted, {"c": beyond, "d": other}) is None
