# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL queries of extras."""

from __future__ import annotations

import strawberry
import strawberry_django

from extras.graphql.types import CustomFieldType, TagType


@strawberry.type
class ExtrasQuery:
    tag: TagType = strawberry_django.field()
    tag_list: list[TagType] = strawberry_django.field()
    custom_field: CustomFieldType = strawberry_django.field()
    custom_field_list: list[CustomFieldType] = strawberry_django.field()
