# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""GraphQL types."""

from __future__ import annotations

import strawberry_django

from netbox.graphql.types import NetBoxObjectType
from netbox_example.models import Fabric, Switch


@strawberry_django.type(Fabric, fields=["id", "name", "description"])
class ExampleFabricType(NetBoxObjectType):
    """A fabric."""


@strawberry_django.type(Switch, fields=["id", "name", "role"])
class ExampleSwitchType(NetBoxObjectType):
    """A switch."""

    fabric: ExampleFabricType
