# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The base of GraphQL types."""

from __future__ import annotations

import strawberry

__all__ = ("NetBoxObjectType",)


@strawberry.type
class NetBoxObjectType:
    """What every object's type has."""

    @strawberry.field
    def display(self) -> str:
        return str(self)
