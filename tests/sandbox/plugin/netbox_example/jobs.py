# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Background jobs."""

from __future__ import annotations

from netbox_example.models import Switch

RESULT = "synced"


def sync_switches() -> str:
    """Pretend to talk to the switches; the result says which code ran."""
    return f"{RESULT} {Switch.objects.count()} switches"
