# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the stack: the plugin's migrations to zero, to the newest on disk or to a named one, and what that loses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from .drift import plugin_labels
from .schema import Progress, columns, migrate, missing, names_of, refuse_conflicts, states, take_back

# A migration of each app, None for zero.
Targets = Mapping[str, "str | None"]


class Unknown(Exception):
    """No app or migration of the plugin has that name."""


def look(package: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """What it would take; nothing is changed.

    ``request`` has ``state`` (zero, current or named), ``migration`` and ``app``, empty for none, and
    ``replacements``. Returns ``{targets, back: names in the order in which they are taken back, forward: names, lost:
    [{table, column (empty: the table goes), rows}], stuck: [operations that cannot be undone], applied: all that would
    be applied then, missing, states}``.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if request["state"] == "current":
        refuse_conflicts(package)
    executor = MigrationExecutor(connection)
    loader = executor.loader
    wanted = targets(loader.graph.leaf_nodes(), loader.disk_migrations, plugin_labels(package), request)
    plan = executor.migration_plan(list(wanted.items()))
    back = [migration for migration, backwards in plan if backwards]
    forward = [migration for migration, backwards in plan if not backwards]
    now = {f"{label}.{name}" for label, name in loader.applied_migrations}
    after = (now - set(names_of(back))) | set(names_of(forward))
    found: dict[str, Any] = {
        "targets": dict(wanted),
        "back": names_of(back),
        "forward": names_of(forward),
        "lost": [],
        "stuck": _stuck(back),
        "applied": sorted(after),
        "missing": missing(package, request["replacements"]),
        "states": states(package),
    }
    if plan:
        known = [node for node in loader.graph.nodes if node in loader.disk_migrations]
        was, will = (
            loader.project_state([node for node in known if ".".join(node) in names]) for names in (now, after)
        )
        labels = {migration.app_label for migration, _back in plan}
        found["lost"] = _lost(columns(was), columns(will), labels, _renamed(back + forward))
    return found


def targets(
    leaves: Iterable[tuple[str, str]],
    disk: Iterable[tuple[str, str]],
    labels: list[str],
    request: Mapping[str, Any],
) -> dict[str, str | None]:
    """By app of the plugin the migration that shall be the last; raises Unknown."""
    app = request["app"]
    if app and app not in labels:
        raise Unknown(f"'{app}' is no app of the plugin; it has: {', '.join(labels)}.")
    last = {label: name for label, name in leaves if label in labels and app in ("", label)}
    if request["state"] == "current":
        return dict(last)
    if request["state"] == "zero":
        return dict.fromkeys(last)
    asked = request["migration"]
    label_asked, dot, rest = asked.partition(".")
    known = sorted(node for node in disk if node[0] in last and label_asked in (node[0], *([] if dot else [asked])))
    name = rest if dot else asked
    found = [node for node in known if node[1] == name] or [node for node in known if node[1].startswith(name)]
    if len(found) == 1:
        return dict(found)
    names = [node[1] for node in sorted(node for node in disk if node[0] in last)]
    if found:
        raise Unknown(
            f"'{asked}' may be: {', '.join('.'.join(node) for node in found)}. Name one, with its app if need be."
        )
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    text = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(names) or 'none'}."
    raise Unknown(f"'{asked}' is no migration of {' or '.join(last) or 'the plugin'} on disk; {text}")


def _stuck(back: Iterable[Any]) -> list[str]:
    return [
        f"{migration.app_label}.{migration.name}: {operation.describe()}"
        for migration in back
        for operation in migration.operations
        if not operation.reversible
    ]


def _renamed(migrations: Iterable[Any]) -> list[set[str]]:
    """Old and new names of fields and models that are renamed, and not lost."""
    return [
        {str(operation.old_name).lower(), str(operation.new_name).lower()}
        for migration in migrations
        for operation in migration.operations
        if hasattr(operation, "old_name") and hasattr(operation, "new_name")
    ]


def _same(old: str, new: Iterable[str], renamed: list[set[str]]) -> bool:
    """Whether a table or column has but another name."""
    for one in new:
        for pair in renamed:
            first, second = sorted(pair) if len(pair) == 2 else ("", "")
            if first and one in (old.replace(first, second), old.replace(second, first)) and one != old:
                return True
    return False


def _lost(
    was: Mapping[str, tuple[str, set[str]]],
    will: Mapping[str, tuple[str, set[str]]],
    labels: set[str],
    renamed: list[set[str]],
) -> list[dict[str, Any]]:
    """Tables and columns that go, each with how many rows have something in it."""
    from django.db import connection

    quote = connection.ops.quote_name
    lost = []
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        for table in sorted(there.intersection(was)):
            label, before = was[table]
            if label not in labels:
                continue
            if table not in will:
                if not _same(table, set(will) - set(was), renamed):
                    cursor.execute(f"SELECT count(*) FROM {quote(table)}")
                    lost.append({"table": table, "column": "", "rows": cursor.fetchone()[0]})
                continue
            actual = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            after = will[table][1]
            for column in sorted((before - after) & actual):
                if not _same(column, after - before, renamed):
                    cursor.execute(f"SELECT count({quote(column)}) FROM {quote(table)}")
                    lost.append({"table": table, "column": column, "rows": cursor.fetchone()[0]})
    return lost


def go(package: str, request: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Do what ``look`` says; ``texts`` are those of migrations whose files are others now than when they were applied.

    Raises Irreversible for what cannot be taken back, be it that its reverse fails on the rows that there are.
    """
    found = look(package, request)
    if found["back"]:
        take_back(request["texts"], progress, found["back"])
    if found["forward"]:
        forward(found["targets"], found["forward"], progress, whole=request["state"] == "current")
    return found


def forward(wanted: Targets, names: list[str], progress: Progress, whole: bool) -> None:
    """Apply up to the targets. What an app does after migrations may need all of them: else it is left to later."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if whole:
        for label in wanted:
            migrate(progress, names, label)
        return
    executor = MigrationExecutor(connection)
    for name in names:
        progress(f"to be applied: {name}")
    executor.migrate([node for node in wanted.items() if node[1]])


def build(wanted: Targets, progress: Progress) -> list[str]:
    """Apply to a new database all migrations of NetBox, and the plugin's up to the targets; return their names."""
    from django.apps import apps
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.models import signals

    done: list[str] = []

    def follow(action: str, migration: Any = None, _fake: bool = False) -> None:
        if action == "apply_start":
            done.append(f"{migration.app_label}.{migration.name}")
            progress(f"migration {len(done)} of {len(plan)}: {done[-1]}")

    executor = MigrationExecutor(connection, follow)
    nodes = [node for node in executor.loader.graph.leaf_nodes() if node[0] not in wanted]
    nodes += [node for node in wanted.items() if node[1]]
    plan = executor.migration_plan(nodes)
    executor.migrate(nodes, plan)
    for config in apps.get_app_configs():
        if config.models_module is not None and config.label not in wanted:
            signals.post_migrate.send(
                sender=config,
                app_config=config,
                verbosity=0,
                interactive=False,
                using="default",
                # All of NetBox is migrated: its models are those of the code.
                apps=apps,
                plan=plan,
            )
    return done
