# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import moving
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import SchemaFailed, UnknownMigration
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.moving import Moved, Moving, described, refuse_odd
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack


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


@pytest.fixture
def failing(make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch) -> tuple[Moving, list[str]]:
    """A move whose reverse fails when it runs, and how often the database was made anew."""
    found = {
        "targets": {"one": None},
        "back": ["one.0001"],
        "forward": [],
        "lost": [],
        "stuck": [],
        "missing": [],
        "states": {"folders": {}},
    }
    made: list[str] = []

    def ask(dry_run: bool, **_request: Any) -> dict[str, Any]:
        if not dry_run:
            raise SchemaFailed("Irreversible: ValueError: odd. The database is as before.\nTraceback")
        return found

    monkeypatch.setattr(moving, "texts_as_applied", lambda *_: {})
    one = Moving.__new__(Moving)
    one.stack, one.check, reporter = make_stack(), False, Reporter()
    one.running = SimpleNamespace(reporter=reporter, safety=SimpleNamespace(guarded=nullcontext))  # type: ignore[assignment]
    one._ask = ask  # type: ignore[method-assign]
    one._keep = lambda *_: "before-zero-1"  # type: ignore[method-assign]
    one._make_anew = lambda _found: made.append("anew") or []  # type: ignore[func-returns-value,method-assign]
    return one, made


def test_a_reverse_that_fails_when_it_runs_costs_no_row_unasked(failing: tuple[Moving, list[str]]) -> None:
    one, made = failing
    with pytest.raises(SchemaFailed, match=r"ValueError: odd\. The database is as before") as raised:
        one.move("zero")
    assert made == []
    assert "every row is lost, NetBox's own too" in raised.value.message
    assert "-e anew=true" in raised.value.message
    assert "before-zero-1" in raised.value.message


def test_who_asks_for_it_has_the_database_made_anew(failing: tuple[Moving, list[str]]) -> None:
    one, made = failing
    assert one.move("zero", anew=True).anew
    assert made == ["anew"]
