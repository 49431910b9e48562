# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The URLs of extras."""

from __future__ import annotations

from django.urls import path

from extras import views

app_name = "extras"
urlpatterns = [
    path("tags/", views.TagListView.as_view(), name="tag_list"),
    path("tags/<int:pk>/", views.TagView.as_view(), name="tag"),
    path("custom-fields/", views.CustomFieldListView.as_view(), name="customfield_list"),
    path("custom-fields/<int:pk>/", views.CustomFieldView.as_view(), name="customfield"),
]
