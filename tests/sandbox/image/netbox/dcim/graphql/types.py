# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL types of dcim."""

from __future__ import annotations

import strawberry_django

from dcim.models import Device, Site
from netbox.graphql.types import NetBoxObjectType


@strawberry_django.type(Site, fields=["id", "name", "slug", "status", "created", "last_updated"])
class SiteType(NetBoxObjectType):
    """Site."""


@strawberry_django.type(Device, fields=["id", "name", "serial", "created", "last_updated"])
class DeviceType(NetBoxObjectType):
    """Device."""

    site: SiteType
