# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What the change engine makes of real edits: a file's path says little, its content decides."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from .long import long
from .stack import Stack

MODELS = "netbox_example/models.py"
CHOICES = "netbox_example/choices.py"


def git(stack: Stack, *arguments: str) -> None:
    identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com", "-c", f"safe.directory={stack.plugin}")
    subprocess.run(["git", "-C", str(stack.plugin), *identity, *arguments], check=True, capture_output=True)
    for top in (stack.plugin / ".git", stack.package):
        for path in (top, *top.rglob("*")):
            os.lchown(path, *stack.owner)


@pytest.fixture
def committed(stack: Stack) -> Iterator[Stack]:
    """The plugin as it is now is HEAD, and was applied."""
    git(stack, "add", "-A")
    git(stack, "commit", "-qm", "as it is", "--allow-empty")
    stack.must_apply()
    yield stack
    git(stack, "checkout", "-q", "--", "netbox_example")
    stack.must_apply()
    stack.assert_fresh()


def migrations(stack: Stack) -> set[str]:
    return {path.name for path in (stack.package / "migrations").glob("0*.py")}


def test_comments_docstrings_and_methods_of_models_make_no_migration_step(committed: Stack) -> None:
    committed.replace(MODELS, r"^class Fabric", "# A comment.\nclass Fabric")
    committed.replace(MODELS, "A group of switches", "Some switches")
    play = committed.must_apply()
    assert "1 ignored" in play.output, str(play)
    assert set(play.done) <= {"reload"}, str(play)
    committed.replace(MODELS, r"return self\.name\n\Z", "return str(self.name)\n")
    play = committed.must_apply()
    assert "1 python" in play.output, str(play)
    assert set(play.done) <= {"reload"}, str(play)


def test_a_constant_in_another_file_that_a_field_uses_is_a_model_change(committed: Stack) -> None:
    committed.replace(CHOICES, r'LEAF = "leaf"', 'LEAF = "leafy"')
    before = migrations(committed)
    play = committed.playbook("plan.yml", "--diff")
    assert play.status == 0, str(play)
    assert "SwitchRoleChoices.LEAF changed, used by netbox_example.models: Switch.role" in play.flat, str(play)
    assert "by import, from auto" in play.flat, str(play)
    assert migrations(committed) == before
    play = committed.must_apply()
    assert "makemigrations, migrate" in play.done, str(play)
    (written,) = migrations(committed) - before
    committed.replace(CHOICES, r'LEAF = "leafy"', 'LEAF = "leaf"')
    play = committed.must_apply()
    (back,) = migrations(committed) - before - {written}
    assert back > written


def test_since_a_commit_and_named_files_are_applied(committed: Stack) -> None:
    committed.replace("netbox_example/views.py", r'^TITLE = ".*"$', 'TITLE = "since"')
    committed.write("netbox_example/static/netbox_example/since.css", "a { color: red }\n")
    play = committed.apply(since="HEAD", check=True)
    assert "would do:" in play.output, str(play)
    play = committed.apply(paths="netbox_example/static")
    assert play.status == 0, str(play)
    assert play.done.keys() >= {"collectstatic"}, str(play)
    play = committed.apply(since="HEAD")
    assert play.status == 0, str(play)
    assert "1 static, 1 views" in play.output, str(play)
    assert committed.http("/plugins/example/info/").json()["title"] == "since"
    assert committed.apply(since="HEAD").changed == 0
    (committed.package / "static/netbox_example/since.css").unlink()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"since": "nonsense"}, "'nonsense' is no commit of this repository"),
        ({"paths": "../elsewhere.py"}, "is not in the plugin"),
        ({"paths": "netbox_example/none.py"}, "there is no file 'netbox_example/none.py'"),
        ({"changed": "vews"}, "did you mean 'views'"),
    ],
)
def test_what_cannot_be_looked_up_is_refused_with_the_reason(stack: Stack, asked: dict[str, str], message: str) -> None:
    for playbook in ("apply-change.yml", "plan.yml"):
        play = stack.playbook(playbook, **asked)
        assert play.status != 0, str(play)
        assert message in play.flat, str(play)


def test_the_plan_is_a_table_that_touches_nothing(committed: Stack) -> None:
    committed.replace("netbox_example/views.py", r'^TITLE = ".*"$', 'TITLE = "planned"')
    committed.replace("netbox_example/__init__.py", r'"greeting": ".*"', '"greeting": "planned"')
    play = committed.playbook("plan.yml")
    assert play.changed == 0, str(play)
    assert "1 plugin_config, 1 views" in play.output, str(play)
    assert "ExampleConfig.default_settings changed (and 1 more)" in play.flat, str(play)
    (committed.package / "views.py").touch()


def test_a_damaged_manifest_is_said_and_everything_checked(stack: Stack) -> None:
    manifest = stack.state / "manifest.json"
    manifest.write_text('{"version": 99}', encoding="utf-8")
    play = stack.must_apply()
    assert "what was applied last is not known" in play.flat, str(play)
    assert play.changed == 0, str(play)
    stack.assert_fresh()


def test_an_app_inside_the_package_has_its_own_migrations(committed: Stack) -> None:
    app = committed.package / "inventory"
    app.mkdir()
    os.chown(app, *committed.owner)
    try:
        for name, text in {
            "__init__.py": "",
            "apps.py": "from django.apps import AppConfig\n\n\nclass InventoryConfig(AppConfig):\n"
            '    name = "netbox_example.inventory"\n    label = "netbox_example_inventory"\n',
            "models.py": "from django.db import models\n\n\nclass Item(models.Model):\n"
            "    serial = models.TextField()\n",
        }.items():
            committed.write(f"netbox_example/inventory/{name}", text)
        committed.replace(
            "netbox_example/__init__.py",
            r"^(    version = .*)$",
            '    version = __version__\n    django_apps = ["netbox_example.inventory"]',
        )
        play = committed.must_apply()
        assert "Create model Item" in play.flat, str(play)
        assert (app / "migrations/0001_initial.py").stat().st_uid == committed.owner[0]
        assert committed.psql("SELECT count(*) FROM netbox_example_inventory_item").strip() == "0"
        committed.assert_fresh()
    finally:
        committed.psql("DROP TABLE IF EXISTS netbox_example_inventory_item")
        committed.psql("DELETE FROM django_migrations WHERE app = 'netbox_example_inventory'")
        shutil.rmtree(app)


COLUMN = "SELECT data_type FROM information_schema.columns WHERE column_name = 'again'"


def add_field(stack: Stack, kind: str) -> str:
    """Give the model a field, apply it, and return its migration's file."""
    before = migrations(stack)
    meta = '    class Meta:\n        ordering = ("fabric"'
    stack.replace(MODELS, f"^{re.escape(meta)}", f"\n    again = models.{kind}(blank=True, null=True)\n\n{meta}")
    stack.must_apply()
    (made,) = migrations(stack) - before
    return made


@long
def test_a_migration_that_no_commit_had_is_taken_back_or_renamed(committed: Stack) -> None:
    folder = committed.package / "migrations"
    first = add_field(committed, "IntegerField")
    # As git restore and git clean do.
    (folder / first).unlink()
    git(committed, "checkout", "-q", "--", MODELS)
    play = committed.must_apply()
    assert f"applied and not on disk: netbox_example.{first[:-3]}; taken back, with what they added" in play.flat
    assert committed.psql(COLUMN) == ""
    second = add_field(committed, "TextField")
    (folder / second).rename(folder / "0950_renamed.py")
    assert "renamed on disk, and so in the database" in committed.must_apply().flat
    assert committed.psql(COLUMN) == "text"
    committed.assert_fresh()
    (folder / "0950_renamed.py").unlink()


@long
def test_what_a_migration_was_is_never_guessed(committed: Stack) -> None:
    folder = committed.package / "migrations"
    name = add_field(committed, "TextField")
    committed.psql("UPDATE netbox_example_switch SET again = 'kept'")
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).unlink()
    (committed.state / "migrations.json").unlink()
    # Nobody knows what it was: nothing is done, and that is said each time.
    for check in (True, False):
        play = committed.apply("migrations", check=check)
        assert play.status != 0
        assert f"not on disk: netbox_example.{name[:-3]}. Neither git nor an earlier run knows" in play.flat, str(play)
    committed.write(f"netbox_example/migrations/{name}", text)
    committed.must_apply()
    (folder / name).unlink()
    git(committed, "checkout", "-q", "--", MODELS)
    assert "taken back" in committed.must_apply().flat
    assert committed.psql(COLUMN) == ""


def test_a_plugins_page_that_fails_is_told(committed: Stack) -> None:
    page = "netbox_example/templates/netbox_example/switch_list.html"
    with committed.kept(page):
        committed.write(page, "{% extends 'no/such/layout.html' %}\n")
        play = committed.must_apply()
        assert "/plugins/example/ answers 500" in play.flat, str(play)
    committed.must_apply()
