# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import UnknownMigration
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.moving import Moved, described, refuse_odd


def moved(**more: object) -> Moved:
    lost = [
        {"table": "one_switch", "column": "role", "rows": 3},
        {"table": "one_fabric", "column": "", "rows": 40},
        {"table": "one_link", "column": "", "rows": 0},
    ]
    given = {"where": "one at zero", "back": ["one.0001"], "forward": [], "lost": lost, "stuck": [], **more}
    return Moved(**given)  # type: ignore[arg-type]


def test_what_is_lost_is_told_most_rows_first() -> None:
    assert moved().for_people(check=True) == [
        "taken back: 1 migration, one.0001",
        "lost: table one_fabric, 40 rows",
        "lost: column one_switch.role, filled in 3 rows",
        "lost, and empty: table one_link",
        "would bring one at zero",
    ]


def test_what_cannot_be_taken_back_costs_every_row() -> None:
    told = moved(stuck=["one.0001: Raw Python operation"]).for_people(check=True)
    assert told[1:3] == [
        "cannot be taken back: one.0001: Raw Python operation",
        "so the database is made anew: every row is lost, NetBox's own too",
    ]


def test_the_way_back_is_named() -> None:
    one = moved(snapshot="before-zero-1")
    one.say_how_to_come_back(to_the_newest=False)
    told = "\n".join(one.for_people(check=False))
    assert "migrations.yml -e state=current" in told
    assert "restore.yml -e snapshot=before-zero-1" in told
    assert "lost:" not in told, "that was told before it began"


def test_nothing_to_do_is_no_change() -> None:
    one = moved(back=[], lost=[])
    assert (one.changed, one.for_people(check=True)) == (False, ["one at zero already"])


def test_where_it_goes_is_told_by_app() -> None:
    assert described({"two": None, "one": "0003_x"}) == "one at 0003_x, two at zero"


@pytest.mark.parametrize(("state", "migration"), [("named", ""), ("zero", "0001"), ("current", "0001")])
def test_state_and_migration_go_together(state: str, migration: str) -> None:
    with pytest.raises(UnknownMigration):
        refuse_odd(state, migration)
