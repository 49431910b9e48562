# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The URLs of dcim."""

from __future__ import annotations

from django.urls import path

from dcim import views

app_name = "dcim"
urlpatterns = [
    path("sites/", views.SiteListView.as_view(), name="site_list"),
    path("sites/<int:pk>/", views.SiteView.as_view(), name="site"),
    path("devices/", views.DeviceListView.as_view(), name="device_list"),
    path("devices/<int:pk>/", views.DeviceView.as_view(), name="device"),
]
