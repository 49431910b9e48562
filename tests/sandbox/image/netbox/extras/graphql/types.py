# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL types of extras."""

from __future__ import annotations

import strawberry_django

from extras.models import CustomField, Tag
from netbox.graphql.types import NetBoxObjectType


@strawberry_django.type(Tag, fields=["id", "name", "slug", "color"])
class TagType(NetBoxObjectType):
    """Tag."""


@strawberry_django.type(CustomField, fields=["id", "name", "type", "required"])
class CustomFieldType(NetBoxObjectType):
    """CustomField."""
