# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make a netbox-docker checkout a development stack: the override and what the containers mount."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from importlib.abc import InspectLoader
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from .compose import BASE_FILES, OVERRIDE, Compose
from .contents import reads_metadata
from .engine import ROLE_LABEL, STACK_LABEL
from .errors import ForeignOverride, InvalidProject
from .host_access import refuse_host_access
from .image import build_context, write_context
from .matrix import WEB
from .runtime import (
    ask,
    beside,
    binding,
    child,
    command,
    compiles,
    configuration,
    digest,
    drain,
    drift,
    hints,
    install,
    jobs,
    local_settings,
    measure,
    netbox,
    outcomes,
    plugin_coverage,
    probe,
    pytests,
    queues,
    refresh,
    schema,
    supervise,
    surroundings,
    task,
    testdb,
    testing,
    toolbar,
    travel,
    warm,
)
from .services import command_words, python_services, role_of_command, supervised
from .stack import Stack
from .state import write_atomic

try:
    import yaml
except ImportError:
    yaml = None  # type: ignore[assignment]

NETBOX_DIR = "/opt/netbox/netbox"
REPOSITORIES = "/opt/netbox-dev"
PYTHON = "/opt/netbox/venv/bin/python"
RUNTIME_PACKAGE = "netbox_dev_runtime"
STATIC_VOLUME = "netbox-static-files"
# Imported only so that they come to the managed node with this module; they run in the containers.
_RUNTIME_MODULES = (
    ask,
    beside,
    binding,
    child,
    command,
    compiles,
    configuration,
    digest,
    drain,
    drift,
    hints,
    jobs,
    local_settings,
    measure,
    netbox,
    outcomes,
    plugin_coverage,
    probe,
    pytests,
    queues,
    refresh,
    schema,
    supervise,
    surroundings,
    task,
    warm,
    testdb,
    testing,
    toolbar,
    travel,
)
# netbox-docker asks Redis each second, which keeps a tenth of a core busy, and has everybody wait ten for PostgreSQL.
_BACKING_INTERVAL = "5s"
_MARK = "# Written by hedgehog.netbox_dev, content "
# Of a difference, so that it fits a screen with all else.
_SHOWN, _WIDE = 12, 110
OURS, EDITED, FOREIGN = "ours", "edited", "foreign"


def runtime_source(module: ModuleType) -> bytes:
    """The source of a runtime module, also where modules are imported from an archive."""
    loader = module.__spec__.loader if module.__spec__ else None
    # Not an isinstance test: zipimport's loader, which Ansible's archive brings, is no registered InspectLoader.
    source = cast(InspectLoader, loader).get_source(module.__name__)
    if source is None:
        raise ImportError(f"the source of {module.__name__} is not there to be mounted")
    return source.encode()


def runtime_files(stack: Stack) -> dict[str, bytes]:
    """What is mounted at ``/opt/netbox-dev/.runtime``, by relative path."""
    wishes = {
        "package": stack.plugin.package,
        "plugin_settings": stack.plugin_settings,
        "settings": stack.settings,
        "debug_toolbar": stack.debug_toolbar,
        "browser_refresh": stack.browser_refresh,
    }
    files = {f"{RUNTIME_PACKAGE}/{m.__name__.rsplit('.', 1)[-1]}.py": runtime_source(m) for m in _RUNTIME_MODULES}
    files[f"{RUNTIME_PACKAGE}/__init__.py"] = b""
    files["settings.json"] = json.dumps(wishes, indent=1, sort_keys=True).encode()
    return files


def _container_user(stack: Stack, rootless: bool) -> str:
    # The developer's own ids, so that what the stack writes into the plugin belongs to the developer.
    return "0:0" if rootless else f"{stack.plugin.uid}:{stack.plugin.gid}"


def _health(base: Mapping[str, Any], role: str) -> dict[str, Any]:
    # Only the web service is waited for by others; each check costs a process.
    quick: dict[str, Any] = {
        "interval": "3s" if role == WEB else "10s",
        "timeout": "3s",
        "retries": 5,
        # What a start may take on a busy machine, a little less than is waited for it: Compose gives up where others
        # wait for an unhealthy service. That code does not start is known from the supervisor, long before.
        "start_period": "150s",
    }
    test = base.get("healthcheck", {}).get("test")
    if role == WEB:
        # One that has its time limit from the engine alone goes on waiting, and there are ever more of them.
        asked = f"curl -fsS -m 3 -H '{toolbar.HEADER}: health' -o /dev/null http://localhost:8080/login/"
        quick["test"] = ["CMD-SHELL", f"{asked} || exit 1"]
    elif test:
        quick["test"] = test
    return quick


def make_override(
    stack: Stack, base: Mapping[str, Any], rootless: bool = False, platform: str = sys.platform
) -> dict[str, Any]:
    """Return the override as data. ``base`` is the checkout's own configuration as Compose reads it."""
    plugin = stack.plugin
    roles = python_services(base)
    commands = {name: supervised(command_words(base["services"][name])) for name in roles}
    for name, extra in stack.services.items():
        if name in base["services"] and roles.get(name, WEB) == WEB:
            raise InvalidProject(
                f"services: '{name}' is netbox-docker's own and no worker; choose another name for yours.",
                name=name,
            )
        words = extra["command"].split() if isinstance(extra["command"], str) else [str(w) for w in extra["command"]]
        roles[name] = role_of_command(words)
        commands[name] = ["manage", *words]
    # On Linux a bind mount is the file system itself; elsewhere it goes through a virtual machine.
    consistency = {} if platform.startswith("linux") else {"consistency": "cached"}

    def bind(source: Path, target: str, read_only: bool = False) -> dict[str, Any]:
        mount: dict[str, Any] = {"type": "bind", "source": str(source), "target": target, **consistency}
        return {**mount, "read_only": True} if read_only else mount

    runtime = stack.state / "runtime"
    volumes = [
        bind(plugin.package_dir, f"{NETBOX_DIR}/{plugin.package}"),
        bind(plugin.root, f"{REPOSITORIES}/{plugin.distribution}"),
        bind(runtime, f"{REPOSITORIES}/.runtime", read_only=True),
        bind(stack.state / "run", f"{REPOSITORIES}/.run"),
        bind(runtime / RUNTIME_PACKAGE / "local_settings.py", f"{NETBOX_DIR}/netbox/local_settings.py", read_only=True),
        {"type": "volume", "source": STATIC_VOLUME, "target": f"{NETBOX_DIR}/static"},
    ]
    environment = {
        "COVERAGE_FILE": f"{REPOSITORIES}/{plugin.distribution}/.coverage",
        "DEBUG": "true",
        "DEVELOPER": "true",
        "HOME": "/tmp",
        "NETBOX_CONFIGURATION": f"{RUNTIME_PACKAGE}.configuration",
        "NETBOX_DEV_PACKAGE": plugin.package,
        "NETBOX_DEV_REPOSITORY": f"{REPOSITORIES}/{plugin.distribution}",
        "NETBOX_DEV_WARM": str(stack.warm).lower(),
        "PYTHONPATH": f"{REPOSITORIES}/.runtime",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    if stack.ca_bundle:
        environment.update(SSL_CERT_FILE=f"{REPOSITORIES}/ca.crt", REQUESTS_CA_BUNDLE=f"{REPOSITORIES}/ca.crt")
    web = base["services"]["netbox"]
    services = {}
    for name, role in sorted(roles.items()):
        own = base["services"].get(name, {})
        service: dict[str, Any] = {
            "image": stack.image,
            "user": _container_user(stack, rootless),
            "group_add": ["0"],
            "entrypoint": [PYTHON, "-m", f"{RUNTIME_PACKAGE}.supervise"],
            "command": commands[name],
            "environment": {**environment, "NETBOX_DEV_SERVICE": name},
            "labels": {STACK_LABEL: stack.id, ROLE_LABEL: role},
            "healthcheck": _health(own, role),
            "volumes": volumes,
            "stop_grace_period": "15s",
        }
        if role == WEB:
            service["build"] = {
                "context": str(stack.state / "image"),
                "target": "development",
                "args": {"BASE_IMAGE": web["image"]},
            }
            service["ports"] = [f"127.0.0.1:{stack.port}:8080"]
        else:
            service["pull_policy"] = "never"
        if name not in base["services"]:
            # An extra service has what NetBox's own have: environment, files, and the wait for the web service.
            service["env_file"] = f"{stack.checkout}/env/netbox.env"
            service["depends_on"] = {"netbox": {"condition": "service_healthy"}}
            service["volumes"] = [*_base_volumes(web), *volumes]
            service["healthcheck"] = {
                **_health({}, role),
                "test": ["CMD-SHELL", f'grep -q \'"error": ""\' {REPOSITORIES}/.run/{name}.json'],
            }
        services[name] = service
    for name, base_service in base["services"].items():
        if name not in services and base_service.get("healthcheck", {}).get("test"):
            services[name] = {"healthcheck": {"interval": _BACKING_INTERVAL}}
    return {"name": stack.project_name, "services": services, "volumes": {STATIC_VOLUME: {"driver": "local"}}}


def _base_volumes(web: Mapping[str, Any]) -> list[dict[str, Any]]:
    kept = ("type", "source", "target", "read_only")
    return [{key: volume[key] for key in kept if key in volume} for volume in web.get("volumes", [])]


def render(override: Mapping[str, Any]) -> str:
    """The override as YAML, with a mark by which later runs see that it is ours and unedited."""
    # A dollar sign in a path or a setting is not a variable.
    body = yaml.safe_dump(_escape(override), sort_keys=False, allow_unicode=True, width=120)
    return f"{_MARK}{hashlib.sha256(body.encode()).hexdigest()}\n{body}"


def _escape(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: _escape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escape(item) for item in value]
    return value


def authorship(text: str) -> str:
    """Whose an override is: OURS, ours but EDITED by hand, or FOREIGN; empty where there is none."""
    first, _end, body = text.partition("\n")
    match = re.fullmatch(re.escape(_MARK) + r"([0-9a-f]{64})", first)
    if not match:
        return FOREIGN if text else ""
    return OURS if match.group(1) == hashlib.sha256(body.encode()).hexdigest() else EDITED


def check_ours(path: Path, wanted: str) -> str:
    """Return the override that is there (empty when none); raise ForeignOverride when it is not as we wrote it."""
    if not path.exists():
        return ""
    found = path.read_text(encoding="utf-8", errors="replace")
    author = authorship(found)
    if author == OURS:
        return found
    whose = "was edited by hand since it was written" if author == EDITED else "was not written by this collection"
    lines = list(difflib.unified_diff(found.splitlines(), wanted.splitlines(), "found", "wanted", lineterm="", n=0))
    more = [f"… and {len(lines) - _SHOWN} more lines"] if len(lines) > _SHOWN else []
    difference = "\n".join([*(line[:_WIDE] for line in lines[:_SHOWN]), *more])
    raise ForeignOverride(
        f"'{path}' {whose}, and is left alone. Move what you need of it into netbox-dev.yml (services, settings, port) "
        f"and the file out of the way, then run again. The difference:\n{difference}",
        path=str(path),
    )


def write_files(stack: Stack, compose: Compose, rootless: bool, check: bool) -> dict[str, Any]:
    """Bring override, runtime and build context to what the stack is now.

    Returns ``{changed: [names], before: text, after: text, override: data}``, the texts being the override's. Raises
    ForeignOverride for an override that is not ours, and InvalidProject for a checkout that reaches the node; nothing
    is written then.
    """
    base = compose.config(files=BASE_FILES)
    refuse_host_access(stack, base)
    override = make_override(stack, base, rootless)
    wanted = render(override)
    path = stack.checkout / OVERRIDE
    before = check_ours(path, wanted)
    owner = (stack.plugin.uid, stack.plugin.gid)
    state = stack.state
    if not check:
        for folder in (state, state / "run"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _give(folder, owner)
    changed = [f"runtime/{n}" for n in write_context(state / "runtime", runtime_files(stack), check)]
    context = build_context(stack, runtime_source(install))
    versioned = reads_metadata(stack.plugin.package_dir)
    changed += [f"image/{n}" for n in write_context(state / "image", context, check, versioned)]
    if before != wanted:
        changed.append(OVERRIDE)
        if not check:
            # The checkout is in the plugin, where whatever the containers run can put a link.
            write_atomic(path, wanted, 0o644)
    if not check and changed:
        for here, _folders, names in os.walk(state):
            for name in [".", *names]:
                _give(Path(here) / name, owner)
    return {"changed": changed, "before": before, "after": wanted, "override": override}


def _give(path: Path, owner: tuple[int, int]) -> None:
    """State belongs to the developer, also when root runs the play."""
    if os.geteuid() == 0 and os.lstat(path).st_uid != owner[0]:
        os.lchown(path, *owner)
