# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots as plain data, and as a table for people."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from .database import Described, size_text


def by_age(found: Mapping[str, Described]) -> list[str]:
    """Names, the newest first."""
    return sorted(found, key=lambda name: float(found[name].said["made"]), reverse=True)


def state_of(applied: Iterable[str]) -> str:
    """Twelve hex digits that stand for a set of applied migrations."""
    return hashlib.sha256("\n".join(sorted(applied)).encode()).hexdigest()[:12]


def describe(name: str, found: Described) -> dict[str, Any]:
    """A snapshot as plain data."""
    said = found.said
    return {
        "name": name,
        "database": found.name,
        "size": found.size,
        "made": datetime.fromtimestamp(said["made"], timezone.utc).isoformat(timespec="seconds"),
        "comment": said["comment"],
        "branch": said["branch"],
        "commit": said["head"],
        "netbox": said["netbox"],
        "state": said["state"],
        "redis": "redis" in said["parts"],
        "media": "media" in said["parts"],
    }


def listed(found: Mapping[str, Described], current: str) -> list[str]:
    """A table for a person; ``current`` is the migration state that the database has now."""
    if not found:
        return ["no snapshots; snapshot.yml -e snapshot=NAME makes one"]
    rows = [("snapshot", "age", "size", "branch", "commit", "migrations", "NetBox", "with", "")]
    for name in by_age(found):
        one = found[name]
        state = one.said["state"] + ("" if one.said["state"] == current else " (other than now)")
        rows.append(
            (
                name,
                age_text(time.time() - float(one.said["made"])),
                size_text(one.size),
                one.said["branch"] or "-",
                one.said["head"][:9] or "-",
                state,
                one.said["netbox"],
                " ".join(one.said["parts"]) or "-",
                one.said["comment"],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(8)]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[8]]).rstrip() for row in rows]
    total = size_text(sum(one.size for one in found.values()))
    return [*lines, f"{len(found)} snapshot{'' if len(found) == 1 else 's'}, {total}"]


def age_text(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
