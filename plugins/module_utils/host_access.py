# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a netbox-docker checkout's own configuration would reach of the node, beyond containers of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import InvalidProject
from .stack import Stack

_LOOPBACK = ("127.0.0.1", "::1")
# What takes a container's walls away, runs a program of the node's, or builds with what is on it.
_KEYS = (
    *("build", "cap_add", "cgroup_parent", "credential_spec", "device_cgroup_rules", "devices", "gpus", "post_start"),
    *("pre_stop", "privileged", "provider", "security_opt", "use_api_socket", "volumes_from"),
)
_NAMESPACES = ("cgroup", "ipc", "network_mode", "pid", "userns_mode", "uts")


def refuse_host_access(stack: Stack, base: Mapping[str, Any]) -> None:
    """Raises InvalidProject for a configuration, as Compose has it, that reaches out, unless that was allowed."""
    found = [] if stack.host_access else [*_reached(base, os.path.realpath(stack.checkout))]
    if found:
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise InvalidProject(
            f"'{stack.checkout}/docker-compose.yml' reaches the machine that it runs on: {'; '.join(found[:5])}{more}. "
            "netbox-docker's own does not, and its passwords are known to all. Nothing was started. Publish ports on "
            "127.0.0.1, or, if you trust whoever wrote it, set the variable netbox_dev_host_access=true.",
            found=found,
        )


def _reached(base: Mapping[str, Any], checkout: str) -> Iterator[str]:
    for name, service in base["services"].items():
        yield from (f"{name}: {key}" for key in _KEYS if service.get(key))
        yield from (f"{name}: {key}: {service[key]}" for key in _NAMESPACES if _is_foreign(service.get(key)))
        for port in service.get("ports") or []:
            if port.get("host_ip") not in _LOOPBACK:
                yield f"{name}: port {port.get('published', port.get('target'))} on {port.get('host_ip') or 'all'}"
        for volume in service.get("volumes") or []:
            if volume.get("type") == "bind" and not _is_within(volume["source"], checkout):
                yield f"{name}: '{volume['source']}'"
    for kind in ("volumes", "secrets", "configs"):
        for name, one in (base.get(kind) or {}).items():
            options = (one or {}).get("driver_opts") or {}
            place = options.get("device") or (one or {}).get("file")
            if place and not _is_within(place, checkout):
                yield f"{kind}: {name}: '{place}'"


def _is_foreign(namespace: Any) -> bool:
    return str(namespace or "").partition(":")[0] in ("host", "container")


def _is_within(path: str, folder: str) -> bool:
    return Path(folder) in Path(os.path.realpath(path)).parents
