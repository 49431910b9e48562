# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The URLs of the plugin's pages."""

from __future__ import annotations

from django.urls import path

from netbox_example import views

urlpatterns = [
    path("", views.SwitchListView.as_view(), name="switch_list"),
    path("switches/<int:pk>/", views.SwitchView.as_view(), name="switch"),
    path("info/", views.info, name="info"),
    path("enqueue/", views.enqueue, name="enqueue"),
    path("job/<str:job_id>/", views.job, name="job"),
]
