# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetBox set up without its plugins, and plugins bound to it afterwards, in a process forked from that one.

What plugins do to settings is left to NetBox's own settings module: it is executed a second time, now with plugins.
What Django does with new apps is done for them alone. Unbound is raised where the result would not be what a start
from nothing gives.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

from . import configuration
from .netbox import NETBOX_DIR, set_up

# Settings that NetBox derives from its plugins and nothing has read but when it was asked.
_BINDABLE = frozenset(["EVENTS_PIPELINE", "INSTALLED_APPS", "MIDDLEWARE", "PLUGINS", "PLUGINS_CONFIG", "RQ_QUEUES"])
# The same of what tests have for themselves.
_OF_TESTS = re.compile(
    r"CACHES|DEBUG|MEDIA_ROOT|REDIS|(CACHING|TASKS)_REDIS(_DATABASE|_URL)?|RQ_PARAMS|SOCIAL_AUTH_RAISE_EXCEPTIONS"
)
# Apps that are there under DEBUG only, and change Django's own classes: bound late, too, for tests have none of them.
_DEBUG_APPS = frozenset(["debug_toolbar"])
# What settings are made of; those of files are named as netbox-docker likes.
_CONFIGURATION = ("netbox.configuration", "netbox.local_settings")
_CONFIGURATION_DIR = "/etc/netbox/"
# They collect what plugins registered while they are imported.
_COLLECT = ("netbox.graphql.schema", "netbox.navigation.menu", "netbox.plugins.urls", "netbox.urls")
_SERVING = ("django.contrib.staticfiles.handlers", "django.core.handlers.wsgi", "django.core.servers.basehttp")
# What the URLconf of every app of NetBox's leads to.
_PARTS = ("urls", "api.urls", "graphql.schema")


# Views of models that were registered before any plugin's, by app and model.
_VIEWS: dict[str, dict[str, list[Any]]] = {}


class Unbound(Exception):
    """Plugins cannot be bound late; the message says why."""


def preload() -> dict[str, Any]:
    """Set NetBox up without plugins, with all loaded that its URLs lead to; return its settings as they are.

    Raises Unbound where something has loaded the plugin, or collected what plugins register.
    """
    configuration.show_plugins(False)
    _leave_out_debug_apps()
    set_up()
    from django.apps import apps

    # Django's own list of what is to be forgotten when a setting changes.
    importlib.import_module("django.test.signals")
    for name in _SERVING:
        importlib.import_module(name)
    own = os.path.join(NETBOX_DIR, "")
    for config in apps.get_app_configs():
        for part in _PARTS if f"{config.path}/".startswith(own) else ():
            _import_if_there(f"{config.name}.{part}")
    _preheat()
    _VIEWS.update({label: {name: list(views) for name, views in models.items()} for label, models in _views()})
    _refuse_loaded()
    _let_go()
    # As they were at first: Django has filled in the databases since.
    configuration.show_plugins(False)
    return {name: _copied(value) for name, value in _executed(os.environ["DJANGO_SETTINGS_MODULE"]).items()}


def _leave_out_debug_apps() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netbox.settings")
    if NETBOX_DIR not in sys.path:
        sys.path.insert(0, NETBOX_DIR)
    # What Django's own start imports before it reads the settings; the order of receivers comes of it.
    for name in ("django.apps", "django.conf", "django.urls", "django.utils.log"):
        importlib.import_module(name)
    from django.conf import settings

    settings.INSTALLED_APPS[:] = [entry for entry in settings.INSTALLED_APPS if entry not in _DEBUG_APPS]


def _preheat() -> None:
    """Do what a first request does once for all: compile NetBox's own routes, and find modules by their files."""
    from django.urls import URLPattern, URLResolver

    with contextlib.suppress(Exception):
        # Whatever a module raises when it is asked for its file.
        inspect.getmodule(_preheat.__code__)
    for module in list(sys.modules.values()):
        # None, and what is no module, may be there, too.
        patterns = getattr(module, "__dict__", {}).get("urlpatterns")
        for one in patterns if isinstance(patterns, list) else ():
            if isinstance(one, (URLPattern, URLResolver)):
                _compiled = one.pattern.regex


def _import_if_there(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not name.startswith(error.name or "?"):
            raise


def _refuse_loaded() -> None:
    early = [name for name in _COLLECT if name in sys.modules]
    if early:
        raise Unbound(f"NetBox imports {', '.join(early)} before its plugins")
    package = os.environ["NETBOX_DEV_PACKAGE"]
    if package in sys.modules:
        raise Unbound(f"'{package}' is imported by NetBox's configuration")


def _let_go() -> None:
    """Leave nothing that two processes may not share, and nothing that was read from the database."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.cache import caches
    from django.db import connections

    connections.close_all()
    caches.close_all()
    ContentType._default_manager.clear_cache()
    with contextlib.suppress(ImportError, AttributeError):
        importlib.import_module("netbox.config").clear_config()


def bind(before: dict[str, Any], for_tests: bool = False) -> None:
    """Do what a start with plugins would have done besides; ``before`` is what preload() returned.

    ``for_tests``: a start for tests, whose environment has the number of their run.
    """
    from django.apps import apps
    from django.conf import settings
    from django.core.cache import cache

    entries = list(settings.INSTALLED_APPS)
    configs = dict(zip(entries, apps.app_configs.values()))
    configuration.show_plugins(True)
    changed = _settings_again(before, for_tests)
    unknown = [name for name in sorted(changed - _BINDABLE) if not (for_tests and _OF_TESTS.fullmatch(name))]
    if unknown:
        raise Unbound(f"{'tests or ' if for_tests else ''}plugins change {', '.join(unknown)}")
    wanted = list(settings.INSTALLED_APPS)
    if for_tests:
        _refuse_copies(before, changed)
    if [entry for entry in wanted if entry in configs] != entries:
        raise Unbound("plugins change the order of the apps of NetBox")
    _tell_changed(changed)
    sys.meta_path.insert(0, _PluginUrls)
    _add_apps(configs, wanted)
    if settings.DEBUG:
        # As NetBox's own start does.
        with contextlib.suppress(Exception):
            cache.clear()


def _renew_urls() -> None:
    """Have URLs made anew of NetBox's apps to whose models plugins have added views: they are made of the views."""
    from django.apps import apps

    for label, models in _views():
        for name, views in models.items() if label in _VIEWS else ():
            before = _VIEWS[label].get(name, [])
            added = views[len(before) :]
            if added:
                app = apps.get_app_config(label).name
                # A start from nothing loads plugins' views before the app's own.
                own = [number for number, one in enumerate(before) if f"{app}." in _module_of(one["view"])]
                at = own[0] if own else len(before)
                views[:] = [*before[:at], *added, *before[at:]]
                sys.modules.pop(f"{app}.urls", None)


def _module_of(view: Any) -> str:
    return view if isinstance(view, str) else str(view.__module__) + "."


class _PluginUrls:
    """Finds the module by which NetBox's URLs load those of plugins, before its own apps' ones."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name != "netbox.plugins.urls":
            return None
        spec: Any = PathFinder.find_spec(name, path, target)
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _renew_urls()

        spec.loader.exec_module = exec_module
        return spec


def _views() -> Iterator[tuple[str, dict[str, list[Any]]]]:
    with contextlib.suppress(ImportError, KeyError):
        yield from list(importlib.import_module("netbox.registry").registry["views"].items())


def _settings_again(before: dict[str, Any], for_tests: bool) -> set[str]:
    """Take over what NetBox's settings module says now and did not say ``before``; return the names.

    A list or dict that is another is filled in place: whoever has read it sees it, too.
    """
    from django.conf import settings
    from django.utils.functional import empty

    now = _executed(os.environ["DJANGO_SETTINGS_MODULE"], anew=for_tests)
    changed = {name for name in {*before, *now} if not (name in before and name in now)}
    changed |= {name for name in now if name not in changed and not _same(before[name], now[name])}
    # What was left out is back.
    changed.add("INSTALLED_APPS")
    _take_over(os.environ["DJANGO_SETTINGS_MODULE"], {name: now[name] for name in changed if name in now})
    settings._wrapped = empty
    if "RQ_QUEUES" in changed and "django_rq.settings" in sys.modules:
        _take_over("django_rq.settings", _executed("django_rq.settings"))
    return changed


def _executed(name: str, anew: bool = False) -> dict[str, Any]:
    """What a module that is loaded would set, were it loaded now; ``anew`` with all that it is configured by."""
    module = sys.modules[name]
    loader: Any = module.__spec__.loader if module.__spec__ else None
    made = ModuleType(name)
    vars(made).update({key: vars(module)[key] for key in ("__file__", "__package__", "__spec__")})
    with _in_place_of(module, made) if anew else contextlib.nullcontext():
        exec(loader.get_code(name), vars(made))
    return {key: value for key, value in vars(made).items() if key.isupper()}


@contextlib.contextmanager
def _in_place_of(module: ModuleType, made: ModuleType) -> Iterator[None]:
    """Local settings are made of those that import them, and a configuration of what it finds, the arguments say."""
    for name in [one for one, loaded in sys.modules.items() if _configures(one, loaded)]:
        del sys.modules[name]
    sys.modules[module.__name__] = made
    try:
        yield
    finally:
        sys.modules[module.__name__] = module


def _configures(name: str, module: Any) -> bool:
    return name in _CONFIGURATION or str(getattr(module, "__file__", None)).startswith(_CONFIGURATION_DIR)


def _refuse_copies(before: dict[str, Any], changed: set[str]) -> None:
    """Let go of settings that others keep and fill in themselves; raise Unbound for what they keep otherwise."""
    from django.conf import settings
    from django.utils.functional import LazyObject, empty

    own = sys.modules[os.environ["DJANGO_SETTINGS_MODULE"]]
    for title, module in list(sys.modules.items()):
        if not isinstance(module, ModuleType) or module is own or module is configuration or _configures(title, module):
            continue
        space = vars(module)
        for name in changed.intersection(space):
            if space[name] is not getattr(own, name, None) and name in before and _same(space[name], before[name]):
                raise Unbound(f"'{title}' keeps {name} of NetBox's settings")
        for value in list(space.values()):
            if issubclass(type(value), LazyObject) and value is not settings:
                kept = getattr(value._wrapped, "__dict__", {})
                if not changed.isdisjoint(kept):
                    value._wrapped = empty


def _take_over(name: str, values: dict[str, Any]) -> None:
    module = sys.modules[name]
    for key, value in values.items():
        old = getattr(module, key, None)
        in_place = type(old) is type(value) and isinstance(old, (list, dict))
        setattr(module, key, _filled(old, value) if in_place else value)


def _copied(value: Any) -> Any:
    """A copy of lists and dicts all the way down; everything else is itself."""
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return value


def _filled(old: Any, new: Any) -> Any:
    fresh = dict(new) if isinstance(new, dict) else list(new)
    old.clear()
    if isinstance(old, dict):
        old.update(fresh)
    else:
        old.extend(fresh)
    return old


def _same(one: Any, other: Any) -> bool:
    """Equal, or functions and objects made anew by the same lines."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) or _told(one) == _told(other)


def _told(value: Any) -> str:
    code = getattr(value, "__code__", None)
    if code:
        return f"{code.co_filename}:{code.co_firstlineno}"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _tell_changed(changed: set[str]) -> None:
    from django.conf import settings
    from django.core.signals import setting_changed

    for name in sorted(changed):
        setting_changed.send(sender=None, setting=name, value=getattr(settings, name, None), enter=True)


def _add_apps(configs: dict[str, Any], wanted: list[str]) -> None:
    """Populate the registry with the apps that it does not have, in the three steps of ``Apps.populate``."""
    from django.apps import AppConfig, apps
    from django.core.exceptions import ImproperlyConfigured

    apps.ready = apps.models_ready = apps.apps_ready = False
    new = {entry: AppConfig.create(entry) for entry in wanted if entry not in configs}
    ordered = [configs.get(entry) or new[entry] for entry in wanted]
    for kind in ("label", "name"):
        found = [getattr(config, kind) for config in ordered]
        twice = sorted({one for one in found if found.count(one) > 1})
        if twice:
            raise ImproperlyConfigured(f"Application {kind}s aren't unique, duplicates: {', '.join(twice)}")
    apps.app_configs.clear()
    for config in ordered:
        config.apps = apps
        apps.app_configs[config.label] = config
    apps.apps_ready = True
    for config in new.values():
        config.import_models()
    apps.clear_cache()
    apps.models_ready = True
    for config in new.values():
        config.ready()
    apps.ready = True
    # What models know of each other is known anew.
    apps.clear_cache()
