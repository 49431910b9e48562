# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""One-off work in a container of the wanted image, all in one Django start.

A request is one JSON object on standard input; answers are JSON lines on standard output: any number of
``{"progress": text}``, then ``{"result": {…}}`` or ``{"error": text, "traceback": text}``.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
import sysconfig
import time
import traceback
from collections.abc import Mapping
from typing import Any, Callable, TextIO

from . import probe, travel
from .compiles import Broken, refuse_broken, refuse_unusable
from .drift import Drift, Undecided, plugin_labels
from .measure import measure
from .netbox import explain_registration, set_up
from .queues import queues, reachable
from .schema import (
    Irreversible,
    blockers,
    foreign,
    load,
    losing,
    make_migrations,
    migrate,
    missing,
    names_of,
    pending,
    refuse_conflicts,
    refuse_foreign,
    rename,
    replaced,
    rewritten,
    risks,
    states,
    take_back,
    texts_of,
    unrecorded,
)

_answers: TextIO = sys.stdout


def answer(**message: Any) -> None:
    _answers.write(f"{json.dumps(message)}\n")
    _answers.flush()


def told(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip()


def progress(text: str) -> None:
    answer(progress=text)


def may_write(connection: Any, **_more: Any) -> None:
    """Others only read while a run is at the database, whatever they connect with."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")


def wait_for_database(limit_s: float) -> None:
    """Connect, or raise the database's own error after ``limit_s`` seconds."""
    from django.db import OperationalError, connection
    from django.db.backends.signals import connection_created

    connection_created.connect(may_write)
    deadline = time.monotonic() + limit_s
    told = False
    while True:
        try:
            connection.ensure_connection()
            may_write(connection)
            return
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            if not told:
                progress("waiting for the database")
                told = True
            time.sleep(0.5)


def collect_static(dry_run: bool) -> dict[str, Any]:
    """Copy static files that differ, by content, to where they are served from in production."""
    from django.core.management import call_command, get_commands, load_command_class

    root = os.path.join(probe.NETBOX_DIR, "static")
    hidden = hidden_static()
    stale = probe.static(os.path.join(probe.NETBOX_DIR, os.environ["NETBOX_DEV_PACKAGE"]), root, hidden)
    if not dry_run:
        # Collected they will never be; whoever has no Django to ask reads it there.
        probe.remember_hidden(hidden)
    for path in [os.path.join(root, name) for name in stale]:
        if not dry_run and os.path.isfile(path):
            # Django goes by the time: a copy that is younger than its file stays, whatever is in it.
            os.utime(path, (0, 0))
    command = load_command_class(get_commands()["collectstatic"], "collectstatic")
    output = io.StringIO()
    # Without output Django does not count; the count is what says whether anything changed.
    call_command(command, interactive=False, dry_run=dry_run, verbosity=1, stdout=output)
    copied = len({*command.copied_files, *stale})
    return {"copied": copied, "unmodified": len(command.unmodified_files) - (copied - len(command.copied_files))}


def ensure_superuser(name: str, password: str, dry_run: bool) -> bool:
    """Make the superuser unless it is there; a password that was changed by hand is left alone."""
    from django.contrib.auth import get_user_model

    users: Any = get_user_model()._default_manager
    if users.filter(username=name).exists():
        return False
    if not dry_run:
        users.create_superuser(username=name, email="", password=password)
    return True


def prepare(request: dict[str, Any]) -> dict[str, Any]:
    """Bring an empty or older database to what the code needs: migrations, superuser, static files."""
    wait_for_database(request["database_s"])
    refuse_foreign(os.environ["NETBOX_DEV_PACKAGE"])
    dry_run = request["dry_run"]
    plan = pending()
    if request["careful"] and risks(plan) and load().applied_migrations:
        # Not an empty database: whoever asked makes a copy first.
        return {"risks": risks(plan)}
    applied = [*names_of(plan), *unrecorded()]
    texts = texts_of(os.environ["NETBOX_DEV_PACKAGE"], plan)
    if applied and not dry_run:
        migrate(progress, applied)
    created = ensure_superuser(request["superuser_name"], request["superuser_password"], dry_run)
    progress("collecting static files")
    static = collect_static(dry_run)
    done = {"applied": applied, "texts": texts, "superuser_created": created, "static": static}
    return {**done, "drift": None, "states": None} if dry_run else {**done, "drift": drift(), "states": _states()}


def _states() -> dict[str, Any]:
    return states(os.environ["NETBOX_DEV_PACKAGE"])


def drift() -> list[str]:
    """By what the plugin's models differ from its migrations."""
    return Drift.of(os.environ["NETBOX_DEV_PACKAGE"], load()).keys


def schema(request: dict[str, Any]) -> dict[str, Any]:
    """Write the migration that an edit needs, and apply what is not applied; before that, see that files compile."""
    refuse_broken(request["compile"])
    wait_for_database(request["database_s"])
    package = os.environ["NETBOX_DEV_PACKAGE"]
    refuse_foreign(package)
    gone = missing(package, request["replacements"])
    if request["follow"] and (gone or request["switched"] or request["texts"]):
        found = states(package)
        other = rewritten(request["texts"], found)
        if other or ((gone or request["switched"]) and found["applied"] != found["disk"]):
            # Whoever asked decides what becomes of the database.
            return {"gone": sorted({*gone, *other}), "states": found}
    if request["makemigrations"] or pending():
        # What cannot be served may not move the schema either.
        refuse_unusable(plugin_labels(package))
    result: dict[str, Any] = {
        "written": [],
        "operations": [],
        "inherited": 0,
        "along": [],
        "files": [],
        "adopted": None,
    }
    result["applied"] = []
    if request["makemigrations"]:
        result.update(make_migrations(package, request))
    else:
        refuse_conflicts(package)
    plan = pending() if request["migrate"] else []
    result["missing"], result["risks"], result["replaced"] = gone, risks(plan), replaced(package)
    result["losing"], result["texts"] = losing(plan), texts_of(package, plan)
    if request["dry_run"] or request["guarded"] or not result["risks"]:
        result["applied"] = [*names_of(plan), *(unrecorded() if request["migrate"] else [])]
    # What runs after migrations may have been missed by a run that was killed.
    again = request["again"] and request["migrate"] and not result["risks"]
    if (result["applied"] or again) and not request["dry_run"]:
        written = [*result["written"], *request["written"]]
        try:
            migrate(progress, result["applied"])
        except Exception as error:
            waited = blockers() if "lock timeout" in str(error) else ""
            text = f"{_failed(error)}{f' (held up by {waited})' if waited else ''}"
            raise MigrationFailed(f"{text}. {after_failure(written, request['guarded'])}") from error
    result["states"] = states(package)
    return result


def _failed(error: Exception) -> str:
    """What failed, and in which migration: the frames of its operations say so."""
    found = f"{type(error).__name__}: {error}"
    trace = error.__traceback__
    place = ""
    while trace:
        # Any, for Django is not there for who checks types.
        here: dict[str, Any] = trace.tb_frame.f_locals
        migration: Any = here.get("migration")
        inside: Any = here.get("self")
        operation: Any = here.get("operation")
        if hasattr(migration, "app_label") and hasattr(migration, "operations"):
            place = f"{migration.app_label}.{migration.name}"
        if hasattr(operation, "describe") and hasattr(inside, "operations"):
            place = f"{inside.app_label}.{inside.name}, '{operation.describe()}'"
        trace = trace.tb_next
    return f"{place}: {found}" if place else found


_GUARDED = "The database is put back to what it was before any of them"
_ATOMIC = "What an atomic migration did before it failed was rolled back"


class MigrationFailed(Exception):
    """A migration failed; the message says in which state it left database and files."""


def after_failure(written: list[str], guarded: bool) -> str:
    """Remove the files that this run wrote and could not apply; say what is not applied.

    With a ``guarded`` database all of them are: it is put back.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    labels = plugin_labels(os.environ["NETBOX_DEV_PACKAGE"])
    done = {name for label, name in executor.loader.applied_migrations if label in labels}
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    text = f"Not applied: {', '.join(f'{m.app_label}.{m.name}' for m, _backwards in pending) or 'none'}"
    removed = [path for path in written if guarded or os.path.basename(path)[: -len(".py")] not in done]
    for path in removed:
        os.remove(path)
    if removed:
        text += f"; removed again: {', '.join(os.path.basename(path) for path in removed)}"
    if not pending and not guarded:
        return f"{text}. All migrations are applied; what comes after them failed, and runs again with the next run"
    return f"{text}. {_GUARDED if guarded else _ATOMIC}"


def check(request: dict[str, Any]) -> dict[str, Any]:
    """See that files compile, load all that the services will load, and run Django's checks of the plugin's app."""
    refuse_broken(request["compile"])
    wait_for_database(request["database_s"])
    from django.core.management import call_command
    from django.urls import get_resolver

    _loaded = get_resolver().url_patterns
    report = explain_registration()
    if report["registered"]:
        from django.apps import apps

        package = os.environ["NETBOX_DEV_PACKAGE"]
        label = next(c.label for c in apps.get_app_configs() if c.name == package)
        call_command("check", label)
    return {**report, "packages": probe.packages(sysconfig.get_path("purelib"))}


def look(request: dict[str, Any]) -> dict[str, Any]:
    """Compare the database with the code, and what is collected with what is on disk; change nothing."""
    wait_for_database(request["database_s"])
    package = os.environ["NETBOX_DEV_PACKAGE"]
    keys = drift()
    own = [key for key in keys if key not in request["inherited"]]
    plan = pending()
    return {
        "pending": [*names_of(plan), *unrecorded()],
        "losing": losing(plan),
        "missing": missing(package, request["replacements"]),
        "foreign": foreign(package),
        "drift": own,
        "inherited": len(keys) - len(own),
        "static": collect_static(dry_run=True)["copied"],
    }


def examine(request: dict[str, Any]) -> dict[str, Any]:
    """What a doctor asks of NetBox; a part that cannot be told is in ``errors``, and the others are told.

    Of ``look`` the error stands in its place.
    """
    from django.conf import settings

    redis = reachable()
    found: dict[str, Any] = {
        "debug": bool(settings.DEBUG),
        "developer": bool(getattr(settings, "DEVELOPER", False)),
        "report": explain_registration(),
        "redis": redis,
        "errors": {},
    }
    parts: dict[str, Callable[[], Any]] = {"hidden_static": hidden_static}
    if not redis["tasks"]:
        parts["queues"] = queues
    for name, ask in parts.items():
        try:
            found[name] = ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong
            found["errors"][name] = told(error)
    try:
        found["look"] = look(request)
        labels = plugin_labels(os.environ["NETBOX_DEV_PACKAGE"])
        found["conflicts"] = {k: sorted(v) for k, v in load().detect_conflicts().items() if k in labels}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong
        found["look"] = {"error": told(error)}
    return found


def hidden_static() -> dict[str, str]:
    """The plugin's static files that are not found as such: each with the path that is found, empty for none."""
    from django.contrib.staticfiles import finders

    hidden = {}
    for name, path in probe.static_files(os.path.join(probe.NETBOX_DIR, os.environ["NETBOX_DEV_PACKAGE"])):
        found = finders.find(name)
        if not found or not os.path.samefile(found, path):
            hidden[name] = str(found or "")
    return hidden


def back(request: dict[str, Any]) -> dict[str, Any]:
    """Take applied migrations back that have no file any more."""
    wait_for_database(request["database_s"])
    try:
        rename(request["renamed"])
        return {"taken_back": take_back(request["files"], progress) if request["files"] else []}
    except Exception as error:
        raise MigrationFailed(f"{_failed(error)}. {_GUARDED}") from error


def upgrade(request: dict[str, Any]) -> dict[str, Any]:
    """Apply what a database lacks that no service has, and make the superuser where one is named.

    With ``targets``, a last migration by app of the plugin, to a new database.
    """
    wait_for_database(request["database_s"])
    wanted = request.get("targets")
    applied = [] if wanted else [*names_of(pending()), *unrecorded()]
    try:
        if wanted:
            applied = travel.build(wanted, progress)
        elif applied:
            migrate(progress, applied)
        if request["superuser_name"]:
            ensure_superuser(request["superuser_name"], request["superuser_password"], dry_run=False)
    except Exception as error:
        raise MigrationFailed(f"{_failed(error)}. NetBox's own database was not touched") from error
    return {"applied": applied}


def compare(request: dict[str, Any]) -> dict[str, Any]:
    """Which migrations of a list are not on disk, and how many on disk are not in it."""
    from django.db.migrations.loader import MigrationLoader

    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    given = set(request["applied"])
    stood_for = {
        f"{label}.{name}"
        for migration in disk.values()
        for label, name in migration.replaces
        if f"{migration.app_label}.{migration.name}" in given
    }
    there = {f"{label}.{name}" for label, name in disk}
    whole = {
        f"{label}.{name}"
        for (label, name), migration in disk.items()
        if migration.replaces and given.issuperset(f"{app}.{one}" for app, one in migration.replaces)
    }
    return {"unknown": sorted(given - there - stood_for), "pending": sorted(there - given - stood_for - whole)}


def again(request: dict[str, Any]) -> dict[str, Any]:
    """Take all migrations of one of the plugin's apps back, and apply what is not applied then."""
    wait_for_database(request["database_s"])
    labels = plugin_labels(os.environ["NETBOX_DEV_PACKAGE"])
    if request["app"] not in labels:
        raise NoSuchApp(f"'{request['app']}' is no app of the plugin; it has: {', '.join(labels)}")
    if request["dry_run"]:
        return {"applied": []}
    from django.core.management import call_command

    try:
        progress(f"taking all migrations of {request['app']} back")
        call_command("migrate", request["app"], "zero", interactive=False, verbosity=0, skip_checks=True)
        applied = [*names_of(pending()), *unrecorded()]
        migrate(progress, applied)
    except Exception as error:
        raise MigrationFailed(f"{_failed(error)}. {_GUARDED}") from error
    return {"applied": applied}


def move(request: dict[str, Any]) -> dict[str, Any]:
    """Bring the plugin's migrations to where they are asked to be, or say what that would take; see travel.look."""
    from django.db import OperationalError

    wait_for_database(request["database_s"])
    package = os.environ["NETBOX_DEV_PACKAGE"]
    refuse_foreign(package)
    if request["dry_run"]:
        return travel.look(package, request)
    try:
        return travel.go(package, request, progress)
    except (Irreversible, travel.Unknown):
        raise
    except OperationalError as error:
        raise MigrationFailed(f"{_failed(error)}. {_GUARDED}") from error
    except Exception as error:
        if request["back"]:
            raise Irreversible(f"{_failed(error)}. {_GUARDED}") from error
        raise MigrationFailed(f"{_failed(error)}. {_GUARDED}") from error


class NoSuchApp(Exception):
    """The plugin has no app of that name."""


def static(request: dict[str, Any]) -> dict[str, Any]:
    return collect_static(request["dry_run"])


def measured(request: dict[str, Any]) -> dict[str, Any]:
    wait_for_database(request["database_s"])
    return measure(request)


TASKS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "prepare": prepare,
    "schema": schema,
    "check": check,
    "look": look,
    "examine": examine,
    "back": back,
    "static": static,
    "upgrade": upgrade,
    "compare": compare,
    "again": again,
    "move": move,
    "measure": measured,
}


def stop(signum: int, _frame: object) -> None:
    raise SystemExit(128 + signum)


def serve(tasks: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]], begin: Callable[[], object]) -> None:
    """Answer the request on standard input by one of the tasks."""
    # A container's first process ignores it otherwise, and would go on after its limit.
    signal.signal(signal.SIGTERM, stop)
    request = json.load(sys.stdin)
    # Django's and the plugin's own output is for the log, never between the answers.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            begin()
            result = tasks[request["task"]](request)
        except BaseException as error:
            answer(
                broken=isinstance(error, Broken),
                undecided=isinstance(error, Undecided),
                error=told(error),
                traceback="".join(traceback.format_exception(error)),
            )
            raise SystemExit(1) from error
    answer(result=result)


if __name__ == "__main__":
    serve(TASKS, set_up)
