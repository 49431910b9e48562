# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A plugin's models as Django's migrations see them, as a text. Run by a NetBox's own Python; no database is asked.

    python model_state.py PACKAGE CHECKOUT     prints the text
    python model_state.py --each [PROCESSES]   reads ``PACKAGE<tab>CHECKOUT`` lines, answers each with a line of JSON:
                                               ``{"checkout": …, "text": …}`` or ``{"checkout": …, "error": …}``

Two versions of a plugin have the same text when makemigrations would write the same operations for both: the text has
what Django's autodetector compares, and nothing else. So the order of fields is no part of it, nor are bases that are
no models; what NetBox keeps out of migrations is left out by NetBox's own command.

With --lenient first, a plugin that fails as it gets ready is asked for its models all the same: one that
was written for another NetBox imports what this one does not have, most often not for its models. It finds the modules
that NetBox 4 gave other names by those it knows.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import json
import os
import select
import sys
import traceback
import types
from collections.abc import Callable, Iterable
from typing import Any

NETBOX_DIR = os.environ.get("NETBOX_DIR", "/opt/netbox/netbox")
CONFIGURATION = "replay_configuration"
RENAMED = {"extras.plugins": "netbox.plugins", "extras.plugins.utils": "netbox.plugins.utils"}
# Imported before the fork: others' code, which does not ask for settings as it is imported.
SHARED = (
    "django.contrib.postgres.fields",
    "django.core.management.commands.makemigrations",
    "django.db.migrations.autodetector",
    "django.db.migrations.writer",
    "django.forms",
    "django.test",
    "django.views.generic",
    "graphql",
    "jinja2",
    "markdown",
    "netaddr",
    "packaging.version",
    "psycopg",
    "redis",
    "requests",
    "rq",
    "social_core",
    "strawberry",
    "strawberry.extensions",
    "yaml",
)


def configure(package: str) -> None:
    """A configuration of NetBox with this plugin alone, and with a database that nobody will reach."""
    nowhere = {"HOST": "127.0.0.1", "PORT": 1, "PASSWORD": "", "DATABASE": 0, "SSL": False}
    module = types.ModuleType(CONFIGURATION)
    module.__dict__.update(
        ALLOWED_HOSTS=["*"],
        API_TOKEN_PEPPERS={1: "x" * 60},
        DATABASES={"default": {"NAME": "none", "USER": "none", "PASSWORD": "", "HOST": "127.0.0.1", "PORT": 1}},
        DEVELOPER=True,
        PLUGINS=[package],
        PLUGINS_CONFIG={package: {}},
        REDIS={"tasks": dict(nowhere), "caching": dict(nowhere)},
        SECRET_KEY="x" * 60,
    )
    sys.modules[CONFIGURATION] = module
    os.environ["NETBOX_CONFIGURATION"] = CONFIGURATION
    os.environ["DJANGO_SETTINGS_MODULE"] = "netbox.settings"


def take_any_version() -> None:
    """The plugin is not installed, and what it says of releases and of settings that it wants is not the question."""
    from netbox.plugins import PluginConfig

    class Unknown(importlib.metadata.Distribution):
        def __init__(self, name: str) -> None:
            self.text = f"Name: {name}\nVersion: 0.0.0\nSummary: Not installed\nAuthor: Nobody\n"

        def read_text(self, filename: str) -> str | None:
            return self.text if filename == "METADATA" else None

        def locate_file(self, path: Any) -> Any:
            raise FileNotFoundError(path)

    find = importlib.metadata.Distribution.from_name

    def from_name(name: str) -> importlib.metadata.Distribution:
        try:
            return find(name)
        except importlib.metadata.PackageNotFoundError:
            return Unknown(name)

    importlib.metadata.Distribution.from_name = from_name  # type: ignore[method-assign]
    validate = PluginConfig.validate.__func__  # type: ignore[attr-defined]

    def tolerant(cls: Any, user_config: dict[str, Any], netbox_version: str) -> None:
        cls.min_version = cls.max_version = None
        cls.required_settings = []
        validate(cls, user_config, netbox_version)

    PluginConfig.validate = classmethod(tolerant)


def set_up(package: str, checkout: str, lenient: bool) -> None:
    """NetBox with the plugin from ``checkout``."""
    source = os.path.join(checkout, "src")
    for place in (checkout, source if os.path.isdir(os.path.join(source, package)) else None, NETBOX_DIR):
        if place:
            sys.path.insert(0, place)
    configure(package)
    take_any_version()
    if lenient:
        for old, new in RENAMED.items():
            with contextlib.suppress(ImportError):
                sys.modules[old] = importlib.import_module(new)
    import django
    from django.apps import apps
    from django.db.utils import OperationalError

    try:
        django.setup()
    except Exception as error:
        # Some app asks the database when it is ready; the models are there by then.
        if not apps.models_ready or not (lenient or isinstance(error, OperationalError)):
            raise
    from django.core.management import get_commands, load_command_class

    # As it is imported, NetBox's command takes out of every field what never enters a migration.
    load_command_class(get_commands()["makemigrations"], "makemigrations")
    where = sys.modules[package].__file__ or ""
    if not os.path.realpath(where).startswith(os.path.realpath(checkout) + os.sep):
        raise RuntimeError(f"{package} was imported from {where}")


def written(value: Any) -> str:
    """A value as a migration would have it."""
    from django.db.migrations.writer import MigrationWriter

    try:
        return str(MigrationWriter.serialize(value)[0])
    except ValueError:
        # No migration could hold it: what it is must do.
        return f"{type(value).__module__}.{type(value).__qualname__} {getattr(value, '__qualname__', '')}"


def field_line(field: Any) -> str:
    _name, path, positional, keywords = field.deconstruct()
    arguments = [written(value) for value in positional]
    arguments += [f"{key}={written(value)}" for key, value in sorted(keywords.items())]
    return f"{path}({', '.join(arguments)})"


def model_lines(state: Any) -> Iterable[str]:
    from django.db.migrations.operations import AlterModelOptions

    compared = {*AlterModelOptions.ALTER_OPTION_KEYS, "constraints", "db_table", "db_table_comment", "indexes"}
    compared |= {"index_together", "order_with_respect_to", "proxy", "unique_together"}
    name = f"{state.app_label}.{state.name}"
    parents = sorted(base for base in state.bases if isinstance(base, str))
    yield f"{name}: model{''.join(' ' + base for base in parents)}"
    for option, value in sorted(state.options.items()):
        # Of these, the order says nothing.
        several = option in ("constraints", "indexes")
        if option in compared:
            text = ", ".join(sorted(map(written, value))) if several else written(value)
            yield f"{name}: option {option} = {text}"
    for field_name, field in sorted(state.fields.items()):
        yield f"{name}: field {field_name} = {field_line(field)}"
    for manager_name, manager in state.managers:
        yield f"{name}: manager {manager_name} = {written(manager)}"


def state_text(package: str) -> str:
    from django.apps import apps
    from django.db.migrations.state import ProjectState

    inside = [c.label for c in apps.get_app_configs() if c.name == package or c.name.startswith(f"{package}.")]
    if not inside:
        raise RuntimeError(f"NetBox has not registered {package}")
    models = ProjectState.from_apps(apps).models
    found = sorted(state for key, state in models.items() if key[0] in inside for state in model_lines(state))
    return "\n".join(found) + "\n"


def ask(package: str, checkout: str, lenient: bool) -> dict[str, str]:
    try:
        # Whatever is printed by those who are imported is no answer.
        with contextlib.redirect_stdout(sys.stderr):
            set_up(package, checkout, lenient)
            return {"checkout": checkout, "text": state_text(package)}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a broken plugin raises is the answer
        short = "".join(traceback.format_exception_only(type(error), error)).strip()
        return {"checkout": checkout, "error": short.splitlines()[-1] if short else repr(error)}


def forked(work: Callable[[], dict[str, str]]) -> tuple[int, int]:
    """Run ``work`` in a child; its process id, and a file that its answer can be read from."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        # Plugins talk when they are imported.
        sys.stderr = io.StringIO()
        with open(writing, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(work()))
        os._exit(0)
    os.close(writing)
    return child, reading


def each(processes: int, lenient: bool) -> None:
    sys.path.insert(0, NETBOX_DIR)
    for name in SHARED:
        # What this NetBox does not have, or what asks for settings, is imported by each child.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    running: list[tuple[str, int, int]] = []
    waiting: list[tuple[str, str]] = []
    open_input = True
    read = b""
    while open_input or waiting or running:
        while waiting and len(running) < processes:
            package, checkout = waiting.pop(0)
            running.append((checkout, *forked(lambda p=package, c=checkout: ask(p, c, lenient))))  # type: ignore[misc]
        # A child writes when it is done; answers keep the order of the questions.
        ready = select.select([0] * open_input + [reading for _c, _p, reading in running[:1]], [], [])[0]
        if 0 in ready:
            chunk = os.read(0, 1 << 16)
            open_input = bool(chunk)
            *lines, read = (read + chunk).split(b"\n")
            waiting += [(line.decode().split("\t")[0], line.decode().split("\t")[1]) for line in lines]
        if running and running[0][2] in ready:
            checkout, child, reading = running.pop(0)
            with open(reading, encoding="utf-8") as stream:
                answer = stream.read()
            os.waitpid(child, 0)
            print(answer or json.dumps({"checkout": checkout, "error": "its process died"}), flush=True)


def main() -> int:
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The members of a set are to be in the same order in every run.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    arguments = sys.argv[1:]
    lenient = arguments[:1] == ["--lenient"]
    if lenient:
        del arguments[0]
    if arguments[0] == "--each":
        each(int(arguments[1]) if len(arguments) > 1 else 1, lenient)
        return 0
    answer = ask(*arguments[:2], lenient=lenient)
    print(answer.get("text", ""), end="")
    if "error" in answer:
        print(answer["error"], file=sys.stderr)
    return int("error" in answer)


if __name__ == "__main__":
    sys.exit(main())
