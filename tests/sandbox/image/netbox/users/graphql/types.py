# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL types of users."""

from __future__ import annotations

import strawberry_django

from netbox.graphql.types import NetBoxObjectType
from users.models import Token, User


@strawberry_django.type(User, fields=["id", "username", "email", "is_active"])
class UserType(NetBoxObjectType):
    """User."""


@strawberry_django.type(Token, fields=["id", "created", "write_enabled"])
class TokenType(NetBoxObjectType):
    """Token."""
