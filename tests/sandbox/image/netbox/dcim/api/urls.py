# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API's URLs of dcim."""

from __future__ import annotations

from dcim.api import views
from netbox.api.routers import NetBoxRouter

router = NetBoxRouter()
router.register("sites", views.SiteViewSet)
router.register("devices", views.DeviceViewSet)

app_name = "dcim-api"
urlpatterns = router.urls
