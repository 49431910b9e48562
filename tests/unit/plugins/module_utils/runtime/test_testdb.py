# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime.testdb import (
    Kept,
    State,
    nearest,
    superfluous,
)

CORE = {"dcim.0001": "a", "dcim.0002": "b"}


def kept(name: str, used: float = 0.0, netbox: str = "4.4", **plugin: str) -> Kept:
    migrations = {**CORE, **{f"example.{number.lstrip('_')}": text for number, text in plugin.items()}}
    return Kept(name, State(netbox, ("dcim", "example"), migrations), used)


BASE, FIRST, SECOND = kept("base"), kept("first", _0001="x"), kept("second", _0001="x", _0002="y")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (SECOND, "second"),
        (kept("", _0001="x", _0002="y", _0003="z"), "second"),
        (kept("", _0001="x", _0002="edited"), "first"),
        (kept("", _0001="edited", _0002="y"), "base"),
        (kept("", _0001="x"), "first"),
        (kept("", netbox="4.5", _0001="x"), None),
    ],
)
def test_the_nearest_has_no_migration_that_is_not_wanted(wanted: Kept, name: str | None) -> None:
    found = nearest([BASE, FIRST, SECOND], wanted.state)
    assert (found.name if found else None) == name


def test_what_was_used_last_stays_and_one_without_the_plugin() -> None:
    others = [kept(f"k{number}", used=number, _0001=str(number)) for number in range(1, 7)]
    bases = [kept("old base", used=7, netbox="4.3"), kept("base", used=8)]
    assert superfluous([*others, *bases], ["example"]) == ["old base", "k2", "k1"]


def test_a_kept_database_says_what_it_is_in_its_comment() -> None:
    assert Kept.read("first", FIRST.state.pack(5.0)) == Kept("first", FIRST.state, 5.0)
    assert FIRST.state.key != SECOND.state.key


@pytest.mark.parametrize(
    "comment", [None, "", "mine", "[]", json.dumps({"netbox": "4.4", "apps": [], "migrations": 3})]
)
def test_a_database_without_such_a_comment_is_not_copied(comment: str | None) -> None:
    assert Kept.read("other", comment) is None
