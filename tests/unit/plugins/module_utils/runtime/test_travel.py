# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Which migration is meant, and what has but another name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import travel

DISK = [
    ("one", "0001_initial"),
    ("one", "0002_more"),
    ("one", "0003_seed"),
    ("two", "0001_initial"),
    ("dcim", "0002_x"),
]
LEAVES = [("one", "0003_seed"), ("two", "0001_initial"), ("dcim", "0002_x")]


def ask(state: str, migration: str = "", app: str = "") -> dict[str, str | None]:
    request = {"state": state, "migration": migration, "app": app}
    return travel.targets(LEAVES, DISK, ["one", "two"], request)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("zero",), {"one": None, "two": None}),
        (("zero", "", "two"), {"two": None}),
        (("current",), {"one": "0003_seed", "two": "0001_initial"}),
        (("named", "0002"), {"one": "0002_more"}),
        (("named", "0002_more"), {"one": "0002_more"}),
        (("named", "one.0001"), {"one": "0001_initial"}),
        (("named", "0001", "two"), {"two": "0001_initial"}),
    ],
)
def test_a_state_names_the_last_migration_of_each_app(asked: tuple[str, ...], found: dict[str, str | None]) -> None:
    assert ask(*asked) == found


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("named", "0003_sead"), "'0003_sead' is no migration of one or two on disk; did you mean 0003_seed"),
        (("named", "0001"), "'0001' may be: one.0001_initial, two.0001_initial."),
        (("named", "dcim.0002_x"), "is no migration of one or two on disk"),
        (("named", "9"), "there are: 0001_initial, 0002_more, 0003_seed, 0001_initial."),
        (("zero", "", "three"), "'three' is no app of the plugin; it has: one, two."),
    ],
)
def test_what_is_not_known_is_refused_with_what_there_is(asked: tuple[str, ...], message: str) -> None:
    with pytest.raises(travel.Unknown) as error:
        ask(*asked)
    assert message in str(error.value)


def test_another_name_is_no_loss() -> None:
    operations: list[Any] = [
        SimpleNamespace(old_name="vlan", new_name="Segment"),
        SimpleNamespace(old_name="Fabric", new_name="Net"),
        SimpleNamespace(name="other"),
    ]
    renamed = travel._renamed([SimpleNamespace(operations=operations)])
    assert travel._same("segment_id", {"vlan_id", "role"}, renamed)
    assert travel._same("one_net", {"one_fabric"}, renamed)
    assert not travel._same("role", {"vlan_id"}, renamed)
    assert not travel._same("one_net", {"one_switch"}, renamed)
