# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL schema: the core apps' queries and those of plugins."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry_django.optimizer import DjangoOptimizerExtension

from core.graphql.schema import CoreQuery
from dcim.graphql.schema import DCIMQuery
from extras.graphql.schema import ExtrasQuery
from netbox.registry import registry
from users.graphql.schema import UsersQuery

__all__ = ("Query", "schema")


@strawberry.type
class Query(
    UsersQuery,
    CoreQuery,
    DCIMQuery,
    ExtrasQuery,
    *registry["plugins"]["graphql_schemas"],
):
    """The root of all queries."""


schema = strawberry.Schema(
    query=Query,
    config=StrawberryConfig(auto_camel_case=False),
    extensions=[DjangoOptimizerExtension(prefetch_custom_queryset=True)],
)
