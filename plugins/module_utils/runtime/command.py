# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A management command, run to its end with nobody at the terminal, and what it changed.

The request is one JSON object on standard input: ``{"words": [command, argument, …], "script": text or null,
"profile": true or false, "lasting": whether it may change anything}``; or ``{"known": command}``, which runs nothing
and ends well where there is such a command. The command's output goes through as it comes;
the last line is ``MARK`` and one JSON object: ``{"unknown": name, "commands": [names]}``, or ``{"asked": whether it
asked a question, "changed": true, false or null}``. A profile is written to the directory that the services tell in.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from typing import Any

from .ask import under_way
from .measure import profiled
from .netbox import NETBOX_DIR, set_up
from .supervise import RUN_DIR

MARK = "netbox-dev result: "
# What ``shell --command`` runs where a script comes through standard input.
READ_SCRIPT = "import sys; exec(compile(sys.stdin.read(), 'script', 'exec'), globals())"


def _applied() -> set[tuple[str, str]]:
    """(app, name) of every migration that is applied; none where the database does not say: the command will."""
    from django.db import Error, connection
    from django.db.migrations.recorder import MigrationRecorder

    try:
        return set(MigrationRecorder(connection).applied_migrations())
    except Error:
        return set()


def _migration_files() -> set[tuple[str, int, int]]:
    """Path, size and time of every app's migration files."""
    from django.apps import apps

    found = set()
    for config in apps.get_app_configs():
        folder = os.path.join(config.path, "migrations")
        if os.path.isdir(folder):
            for entry in os.scandir(folder):
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    found.add((entry.path, status.st_size, status.st_mtime_ns))
    return found


# Commands of which the state before and after says whether they changed anything.
_STATES = {"migrate": _applied, "makemigrations": _migration_files, "squashmigrations": _migration_files}


def _answer(**message: Any) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(1, f"\n{MARK}{json.dumps(message)}\n".encode())


def _give(script: str | None) -> None:
    """Standard input is the script, or nothing: no command waits for an answer."""
    with tempfile.TemporaryFile() as given:
        given.write((script or "").encode())
        given.seek(0)
        os.dup2(given.fileno(), 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process lives


def _run(words: list[str]) -> tuple[int, bool]:
    """(exit status, whether the command asked a question) of a management command."""
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(["manage.py", *words])
    except SystemExit as stop:
        if isinstance(stop.code, str):
            sys.stderr.write(f"{stop.code}\n")
        return stop.code if isinstance(stop.code, int) else int(bool(stop.code)), False
    except EOFError:
        return 1, True
    except Exception:  # noqa: BLE001 - whatever a command raises ends it, as it would without us
        sys.excepthook(*sys.exc_info())
        return 1, False
    return 0, False


def main() -> None:
    request = json.load(sys.stdin)
    if "known" in request:
        set_up()
        _require(request["known"])
        return
    with under_way() if request["lasting"] else contextlib.nullcontext():
        _main(request)


def _require(name: str) -> None:
    """End where there is no command of that name, with those that there are."""
    from django.core.management import get_commands

    commands = {*get_commands(), "help", "version"}
    if name not in commands and not name.startswith("-"):
        _answer(unknown=name, commands=sorted(commands))
        raise SystemExit(1)


def _main(request: dict[str, Any]) -> None:
    words = request["words"]
    _give(request["script"])
    set_up()
    _require(words[0])
    state = _STATES.get(words[0])
    before = state() if state else None
    if request["profile"]:
        status, asked = profiled(lambda: _run(words), RUN_DIR, f"{NETBOX_DIR}/{os.environ['NETBOX_DEV_PACKAGE']}/")
    else:
        status, asked = _run(words)
    _answer(asked=asked, changed=state() != before if state else None)
    raise SystemExit(status)


if __name__ == "__main__":
    main()
