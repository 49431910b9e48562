# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Whether the database is what a state of the models says, and what says that it is undone by doing nothing."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import schema


def state(**tables: str) -> Any:
    """A state with a model for each table; the first word is its app, the others are its columns."""
    models = [
        SimpleNamespace(
            _meta=SimpleNamespace(
                app_label=text.split()[0],
                db_table=table,
                managed=True,
                proxy=False,
                local_concrete_fields=[SimpleNamespace(column=column) for column in text.split()[1:]],
            )
        )
        for table, text in tables.items()
    ]
    return SimpleNamespace(apps=SimpleNamespace(get_models=lambda include_auto_created: models))


@pytest.mark.parametrize(
    ("there", "before", "after", "found"),
    [
        ({"a": "id x"}, {"a": "ours id"}, {"a": "ours id x"}, set()),
        # Hedgehog's 0052 drops a column, and its reverse is nothing.
        ({"a": "id"}, {"a": "ours id"}, {"a": "ours id x"}, {"column a.x is missing"}),
        ({"a": "id x"}, {"a": "ours id x"}, {"a": "ours id"}, {"column a.x is left over"}),
        ({"a": "id", "b": "id"}, {"a": "ours id", "b": "ours id"}, {"a": "ours id"}, {"table b is left over"}),
        ({"a": "id"}, {"a": "ours id"}, {"a": "ours id", "b": "ours id"}, {"table b is missing"}),
        # Another app's model took the table over, and what is wrong with other apps is not asked.
        ({"a": "id"}, {"a": "ours id"}, {"a": "other id"}, set()),
        ({"a": "id"}, {"a": "ours id"}, {"a": "ours id", "c": "other id"}, set()),
    ],
)
def test_tables_and_columns_are_compared_with_the_state(
    monkeypatch: pytest.MonkeyPatch,
    there: dict[str, str],
    before: dict[str, str],
    after: dict[str, str],
    found: set[str],
) -> None:
    tables = {name: [SimpleNamespace(name=column) for column in text.split()] for name, text in there.items()}
    introspection = SimpleNamespace(
        table_names=lambda cursor: list(tables), get_table_description=lambda cursor, name: tables[name]
    )
    database: Any = ModuleType("django.db")
    database.connection = SimpleNamespace(cursor=contextlib.nullcontext, introspection=introspection)
    monkeypatch.setitem(sys.modules, "django", ModuleType("django"))
    monkeypatch.setitem(sys.modules, "django.db", database)
    assert schema.unlike(state(**after), state(**before), {"ours"}) == found


def noop() -> None:
    """As Django's own is named."""


@pytest.mark.parametrize(
    ("operation", "nothing"),
    [
        (SimpleNamespace(reverse_sql=""), True),
        (SimpleNamespace(reverse_sql="ALTER TABLE a ADD b integer"), False),
        (SimpleNamespace(reverse_code=noop), True),
        (SimpleNamespace(reverse_code=print), False),
        (SimpleNamespace(database_operations=[SimpleNamespace(reverse_sql="")]), True),
        (SimpleNamespace(name="a"), False),
    ],
)
def test_a_reverse_that_does_nothing_is_known(operation: Any, nothing: bool) -> None:
    assert schema.reverses_to_nothing(operation) is nothing


def test_a_migration_of_the_same_name_that_does_something_else_is_another(tmp_path: Path) -> None:
    for name, text in {"0001_a": "A = 1  # there\n", "0002_b": "B = 3\n", "0003_c": "C = 1\n"}.items():
        (tmp_path / f"{name}.py").write_text(text)
    names = ["app.0001_a", "app.0002_b", "app.0003_c"]
    found = {"applied": names[:2], "disk": names, "folders": {"app": str(tmp_path)}}
    texts = {"app.0001_a": "A = 1\n", "app.0002_b": "B = 2\n", "app.0003_c": "C = 2\n", "gone.0001_x": ""}
    assert schema.rewritten(texts, found) == ["app.0002_b"]


def test_what_django_does_not_bring_may_lose_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    operations: Any = ModuleType("django.db.migrations.operations")
    for name in ("AddField", "RemoveField", "DeleteModel", "RunPython", "RunSQL", "SeparateDatabaseAndState"):
        setattr(operations, name, type(name, (), {"__module__": operations.__name__}))
    migrations: Any = ModuleType("django.db.migrations")
    migrations.operations = operations
    monkeypatch.setitem(sys.modules, "django.db.migrations", migrations)
    own = type("Truncate", (operations.AddField,), {"__module__": "plugin.operations"})
    both = operations.SeparateDatabaseAndState()
    both.database_operations = [operations.AddField()]
    assert [schema._loses(one) for one in (operations.AddField(), both)] == [False, False]
    assert [schema._loses(one) for one in (operations.RunSQL(), own())] == [True, True]
    both.database_operations = [own()]
    assert schema._loses(both)
    empty, some, code = operations.RunSQL(), operations.RunSQL(), operations.RunPython()
    empty.sql, some.sql, code.code = "", "DROP TABLE a", noop
    removal = operations.RemoveField()
    for one, text in ((both, "both"), (some, "SQL"), (removal, "Remove field")):
        one.describe = lambda text=text: text
    steps = [operations.AddField(), empty, code, both, some, removal]
    migration = SimpleNamespace(app_label="x", name="0002_a", operations=steps)
    assert schema.losing([migration]) == ["x.0002_a: both", "x.0002_a: SQL", "x.0002_a: Remove field"]


def loader(applied: str, disk: str, **replaces: str) -> Any:
    """What is applied and on disk, as words; a squashed migration on disk is applied when all that it replaces is."""

    def nodes(text: str) -> list[tuple[str, str]]:
        return [(app, name) for app, _dot, name in (word.partition(".") for word in text.split())]

    stands = {("app", name): nodes(text) for name, text in replaces.items()}
    there = {node: SimpleNamespace(replaces=stands.get(node, [])) for node in [*nodes(disk), *stands]}
    whole = [node for node, names in stands.items() if set(names) <= set(nodes(applied))]
    return SimpleNamespace(applied_migrations=dict.fromkeys([*nodes(applied), *whole]), disk_migrations=there)


@pytest.mark.parametrize(
    ("found", "foreign"),
    [
        (loader("app.1 app.2 own.1", "app.1 app.2 app.3"), []),
        (loader("app.1 app.3 own.1", "app.1"), ["app.3"]),
        # Squashed long ago; what was not among it is of another NetBox.
        (loader("app.1 app.2 app.9", "app.3", s="app.1 app.2"), ["app.9"]),
        # Of what is not installed any more.
        (loader("app.1 other.1", "app.1"), []),
    ],
)
def test_applied_migrations_that_this_netbox_lacks_are_another_netboxs(
    monkeypatch: pytest.MonkeyPatch, found: Any, foreign: list[str]
) -> None:
    registry: Any = ModuleType("django.apps")
    labels = [SimpleNamespace(label="app"), SimpleNamespace(label="own")]
    registry.apps = SimpleNamespace(get_app_configs=lambda: labels)
    monkeypatch.setitem(sys.modules, "django.apps", registry)
    monkeypatch.setattr(schema, "plugin_labels", lambda package: ["own"])
    monkeypatch.setattr(schema, "load", lambda: found)
    assert schema.foreign("own") == foreign
    if foreign:
        with pytest.raises(schema.Foreign, match=f"no file of: {foreign[0]}"):
            schema.refuse_foreign("own")
    else:
        schema.refuse_foreign("own")


def test_what_is_written_is_told_as_it_is_written_and_so_is_the_folders_marker(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    texts = iter(["# Generated at 10:00\n", "# Generated at 10:01\n"])
    writer = SimpleNamespace(basedir=str(folder), path=str(folder / "0001.py"), as_string=lambda: next(texts))
    written = schema._write(writer)
    assert written == {str(folder / "__init__.py"): "", str(folder / "0001.py"): "# Generated at 10:00\n"}
    assert {str(path): path.read_text() for path in folder.iterdir()} == written
