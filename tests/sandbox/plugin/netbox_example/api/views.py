# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API's views."""

from __future__ import annotations

from netbox.api.viewsets import NetBoxModelViewSet
from netbox_example.api.serializers import FabricSerializer, SwitchSerializer
from netbox_example.models import Fabric, Switch


class FabricViewSet(NetBoxModelViewSet):
    queryset = Fabric.objects.all()
    serializer_class = FabricSerializer


class SwitchViewSet(NetBoxModelViewSet):
    queryset = Switch.objects.all()
    serializer_class = SwitchSerializer
