# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API's URLs."""

from __future__ import annotations

from netbox.api.routers import NetBoxRouter
from netbox_example.api import views

router = NetBoxRouter()
router.register("fabrics", views.FabricViewSet)
router.register("switches", views.SwitchViewSet)

app_name = "netbox_example"
urlpatterns = router.urls
