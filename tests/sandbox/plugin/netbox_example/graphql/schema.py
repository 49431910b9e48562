# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""GraphQL queries."""

from __future__ import annotations

import strawberry
import strawberry_django

from netbox_example.graphql.types import ExampleFabricType, ExampleSwitchType


@strawberry.type(name="Query")
class ExampleQuery:
    example_fabric: ExampleFabricType = strawberry_django.field()
    example_fabric_list: list[ExampleFabricType] = strawberry_django.field()
    example_switch: ExampleSwitchType = strawberry_django.field()
    example_switch_list: list[ExampleSwitchType] = strawberry_django.field()


schema = [ExampleQuery]
