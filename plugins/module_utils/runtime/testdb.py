# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test databases inside the stack's PostgreSQL: copies of one that is kept for each state of the migrations.

What is kept is what the migrations alone make: Django's own test database. The receivers of ``post_migrate`` that are
the plugin's own run over every copy instead, with the code as it is then.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable

from .drift import plugin_labels

Progress = Callable[[str], None]
# Of a database's name: kept for copies; being made.
KEPT, MAKING = "_tests_", "_tests_making"
# Kept databases besides the one without the plugin.
_AT_MOST = 4
# Any number that nobody else locks by.
_LOCK = 7_216_530_221


@dataclass(frozen=True)
class State:
    """What a database of migrations is made of: NetBox's version, all apps, and digests of the migrations' texts."""

    netbox: str
    apps: tuple[str, ...]
    migrations: Mapping[str, str]

    @property
    def key(self) -> str:
        said = json.dumps([self.netbox, self.apps, sorted(self.migrations.items())])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def pack(self, used: float) -> str:
        said = {"netbox": self.netbox, "apps": self.apps, "migrations": dict(self.migrations), "used": used}
        return json.dumps(said, separators=(",", ":"), sort_keys=True)

    def leads_to(self, wanted: State) -> bool:
        """Whether the migrations that are missing make the wanted state of this one."""
        return self.netbox == wanted.netbox and self.migrations.items() <= wanted.migrations.items()


@dataclass(frozen=True)
class Kept:
    """A kept database, and when it was last copied, in seconds of the epoch."""

    name: str
    state: State
    used: float

    @classmethod
    def read(cls, name: str, comment: str | None) -> Kept | None:
        """None for what was not made here, or not to its end."""
        try:
            said = json.loads(comment or "")
            migrations = {str(key): str(value) for key, value in said["migrations"].items()}
            return cls(name, State(str(said["netbox"]), tuple(said["apps"]), migrations), float(said["used"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def nearest(kept: list[Kept], wanted: State) -> Kept | None:
    """The kept database with the most of the wanted migrations and no other."""
    fitting = [one for one in kept if one.state.leads_to(wanted)]
    return max(fitting, key=lambda one: len(one.state.migrations), default=None)


def superfluous(kept: list[Kept], labels: list[str]) -> list[str]:
    """Names of kept databases that go: all but those that were used last, and the last one without the plugin."""

    def is_base(one: Kept) -> bool:
        return not any(name.partition(".")[0] in labels for name in one.state.migrations)

    newest = sorted(kept, key=lambda one: one.used, reverse=True)
    bases = [one for one in newest if is_base(one)]
    others = [one for one in newest if not is_base(one)]
    return [one.name for one in [*bases[1:], *others[_AT_MOST:]]]


def state_on_disk() -> State:
    from django.conf import settings
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, ignore_no_migrations=True)
    migrations = {}
    for (label, name), migration in loader.disk_migrations.items():
        with open(str(sys.modules[migration.__module__].__file__), "rb") as stream:
            migrations[f"{label}.{name}"] = hashlib.sha256(stream.read()).hexdigest()[:12]
    version = getattr(getattr(settings, "RELEASE", None), "version", getattr(settings, "VERSION", ""))
    return State(str(version), tuple(settings.INSTALLED_APPS), migrations)


class TestDatabases:
    """Over Django's default connection, whose database is asked for nothing: it is the developer's."""

    def __init__(self, connection: Any, package: str, progress: Progress) -> None:
        self.connection = connection
        self.own = str(connection.settings_dict["NAME"])
        self.labels = plugin_labels(package)
        self.progress = progress
        # How the last one came about, in words.
        self.how = ""
        self.seconds = 0.0

    def make(self, name: str) -> None:
        """Let a database of that name be as the migrations on disk make it, in place of one that is there."""
        started = time.monotonic()
        wanted = state_on_disk()
        with self._asking() as ask, self._alone(ask):
            source = self._kept_for(ask, wanted)
            ask(f"DROP DATABASE IF EXISTS {_identifier(name)} WITH (FORCE)")
            ask(f"CREATE DATABASE {_identifier(name)} TEMPLATE {_identifier(source)}")
        with self._connected_to(name):
            self._run_own_receivers()
        self.seconds = time.monotonic() - started

    @contextmanager
    def _alone(self, ask: Any) -> Iterator[None]:
        """Of all runs; freed by PostgreSQL when the session ends, however that ends."""
        if not ask("SELECT pg_try_advisory_lock(%s)", _LOCK)[0][0]:
            self.progress("waiting for another run to make its test database")
            ask("SELECT pg_advisory_lock(%s)", _LOCK)
        yield
        # After an error the session ends.
        ask("SELECT pg_advisory_unlock(%s)", _LOCK)

    def _kept_for(self, ask: Any, wanted: State) -> str:
        kept = self._kept(ask)
        name = f"{self.own}{KEPT}{wanted.key}"
        found = nearest(kept, wanted)
        if any(one.state == wanted for one in kept):
            self.how = "copied"
        else:
            missing = len(wanted.migrations) - (len(found.state.migrations) if found else 0)
            number = f"{missing} migration{'' if missing == 1 else 's'}"
            self.how = f"{'brought up' if found else 'made'} by {number}, and copied"
            self._build(ask, found or self._make_base(ask, wanted), wanted, name)
        ask(f"COMMENT ON DATABASE {_identifier(name)} IS {_literal(wanted.pack(time.time()))}")
        for old in superfluous(self._kept(ask), self.labels):
            ask(f"DROP DATABASE IF EXISTS {_identifier(old)} WITH (FORCE)")
        return name

    def _kept(self, ask: Any) -> list[Kept]:
        rows = ask(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE starts_with(datname, %s)",
            self.own + KEPT,
        )
        return [one for row in rows for one in [Kept.read(*row)] if one]

    def _make_base(self, ask: Any, wanted: State) -> Kept | None:
        """Without the plugin: a migration of it that was edited later needs no other one again."""
        others = {name: text for name, text in wanted.migrations.items() if name.partition(".")[0] not in self.labels}
        if len(others) == len(wanted.migrations):
            return None
        base = State(wanted.netbox, (), others)
        name = f"{self.own}{KEPT}{base.key}"
        self._build(ask, None, base, name)
        ask(f"COMMENT ON DATABASE {_identifier(name)} IS {_literal(base.pack(time.time()))}")
        return Kept(name, base, time.time())

    def _build(self, ask: Any, source: Kept | None, wanted: State, name: str) -> None:
        making = _identifier(self.own + MAKING)
        ask(f"DROP DATABASE IF EXISTS {making} WITH (FORCE)")
        ask(f"CREATE DATABASE {making}" + (f" TEMPLATE {_identifier(source.name)}" if source else ""))
        missing = len(wanted.migrations) - (len(source.state.migrations) if source else 0)
        with self._connected_to(self.own + MAKING), own_receivers(self.labels, wanted=False):
            if wanted.apps:
                self._migrate(missing)
            else:
                self._migrate_others(missing)
        ask(f"DROP DATABASE IF EXISTS {_identifier(name)} WITH (FORCE)")
        ask(f"ALTER DATABASE {making} RENAME TO {_identifier(name)}")

    def _follow(self, missing: int) -> Callable[..., None]:
        done = 0

        def follow(action: str, migration: Any = None, _fake: bool = False) -> None:
            nonlocal done
            if action == "apply_start":
                done += 1
                self.progress(f"test database, migration {done} of {missing}: {migration.app_label}.{migration.name}")

        return follow

    def _migrate(self, missing: int) -> None:
        """As Django does it for a test database."""
        from django.core.management import call_command

        command = _migrate_command()
        command.migration_progress_callback = self._follow(missing)
        call_command(command, interactive=False, verbosity=0, skip_checks=True, run_syncdb=True)

    def _migrate_others(self, missing: int) -> None:
        """Apply the migrations of NetBox's own apps; what comes after migrations is left to the whole."""
        from django.core.management.sql import emit_pre_migrate_signal
        from django.db.migrations.executor import MigrationExecutor

        _migrate_command()
        executor = MigrationExecutor(self.connection, self._follow(missing))
        targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] not in self.labels]
        plan = executor.migration_plan(targets)
        state = executor._create_project_state(with_applied_migrations=True)
        # Content types are renamed with their models.
        emit_pre_migrate_signal(0, False, self.connection.alias, apps=state.apps, plan=plan)
        executor.migrate(targets, plan, state=state.clone())

    def _run_own_receivers(self) -> None:
        from django.core.management.sql import emit_post_migrate_signal
        from django.db.migrations.executor import MigrationExecutor

        with own_receivers(self.labels, wanted=True) as found:
            if found:
                executor = MigrationExecutor(self.connection)
                plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
                emit_post_migrate_signal(0, False, self.connection.alias, plan=plan)

    @contextmanager
    def _asking(self) -> Iterator[Callable[..., list[Any]]]:
        """Ask PostgreSQL without being connected to any database that is copied."""
        with self.connection._nodb_cursor() as cursor:

            def ask(statement: str, *values: Any) -> list[Any]:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall()) if cursor.description else []

            yield ask

    @contextmanager
    def _connected_to(self, name: str) -> Iterator[None]:
        settings = self.connection.settings_dict
        before = settings["NAME"]
        self.connection.close()
        settings["NAME"] = name
        try:
            yield
        finally:
            self.connection.close()
            settings["NAME"] = before


def _migrate_command() -> Any:
    # NetBox's own compares fields as its makemigrations does, from when it is loaded.
    from django.core.management import get_commands, load_command_class

    return load_command_class(get_commands()["migrate"], "migrate")


@contextmanager
def own_receivers(labels: list[str], wanted: bool) -> Iterator[int]:
    """Let ``post_migrate`` have the plugin's own receivers alone, or all but these; yields how many it has."""
    from django.apps import apps
    from django.db.models.signals import post_migrate

    own = tuple(f"{apps.get_app_config(label).name}." for label in labels)

    def is_own(entry: Any) -> bool:
        receiver = entry[1]() if isinstance(entry[1], weakref.ReferenceType) else entry[1]
        module = getattr(receiver, "__module__", None) or type(receiver).__module__
        return f"{module}.".startswith(own)

    before = post_migrate.receivers
    post_migrate.receivers = [entry for entry in before if is_own(entry) == wanted]
    post_migrate.sender_receivers_cache.clear()
    try:
        yield len(post_migrate.receivers)
    finally:
        post_migrate.receivers = before
        post_migrate.sender_receivers_cache.clear()


def use(databases: TestDatabases, name: str) -> None:
    """Let Django, and whatever runs tests by it, take its test database from here."""
    connection = databases.connection
    connection.settings_dict["TEST"]["NAME"] = name

    def create_test_db(
        verbosity: int = 1, autoclobber: bool = False, serialize: bool = False, keepdb: bool = False
    ) -> str:
        from django.conf import settings

        del verbosity, autoclobber, keepdb
        # Whoever runs tests in several processes of its own gives each another name.
        wanted = str(connection.settings_dict["TEST"]["NAME"])
        databases.make(wanted)
        connection.close()
        settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = wanted
        if serialize:
            connection._test_serialized_contents = connection.creation.serialize_db_to_string()
        connection.ensure_connection()
        return wanted

    connection.creation.create_test_db = create_test_db


def empty_redis() -> None:
    """Drop what an earlier run of tests left in the queues and the cache that are the tests' own."""
    from django.core.cache import cache

    with contextlib.suppress(ImportError):
        import django_rq

        django_rq.get_connection("default").flushdb()
    cache.clear()


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
