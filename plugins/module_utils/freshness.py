# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a service fresh: was the process that runs now started from the code, configuration and image on disk?"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .runtime.digest import code_digest, tree_digest
from .stack import Stack
from .state import read_json

FRESH = ""
OTHER_CODE = "it runs other code than"
PAUSED = "it is paused"
OTHER_PACKAGES = "other packages are installed in it than in its image"


# By so much a process has to outlive one that ended soon after its start.
_LONGER_S = 1.0


@dataclass(frozen=True)
class Verdict:
    """What one service needs (``""``, ``recreate``, ``restart``, ``reload`` or ``start``), and why."""

    service: str
    needs: str
    why: str
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Disk:
    """What is on disk now, as the services should have it."""

    code: str
    config: str
    image: str | None
    services: Mapping[str, str]
    created: Mapping[str, Any]
    # Of what the image has installed; empty where that was not recorded.
    packages: str = ""


def disk_code(stack: Stack) -> str:
    """The digest of the code on disk, as the services' supervisors make it of what they run."""
    return code_digest(str(stack.plugin.package_dir), str(stack.state / "run"))


def read_disk(stack: Stack, image: str | None, compose_config: Mapping[str, Any]) -> Disk:
    """Digest the package, the configuration that the containers mount, and each service's Compose configuration."""
    services = compose_config.get("services", {})
    return Disk(
        code=disk_code(stack),
        config=tree_digest(str(stack.checkout / "configuration"), str(stack.state / "runtime")),
        image=image,
        services={name: _sha256(service) for name, service in services.items()},
        created=(read_json(stack.state / "services.json") or {}).get("services", {}),
        packages=(read_json(stack.state / "image.json") or {}).get("packages", ""),
    )


def _sha256(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def created_from(disk: Disk, service: str, container: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of a container's creation: our digest of its configuration, the one Compose wrote on it, and one of
    what the engine made of it.

    Compose's own ``config --hash`` is no help: it differs from what ``up`` writes, and that from what ``up --no-deps``
    writes of the same.
    """
    label = container["Config"]["Labels"].get("com.docker.compose.config-hash", "")
    return {"config": disk.services.get(service, ""), "label": label, "made": _sha256(_made(container))}


def _made(container: Mapping[str, Any]) -> dict[str, Any]:
    """A container's configuration but for what is of this one alone; Compose gives lists in any order."""
    own = {key: value for key, value in container["Config"].items() if key not in ("Hostname", "Image", "Labels")}
    host = dict(container.get("HostConfig", {}))
    for part, key in ((own, "Env"), (host, "Binds"), (host, "Mounts")):
        part[key] = sorted(json.dumps(one, sort_keys=True) for one in part.get(key) or [])
    return {"own": own, "host": host}


def _created_otherwise(disk: Disk, service: str, container: Mapping[str, Any]) -> bool:
    """Whether a container is of another configuration than Compose's is now, whoever created it."""
    recorded, now = disk.created.get(service, {}), created_from(disk, service, container)
    return recorded.get("config") != now["config"] or not any(
        recorded.get(key) == now[key] for key in ("label", "made")
    )


def connected(container: Mapping[str, Any]) -> bool:
    """Whether a running container is in any network, be it the host's or none at all by wish."""
    return bool(container["NetworkSettings"]["Networks"])


def told_by(stack: Stack, service: str) -> dict[str, Any]:
    """What the service's supervisor says that it runs; empty when it has said nothing."""
    try:
        data = json.loads((stack.state / "run" / f"{service}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def judge(
    stack: Stack, service: str, container: Mapping[str, Any] | None, disk: Disk, packages: str | None = None
) -> Verdict:
    """Compare one service's container and supervisor with the disk; the strongest need decides.

    ``packages`` is the digest of what is installed in the container, where it was asked.
    """
    told = told_by(stack, service)

    def needs(action: str, why: str) -> Verdict:
        return Verdict(service, action, why, told)

    if container is None:
        return needs("recreate", "there is no container")
    if _created_otherwise(disk, service, container):
        return needs("recreate", "its Compose configuration changed")
    if disk.image and container["Image"] != disk.image:
        return needs("recreate", "the image was built anew")
    if not container["State"]["Running"]:
        return needs("recreate", f"it is {container['State']['Status']}")
    if not connected(container):
        return needs("recreate", "its network is gone")
    if packages and disk.packages and packages != disk.packages:
        return needs("recreate", OTHER_PACKAGES)
    if container["State"].get("Paused"):
        return needs("start", PAUSED)
    if told.get("container") != container["Config"]["Hostname"]:
        return needs("reload", "it has not said yet what it runs")
    if told["config"] != disk.config:
        return needs("restart", "configuration files changed")
    if told["code"] != disk.code:
        return needs("reload", f"{OTHER_CODE} {os.path.basename(stack.plugin.package_dir)}/ holds")
    lived = told.get("lived", 0)
    if lived and abs(time.time() - told["since"]) < lived + _LONGER_S:
        return needs("reload", f"its process ended {lived:.1f} s after its start, and the next one may")
    return Verdict(service, FRESH, "", told)
