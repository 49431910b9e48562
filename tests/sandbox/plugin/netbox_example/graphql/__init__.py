# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""GraphQL: NetBox takes `schema` from here."""

from __future__ import annotations

from netbox_example.graphql.schema import schema

__all__ = ("schema",)
