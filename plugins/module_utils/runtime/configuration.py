# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetBox's configuration module in a development stack (``NETBOX_CONFIGURATION``).

Everything comes from the netbox-docker checkout's configuration, except what development needs; the plugin and the
project file's settings are read from ``settings.json`` beside the package.
"""

from __future__ import annotations

import copy
import importlib
import json
import os
import socket
import struct
import tempfile
from typing import Any

# The number of a run of tests, of those at the same time.
TEST_RUN = "NETBOX_DEV_TEST_RUN"
_WISHES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "settings.json")


_shown = True


def show_plugins(shown: bool) -> None:
    """Whether NetBox is told of any plugin: a warm process first sets itself up without."""
    globals()["_shown"] = shown
    globals().pop("_values", None)


def _base(name: str, default: Any) -> Any:
    return getattr(importlib.import_module("netbox.configuration"), name, default)


def wishes() -> dict[str, Any]:
    with open(_WISHES, encoding="utf-8") as stream:
        data: dict[str, Any] = json.load(stream)
    return data


def _gateway() -> list[str]:
    """The bridge's gateway: from there the host's browser comes."""
    try:
        with open("/proc/net/route", encoding="ascii") as stream:
            rows = [line.split() for line in stream][1:]
    except OSError:
        return []
    return [socket.inet_ntoa(struct.pack("<L", int(row[2], 16))) for row in rows if row[1] == "00000000"]


def _database(options: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(options)
    if changed:
        if os.environ.get("NETBOX_DEV_DATABASE"):
            # A task works on another database than the services do.
            changed["NAME"] = os.environ["NETBOX_DEV_DATABASE"]
        changed["OPTIONS"] = {**changed.get("OPTIONS", {}), "sslmode": "disable", "connect_timeout": 5}
        changed["CONN_HEALTH_CHECKS"] = True
    return changed


def _for_tests(redis: dict[str, Any]) -> dict[str, Any]:
    """What tests must not share with the services that run: queues, cache, uploaded files; and no toolbar."""
    number = int(os.environ[TEST_RUN])
    # From the last of Redis' sixteen databases down, two for each run at a time.
    numbers = {"tasks": 17 - 2 * number, "caching": 16 - 2 * number}
    own = {section: {**options, "DATABASE": numbers.get(section, 0)} for section, options in redis.items()}
    return {"DEBUG": False, "MEDIA_ROOT": tempfile.mkdtemp(prefix="media-"), "REDIS": own}


def _development() -> dict[str, Any]:
    wished = wishes()
    package = wished["package"]
    values: dict[str, Any] = {
        "DEBUG": True,
        "DEVELOPER": True,
        "INTERNAL_IPS": ["127.0.0.1", "::1", *(_gateway() if wished["debug_toolbar"] else [])],
        "PLUGINS": _base("PLUGINS", None) or [],
        "PLUGINS_CONFIG": {**(_base("PLUGINS_CONFIG", None) or {})},
        **wished["settings"],
    }
    # Whoever lists other plugins does not mean to lose this one.
    values["PLUGINS"] = list(dict.fromkeys([*values["PLUGINS"], package])) if _shown else []
    own = values["PLUGINS_CONFIG"].get(package, {})
    values["PLUGINS_CONFIG"][package] = {**own, **wished["plugin_settings"]}
    database = _base("DATABASE", None)
    if database:
        values["DATABASE"] = _database(database)
    databases = _base("DATABASES", None)
    if databases:
        values["DATABASES"] = {
            alias: _database(options) if "postgresql" in options.get("ENGINE", "postgresql") else options
            for alias, options in databases.items()
        }
    if TEST_RUN in os.environ:
        values.update(_for_tests(values.get("REDIS") or _base("REDIS", {})))
    return values


def __getattr__(name: str) -> Any:
    if not name.isupper():
        raise AttributeError(name)
    values = globals().setdefault("_values", None) or _development()
    globals()["_values"] = values
    if name in values:
        return values[name]
    return getattr(importlib.import_module("netbox.configuration"), name)


def __dir__() -> list[str]:
    return sorted({*dir(importlib.import_module("netbox.configuration")), *_development()})
