# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API of users."""

from __future__ import annotations

from netbox.api.viewsets import NetBoxModelViewSet
from users.api import serializers
from users.models import Token, User


class UserViewSet(NetBoxModelViewSet):
    queryset = User.objects.order_by("pk")
    serializer_class = serializers.UserSerializer


class TokenViewSet(NetBoxModelViewSet):
    queryset = Token.objects.order_by("pk")
    serializer_class = serializers.TokenSerializer
