# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Who may use the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request


class TokenAuthentication(authentication.TokenAuthentication):
    """`Authorization: Token <key>`."""

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        from users.models import Token

        try:
            token = Token.objects.select_related("user").get(key=key)
        except Token.DoesNotExist as error:
            raise exceptions.AuthenticationFailed("Invalid token") from error
        if not token.user.is_active:
            raise exceptions.AuthenticationFailed("User inactive")
        return token.user, token


class IsAuthenticatedOrLoginNotRequired(permissions.BasePermission):
    """Anyone may read when LOGIN_REQUIRED is off."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not settings.LOGIN_REQUIRED and request.method in permissions.SAFE_METHODS:
            return True
        return bool(request.user and request.user.is_authenticated)
