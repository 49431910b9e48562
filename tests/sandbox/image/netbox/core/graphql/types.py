# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL types of core."""

from __future__ import annotations

import strawberry_django

from core.models import Job
from netbox.graphql.types import NetBoxObjectType


@strawberry_django.type(Job, fields=["id", "name", "queue", "status", "job_id", "created"])
class JobType(NetBoxObjectType):
    """Job."""
