# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The serializers of dcim."""

from __future__ import annotations

from dcim.models import Device, Site
from netbox.api.serializers import NetBoxModelSerializer


class SiteSerializer(NetBoxModelSerializer):
    class Meta:
        model = Site
        fields = ["display", "id", "name", "slug", "status", "created", "last_updated"]


class DeviceSerializer(NetBoxModelSerializer):
    class Meta:
        model = Device
        fields = ["display", "id", "name", "serial", "site", "created", "last_updated"]
