# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The URLs of core."""

from __future__ import annotations

from django.urls import path

from core import views

app_name = "core"
urlpatterns = [
    path("jobs/", views.JobListView.as_view(), name="job_list"),
    path("jobs/<int:pk>/", views.JobView.as_view(), name="job"),
]
