# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a service fresh: was the process that runs now started from the code, configuration and image on disk?"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional

from .runtime.digest import code_digest, tree_digest
from .stack import Stack

FRESH = ""
OTHER_CODE = "it runs other code than"


@dataclass(frozen=True)
class Verdict:
    """What one service needs (``""``, ``recreate``, ``restart`` or ``reload``), and why."""

    service: str
    needs: str
    why: str
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Disk:
    """What is on disk now, as the services should have it."""

    code: str
    config: str
    image: Optional[str]
    hashes: Mapping[str, str]


def read_disk(stack: Stack, image: Optional[str], hashes: Mapping[str, str]) -> Disk:
    """Digest the package and the configuration that the containers mount."""
    return Disk(
        code=code_digest(str(stack.plugin.package_dir)),
        config=tree_digest(str(stack.checkout / "configuration"), str(stack.state / "runtime")),
        image=image,
        hashes=hashes,
    )


def told_by(stack: Stack, service: str) -> dict[str, Any]:
    """What the service's supervisor says that it runs; empty when it has said nothing."""
    try:
        data = json.loads((stack.state / "run" / f"{service}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def judge(stack: Stack, service: str, container: Optional[Mapping[str, Any]], disk: Disk) -> Verdict:
    """Compare one service's container and supervisor with the disk; the strongest need decides."""
    told = told_by(stack, service)

    def needs(action: str, why: str) -> Verdict:
        return Verdict(service, action, why, told)

    if container is None:
        return needs("recreate", "there is no container")
    labels = container["Config"]["Labels"]
    if labels.get("com.docker.compose.config-hash") != disk.hashes.get(service):
        return needs("recreate", "its Compose configuration changed")
    if disk.image and container["Image"] != disk.image:
        return needs("recreate", "the image was built anew")
    if not container["State"]["Running"]:
        return needs("recreate", f"it is {container['State']['Status']}")
    if told.get("container") != container["Config"]["Hostname"]:
        return needs("reload", "it has not said yet what it runs")
    if told["config"] != disk.config:
        return needs("restart", "configuration files changed")
    if told["code"] != disk.code:
        return needs("reload", f"{OTHER_CODE} {os.path.basename(stack.plugin.package_dir)}/ holds")
    return Verdict(service, FRESH, "", told)
