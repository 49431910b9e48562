# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Every row of the workflow document's matrix: a real edit, applied, seen from outside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .long import long
from .stack import PYTHON_SERVICES, Stack

EVERY = frozenset(PYTHON_SERVICES)
# Housekeeping starts NetBox anew each time: it holds no code.
LOADING = EVERY - {"netbox-housekeeping"}
NOWHERE: frozenset[str] = frozenset()
PAGE = "/plugins/example/"


@dataclass(frozen=True)
class Row:
    """``edit`` and ``seen`` take the stack and a word that is new each time.

    ``event`` is what happens to each of ``services``; ``steps`` are those of the summary that are certain: a service
    whose supervisor saw the saved file first needs no step.
    """

    category: str
    edit: Callable[[Stack, str], None]
    seen: Callable[[Stack, str], bool]
    event: str
    services: frozenset[str]
    steps: frozenset[str] = frozenset()


def edit_job(stack: Stack, word: str) -> None:
    stack.replace("netbox_example/jobs.py", r'^RESULT = ".*"$', f'RESULT = "{word}"')


def job_says(stack: Stack, word: str) -> bool:
    return stack.job_result().startswith(f"{word} ") and stack.job_result("?queue=sync").startswith(f"{word} ")


def edit_model(stack: Stack, word: str) -> None:
    field = f'    {word} = models.CharField(max_length=20, blank=True, default="")\n'
    stack.replace("netbox_example/models.py", r"^    role = .*\n", role_line(stack) + field)


def role_line(stack: Stack) -> str:
    found = re.search(r"^    role = .*\n", (stack.package / "models.py").read_text(encoding="utf-8"), re.M)
    assert found
    return found.group()


def column_exists(stack: Stack, word: str) -> bool:
    columns = stack.psql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'netbox_example_switch'"
    )
    return word in columns.split() and stack.http(PAGE).status == 200


def edit_view(stack: Stack, word: str) -> None:
    stack.replace("netbox_example/views.py", r'^TITLE = ".*"$', f'TITLE = "{word}"')


def page_says(stack: Stack, word: str) -> bool:
    return word in stack.http(PAGE).text


def edit_url(stack: Stack, word: str) -> None:
    stack.replace("netbox_example/urls.py", r"^\]$", f'    path("{word}/", views.info, name="{word}"),\n]')


def url_answers(stack: Stack, word: str) -> bool:
    return stack.http(f"{PAGE}{word}/").status == 200


def edit_template(stack: Stack, word: str) -> None:
    path = "netbox_example/templates/netbox_example/switch_list.html"
    stack.replace(path, r"<h1>.*</h1>", f"<h1>{{{{ title }}}} {word}</h1>")


def edit_static(stack: Stack, word: str) -> None:
    stack.write("netbox_example/static/netbox_example/app.css", f".{word} {{ color: #0a6; }}\n")


def static_says(stack: Stack, word: str) -> bool:
    file = "netbox_example/app.css"
    volume = stack.exec("netbox-worker", "cat", f"/opt/netbox/netbox/static/{file}")
    return word in stack.http(f"/static/{file}").text and word in volume


def edit_project_file(stack: Stack, word: str) -> None:
    """Wishes for NetBox's settings in ``netbox-dev.yml``."""
    text = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8").partition("settings:")[0]
    stack.write("netbox-dev.yml", f"{text}settings:\n  CSRF_COOKIE_NAME: {word}\n")


def the_cookie_has_its_name(stack: Stack, word: str) -> bool:
    cookies: dict[str, str] = {}
    stack.http("/login/", cookies=cookies)
    return word in cookies


def edit_migration(stack: Stack, word: str) -> None:
    leaf = max(path.stem for path in (stack.package / "migrations").glob("0*.py"))
    stack.write(
        f"netbox_example/migrations/{int(leaf[:4]) + 1:04}_{word}.py",
        "from django.db import migrations\n\n\n"
        "def add(apps, schema_editor):\n"
        f'    apps.get_model("netbox_example", "Fabric").objects.create(name="{word}")\n\n\n'
        "class Migration(migrations.Migration):\n"
        f'    dependencies = [("netbox_example", "{leaf}")]\n'
        "    operations = [migrations.RunPython(add, migrations.RunPython.noop)]\n",
    )


def fabric_exists(stack: Stack, word: str) -> bool:
    return word in stack.psql("SELECT name FROM netbox_example_fabric").split()


# Small pure Python packages; the second takes the first one's place.
PACKAGES = {"found": "toolz", "named": "sortedcontainers"}


def edit_dependencies(stack: Stack, word: str) -> None:
    text = (stack.plugin / "pyproject.toml").read_text(encoding="utf-8")
    text = re.sub(r'    "humanize.*",\n(    ".*",\n)*', f'    "humanize>=4.12,<5",\n    "{package(word)}",\n', text)
    stack.write("pyproject.toml", text)


def package(word: str) -> str:
    return next(name for how, name in PACKAGES.items() if word.startswith(how))


def importable_everywhere(stack: Stack, word: str) -> bool:
    name = package(word)
    return all(stack.python(service, f"import {name}; print({name}.__name__)") == name for service in PYTHON_SERVICES)


def edit_plugin_config(stack: Stack, word: str) -> None:
    stack.replace("netbox_example/__init__.py", r'"greeting": ".*"', f'"greeting": "{word}"')


def greeting_is(stack: Stack, word: str) -> bool:
    return stack.http(f"{PAGE}info/").json()["greeting"] == word and word in stack.http(PAGE).text


ROWS = (
    Row("python", edit_job, job_says, "reload", LOADING),
    Row("models", edit_model, column_exists, "reload", EVERY, frozenset({"makemigrations, migrate"})),
    Row("views", edit_view, page_says, "reload", LOADING),
    Row("urls", edit_url, url_answers, "reload", LOADING),
    Row("templates", edit_template, page_says, "", NOWHERE),
    Row("static", edit_static, static_says, "", NOWHERE, frozenset({"collectstatic"})),
    Row("settings", edit_project_file, the_cookie_has_its_name, "restart", EVERY, frozenset({"restart"})),
    Row("migrations", edit_migration, fabric_exists, "reload", EVERY, frozenset({"migrate", "reload"})),
    Row("dependencies", edit_dependencies, importable_everywhere, "recreate", EVERY, frozenset({"build", "recreate"})),
    Row("plugin_config", edit_plugin_config, greeting_is, "reload", LOADING),
)


# A build and new containers take longest: by name, too, in the long run.
EDITS = [
    pytest.param(row, how, id=f"{row.category}-{how}", marks=long if (row.event, how) == ("recreate", "named") else ())
    for row in ROWS
    for how in ("found", "named")
]


def footprint(stack: Stack) -> dict[str, tuple[int, int]]:
    """Every file of the plugin and of the stack's state with size and time; what supervisors tell left out."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for root in (stack.plugin, stack.state)
        for path in root.rglob("*")
        if path.is_file() and path.parent.name != "run" and ".git" not in path.parts and path.name != "lock"
    }


def applied(stack: Stack) -> str:
    return stack.psql("SELECT count(*) FROM django_migrations")


@pytest.mark.parametrize(("row", "how"), EDITS)
def test_an_edit_takes_effect_where_it_must_and_once(stack: Stack, row: Row, how: str) -> None:
    word = f"{how}_{row.category}"
    before = stack.processes()
    row.edit(stack, word)
    if how == "found":
        files, migrations = footprint(stack), applied(stack)
        planned = stack.must_apply(check=True)
        assert planned.changed == 1 or not row.steps, str(planned)
        assert (footprint(stack), applied(stack)) == (files, migrations), str(planned)
        assert not set(stack.what_happened(before).values()) & {"restart", "recreate"}, str(planned)
        play = stack.must_apply()
    else:
        play = stack.must_apply(row.category)
    assert row.seen(stack, word), str(play)
    assert stack.what_happened(before) == dict.fromkeys(row.services, row.event), str(play)
    assert row.steps <= set(play.done), str(play)
    assert set(play.done) <= row.steps | {row.event}, str(play)
    if row.event in play.done:
        assert play.done[row.event] <= EVERY, str(play)
    again = stack.must_apply(row.category if how == "named" else None)
    assert again.changed == 0, str(again)
    assert stack.http(PAGE).status == 200


def test_a_model_edits_migration_holds_that_edit_alone_and_belongs_to_the_developer(stack: Stack) -> None:
    before = set((stack.package / "migrations").glob("0*.py"))
    edit_model(stack, "own_edit")
    play = stack.must_apply()
    (written,) = set((stack.package / "migrations").glob("0*.py")) - before
    operations = re.findall(r"migrations\.(\w+)\(", written.read_text(encoding="utf-8"))
    assert operations == ["AddField"], f"{written.read_text(encoding='utf-8')}\n{play}"
    status = written.stat()
    assert (status.st_uid, status.st_gid) == stack.owner
    assert "left 5 inherited operations" in play.output, str(play)
    stack.assert_fresh()


def test_an_edit_of_another_category_than_the_named_one_is_not_forgotten(stack: Stack) -> None:
    edit_model(stack, "not_forgotten")
    stack.must_apply("templates")
    play = stack.must_apply()
    assert column_exists(stack, "not_forgotten"), str(play)
    stack.assert_fresh()


def test_all_at_once_and_again(stack: Stack) -> None:
    edit_view(stack, "all_at_once")
    edit_static(stack, "all_at_once")
    play = stack.must_apply("all")
    assert page_says(stack, "all_at_once"), str(play)
    assert static_says(stack, "all_at_once"), str(play)
    assert stack.must_apply("all").changed == 0


@pytest.mark.parametrize("named", ["views,urls", "tests", "docs,ignored"])
def test_categories_that_need_nothing_change_nothing(stack: Stack, named: str) -> None:
    play = stack.must_apply(named)
    assert play.changed == 0, str(play)


def test_a_configuration_file_of_ones_own_is_a_setting(stack: Stack) -> None:
    mine = stack.checkout / "configuration" / "zz_mine.py"
    before = stack.processes()
    mine.write_text('PLUGINS_CONFIG = {"netbox_example": {"greeting": "configured"}}\n', encoding="utf-8")
    try:
        play = stack.must_apply()
        assert play.done == {"restart": set(EVERY)}, str(play)
        assert stack.what_happened(before) == dict.fromkeys(EVERY, "restart"), str(play)
        assert greeting_is(stack, "configured"), str(play)
        stack.assert_fresh()
    finally:
        mine.unlink()
    stack.must_apply()
    stack.assert_fresh()


def test_a_deleted_file_and_a_renamed_one_take_effect(stack: Stack) -> None:
    templates: Path = stack.package / "templates/netbox_example"
    with stack.kept("netbox_example/views.py"):
        (templates / "switch_list.html").rename(templates / "moved.html")
        try:
            stack.replace("netbox_example/views.py", "netbox_example/switch_list.html", "netbox_example/moved.html")
            play = stack.must_apply()
            assert stack.http(PAGE).status == 200, str(play)
            told = json.dumps(play.flat)
            assert "renamed templates" in told, told
        finally:
            (templates / "moved.html").rename(templates / "switch_list.html")
    stack.must_apply()
    stack.assert_fresh()


def test_a_file_beside_the_package_reloads_what_a_rule_of_ones_own_says(stack: Stack) -> None:
    with stack.kept("netbox-dev.yml", "schemas.yml"):
        text = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        stack.write("netbox-dev.yml", f"{text}rules:\n  - {{path: schemas.yml, category: python}}\n")
        stack.must_apply()
        stack.write("schemas.yml", "one: 1\n")
        before = stack.processes()
        play = stack.must_apply()
        assert "netbox-worker" in play.done["reload"], str(play)
        assert set(stack.what_happened(before).values()) == {"reload"}
        stack.assert_fresh()
    stack.must_apply()
