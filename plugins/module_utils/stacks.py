# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stacks of one machine: all that its engine has containers of, whoever's they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .engine import ROLE_LABEL, Engine
from .matrix import WEB


def find_stacks(engine: Engine) -> list[dict[str, Any]]:
    """``{id, project_name, plugin_path, there: whether the path is, url, services, running}`` each, by path.

    ``services`` and ``running`` count those that run NetBox.
    """
    return sorted((_described(*one) for one in engine.stacks().items()), key=lambda stack: str(stack["plugin_path"]))


def _described(stack: str, containers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    web = next((one for one in containers if one["Config"]["Labels"].get(ROLE_LABEL) == WEB), containers[0])
    variables = dict(line.partition("=")[::2] for line in web["Config"]["Env"] or [])
    place = variables.get("NETBOX_DEV_REPOSITORY")
    path = next((mount["Source"] for mount in web["Mounts"] if mount["Destination"] == place), "")
    bindings = (web["HostConfig"].get("PortBindings") or {}).get("8080/tcp") or []
    return {
        "id": stack,
        "project_name": web["Config"]["Labels"]["com.docker.compose.project"],
        "plugin_path": path,
        "there": os.path.isdir(path),
        "url": f"http://127.0.0.1:{bindings[0]['HostPort']}" if bindings else "",
        "services": len(containers),
        "running": sum(bool(one["State"].get("Running")) for one in containers),
    }


def table(stacks: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line a stack, for a person."""
    if not stacks:
        return ["this machine has no stack"]
    rows = [("plugin", "address", "running", "project")]
    for one in stacks:
        gone = "" if one["there"] else " (gone)"
        path = f"{one['plugin_path']}{gone}" if one["plugin_path"] else "unknown"
        rows.append((path, one["url"] or "-", f"{one['running']} of {one['services']}", one["project_name"]))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]) for row in rows]
