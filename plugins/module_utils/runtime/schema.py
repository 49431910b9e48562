# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations inside the stack: what a model edit needs is written, what is missing is applied."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from typing import Any, Callable

NON_INTERACTIVE = (
    "the change of the models leaves a question open that only you can answer (a new field without default on "
    "existing rows, most often): give the field a default or null=True, or write the migration by hand with "
    "'docker compose exec netbox python manage.py makemigrations'."
)


RENAMED = (
    "was it renamed to '{new}'? Taken for a new one, the old one's rows would be lost. Answer at a terminal with "
    "'docker compose exec netbox python manage.py makemigrations', or remove the old one in an edit of its own."
)


# Where the plugin's repository is mounted.
REPOSITORIES = "/opt/netbox-dev/"


class OpenQuestion(Exception):
    """Django would ask; nobody is there to answer."""


def plugin_labels(package: str) -> list[str]:
    """The plugin's app, and those that it brings along: inside its package, or beside it in its repository."""
    from django.apps import apps

    configs = {config.name: config for config in apps.get_app_configs()}
    if package not in configs:
        raise LookupError(f"NetBox has not registered the plugin '{package}'")
    own = [str(configs.pop(package).label)]
    for name, config in sorted(configs.items()):
        if name.startswith(f"{package}.") or str(config.path).startswith(REPOSITORIES):
            own.append(str(config.label))
    return own


@dataclass
class Drift:
    """The operations by which the models of the plugin's apps differ from their migrations."""

    labels: list[str]
    changes: dict[str, list[Any]]
    operations: list[Any]
    keys: list[str]
    asked: dict[tuple[str, str], str]
    # Of all apps, by label and name, whether on disk or not.
    applied: set[tuple[str, str]]

    def refuse_renames(self, own: list[Any]) -> None:
        """Raise OpenQuestion when one of the operations drops what may have been renamed."""
        for operation in own:
            kind = type(operation).__name__
            if kind == "RemoveField":
                dropped = (operation.model_name.lower(), operation.name)
            elif kind == "DeleteModel":
                dropped = (operation.name.lower(), "")
            else:
                continue
            if dropped in self.asked:
                name = ".".join(filter(None, dropped))
                raise OpenQuestion(f"'{name}' is gone: {RENAMED.format(new=self.asked[dropped])}")

    @classmethod
    def of(cls, package: str) -> Drift:
        """Ask Django's autodetector; raises OpenQuestion where it would ask back."""
        from django.apps import apps
        from django.core.management import get_commands, load_command_class
        from django.db import connection
        from django.db.migrations.autodetector import MigrationAutodetector
        from django.db.migrations.loader import MigrationLoader
        from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
        from django.db.migrations.state import ProjectState
        from django.db.migrations.writer import OperationWriter

        # NetBox's own command decides, as it is imported, which attributes of a field never enter a migration.
        load_command_class(get_commands()["makemigrations"], "makemigrations")
        labels = plugin_labels(package)
        loader = MigrationLoader(connection, ignore_no_migrations=True)
        for label, leaves in loader.detect_conflicts().items():
            if label in labels:
                raise RuntimeError(f"conflicting migrations, several leaves of '{label}': {', '.join(sorted(leaves))}")
        asked: dict[tuple[str, str], str] = {}

        # The answer to a rename is no, and remembered: only the developer knows whose rows they are.
        def ask_rename(model_name: str, old_name: str, new_name: str, _field: Any) -> bool:
            asked[model_name.lower(), old_name] = new_name
            return False

        def ask_rename_model(old_model: Any, new_model: Any) -> bool:
            asked[old_model.name.lower(), ""] = new_model.name
            return False

        questioner = NonInteractiveMigrationQuestioner(specified_apps=set(labels), dry_run=True)
        questioner.ask_rename = ask_rename
        questioner.ask_rename_model = ask_rename_model
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps), questioner)
        try:
            changes = detector.changes(loader.graph, trim_to_apps=set(labels), convert_apps=set(labels))
        except SystemExit as error:
            raise OpenQuestion(NON_INTERACTIVE) from error
        operations = [
            operation for label in labels for migration in changes.get(label, []) for operation in migration.operations
        ]
        keys = [OperationWriter(operation, indentation=0).serialize()[0] for operation in operations]
        return cls(labels, changes, operations, keys, asked, set(loader.applied_migrations))


def make_migrations(package: str, inherited: set[str], dry_run: bool) -> dict[str, Any]:
    """Write the migration of the edit, without the operations in ``inherited``.

    Returns ``{written: [paths], operations: [descriptions], inherited: number left}``.
    """
    from django.db.migrations.writer import MigrationWriter

    drift = Drift.of(package)
    left = 0
    written, described = [], []
    for migration in (one for label in drift.labels for one in drift.changes.get(label, [])):
        own = []
        for operation in migration.operations:
            key = drift.keys[drift.operations.index(operation)]
            if key in inherited:
                left += 1
            else:
                own.append(operation)
        if not own:
            continue
        drift.refuse_renames(own)
        migration.operations = own
        number, _separator, _name = migration.name.partition("_")
        name = f"{number}_{migration.suggest_name()}"[:100] if not migration.initial else migration.name
        migration.name = _unused(migration.app_label, name, drift.applied)
        writer = MigrationWriter(migration)
        described += [operation.describe() for operation in own]
        written.append(writer.path)
        if not dry_run:
            _write(writer)
    return {"written": written, "operations": described, "inherited": left}


def _unused(label: str, name: str, applied: set[tuple[str, str]]) -> str:
    """A name that no applied migration has: one that is recorded would never be applied, even if its file is gone."""
    number = 1
    unused = name
    while (label, unused) in applied:
        number += 1
        unused = f"{name[:95]}_{number}"
    return unused


def missing(package: str) -> list[str]:
    """Migrations of the plugin that are applied and not on disk: what they made is in the database still."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection, ignore_no_migrations=True)
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    labels = plugin_labels(package)
    known = loader.disk_migrations.keys() | replaced
    return sorted(
        f"{label}.{name}" for label, name in loader.applied_migrations if label in labels and (label, name) not in known
    )


def _write(writer: Any) -> None:
    # Asked once: the writer imports the folder to know it, and one without __init__ would be taken for good.
    folder, path = writer.basedir, writer.path
    os.makedirs(folder, exist_ok=True)
    marker = os.path.join(folder, "__init__.py")
    if not os.path.exists(marker):
        with open(marker, "w", encoding="utf-8"):
            pass
    temporary = f"{path}.tmp"
    with open(temporary, "w", encoding="utf-8") as stream:
        stream.write(writer.as_string())
    os.replace(temporary, path)
    # The folder may be new to this process, too: it applies what it wrote.
    importlib.invalidate_caches()


def migrate(progress: Callable[[str], None], dry_run: bool) -> list[str]:
    """Apply every migration that is not applied; return their names. Checks are left to who asks for them."""
    from django.core.management import call_command, get_commands, load_command_class
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]
    if dry_run or not names:
        return names
    command = load_command_class(get_commands()["migrate"], "migrate")
    done = 0

    def follow(action: str, migration: Any = None, _fake: bool = False) -> None:
        nonlocal done
        if action == "apply_start":
            done += 1
            progress(f"migration {done} of {len(names)}: {migration.app_label}.{migration.name}")

    command.migration_progress_callback = follow
    call_command(command, interactive=False, verbosity=0, skip_checks=True)
    return names
