# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What a NetBox process has become, as lines of text: run in a container, warm and cold, to be compared.

Arguments: ``cold`` to start from nothing, ``warm`` to bind plugins late; ``tests`` for a process that runs these.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

from netbox_dev_runtime import binding, testing
from netbox_dev_runtime.netbox import set_up


def name_of(thing: Any) -> str:
    """A name for a class, a function or an instance that says nothing of where it is in memory."""
    owner = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{getattr(owner, '__module__', '?')}.{owner.__qualname__}"


def plain(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{plain(k)}: {plain(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(plain, value)) + "]"
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(plain, value))) + "}"
    if isinstance(value, (str, int, float, bool, type(None))):
        return repr(value)
    return name_of(value)


def apps_and_models() -> Iterator[str]:
    from django.apps import apps

    for config in apps.get_app_configs():
        yield f"app {config.label} {name_of(config)} {config.path}"
    for model in apps.get_models(include_auto_created=True):
        yield f"model {model._meta.label} {model._meta.db_table} {plain(model._meta.managers)}"
        for field in model._meta.get_fields(include_hidden=True):
            related = getattr(field, "related_model", None)
            yield f"field {model._meta.label}.{field.name} {name_of(field)} {name_of(related) if related else ''}"
        for attribute in sorted(vars(model)):
            yield f"attribute {model._meta.label}.{attribute}"


def settings_of() -> Iterator[str]:
    from django.conf import settings

    for name in sorted(dir(settings)):
        if name.isupper():
            yield f"setting {name} {plain(getattr(settings, name))}"
    rq = importlib.import_module("django_rq.settings")
    for name in sorted(vars(rq)):
        if name.isupper():
            yield f"rq {name} {plain(getattr(rq, name))}"


def urls() -> Iterator[str]:
    from django.urls import get_resolver

    def walk(resolver: Any, prefix: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            place = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield f"url {place} [{pattern.namespace}]"
                yield from walk(pattern, place)
            else:
                view = pattern.callback
                view = getattr(view, "view_class", getattr(view, "cls", view))
                yield f"url {place} {pattern.name} {name_of(view)}"

    yield from walk(get_resolver(), "/")


def registry() -> Iterator[str]:
    from netbox.registry import registry as found

    for store in found:
        value = found[store]
        for key in sorted(value, key=str) if isinstance(value, dict) else ():
            yield f"registry {store} {plain(key)} {plain(value[key])}"
        if not isinstance(value, dict):
            yield f"registry {store} {plain(list(value))}"


def middleware() -> Iterator[str]:
    from django.core.handlers.wsgi import WSGIHandler

    handler: Any = WSGIHandler()._middleware_chain
    while handler is not None:
        yield f"middleware {name_of(handler)}"
        handler = getattr(handler, "get_response", None)


def graphql() -> Iterator[str]:
    for line in str(importlib.import_module("netbox.graphql.schema").schema).splitlines():
        yield f"graphql {line}"


def templates_and_static() -> Iterator[str]:
    from django.contrib.staticfiles.finders import get_finders
    from django.template import engines

    for engine in engines.all():
        yield f"templates {name_of(engine)} {plain(list(map(str, engine.template_dirs)))}"
        inner = getattr(engine, "engine", None)
        for kind in ("template_libraries", "template_builtins", "template_context_processors"):
            yield f"templates {kind} {plain(getattr(inner, kind, None))}"
    for finder in get_finders():
        for path, storage in finder.list([]):
            yield f"static {path} {storage.location}"


def commands() -> Iterator[str]:
    from django.core.management import get_commands

    for name, app in sorted(get_commands().items()):
        yield f"command {name} {app if isinstance(app, str) else name_of(app)}"


def receivers() -> Iterator[str]:
    from django.core import signals as core
    from django.db import backends
    from django.db.models import signals as models

    for module in (models, core, backends.signals):
        for title in sorted(vars(module)):
            signal = getattr(module, title)
            if title == "setting_changed" or not hasattr(signal, "receivers"):
                continue
            for entry in signal.receivers:
                receiver = entry[1]
                receiver = (
                    receiver() if hasattr(receiver, "__callback__") or "weakref" in name_of(receiver) else receiver
                )
                yield f"receiver {title} {name_of(receiver)}"


def checks() -> Iterator[str]:
    from django.core.checks import run_checks

    for one in run_checks():
        yield f"check {one.id} {one.msg} {one.obj}"


def kept() -> Iterator[str]:
    """Of test runs: what is under names of settings elsewhere, and what goes by the settings when it is used."""
    from django.core.cache import caches
    from django.core.files.storage import default_storage
    from django.utils.functional import LazyObject

    names = {name for name in vars(sys.modules["netbox.settings"]) if name.isupper()}
    for module in [one for _name, one in sorted(sys.modules.items()) if isinstance(one, type(sys))]:
        if module.__name__ in ("__main__", "netbox.settings"):
            continue
        for name, value in sorted(vars(module).items(), key=lambda one: str(one[0])):
            if name in names:
                yield f"kept {module.__name__}.{name} {plain(value)}"
            if issubclass(type(value), LazyObject) and name == "settings" and type(value).__module__ != "django.conf":
                filled = {one: getattr(value, one) for one in sorted(names) if hasattr(value, one)}
                yield f"kept {module.__name__} {plain(filled)}"
    for module in sorted(name for name in sys.modules if name.partition(".")[0] == "debug_toolbar"):
        yield f"debug {module}"
    yield f"kept storage {getattr(default_storage, 'location', '')}"
    yield f"kept cache {getattr(caches['default'], '_server', '')} {plain(caches.settings)}"


def main() -> None:
    how, *more = sys.argv[1:]
    started = time.monotonic()
    if how == "warm":
        settings = binding.preload()
        started = time.monotonic()
    if more:
        os.environ["NETBOX_DEV_TEST_RUN"] = "6"
        sys.argv = testing.as_typed({"parallel": 1})
    if how == "warm":
        binding.bind(settings, for_tests=bool(more))
    else:
        set_up()
    bound = time.monotonic()
    from django.urls import get_resolver

    _loaded = get_resolver().url_patterns
    loaded = time.monotonic()
    sys.stderr.write(f"{how}: start {bound - started:.2f} s, URLs {loaded - bound:.2f} s\n")
    parts = (
        *(apps_and_models, settings_of, urls, registry, middleware, graphql, templates_and_static, commands),
        *(receivers, checks, *([kept] if more else [])),
    )
    for part in parts:
        for line in part():
            # Each run of tests has a folder of its own.
            sys.stdout.write(re.sub(r"/media-\w+", "/media-", line) + "\n")


if __name__ == "__main__":
    main()
