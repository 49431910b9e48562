# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which netbox-docker release carries which NetBox. The table is the only place that knows.

Source: the releases of netbox-docker; an image's tag is ``v<NetBox minor>-<netbox-docker release>``.
"""

from __future__ import annotations

import re

from .errors import UnknownRelease, nearest

DEFAULT_NETBOX = "4.3"

RELEASES: dict[str, str] = {
    "4.1": "3.0.2",
    "4.2": "3.2.0",
    "4.3": "3.3.0",
    "4.4": "3.4.0",
    "4.5": "4.0.0",
    "4.6": "5.0.1",
    "4.7": "5.1.1",
}


def netbox_minor(version: str) -> str:
    """Return ``4.3`` for ``4.3``, ``v4.3`` or ``4.3.7``.

    Raises UnknownRelease, naming the known ones, for anything the table does not hold.
    """
    match = re.fullmatch(r"v?(\d+\.\d+)(\.\d+)?", version.strip())
    minor = match.group(1) if match else version.strip()
    if minor not in RELEASES:
        known = ", ".join(RELEASES)
        raise UnknownRelease(
            f"netbox: '{version}' was asked for, and no netbox-docker release is known for it{nearest(minor, RELEASES)}"
            f" Known: {known}. For another one, name its release with netbox_docker_version.",
            asked=version,
            known=list(RELEASES),
        )
    return minor


def release_for(version: str) -> str:
    """Return the netbox-docker release for a NetBox version (``4.3`` → ``3.3.0``)."""
    return RELEASES[netbox_minor(version)]
