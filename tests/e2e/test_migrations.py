# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The plugin's migrations to zero, to a named one and to the newest: what goes is told before and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .long import long
from .stack import Stack
from .test_snapshots import data, did, fabrics, run

SECOND = "0002_fabric_description_switch_role"
SEED = """\
from django.db import migrations


def seed(apps, schema_editor):
    apps.get_model("netbox_example", "Fabric").objects.create(name="seeded")


class Migration(migrations.Migration):
    dependencies = [("netbox_example", "0002_fabric_description_switch_role")]

    operations = [migrations.RunPython(seed{reverse})]
"""


@pytest.fixture
def rows(stack: Stack) -> Iterator[str]:
    """Some fabrics, and what all rows are then; at the end nothing is left of a test."""
    stack.psql("TRUNCATE netbox_example_fabric CASCADE")
    fabrics(stack, 7)
    before = data(stack)
    assert did(stack, "present", name="kept")
    yield before
    assert stack.run_once()[0] == 0
    did(stack, "restored", name="kept")
    for one in run(stack, "list")["snapshots"]:
        if one["name"] == "kept" or one["name"].startswith("before-"):
            did(stack, "absent", name=one["name"])
    stack.psql("TRUNCATE netbox_example_fabric CASCADE")


def move(stack: Stack, state: str, migration: str = "", app: str = "", anew: bool = False) -> dict[str, Any]:
    told = run(stack, "move", where=[state, migration, app, anew])
    assert "failed" not in told, told["message"]
    return told


def tables(stack: Stack) -> str:
    return stack.psql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'netbox_example%'")


def test_to_zero_tells_what_goes_and_the_snapshot_brings_it_back(stack: Stack, rows: str) -> None:
    play = stack.playbook("migrations.yml", "--check", state="zero")
    assert (play.status, play.changed) == (0, 1), str(play)
    assert "lost: table netbox_example_fabric, 7 rows" in play.flat
    assert data(stack) == rows, "check mode touches nothing"
    told = move(stack, "zero")
    assert told["changed"]
    assert tables(stack) == "0"
    assert did(stack, "restored", name=told["snapshot"])
    assert data(stack) == rows


@long
def test_there_and_back_by_names_and_a_second_run_changes_nothing(stack: Stack, rows: str) -> None:
    told = move(stack, "named", "0001")
    assert told["lost"] == [
        {"table": "netbox_example_fabric", "column": "description", "rows": 7},
        {"table": "netbox_example_switch", "column": "role", "rows": 0},
    ]
    assert stack.psql("SELECT count(*) FROM netbox_example_fabric") == "7"
    assert not move(stack, "named", "0001_initial")["changed"]
    assert stack.playbook("status.yml").flat.count(f"not applied: netbox_example.{SECOND}") == 1
    assert move(stack, "current")["forward"] == [f"netbox_example.{SECOND}"]
    assert not move(stack, "current")["changed"]
    stack.assert_fresh()
    play = stack.playbook("migrations.yml", migration="0002_fabrik")
    assert play.status != 0
    assert f"did you mean {SECOND}" in play.flat, str(play)


@long
@pytest.mark.parametrize(
    ("applied", "now"),
    [
        # It says that it cannot be undone.
        ("", ""),
        # It only fails when it is tried.
        (", lambda apps, schema_editor: 1 // 0", ", lambda apps, schema_editor: 1 // 0"),
    ],
)
def test_what_cannot_be_taken_back_is_left_out_of_a_database_made_anew(
    stack: Stack, rows: str, applied: str, now: str
) -> None:
    path = "netbox_example/migrations/0003_seed.py"
    with stack.kept(path):
        stack.write(path, SEED.format(reverse=applied))
        stack.must_apply()
        before = data(stack)
        if applied:
            refused = run(stack, "move", where=["named", "0002"])
            assert "-e anew=true" in refused["message"]
            assert data(stack) == before, "nobody could foresee it, and nobody asked for it"
        told = move(stack, "named", "0002", anew=bool(applied))
        assert told["anew"]
        assert stack.psql("SELECT count(*) FROM netbox_example_fabric") == "0"
        assert stack.psql("SELECT count(*) FROM users_user") == "1"
        assert stack.http("/login/").status == 200
        assert move(stack, "current")["changed"]
        assert stack.psql("SELECT name FROM netbox_example_fabric") == "seeded"
        assert did(stack, "restored", name=told["snapshot"])
        assert data(stack) == before
        assert move(stack, "named", "0002", anew=bool(applied))["anew"]


@long
def test_a_migration_is_taken_back_as_it_was_applied_though_its_file_was_edited(stack: Stack, rows: str) -> None:
    path = "netbox_example/migrations/0003_seed.py"
    model = 'apps.get_model("netbox_example", "Fabric")'
    undo = f', lambda apps, schema_editor: {model}.objects.filter(name="seeded").delete()'
    with stack.kept(path):
        stack.write(path, SEED.format(reverse=undo))
        stack.must_apply()
        stack.write(path, SEED.format(reverse=", lambda apps, schema_editor: 1 // 0"))
        told = move(stack, "named", "0002")
        assert not told["anew"]
        assert stack.psql("SELECT count(*) FROM netbox_example_fabric") == "7"
