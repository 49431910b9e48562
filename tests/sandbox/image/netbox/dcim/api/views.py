# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API of dcim."""

from __future__ import annotations

from dcim.api import serializers
from dcim.models import Device, Site
from netbox.api.viewsets import NetBoxModelViewSet


class SiteViewSet(NetBoxModelViewSet):
    queryset = Site.objects.order_by("pk")
    serializer_class = serializers.SiteSerializer


class DeviceViewSet(NetBoxModelViewSet):
    queryset = Device.objects.order_by("pk")
    serializer_class = serializers.DeviceSerializer
