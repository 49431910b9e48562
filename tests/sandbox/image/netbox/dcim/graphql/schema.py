# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL queries of dcim."""

from __future__ import annotations

import strawberry
import strawberry_django

from dcim.graphql.types import DeviceType, SiteType


@strawberry.type
class DCIMQuery:
    site: SiteType = strawberry_django.field()
    site_list: list[SiteType] = strawberry_django.field()
    device: DeviceType = strawberry_django.field()
    device_list: list[DeviceType] = strawberry_django.field()
