# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL queries of users."""

from __future__ import annotations

import strawberry
import strawberry_django

from users.graphql.types import TokenType, UserType


@strawberry.type
class UsersQuery:
    user: UserType = strawberry_django.field()
    user_list: list[UserType] = strawberry_django.field()
    token: TokenType = strawberry_django.field()
    token_list: list[TokenType] = strawberry_django.field()
