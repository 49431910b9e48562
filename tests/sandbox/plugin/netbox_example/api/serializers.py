# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API's serializers."""

from __future__ import annotations

from netbox.api.serializers import NetBoxModelSerializer
from netbox_example.models import Fabric, Switch


class FabricSerializer(NetBoxModelSerializer):
    class Meta:
        model = Fabric
        fields = ("id", "display", "name", "description", "created", "last_updated")


class SwitchSerializer(NetBoxModelSerializer):
    class Meta:
        model = Switch
        fields = ("id", "display", "fabric", "device", "name", "role", "created", "last_updated")
