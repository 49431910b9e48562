# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations inside the stack: what a model edit needs is written, what is missing is applied."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import inspect
import os
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from .drift import Answers, Drift, Refused, Undecided, overlapping, plugin_labels, refuse_lost_renames

Progress = Callable[[str], None]


class Conflict(Undecided):
    """Several migrations of one app come last."""


class Foreign(Undecided):
    """Migrations are applied that this NetBox does not have."""


def load() -> Any:
    """Migrations on disk and applied."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    return MigrationLoader(connection, ignore_no_migrations=True)


def make_migrations(package: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Write the migration of the edit, without the operations in ``request["inherited"]``.

    ``request`` has, too: ``dry_run``, ``write`` (False: differing is an error), ``adopt`` (nothing was edited: what
    differs is the commit's own), ``merge``, ``sql``, ``renames`` and ``defaults`` (see Answers). Returns ``{written:
    [paths], operations: [descriptions], inherited: number left, along: [names of drift that went along], files: [{path,
    text, sql}], adopted: {operations: all drift, which is the commit's own, new: how many were not known}, or None,
    contents: {path: text that was written there}}``.
    """
    made: dict[str, Any] = {"written": [], "operations": [], "inherited": 0, "along": [], "files": [], "adopted": None}
    made["contents"] = {}
    try:
        return _make(made, package, request)
    except BaseException:
        # Of several files one may be written, and the next not, or a question may be open.
        for path in made["written"] if not request["dry_run"] else []:
            with contextlib.suppress(OSError):
                os.remove(path)
        raise


def _make(made: dict[str, Any], package: str, request: Mapping[str, Any]) -> dict[str, Any]:
    labels = plugin_labels(package)
    loader = load()
    merges = _merges(loader, labels, request["merge"])
    files = _Files(made, loader, request)
    for migration in merges:
        files.add(migration)
    if merges:
        made["operations"].append("merged " + " and ".join(name for _label, name in merges[0].dependencies))
        if request["dry_run"]:
            return made
        loader = load()
        files = _Files(made, loader, request)
    answers = Answers.of(request)
    drift = Drift.of(package, loader, answers)
    inherited = set(request["inherited"])
    own, along = drift.split(inherited)
    if request["adopt"] and (request["write"] or not own):
        # In place of what was inherited before: another commit's would hide an edit of the same kind here.
        return {**made, "inherited": len(drift.keys), "adopted": {"operations": sorted(drift.keys), "new": len(own)}}
    if not own:
        return {**made, "inherited": len(drift.keys)}
    wanted = {*own, *along}
    if not request["write"]:
        described = [operation.describe() for operation in drift.operations if drift.key(operation) in wanted]
        raise Refused(
            "the models differ from their migrations, and makemigrations is off for this plugin: write the migration "
            f"by hand. It would: {'; '.join(described)}"
        )
    drift.refuse_questions([operation for operation in drift.operations if drift.key(operation) in wanted])
    refuse_lost_renames([key for key in drift.keys if key in wanted], inherited, answers.renames)
    made["inherited"] = len(drift.keys) - len(wanted)
    about = overlapping(along, inherited) + overlapping(own, inherited)
    made["along"] = list(dict.fromkeys(about))
    applied = set(loader.applied_migrations)
    written: list[Any] = []
    renamed: dict[tuple[str, str], tuple[str, str]] = {}
    left_out: set[tuple[str, str]] = set()
    for migration in (one for label in drift.labels for one in drift.changes.get(label, [])):
        migration.operations = [operation for operation in migration.operations if drift.key(operation) in wanted]
        if not migration.operations:
            left_out.add((migration.app_label, migration.name))
            continue
        number, _separator, _name = migration.name.partition("_")
        name = f"{number}_{migration.suggest_name()}"[:100] if not migration.initial else migration.name
        old, migration.name = migration.name, _unused(migration.app_label, name, applied)
        renamed[migration.app_label, old] = (migration.app_label, migration.name)
        made["operations"] += [operation.describe() for operation in migration.operations]
        written.append(migration)
    for migration in written:
        # Those of other apps may depend on one that got another name, or none at all.
        migration.dependencies = [
            renamed.get(one, one) for one in migration.dependencies if one in renamed or one not in left_out
        ]
        files.add(migration)
    return made


def refuse_conflicts(package: str) -> None:
    """Raise Conflict where several migrations of one app of the plugin's come last."""
    _merges(load(), plugin_labels(package), wanted=False)


def _merges(loader: Any, labels: list[str], wanted: bool) -> list[Any]:
    """Migrations that put several last ones together; raises Conflict where that was not asked for."""
    from django.db.migrations import Migration
    from django.db.migrations.autodetector import MigrationAutodetector

    conflicts = {label: sorted(names) for label, names in loader.detect_conflicts().items() if label in labels}
    made = []
    for label, names in sorted(conflicts.items()):
        if not wanted:
            raise Conflict(
                f"conflicting migrations: {' and '.join(names)} of '{label}' both come last. Where neither touches "
                "what the other does, -e merge=true writes the migration that merges them; else make one depend on the "
                "other"
            )
        number = max(MigrationAutodetector.parse_number(name) or 0 for name in names) + 1
        name = f"{number:04d}_merge_{'_'.join(names)}"
        merged = type("Migration", (Migration,), {"dependencies": [(label, name) for name in names]})
        made.append(merged(name if len(name) <= 60 else f"{number:04d}_merge", label))
    return made


class _Files:
    """Writes migrations, one after the other, and keeps what was written in ``made``."""

    def __init__(self, made: dict[str, Any], loader: Any, request: Mapping[str, Any]) -> None:
        self.made = made
        self.request = request
        self.state = loader.project_state() if request["sql"] else None

    def add(self, migration: Any) -> None:
        from django.db.migrations.writer import MigrationWriter

        writer = MigrationWriter(migration)
        self.made["written"].append(writer.path)
        if self.state is not None:
            self.made["files"].append({"path": writer.path, "text": writer.as_string(), "sql": self._sql(migration)})
        if not self.request["dry_run"]:
            self.made["contents"].update(_write(writer))

    def _sql(self, migration: Any) -> list[str]:
        """The statements of a migration that comes after all that came before."""
        from django.db import connection

        with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            self.state = migration.apply(self.state, editor, collect_sql=True)
            return [str(line) for line in editor.collected_sql]


def _unused(label: str, name: str, applied: set[tuple[str, str]]) -> str:
    """A name that no applied migration has: one that is recorded would never be applied, even if its file is gone."""
    number = 1
    unused = name
    while (label, unused) in applied:
        number += 1
        unused = f"{name[:95]}_{number}"
    return unused


def missing(package: str, replacements: Mapping[str, list[str]]) -> list[str]:
    """Migrations of the plugin that are applied and not on disk: what they made is in the database still.

    ``replacements`` are squashed migrations that were seen before, each with what it replaced: one that stands for
    another that is there is not missing.
    """
    return _without_file(load(), plugin_labels(package), replacements)


def foreign(package: str) -> list[str]:
    """The same of NetBox's own apps, and what else it has installed: another NetBox applied them."""
    from django.apps import apps

    ours = plugin_labels(package)
    return _without_file(load(), [one.label for one in apps.get_app_configs() if one.label not in ours], {})


def refuse_foreign(package: str) -> None:
    """Raise Foreign where another NetBox was at the database: none goes back to what it was before."""
    names = foreign(package)
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise Foreign(
            f"applied, and this NetBox has no file of: {', '.join(names[:3])}{more}. They are of another NetBox, and "
            "nothing takes them back. Have that NetBox again (netbox in netbox-dev.yml, or its image); or restore a "
            "snapshot or dump that this one made (restore.yml); or let reset.yml make the database anew, without its "
            "rows. Only what 'manage.py migrate APP --prune' forgets is a left-over that does no harm"
        )


def _without_file(loader: Any, labels: Iterable[str], replacements: Mapping[str, list[str]]) -> list[str]:
    applied = {f"{label}.{name}" for label, name in loader.applied_migrations if label in labels}
    there = {f"{label}.{name}" for label, name in loader.disk_migrations} & applied
    known = {**replacements, **_replaced(loader, labels)}
    stood_for = {name for squashed, names in known.items() if squashed in there for name in names}
    stood_for |= {squashed for squashed, names in known.items() if there.issuperset(names)}
    return sorted(applied - there - stood_for)


def replaced(package: str) -> dict[str, list[str]]:
    """The plugin's squashed migrations on disk, each with what it replaces."""
    return _replaced(load(), plugin_labels(package))


def _replaced(loader: Any, labels: Iterable[str]) -> dict[str, list[str]]:
    return {
        f"{label}.{name}": [f"{app}.{one}" for app, one in migration.replaces]
        for (label, name), migration in loader.disk_migrations.items()
        if label in labels and migration.replaces
    }


def unrecorded() -> list[str]:
    """Squashed migrations that are applied by all that they replace, and are not on record: migrating records them."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    recorded = MigrationRecorder(connection).applied_migrations()
    return [
        f"{label}.{name}"
        for (label, name), migration in load().disk_migrations.items()
        if migration.replaces and (label, name) not in recorded and all(one in recorded for one in migration.replaces)
    ]


def states(package: str) -> dict[str, Any]:
    """The plugin's migrations, ``applied`` and on ``disk``, and the ``folders`` that they are in, by app."""
    from django.apps import apps

    loader = load()
    labels = plugin_labels(package)
    folders = {}
    for label in labels:
        name = loader.migrations_module(label)[0]
        if name:
            try:
                folders[label] = next(iter(importlib.import_module(name).__path__))
            except ImportError:
                # Where the first would be, or was.
                folders[label] = os.path.join(apps.get_app_config(label).path, name.rpartition(".")[2])
    return {
        "applied": sorted(f"{label}.{name}" for label, name in loader.applied_migrations if label in labels),
        "disk": sorted(f"{label}.{name}" for label, name in loader.disk_migrations if label in labels),
        "folders": folders,
    }


def rewritten(texts: Mapping[str, str], found: Mapping[str, Any]) -> list[str]:
    """Applied migrations whose files are other than the ``texts`` by ``app.name`` from which they were applied.

    ``found`` is what states() returned. Two branches may give one name to what each of them does.
    """
    other = []
    for name, text in texts.items():
        label, _dot, migration = name.partition(".")
        if name in found["applied"] and name in found["disk"] and label in found["folders"]:
            with open(os.path.join(found["folders"][label], f"{migration}.py"), encoding="utf-8") as stream:
                if ast.dump(ast.parse(stream.read())) != ast.dump(ast.parse(text)):
                    other.append(name)
    return sorted(other)


def rename(names: Mapping[str, str]) -> None:
    """Record migrations that are applied under the names that their files have now."""
    from django.db import connection, transaction
    from django.db.migrations.recorder import MigrationRecorder

    recorder = MigrationRecorder(connection)
    with transaction.atomic():
        for old, new in names.items():
            recorder.record_unapplied(*old.split(".", 1))
            recorder.record_applied(*new.split(".", 1))


def take_back(files: Mapping[str, str], progress: Progress, names: Iterable[str] | None = None) -> list[str]:
    """Undo applied migrations, and those that build on them; return their names.

    ``files`` are texts by ``app.name`` of those that have no file, or another text; these are meant without ``names``.

    Raises Irreversible, with nothing done, where an operation cannot be undone; and with the database to be put back
    where undoing it did not bring back what was there: what a migration says is its reverse may be nothing.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with tempfile.TemporaryDirectory() as place:
        executor = MigrationExecutor(connection)
        loader = executor.loader
        gone = {}
        for name, text in files.items():
            label, _dot, migration = name.partition(".")
            path = os.path.join(place, f"{name}.py")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
            spec: Any = importlib.util.spec_from_file_location(
                f"{loader.migrations_module(label)[0]}.{migration}", path
            )
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            gone[label, migration] = module.Migration(migration, label)
        on_disk = loader.load_disk

        def load_disk() -> None:
            on_disk()
            loader.disk_migrations.update(gone)

        loader.load_disk = load_disk
        loader.build_graph()
        graph, applied = executor.loader.graph, executor.loader.applied_migrations
        order: dict[tuple[str, str], None] = {}
        for name in files if names is None else names:
            label, _dot, migration = name.partition(".")
            order.update(dict.fromkeys(node for node in graph.backwards_plan((label, migration)) if node in applied))
        plan = [(graph.nodes[node], True) for node in order]
        stuck = [
            f"{migration.app_label}.{migration.name}: {operation.describe()}"
            for migration, _back in plan
            for operation in migration.operations
            if not operation.reversible
        ]
        if stuck:
            raise Irreversible(
                f"these cannot be taken back: {'; '.join(stuck)}. Check out a branch that has their files and run "
                "again; or keep the rows (snapshot.yml) and let reset.yml make the database anew, without them"
            )
        before = executor.loader.project_state(sorted(node for node in applied if node in graph.nodes))
        labels = {migration.app_label for migration, _back in plan}
        known = unlike(before, before, labels)
        for migration, _back in plan:
            progress(f"taking back {migration.app_label}.{migration.name}")
        after = executor.migrate(None, plan=plan)
        unmade = sorted(unlike(after, before, labels) - known)
        if unmade:
            idle = [
                f"{migration.app_label}.{migration.name}: {operation.describe()}"
                for migration, _back in plan
                for operation in migration.operations
                if reverses_to_nothing(operation)
            ]
            raise Irreversible(
                f"taken back, the database is not as the migrations on disk make it: {'; '.join(unmade)}. "
                f"The reverse of these does nothing: {'; '.join(idle) or 'none says so'}. Bring the files back, or "
                "start from a new database"
            )
    return [f"{label}.{name}" for label, name in order]


def unlike(state: Any, before: Any, labels: set[str]) -> set[str]:
    """In which tables and columns of these apps the database is not as a state of the models says.

    A table is left over that ``before`` has, another state, and this one has not.
    """
    from django.db import connection

    wanted = columns(state)
    ours = {table: columns for table, (label, columns) in wanted.items() if label in labels}
    former = {table for table, (label, _columns) in columns(before).items() if label in labels}
    found = set()
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        found |= {f"table {table} is left over" for table in (former - set(wanted)) & tables}
        found |= {f"table {table} is missing" for table in set(ours) - tables}
        for table in set(ours) & tables:
            there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            found |= {f"column {table}.{column} is missing" for column in ours[table] - there}
            found |= {f"column {table}.{column} is left over" for column in there - ours[table]}
    return found


def columns(state: Any) -> dict[str, tuple[str, set[str]]]:
    """App and columns by table."""
    models = [model._meta for model in state.apps.get_models(include_auto_created=True)]
    return {
        meta.db_table: (meta.app_label, {field.column for field in meta.local_concrete_fields})
        for meta in models
        if meta.managed and not meta.proxy
    }


def reverses_to_nothing(operation: Any) -> bool:
    """Whether an operation, or one inside it, is said to be undone by doing nothing."""
    inside = [*getattr(operation, "database_operations", []), operation]
    return any(
        getattr(one, "reverse_sql", None) == "" or getattr(getattr(one, "reverse_code", None), "__name__", "") == "noop"
        for one in inside
    )


class Irreversible(Exception):
    """A migration has an operation that Django cannot undo, or only says that it can."""


def _write(writer: Any) -> dict[str, str]:
    """Write a migration; return what was written, by path: the files may be edited at once."""
    # Asked once: the writer imports the folder to know it, and one without __init__ would be taken for good.
    folder, path, text = writer.basedir, writer.path, writer.as_string()
    written = {path: text}
    os.makedirs(folder, exist_ok=True)
    marker = os.path.join(folder, "__init__.py")
    if not os.path.exists(marker):
        with open(marker, "w", encoding="utf-8"):
            written[marker] = ""
    temporary = f"{path}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, path)
    except OSError:
        # A full disk.
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise
    # The folder may be new to this process, too: it applies what it wrote.
    importlib.invalidate_caches()
    return written


def pending() -> list[Any]:
    """Migrations that are not applied, in their order."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return [migration for migration, _back in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def names_of(migrations: Iterable[Any]) -> list[str]:
    return [f"{migration.app_label}.{migration.name}" for migration in migrations]


def texts_of(package: str, migrations: Iterable[Any]) -> dict[str, str]:
    """The texts of those that are the plugin's, by ``app.name``; they may be edited while they are applied."""
    labels = plugin_labels(package)
    own = [migration for migration in migrations if migration.app_label in labels]
    found = {}
    for name, migration in zip(names_of(own), own):
        with contextlib.suppress(OSError, ValueError), open(inspect.getfile(type(migration)), encoding="utf-8") as file:
            found[name] = file.read()
    return found


def risks(migrations: list[Any]) -> list[str]:
    """Why migrations may do what one transaction does not take back, or what is not missed at once."""
    found = [f"{len(migrations)} migrations"] if len(migrations) > 1 else []
    for migration, name in zip(migrations, names_of(migrations)):
        if not migration.atomic:
            found.append(f"{name} is not atomic")
        found += [f"{name}: {operation.describe()}" for operation in migration.operations if _loses(operation)]
    return found


def losing(migrations: list[Any]) -> list[str]:
    """Operations of migrations that rows are lost by, or may be, for nobody knows what they do."""
    return [
        f"{name}: {operation.describe()}"
        for migration, name in zip(migrations, names_of(migrations))
        for operation in migration.operations
        if _loses(operation) and not _does_nothing(operation)
    ]


def _does_nothing(operation: Any) -> bool:
    """Whether the SQL or Python that an operation has is none."""
    return getattr(operation, "sql", None) == "" or getattr(getattr(operation, "code", None), "__name__", "") == "noop"


def _loses(operation: Any) -> bool:
    """Whether only PostgreSQL's transaction would bring back what an operation, or one inside it, does."""
    from django.db.migrations import operations as known

    inside = getattr(operation, "database_operations", None) or []
    kinds = (known.RemoveField, known.DeleteModel, known.RunPython, known.RunSQL)
    # What Django does not bring may do anything.
    foreign = not type(operation).__module__.startswith("django.")
    return foreign or isinstance(operation, kinds) or any(_loses(one) for one in inside)


# For as long a migration waits for who holds a table; all who want that table wait behind it.
LOCK_LIMIT_S = 20


def blockers() -> str:
    """Sessions that are in a transaction, and may have been waited for; empty for none."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, application_name, state, left(query, 80) FROM pg_stat_activity "
            "WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        return "; ".join(f"pid {pid} ({name or 'unnamed'}), {state}: {query}" for pid, name, state, query in cursor)


def migrate(progress: Progress, names: list[str], *app: str) -> None:
    """Apply every migration that is not applied, or of one app: ``names``. Checks are left to who asks for them."""
    from django.core.management import call_command, get_commands, load_command_class
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_LIMIT_S}s'")
    command = load_command_class(get_commands()["migrate"], "migrate")
    done = 0

    def follow(action: str, migration: Any = None, _fake: bool = False) -> None:
        nonlocal done
        if action == "apply_start":
            done += 1
            progress(f"migration {done} of {len(names)}: {migration.app_label}.{migration.name}")

    command.migration_progress_callback = follow
    call_command(command, *app, interactive=False, verbosity=0, skip_checks=True)
