# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Words and numbers of lists of snapshots; the table itself is seen in test_snapshots."""

from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import snapshot_list


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (9_000_000, "9 MB"), (3 * 2**30, "3.0 GB"), (2000, "2 KB")])
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert snapshot_list.size_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59, "59 s"), (90, "2 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_ages_are_for_people(seconds: float, text: str) -> None:
    assert snapshot_list.age_text(seconds) == text


def test_the_order_of_migrations_makes_no_other_state() -> None:
    assert snapshot_list.state_of(["a.1", "b.1"]) == snapshot_list.state_of(["b.1", "a.1"])
    assert snapshot_list.state_of(["a.1"]) != snapshot_list.state_of(["a.1", "b.1"])
