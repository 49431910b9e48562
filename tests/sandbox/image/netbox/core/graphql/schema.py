# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL queries of core."""

from __future__ import annotations

import strawberry
import strawberry_django

from core.graphql.types import JobType


@strawberry.type
class CoreQuery:
    job: JobType = strawberry_django.field()
    job_list: list[JobType] = strawberry_django.field()
