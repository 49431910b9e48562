# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The schema step: what Django would ask is answered or refused, what was there before is left, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .long import long
from .stack import Stack, wait_for
from .test_bad_input import insert_fabric, refused
from .test_warm import locked_table

MODELS = "netbox_example/models.py"
DESCRIPTION = r"^    description = models"
SERIAL = "    serial = models.CharField(max_length=9, default='a')\n    description = models"
MIGRATION = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("netbox_example", "{last}")]
    operations = []
"""


@pytest.fixture
def row(stack: Stack) -> Iterator[None]:
    """A fabric that is there before the edit; afterwards the models are as they were."""
    insert_fabric(stack, "kept", "text")
    text = (stack.plugin / MODELS).read_text(encoding="utf-8")
    yield
    stack.write(MODELS, text)
    stack.psql("DELETE FROM netbox_example_fabric WHERE name = 'kept'")
    play = stack.apply(renames=["fabric.summary=description", "fabric.serial=", "fabric.more="])
    assert play.status == 0, str(play)
    stack.assert_fresh()


def migrations(stack: Stack) -> set[str]:
    return {path.name for path in (stack.package / "migrations").glob("0*.py")}


def ask(stack: Stack, column: str) -> str:
    return stack.psql(f"SELECT {column} FROM netbox_example_fabric WHERE name = 'kept'")


@pytest.mark.usefixtures("row")
def test_a_field_that_rows_need_a_value_for_is_asked_about_and_the_answer_taken(stack: Stack) -> None:
    before = migrations(stack)
    stack.replace(MODELS, DESCRIPTION, "    serial = models.CharField(max_length=9)\n    description = models")
    for check in (True, False):
        play = stack.apply(check=check)
        refused(play.status, play.flat, "schema_failed", "'fabric.serial' is a new field", '"fabric.serial": VALUE')
        assert migrations(stack) == before
    play = stack.apply(defaults={"fabric.serial": "none yet"})
    assert play.status == 0, str(play)
    assert ask(stack, "serial") == "none yet"
    (written,) = migrations(stack) - before
    assert "preserve_default=False" in (stack.package / "migrations" / written).read_text(encoding="utf-8")
    stack.assert_fresh()


@pytest.mark.usefixtures("row")
def test_a_rename_that_is_answered_keeps_the_rows(stack: Stack) -> None:
    stack.replace(MODELS, r"^    description = ", "    summary = ")
    play = stack.apply(renames=["fabric.description=summary"])
    assert play.status == 0, str(play)
    assert ask(stack, "summary") == "text"
    stack.assert_fresh()


@pytest.mark.usefixtures("row")
def test_a_rename_together_with_another_edit_is_no_removal(stack: Stack) -> None:
    stack.replace(MODELS, r"^    description = .*$", "    summary = models.CharField(max_length=77, blank=True)")
    play = stack.apply(renames=["fabric.description=summary"], check=True)
    refused(play.status, play.flat, "schema_failed", "'fabric.description' is said to be 'summary' now")


@pytest.mark.usefixtures("row")
def test_a_field_that_was_not_renamed_may_go_when_that_is_said(stack: Stack) -> None:
    stack.replace(MODELS, r"^    description = ", "    more = ")
    play = stack.apply(renames=["Fabric.description="])
    assert play.status == 0, str(play)
    assert ask(stack, "more") == ""
    stack.assert_fresh()


@pytest.mark.parametrize("answer", ["fabric", "fabric.a.b=c", "=x"])
def test_an_answer_that_cannot_be_made_out_is_refused(stack: Stack, answer: str) -> None:
    play = stack.apply(renames=[answer])
    refused(play.status, play.flat, "invalid_answer", "'model.old=new'")


@pytest.mark.usefixtures("row")
def test_where_migrations_are_written_by_hand_models_that_differ_are_an_error(stack: Stack) -> None:
    before = migrations(stack)
    with stack.kept("netbox-dev.yml"):
        project = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        stack.write("netbox-dev.yml", f"{project}makemigrations: false\n")
        stack.must_apply()
        stack.replace(
            MODELS, DESCRIPTION, "    serial = models.CharField(max_length=9, default='')\n    description = models"
        )
        play = stack.apply()
        refused(play.status, play.flat, "schema_failed", "makemigrations is off", "Add field serial to fabric")
        assert "File " not in play.flat
        assert migrations(stack) == before
        # Nothing was begun: once the edit is undone there is nothing to mend.
        assert not list(stack.state_home.glob("*/schema-changed"))
    # The plugin's own pages may ask for the column by now: services load what is saved.
    assert stack.http("/login/").status == 200


@long
@pytest.mark.usefixtures("row")
def test_what_a_dependency_adds_to_a_model_is_decided_by_the_run_that_installs_it(stack: Stack) -> None:
    before = migrations(stack)
    has = "__import__('importlib.util').util.find_spec('toolz')"
    with stack.kept("netbox-dev.yml"):
        project = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8").replace("  - toolz\n", "")
        stack.write("netbox-dev.yml", project)
        stack.replace(
            MODELS,
            DESCRIPTION,
            f"    serial = models.CharField(max_length=9, default='a') if {has} else None\n    description = models",
        )
        stack.must_apply()
        assert migrations(stack) == before
        project = project.replace("packages:\n", "packages:\n  - toolz\n")
        stack.write("netbox-dev.yml", f"{project}makemigrations: false\n")
        play = stack.apply()
        refused(play.status, play.flat, "schema_failed", "makemigrations is off", "Add field serial to fabric")
        stack.write("netbox-dev.yml", project)
        assert "makemigrations" in stack.must_apply(check=True).flat
        play = stack.must_apply()
        assert "inherited operations" in play.flat, str(play)
        assert ask(stack, "serial") == "a"
        assert len(migrations(stack) - before) == 1
        stack.assert_fresh()


@pytest.mark.usefixtures("row")
def test_inherited_drift_is_left_or_taken_along_and_the_sql_is_shown(stack: Stack) -> None:
    stack.replace(
        MODELS, DESCRIPTION, "    serial = models.CharField(max_length=9, default='')\n    description = models"
    )
    play = stack.apply(check=True)
    assert (play.status, "inherited drift" in play.flat) == (0, False), str(play)
    shown = stack.playbook("apply-change.yml", "--check", "--diff")
    assert 'ALTER TABLE "netbox_example_fabric" ADD COLUMN "serial"' in shown.flat, str(shown)
    assert shown.output.count("migrations.AddField") == 1
    included = stack.playbook("apply-change.yml", "--check", "--diff", inherited_drift="include")
    assert included.output.count("migrations.Alter") >= 4, str(included)
    # The options of a switch have drift of their own: its names are in no migration.
    stack.replace(MODELS, r'^        ordering = \("fabric", "name"\)', '        ordering = ("name", "fabric")')
    play = stack.must_apply()
    assert "inherited drift of switch (AlterModelOptions) goes along" in play.flat, str(play)
    assert "left 4 inherited operations" in play.flat
    stack.assert_fresh()


def test_migrations_that_both_come_last_are_named_and_merged_when_asked(stack: Stack) -> None:
    stack.must_apply()
    last = sorted(migrations(stack))[-1][: -len(".py")]
    names = ("0901_left", "0901_right")
    before = migrations(stack)
    try:
        for name in names:
            stack.write(f"netbox_example/migrations/{name}.py", MIGRATION.format(last=last))
        play = stack.apply()
        refused(play.status, play.flat, "schema_failed", "0901_left and 0901_right", "-e merge=true")
        assert stack.http("/plugins/example/").status == 200
        with stack.kept(MODELS):
            # With a question open, not even the merge is written.
            stack.replace(MODELS, DESCRIPTION, "    serial = models.CharField(max_length=9)\n    description = models")
            play = stack.apply(merge=True)
            refused(play.status, play.flat, "schema_failed", "'fabric.serial' is a new field")
            assert migrations(stack) == {*before, *(f"{name}.py" for name in names)}
        play = stack.apply(merge=True)
        assert play.status == 0, str(play)
        assert "0902_merge_0901_left_0901_right.py" in migrations(stack)
        applied = stack.psql("SELECT name FROM django_migrations WHERE app = 'netbox_example' AND name LIKE '090%'")
        assert sorted(applied.split()) == ["0901_left", "0901_right", "0902_merge_0901_left_0901_right"]
        stack.assert_fresh()
    finally:
        for name in migrations(stack) - before:
            (stack.package / "migrations" / name).unlink()
        stack.psql("DELETE FROM django_migrations WHERE name LIKE '090%'")
    stack.must_apply()
    stack.assert_fresh()


def columns(stack: Stack) -> str:
    return stack.psql(
        "SELECT string_agg(column_name, ',' ORDER BY 1) FROM information_schema.columns "
        "WHERE table_name = 'netbox_example_fabric'"
    )


ADDING = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    {more}
    dependencies = [("netbox_example", "{after}")]
    operations = [{operations}]
"""


@long
def test_squashed_replaced_and_run_before_migrations_are_applied_once_and_nothing_is_taken_back(stack: Stack) -> None:
    stack.must_apply()
    last = sorted(migrations(stack))[-1][: -len(".py")]
    before, text = migrations(stack), (stack.plugin / MODELS).read_text(encoding="utf-8")
    adds = 'migrations.AddField("fabric", "{}", models.IntegerField(default=1))'
    folder = "netbox_example/migrations"

    def write(name: str, after: str, *names: str, more: str = "") -> None:
        operations = ", ".join(adds.format(one) for one in names)
        stack.write(f"{folder}/{name}.py", ADDING.format(after=after, operations=operations, more=more))

    def applied() -> list[str]:
        rows = stack.psql("SELECT name FROM django_migrations WHERE app = 'netbox_example' AND name LIKE '09%'")
        return sorted(rows.split())

    try:
        fields = "".join(f"    {name} = models.IntegerField(default=1)\n" for name in ("first", "second", "third"))
        stack.replace(MODELS, DESCRIPTION, f"{fields}    description = models")
        write("0901_first", last, "first")
        write("0902_second", "0901_first", "second")
        # Its place is before one that it does not name as its parent.
        write("0903_third", "0901_first", "third", more='run_before = [("netbox_example", "0902_second")]')
        play = stack.must_apply()
        assert play.flat.index("applied netbox_example.0903_third") < play.flat.index(
            "applied netbox_example.0902_second"
        )
        squashed = "0901_squashed_0902_second"
        replaces = "replaces = [{}]".format(
            ", ".join(f'("netbox_example", "{name}")' for name in ("0901_first", "0902_second", "0903_third"))
        )
        write(squashed, last, "first", "second", "third", more=replaces)
        assert f"applied netbox_example.{squashed}" in stack.must_apply().flat
        stack.assert_fresh()
        # What was replaced goes, and with it what says so.
        for name in ("0901_first", "0902_second", "0903_third"):
            (stack.package / "migrations" / f"{name}.py").unlink()
        write(squashed, last, "first", "second", "third")
        play = stack.must_apply()
        assert "not on disk" not in play.flat, str(play)
        assert "migrate" not in play.done
        assert applied() == ["0901_first", squashed, "0902_second", "0903_third"]
        assert {"first", "second", "third"} <= set(columns(stack).split(","))
        stack.assert_fresh()
    finally:
        stack.write(MODELS, text)
        for name in migrations(stack) - before:
            (stack.package / "migrations" / name).unlink()
        stack.psql("DELETE FROM django_migrations WHERE name LIKE '09%'")
        for name in ("first", "second", "third"):
            stack.psql(f"ALTER TABLE netbox_example_fabric DROP COLUMN IF EXISTS {name}")
    stack.must_apply()
    stack.assert_fresh()


MODULE = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - hedgehog.netbox_dev.schema_migration:
        plugin_path: "{{ plugin_path }}"
      register: done
    - ansible.builtin.debug:
        msg: "written {{ done.written }} applied {{ done.applied }} left {{ done.inherited }}"
"""


@pytest.mark.usefixtures("row")
def test_the_schema_step_alone_is_a_module(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    playbook = tmp_path_factory.mktemp("schema") / "schema.yml"
    playbook.write_text(MODULE, encoding="utf-8")
    stack.replace(
        MODELS, DESCRIPTION, "    serial = models.CharField(max_length=9, default='a')\n    description = models"
    )
    checked = stack.playbook(str(playbook), "--check")
    assert (checked.status, checked.changed) == (0, 1), str(checked)
    play = stack.playbook(str(playbook))
    assert (play.status, play.changed) == (0, 1), str(play)
    assert "fabric_serial.py'] applied ['netbox_example." in play.flat, str(play)
    assert ask(stack, "serial") == "a"
    again = stack.playbook(str(playbook))
    assert (again.status, again.changed) == (0, 0), str(again)
    # Running services may hold what they read before.
    assert "reload" in stack.must_apply().done
    stack.assert_fresh()


@long
@pytest.mark.usefixtures("row")
def test_a_migration_that_waits_for_somebodys_transaction_gives_up_and_names_it(stack: Stack) -> None:
    with locked_table(stack):
        before = migrations(stack)
        stack.replace(MODELS, DESCRIPTION, SERIAL)
        play = stack.apply()
        refused(play.status, play.flat, "schema_failed", "lock timeout", "(lunch), active", "removed again: ")
        assert migrations(stack) == before


# As on a server whose disk is nearly full.
NO_ROOM = (
    "from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import database\n"
    "database._ROOM_FOR_LOG = 1 << 60\n"
)
FAILING = """\
from django.db import migrations, models


def spoil(apps, schema_editor):
    apps.get_model("netbox_example", "Fabric").objects.filter(name="kept").update(description="spoilt")


def fail(apps, schema_editor):
    raise ValueError("on purpose")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("netbox_example", "{last}")]
    operations = [
        migrations.AddField("fabric", "halfway", models.IntegerField(null=True)),
        migrations.RunPython(spoil, migrations.RunPython.noop),
        migrations.RunPython({ends}, migrations.RunPython.noop),
    ]
"""


@pytest.mark.usefixtures("row")
def test_a_migration_that_fails_half_way_leaves_the_database_as_it_was(stack: Stack) -> None:
    last = sorted(migrations(stack))[-1][: -len(".py")]
    path = "netbox_example/migrations/0901_fails.py"
    before = columns(stack)
    file = stack.write(path, FAILING.format(last=last, ends="fail"))
    try:
        status, told = stack.run_once(code=NO_ROOM)
        assert status != 0
        assert "no room: a copy of the database takes" in told[-1], "\n".join(told)
        with stack.polling("/login/") as polled:
            play = stack.apply()
        refused(play.status, play.flat, "schema_failed", "0901_fails, 'Raw Python operation': ValueError: on purpose")
        assert "put back to what it was before" in play.flat
        assert "0901_fails is not atomic" in play.flat
        assert set(polled) == {200}, polled
        assert (columns(stack), ask(stack, "description")) == (before, "text")
        assert stack.psql("SELECT count(*) FROM django_migrations WHERE name = '0901_fails'") == "0"
        # The developer's own file is not taken away.
        assert file.is_file()
        assert stack.job_result().endswith("switches")
    finally:
        file.unlink()
    stack.must_apply()
    stack.assert_fresh()


@pytest.mark.usefixtures("row")
def test_a_run_that_is_killed_while_it_migrates_is_undone_by_the_next(stack: Stack) -> None:
    last = sorted(migrations(stack))[-1][: -len(".py")]
    path = "netbox_example/migrations/0901_stays.py"
    before = columns(stack)
    sleeping = "lambda apps, schema_editor: __import__('time').sleep(600)"
    file = stack.write(path, FAILING.format(last=last, ends=sleeping))
    try:
        _arguments, process = stack.start_playbook("apply-change.yml")
        wait_for(lambda: "halfway" in columns(stack), "the first half of the migration", 90)
        stack.kill_run()
        process.communicate(timeout=60)
        assert ask(stack, "description") == "spoilt"
        # What another client would write now would be lost; so it cannot.
        write = "UPDATE netbox_example_fabric SET description = 'by hand'"
        by_hand = stack.compose("exec", "-T", "postgres", "psql", "-U", "netbox", "netbox", "-c", write)
        assert "read-only transaction" in by_hand.stderr, str(by_hand)
        stack.compose("restart", "-t", "1", "netbox-worker")
        file.unlink()
        play = stack.must_apply()
        assert "put the database back" in play.done, str(play)
        assert (columns(stack), ask(stack, "description")) == (before, "text")
        assert stack.http("/plugins/example/").status == 200
    finally:
        file.unlink(missing_ok=True)
    stack.must_apply()
    stack.assert_fresh()


@long
@pytest.mark.usefixtures("row")
def test_of_the_copies_of_migrations_that_went_well_the_last_are_kept(stack: Stack) -> None:
    stack.replace(MODELS, DESCRIPTION, SERIAL)
    stack.must_apply()
    with stack.kept(MODELS):
        stack.replace(MODELS, r"^    serial = .*\n", "")
        for number in (1, 11, 111):
            stack.psql(f"CREATE DATABASE netbox_safety_{number} TEMPLATE template0")
        play = stack.apply()
        assert play.status == 0, str(play)
        assert "the database is copied first" in play.flat
        found = stack.psql("SELECT datname FROM pg_database WHERE datname LIKE 'netbox\\_safety\\_%'").split()
        assert len(found) == 3
        assert "netbox_safety_1" not in found
        assert max(found) > "netbox_safety_111"
    play = stack.apply()
    assert play.status == 0, str(play)
