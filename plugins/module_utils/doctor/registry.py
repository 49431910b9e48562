# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks, causes before what follows from them."""

from __future__ import annotations

from . import code, data, machine, origin, services
from .check import Check

CHECKS: tuple[Check, ...] = (
    *machine.CHECKS,
    *origin.CHECKS,
    *services.CHECKS,
    *code.CHECKS,
    *services.AFTER_PLUGIN,
    *data.DATABASE,
    *data.SCHEMA,
    *data.FILES,
    *data.REDIS,
    *code.AFTER_SERVICES,
    *code.LAST,
    *origin.LAST,
)
