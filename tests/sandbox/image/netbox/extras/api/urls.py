# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API's URLs of extras."""

from __future__ import annotations

from extras.api import views
from netbox.api.routers import NetBoxRouter

router = NetBoxRouter()
router.register("tags", views.TagViewSet)
router.register("custom-fields", views.CustomFieldViewSet)

app_name = "extras-api"
urlpatterns = router.urls
