# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API's URLs of users."""

from __future__ import annotations

from netbox.api.routers import NetBoxRouter
from users.api import views

router = NetBoxRouter()
router.register("users", views.UserViewSet)
router.register("tokens", views.TokenViewSet)

app_name = "users-api"
urlpatterns = router.urls
