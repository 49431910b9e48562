# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API of extras."""

from __future__ import annotations

from extras.api import serializers
from extras.models import CustomField, Tag
from netbox.api.viewsets import NetBoxModelViewSet


class TagViewSet(NetBoxModelViewSet):
    queryset = Tag.objects.order_by("pk")
    serializer_class = serializers.TagSerializer


class CustomFieldViewSet(NetBoxModelViewSet):
    queryset = CustomField.objects.order_by("pk")
    serializer_class = serializers.CustomFieldSerializer
