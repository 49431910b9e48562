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
import sys
import time
import traceback
from typing import Any, Callable, TextIO

from .netbox import explain_registration, set_up
from .schema import Drift, make_migrations, migrate

_answers: TextIO = sys.stdout


def answer(**message: Any) -> None:
    _answers.write(f"{json.dumps(message)}\n")
    _answers.flush()


def progress(text: str) -> None:
    answer(progress=text)


def wait_for_database(limit_s: float) -> None:
    """Connect, or raise the database's own error after ``limit_s`` seconds."""
    from django.db import OperationalError, connection

    deadline = time.monotonic() + limit_s
    told = False
    while True:
        try:
            connection.ensure_connection()
            return
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            if not told:
                progress("waiting for the database")
                told = True
            time.sleep(0.5)


def collect_static(dry_run: bool) -> dict[str, Any]:
    """Copy static files that differ to where they are served from in production."""
    from django.core.management import call_command, get_commands, load_command_class

    command = load_command_class(get_commands()["collectstatic"], "collectstatic")
    output = io.StringIO()
    # Without output Django does not count; the count is what says whether anything changed.
    call_command(command, interactive=False, dry_run=dry_run, verbosity=1, stdout=output)
    return {"copied": len(command.copied_files), "unmodified": len(command.unmodified_files)}


def ensure_superuser(name: str, password: str) -> bool:
    """Make the superuser unless it is there; a password that was changed by hand is left alone."""
    from django.contrib.auth import get_user_model

    users: Any = get_user_model()._default_manager
    if users.filter(username=name).exists():
        return False
    users.create_superuser(username=name, email="", password=password)
    return True


def prepare(request: dict[str, Any]) -> dict[str, Any]:
    """Bring an empty or older database to what the code needs: migrations, superuser, static files."""
    wait_for_database(request["database_s"])
    dry_run = request["dry_run"]
    applied = migrate(progress, dry_run)
    created = False
    if request.get("superuser_name") and not dry_run:
        created = ensure_superuser(request["superuser_name"], request["superuser_password"])
    progress("collecting static files")
    static = collect_static(dry_run)
    drift = Drift.of(os.environ["NETBOX_DEV_PACKAGE"]) if not dry_run else None
    return {
        "applied": applied,
        "superuser_created": created,
        "static": static,
        "drift": drift.keys if drift else [],
    }


def schema(request: dict[str, Any]) -> dict[str, Any]:
    """Write the migration that an edit needs, and apply what is not applied."""
    wait_for_database(request["database_s"])
    result: dict[str, Any] = {"written": [], "operations": [], "inherited": 0, "applied": []}
    if request["makemigrations"]:
        result.update(make_migrations(os.environ["NETBOX_DEV_PACKAGE"], set(request["inherited"]), request["dry_run"]))
    if request["migrate"]:
        result["applied"] = migrate(progress, request["dry_run"])
    return result


def check(_request: dict[str, Any]) -> dict[str, Any]:
    """Load all that the services will load, and run Django's checks of the plugin's app."""
    from django.core.management import call_command
    from django.urls import get_resolver

    _loaded = get_resolver().url_patterns
    report = explain_registration()
    if report["registered"]:
        from django.apps import apps

        package = os.environ["NETBOX_DEV_PACKAGE"]
        label = next(c.label for c in apps.get_app_configs() if c.name == package)
        call_command("check", label)
    return report


def static(request: dict[str, Any]) -> dict[str, Any]:
    return collect_static(request["dry_run"])


TASKS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "prepare": prepare,
    "schema": schema,
    "check": check,
    "static": static,
}


def main() -> None:
    request = json.load(sys.stdin)
    # Django's and the plugin's own output is for the log, never between the answers.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            set_up()
            result = TASKS[request["task"]](request)
        except BaseException as error:
            answer(
                error="".join(traceback.format_exception_only(error)).strip(),
                traceback="".join(traceback.format_exception(error)),
            )
            raise SystemExit(1) from error
    answer(result=result)


if __name__ == "__main__":
    main()
