# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""How fields are written into migrations."""

from __future__ import annotations

from typing import Any

from django.db import models

# These change nothing in the database: NetBox keeps them out of migrations.
EXEMPT_ATTRS = ("choices", "help_text", "verbose_name")

_stock_deconstruct = models.Field.deconstruct


def custom_deconstruct(field: models.Field) -> tuple[str, str, list[Any], dict[str, Any]]:
    """Field.deconstruct() without the exempt attributes."""
    name, path, args, kwargs = _stock_deconstruct(field)
    return name, path, args, {key: value for key, value in kwargs.items() if key not in EXEMPT_ATTRS}
