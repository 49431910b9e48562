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

# The number of the last migration of each of NetBox's apps, by the releases of RELEASES in their order. Source: the
# last patch release of each (4.7: its first beta).
_MIGRATIONS: dict[str, tuple[int, ...]] = {
    "account": (1, 1, 1, 1, 1, 1, 1),
    "circuits": (44, 51, 52, 52, 56, 59, 60),
    "core": (12, 13, 15, 19, 21, 24, 26),
    "dcim": (191, 200, 210, 216, 227, 241, 250),
    "extras": (121, 123, 129, 133, 134, 140, 143),
    "ipam": (70, 76, 82, 83, 86, 94, 97),
    "tenancy": (15, 17, 20, 20, 23, 24, 26),
    "users": (11, 11, 11, 12, 15, 16, 16),
    "virtualization": (40, 48, 48, 48, 52, 57, 60),
    "vpn": (5, 7, 9, 9, 11, 12, 13),
    "wireless": (9, 13, 15, 15, 18, 20, 23),
}


def missing_parent(error: str) -> str:
    """What to do about a migration whose parent this NetBox does not have, by Django's words; empty for another error.

    Which NetBox has it is told where one does: a plugin's migrations are written against one NetBox and run in others.
    """
    match = re.search(r"nonexistent parent node \('(\w+)', '((\d+)_\w*|\w+)'\)", error)
    if not match:
        return ""
    app, name, number = match.groups()
    if app not in _MIGRATIONS:
        return (
            f"'{app}' is no app of NetBox's own: is the plugin that it belongs to missing, or its migration '{name}'?"
        )
    first = _first_with(app, number)
    if first == next(iter(RELEASES)):
        return f"No NetBox from {first} on is known to have the migration '{name}' of '{app}'."
    if first is None:
        return f"No NetBox up to {list(RELEASES)[-1]} has the migration '{name}' of '{app}'."
    return (
        f"NetBox {first} is the first to have the migration '{name}' of '{app}': choose it with 'netbox: \"{first}\"' "
        "in netbox-dev.yml and run hedgehog.netbox_dev.dev_setup, or let the plugin's migration depend on one "
        "that this NetBox has."
    )


def first_netbox(error: str) -> str:
    """Which NetBox has a migration that is applied and that this one lacks, by our words; empty for another error."""
    match = re.search(r"this NetBox has no file of: (\w+)\.((\d+)_\w*)", error)
    app, name, number = match.groups() if match else ("", "", "")
    first = _first_with(app, number)
    return f"NetBox {first} is the first to have the migration '{name}' of '{app}'." if first else ""


def _first_with(app: str, number: str | None) -> str | None:
    found = zip(RELEASES, _MIGRATIONS.get(app, ()))
    return next((minor for minor, last in found if int(number or 0) <= last), None)


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
