# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API of core."""

from __future__ import annotations

from core.api import serializers
from core.models import Job
from netbox.api.viewsets import NetBoxModelViewSet


class JobViewSet(NetBoxModelViewSet):
    queryset = Job.objects.order_by("pk")
    serializer_class = serializers.JobSerializer
