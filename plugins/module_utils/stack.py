# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""One description of a stack: the plugin, its ``netbox-dev.yml`` and the options given, put together in one place."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .errors import (
    InvalidProject,
    InvalidState,
    PluginNotFound,
    StackNotSetUp,
    UnknownAction,
    UnknownCategory,
    UnknownRole,
    nearest,
)
from .matrix import ACTIONS, CATEGORIES, PYTHON_ROLES
from .plugin import Plugin, expanded, find_plugin
from .releases import DEFAULT_NETBOX, netbox_minor, release_for
from .state import read_json, stack_id, state_dir, state_home, write_json

try:
    import yaml
except ImportError:
    yaml = None  # type: ignore[assignment]

PROJECT_FILE = "netbox-dev.yml"
OPTIONS = "options"
# Of the project file, aliases counted as often as they are used: it is written out elsewhere.
_MOST_VALUES = 10_000
# What git takes for an option, or has another program fetch.
_NO_URL = re.compile(r"-|[\w+.-]+::|.*[\0-\x1f]")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*")
NETBOX_DOCKER_URL = "https://github.com/netbox-community/netbox-docker.git"

# Every key of the project file and of the options: its type and what it is when nobody says.
KEYS: dict[str, tuple[type, Any]] = {
    "netbox": (str, DEFAULT_NETBOX),
    "package": (str, None),
    "port": (int, 8000),
    "project_name": (str, None),
    "checkout": (str, "gitignore/netbox-docker"),
    "netbox_docker_url": (str, NETBOX_DOCKER_URL),
    "netbox_docker_version": (str, None),
    "packages": (list, []),
    "services": (dict, {}),
    "plugin_settings": (dict, {}),
    "settings": (dict, {}),
    "rules": (list, []),
    "ca_bundle": (str, None),
    "debug_toolbar": (bool, True),
    "warm": (bool, True),
    "browser_refresh": (bool, True),
    "superuser_name": (str, "admin"),
    "makemigrations": (bool, True),
    "host_access": (bool, False),
}


@dataclass(frozen=True)
class Rule:
    """The project file's own word on files that match a glob: a category, or actions with the roles they are for."""

    path: str
    category: str | None = None
    actions: Mapping[str, tuple[str, ...]] | None = None

    def matches(self, path: str) -> bool:
        return fnmatchcase(path, self.path)


@dataclass(frozen=True)
class Stack:
    """What one plugin's stack is: names, places and wishes. Paths are on the managed node."""

    plugin: Plugin
    netbox: str
    release: str
    netbox_docker_url: str
    project_name: str
    checkout: Path
    port: int
    packages: list[str] = field(default_factory=list)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    plugin_settings: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    ca_bundle: Path | None = None
    debug_toolbar: bool = True
    warm: bool = True
    browser_refresh: bool = True
    superuser_name: str = "admin"
    makemigrations: bool = True
    host_access: bool = False

    @property
    def id(self) -> str:
        return stack_id(self.plugin.root)

    @property
    def state(self) -> Path:
        return state_dir(self.plugin.root)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def image(self) -> str:
        """The name of the development image; no registry holds it."""
        return f"localhost/{self.project_name}:dev"

    def describe(self) -> dict[str, Any]:
        """Plain data for playbooks: the fact ``netbox_dev_stack``."""
        return {
            "id": self.id,
            "plugin_path": str(self.plugin.root),
            "package": self.plugin.package,
            "distribution": self.plugin.distribution,
            "uid": self.plugin.uid,
            "gid": self.plugin.gid,
            "netbox": self.netbox,
            "release": self.release,
            "netbox_docker_url": self.netbox_docker_url,
            "project_name": self.project_name,
            "checkout": str(self.checkout),
            "state": str(self.state),
            "port": self.port,
            "url": self.url,
            "image": self.image,
            "superuser_name": self.superuser_name,
        }


def _cast(wanted: type, value: Any) -> Any:
    """Variables given on a command line are strings: a number, a truth value or a list in words."""
    if not isinstance(value, str) or wanted is str:
        return value
    if wanted is int and value.isdigit():
        return int(value)
    if wanted is bool and value.lower() in ("true", "yes", "on", "1", "false", "no", "off", "0"):
        return value.lower() in ("true", "yes", "on", "1")
    if wanted is list:
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _check(origin: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return ``values`` with None dropped; raise InvalidProject for unknown keys and wrong types."""
    checked = {}
    for key, value in values.items():
        if key not in KEYS:
            raise InvalidProject(
                f"{origin}: unknown key '{key}'{nearest(str(key), KEYS)} Known keys: {', '.join(KEYS)}.", key=str(key)
            )
        if value is None:
            continue
        wanted = KEYS[key][0]
        if origin == OPTIONS:
            value = _cast(wanted, value)
        if wanted is str and isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise InvalidProject(
                f"{origin}: '{key}' must be of type {wanted.__name__}, found {type(value).__name__}: {value!r}.",
                key=key,
            )
        checked[key] = value
    return checked


def read_project_file(root: Path) -> dict[str, Any]:
    """Return the validated content of ``netbox-dev.yml``, or an empty dict where the plugin has none."""
    path = root / PROJECT_FILE
    if not path.is_file():
        return {}
    if yaml is None:
        raise InvalidProject(
            f"{PROJECT_FILE}: PyYAML is needed to read it; the role docker_host brings it to the node."
        )
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        values = _count(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidProject(f"{PROJECT_FILE}: not valid YAML: {error}", path=str(path)) from error
    if values > _MOST_VALUES:
        raise InvalidProject(f"{PROJECT_FILE}: more than {_MOST_VALUES} values are in it, aliases counted at each use.")
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InvalidProject(f"{PROJECT_FILE}: a mapping was expected at the top, found {type(data).__name__}.")
    return _check(PROJECT_FILE, data)


def _count(data: Any) -> int:
    """How many values there are, as far as that matters.

    Raises RecursionError for one that holds itself, and ValueError for what JSON has no words for.
    """
    if not isinstance(data, (dict, list, str, int, float, type(None))):
        raise ValueError(f"{data} is a {type(data).__name__}; if it is meant as text, put it in quotes")
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    found = 1
    for value in inner:
        found += _count(value)
        if found > _MOST_VALUES:
            break
    return found


def parse_project(text: bytes) -> dict[str, Any] | None:
    """What a text of the project file says, as plain data and not validated; None for what is no mapping."""
    try:
        data = yaml.safe_load(text)
        return dict(json.loads(json.dumps(data or {}, default=str)))
    except (AttributeError, ValueError, TypeError, yaml.YAMLError):
        return None


def check_category(name: str) -> str:
    """Return ``name``; raise UnknownCategory with the nearest known one otherwise."""
    if name not in CATEGORIES:
        raise UnknownCategory(
            f"unknown category '{name}'{nearest(name, CATEGORIES)} Known categories: {', '.join(CATEGORIES)}.",
            asked=name,
            known=list(CATEGORIES),
        )
    return name


def _rule(rule: Any) -> Rule:
    """Raises InvalidProject, UnknownCategory, UnknownAction or UnknownRole, each with the nearest known one."""
    keys = set(rule) if isinstance(rule, dict) else set()
    if keys not in ({"path", "category"}, {"path", "actions"}) or not isinstance(rule["path"], str):
        raise InvalidProject(f"rules: each rule has 'path' (a glob) and 'category' or 'actions', found {rule!r}.")
    if "category" in keys:
        if not isinstance(rule["category"], str):
            raise InvalidProject(f"rules: '{rule['path']}': a category was expected, found {rule['category']!r}.")
        return Rule(rule["path"], category=check_category(rule["category"]))
    if not isinstance(rule["actions"], dict) or not rule["actions"]:
        raise InvalidProject(
            f"rules: '{rule['path']}': actions with their roles were expected, such as 'reload: [worker]', "
            f"found {rule['actions']!r}."
        )
    actions = {str(action): _roles(rule["path"], str(action), roles) for action, roles in rule["actions"].items()}
    return Rule(rule["path"], actions=actions)


def _roles(path: str, action: str, roles: Any) -> tuple[str, ...]:
    if action not in ACTIONS:
        raise UnknownAction(
            f"rules: '{path}': unknown action '{action}'{nearest(action, ACTIONS)} "
            f"Known actions: {', '.join(ACTIONS)}.",
            asked=action,
        )
    listed = [roles] if isinstance(roles, str) else roles or []
    if not isinstance(listed, list) or bool(listed) != ACTIONS[action]:
        wanted = f"a list of roles ({', '.join(PYTHON_ROLES)})" if ACTIONS[action] else "no role: it is for no service"
        raise InvalidProject(f"rules: '{path}': '{action}' wants {wanted}, found {roles!r}.")
    for role in listed:
        if role not in PYTHON_ROLES:
            raise UnknownRole(
                f"rules: '{path}': unknown role '{role}'{nearest(str(role), PYTHON_ROLES)} "
                f"Known roles: {', '.join(PYTHON_ROLES)}.",
                asked=str(role),
            )
    return tuple(listed)


def _check_values(values: dict[str, Any]) -> None:
    if not 1 <= values["port"] <= 65535:
        raise InvalidProject(f"port: {values['port']} is not between 1 and 65535.")
    for name, service in values["services"].items():
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", str(name)):
            raise InvalidProject(f"services: '{name}' is not a service name (lower-case letters, digits, - and _).")
        if not isinstance(service, dict) or set(service) != {"command"} or not service["command"]:
            raise InvalidProject(
                f"services: '{name}' needs 'command' alone: a management command such as 'rqworker default'."
            )
    if values["project_name"] and not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", values["project_name"]):
        raise InvalidProject(f"project_name: '{values['project_name']}': lower-case letters, digits, - and _ only.")


def _check_origins(root: Path, values: dict[str, Any], from_file: Mapping[str, Any]) -> None:
    """What comes with a repository names no program of the node's, and no folder but its own."""
    if "host_access" in from_file:
        raise InvalidProject(
            f"{PROJECT_FILE}: host_access: who runs it decides that, with the variable netbox_dev_host_access."
        )
    if _NO_URL.match(values["netbox_docker_url"]):
        raise InvalidProject(
            f"netbox_docker_url: {values['netbox_docker_url']!r}: a URL or a path was expected that git fetches from "
            "by itself (https, ssh, git, file)."
        )
    version = values["netbox_docker_version"]
    if version and (not _VERSION.fullmatch(version) or ".." in version):
        raise InvalidProject(
            f"netbox_docker_version: {version!r}: a tag was expected, such as '{release_for(DEFAULT_NETBOX)}'."
        )
    inside = os.path.normpath(os.path.join(root, from_file.get("checkout", ".")))
    if not inside.startswith(os.path.join(root, "")) and "checkout" in from_file:
        raise InvalidProject(
            f"{PROJECT_FILE}: checkout: '{from_file['checkout']}' is not below the plugin's directory. Whoever wants "
            "it elsewhere says so with the variable netbox_dev_checkout."
        )


def _stacks_set_up() -> list[str]:
    """Roots of the plugins whose stacks were set up here; one whose state is damaged is left out."""
    roots = []
    for path in sorted(state_home().glob("*/options.json")):
        with contextlib.suppress(InvalidState):
            roots.append(str((read_json(path) or {}).get("root", "")))
    return [root for root in roots if root and Path(root).is_dir()]


def choose_path(given: str | None) -> str:
    """Return the plugin's path: the given one, the current directory's, or that of the only stack set up.

    Raises PluginNotFound, listing the stacks, when none of them says which.
    """
    if given:
        return given
    try:
        return str(find_plugin(".", read_project_file(Path()).get("package")).root)
    except PluginNotFound as error:
        if "candidates" in error.details:
            raise
        known = _stacks_set_up()
        if len(known) == 1:
            return str(known[0])
        found = f"{len(known)} stacks are set up: {', '.join(known)}" if known else "no stack is set up"
        raise PluginNotFound(
            f"plugin_path: none was given, the current directory is no plugin, and {found}. Give -e plugin_path=….",
            known=known,
        ) from None


def resolve(plugin_path: str | None, options: dict[str, Any] | None = None) -> Stack:
    """Put the plugin at ``plugin_path``, its project file and ``options`` together; options win.

    Raises PluginNotFound, InvalidProject, UnknownCategory or UnknownRelease.
    """
    given = _check(OPTIONS, options or {})
    plugin_path = choose_path(plugin_path)
    root = expanded(plugin_path)
    from_file = read_project_file(root) if root.is_dir() else {}
    values = {key: default for key, (_kind, default) in KEYS.items()}
    values.update(from_file)
    values.update(given)
    plugin = find_plugin(plugin_path, values["package"])
    _check_values(values)
    _check_origins(plugin.root, values, from_file)
    release = values["netbox_docker_version"]
    minor = values["netbox"].lstrip("v") if release else netbox_minor(values["netbox"])
    name = (
        values["project_name"] or f"netbox-dev-{plugin.package.replace('_', '-').lower()}-{stack_id(plugin.root)[:6]}"
    )
    return Stack(
        plugin=plugin,
        netbox=minor,
        release=release or release_for(minor),
        netbox_docker_url=values["netbox_docker_url"],
        project_name=name,
        checkout=(plugin.root / Path(values["checkout"]).expanduser()).resolve(),
        port=values["port"],
        packages=[str(p) for p in values["packages"]],
        services=values["services"],
        plugin_settings=values["plugin_settings"],
        settings=values["settings"],
        rules=[_rule(rule) for rule in values["rules"]],
        ca_bundle=Path(values["ca_bundle"]).expanduser() if values["ca_bundle"] else None,
        debug_toolbar=values["debug_toolbar"],
        warm=values["warm"],
        browser_refresh=values["browser_refresh"],
        superuser_name=values["superuser_name"],
        makemigrations=values["makemigrations"],
        host_access=values["host_access"],
    )


def remember_options(stack: Stack, options: dict[str, Any]) -> bool:
    """Keep the options a stack was set up with, so that later runs need only the plugin's path."""
    return write_json(
        stack.state / "options.json",
        {"options": _check(OPTIONS, options), "root": str(stack.plugin.root), "release": stack.release},
    )


def load(plugin_path: str | None, any_release: bool = False) -> Stack:
    """Return the stack that was set up for the plugin, with the options remembered then.

    Raises StackNotSetUp when there is none, or one of another release than is wanted now, unless that is all the same.
    """
    plugin_path = choose_path(plugin_path)
    plugin_root = expanded(plugin_path)
    saved = read_json(state_dir(plugin_root) / "options.json") if plugin_root.is_dir() else None
    stack = resolve(plugin_path, saved["options"] if saved else None)
    if saved is None:
        raise StackNotSetUp(
            f"no stack is set up for the plugin at '{stack.plugin.root}'. "
            "Run dev-setup.yml with this plugin_path first.",
            path=str(stack.plugin.root),
        )
    if saved.get("release") != stack.release and not any_release:
        raise StackNotSetUp(
            f"NetBox {stack.netbox} (netbox-docker {stack.release}) is wanted now, and the stack was set up with "
            f"netbox-docker {saved.get('release')}. Run dev-setup.yml: it moves the checkout and migrates.",
            path=str(stack.plugin.root),
        )
    return stack
