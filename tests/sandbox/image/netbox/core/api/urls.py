# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API's URLs of core."""

from __future__ import annotations

from core.api import views
from netbox.api.routers import NetBoxRouter

router = NetBoxRouter()
router.register("jobs", views.JobViewSet)

app_name = "core-api"
urlpatterns = router.urls
