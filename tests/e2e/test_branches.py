# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""After a switch of branches the database follows, and each branch finds its own rows again."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator

import pytest

from .long import FULL, long
from .stack import Stack
from .test_bad_input import insert_fabric
from .test_engine import git
from .test_schema import MODELS, columns, migrations

# Of switches between two branches that both add, beside those between one and the branch that it is from.
TURNS = 5 if FULL else 0
PLACE = r"^    description = models"
FIELD = "    {} = models.IntegerField(default=7)\n    description = models"


@pytest.fixture
def main(stack: Stack) -> Iterator[str]:
    """The branch that the plugin is on, with all committed and applied."""
    git(stack, "add", "-A")
    git(stack, "commit", "-qm", "as it is", "--allow-empty")
    stack.must_apply()
    name = stack.git(stack.plugin, "branch", "--show-current").strip()
    yield name
    git(stack, "checkout", "-q", "-f", name)
    git(stack, "clean", "-qfd", "netbox_example")
    stack.must_apply()
    for branch in ("left", "right"):
        with contextlib.suppress(subprocess.CalledProcessError):
            git(stack, "branch", "-qD", branch)
    stack.psql("DELETE FROM netbox_example_fabric WHERE name IN ('left', 'right', 'main')")
    stack.assert_fresh()


def make(stack: Stack, branch: str) -> None:
    """A branch with a field, its migration and a row of its own."""
    git(stack, "switch", "-qc", branch)
    stack.replace(MODELS, PLACE, FIELD.format(f"only_{branch}"))
    stack.must_apply()
    git(stack, "add", "-A")
    git(stack, "commit", "-qm", branch)
    insert_fabric(stack, branch, "text", **{f"only_{branch}": 1})


def rows(stack: Stack) -> str:
    return stack.psql("SELECT string_agg(name, ',' ORDER BY name) FROM netbox_example_fabric WHERE name <> ''")


def test_going_back_and_forth_between_branches_each_has_its_own_rows(stack: Stack, main: str) -> None:
    before = columns(stack)
    make(stack, "left")
    git(stack, "switch", "-q", main)
    if FULL:
        # What is named has nothing of the schema: the database stays the other branch's.
        stack.must_apply("views")
    play = stack.apply(check=True)
    assert "taken back, with what they added" in play.flat, str(play)
    assert "only_left" in columns(stack)
    play = stack.must_apply()
    assert columns(stack) == before, str(play)
    assert "the database as it was is kept as" in play.flat
    # A branch that only adds to this one finds its own rows, too.
    stack.psql("DELETE FROM netbox_example_fabric WHERE name = 'left'")
    git(stack, "switch", "-q", "left")
    stack.must_apply()
    assert "left" in rows(stack).split(",")
    git(stack, "switch", "-q", main)
    stack.must_apply()
    assert "left" not in rows(stack).split(",")
    if TURNS:
        make(stack, "right")
    for _turn in range(TURNS):
        for branch, other in (("left", "right"), ("right", "left")):
            git(stack, "switch", "-q", branch)
            with stack.polling("/login/") as polled:
                play = stack.must_apply()
            assert "the database as this branch had it takes its place" in play.flat, str(play)
            assert f"only_{branch}" in columns(stack)
            assert f"only_{other}" not in columns(stack)
            assert branch in rows(stack).split(",")
            assert other not in rows(stack).split(",")
            assert set(polled) == {200}, polled
    stack.assert_fresh()
    assert stack.job_result().endswith("switches")


@long
def test_following_a_branch_may_be_killed_before_every_call(stack: Stack, main: str) -> None:
    before = columns(stack)
    make(stack, "left")
    git(stack, "switch", "-q", main)
    assert stack.killed_before_each_call() > 5
    assert columns(stack) == before
    # The branch finds its own row again, whatever becomes of it here.
    stack.psql("DELETE FROM netbox_example_fabric WHERE name = 'left'")
    git(stack, "switch", "-q", "left")
    assert stack.killed_before_each_call() > 5
    assert "only_left" in columns(stack)
    assert "left" in rows(stack).split(",")
    assert stack.job_result().endswith("switches")
    stack.assert_fresh()


@long
def test_migrations_of_one_name_that_do_different_things_are_told_apart(stack: Stack, main: str) -> None:
    kinds = {"left": "models.IntegerField(default=7)", "right": "models.CharField(max_length=9, default='a')"}
    asked = "SELECT data_type FROM information_schema.columns WHERE table_name = 'netbox_example_fabric'"
    for name, kind in kinds.items():
        git(stack, "switch", "-q", main)
        stack.must_apply()
        git(stack, "switch", "-qc", name)
        stack.replace(MODELS, PLACE, f"    same = {kind}\n    description = models")
        stack.must_apply()
        git(stack, "add", "-A")
        git(stack, "commit", "-qm", name)
        stack.must_apply()
        insert_fabric(stack, name, "text", same=1)
    for name in ("left", "right", "left"):
        git(stack, "switch", "-q", name)
        stack.must_apply()
        expected = "integer" if name == "left" else "character varying"
        assert stack.psql(f"{asked} AND column_name = 'same'") == expected
        assert name in rows(stack).split(",")
    stack.assert_fresh()


ONE_WAY = """from django.db import migrations


def edit(apps, schema_editor):
    with open(__file__, "a") as stream:
        stream.write("# edited\\n")


class Migration(migrations.Migration):
    dependencies = [("netbox_example", "%s")]
    operations = [migrations.RunPython(edit)]
"""


@pytest.mark.usefixtures("main")
def test_a_migration_that_cannot_be_taken_back_is_named_and_nothing_is_done(stack: Stack) -> None:
    last = sorted(migrations(stack))[-1][: -len(".py")]
    # Of this branch no database was kept.
    git(stack, "switch", "-qc", "right")
    git(stack, "switch", "-qc", "left")
    text = ONE_WAY % last
    stack.write("netbox_example/migrations/0901_one_way.py", text)
    stack.must_apply()
    assert (stack.package / "migrations/0901_one_way.py").read_text() == f"{text}# edited\n"
    kept = json.loads((stack.state / "migrations.json").read_text())["texts"]
    assert kept["netbox_example.0901_one_way"] == text, "what was applied, not what was saved meanwhile"
    git(stack, "add", "-A")
    git(stack, "commit", "-qm", "left")
    git(stack, "switch", "-q", "right")
    play = stack.apply()
    assert play.status != 0
    assert "these cannot be taken back: netbox_example.0901_one_way: Raw Python operation" in play.flat, str(play)
    assert stack.psql("SELECT count(*) FROM django_migrations WHERE name = '0901_one_way'") == "1"
    assert stack.http("/plugins/example/").status == 200
    stack.psql("DELETE FROM django_migrations WHERE name = '0901_one_way'")


EMPTY_REVERSE = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("netbox_example", "%s")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddField("fabric", "half", models.IntegerField(default=7))],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE netbox_example_fabric ADD COLUMN half integer NOT NULL DEFAULT 7",
                    migrations.RunSQL.noop,
                )
            ],
        )
    ]
"""


@long
@pytest.mark.usefixtures("main")
def test_a_reverse_that_does_nothing_is_seen_and_the_database_is_put_back(stack: Stack) -> None:
    last = sorted(migrations(stack))[-1][: -len(".py")]
    before = columns(stack)
    # Of this branch no database was kept.
    git(stack, "switch", "-qc", "right")
    git(stack, "switch", "-qc", "left")
    stack.replace(MODELS, PLACE, FIELD.format("half"))
    stack.write("netbox_example/migrations/0901_half.py", EMPTY_REVERSE % last)
    stack.must_apply()
    git(stack, "add", "-A")
    git(stack, "commit", "-qm", "left")
    git(stack, "switch", "-q", "right")
    play = stack.apply()
    assert play.status != 0
    assert "column netbox_example_fabric.half is left over" in play.flat, str(play)
    assert "netbox_example.0901_half: Custom state/database change combination" in play.flat, str(play)
    assert "half" in columns(stack)
    assert stack.psql("SELECT count(*) FROM django_migrations WHERE name = '0901_half'") == "1"
    stack.psql("DELETE FROM django_migrations WHERE name = '0901_half'")
    stack.psql("ALTER TABLE netbox_example_fabric DROP COLUMN half")
    stack.must_apply()
    assert columns(stack) == before


@long
def test_what_a_commit_leaves_out_of_its_migrations_is_its_own_and_not_written(stack: Stack, main: str) -> None:
    before = migrations(stack)
    git(stack, "switch", "-qc", "left")
    stack.replace(
        MODELS, r"^    name = models.CharField\(max_length=64\)", "    name = models.CharField(max_length=65)"
    )
    git(stack, "commit", "-qam", "without its migration")
    git(stack, "switch", "-q", main)
    stack.assert_fresh()
    git(stack, "switch", "-q", "left")
    play = stack.must_apply()
    assert "the commit that was checked out differs from its migrations" in play.flat, str(play)
    assert migrations(stack) == before
    stack.assert_fresh()
    # As a pull that brings nothing for the schema.
    git(stack, "commit", "-qm", "pulled", "--allow-empty")
    git(stack, "reset", "-q", "--hard", "HEAD~1")
    git(stack, "merge", "-q", "--ff-only", "ORIG_HEAD")
    stack.assert_fresh()
    # What is edited and committed here is an edit.
    stack.replace(MODELS, PLACE, FIELD.format("only_left"))
    git(stack, "commit", "-qam", "edited and committed")
    play = stack.must_apply()
    (written,) = migrations(stack) - before
    assert "Add field only_left" in play.flat, str(play)
    assert "AlterField" not in (stack.package / "migrations" / written).read_text(encoding="utf-8")
    stack.assert_fresh()
    # What was that commit's own is an edit anywhere else.
    git(stack, "switch", "-q", main)
    stack.must_apply()
    stack.replace(MODELS, r"max_length=64\)", "max_length=65)")
    assert "Alter field name on switch" in stack.must_apply().flat


@long
def test_an_edit_on_another_branch_is_written_when_models_are_named_and_it_was_committed(
    stack: Stack, main: str
) -> None:
    git(stack, "switch", "-qc", "left")
    git(stack, "commit", "-qm", "left", "--allow-empty")
    git(stack, "switch", "-q", main)
    stack.must_apply()
    git(stack, "switch", "-q", "left")
    stack.replace(MODELS, PLACE, FIELD.format("only_left"))
    git(stack, "commit", "-qam", "edited and committed")
    play = stack.must_apply("models")
    assert "Add field only_left" in play.flat, str(play)
