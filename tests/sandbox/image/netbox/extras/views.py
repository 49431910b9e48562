# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The pages of extras."""

from __future__ import annotations

from typing import Any

from django.views.generic import DetailView, ListView

from extras.models import CustomField, Tag
from netbox.views import ConditionalLoginRequiredMixin


class TagListView(ConditionalLoginRequiredMixin, ListView):
    model = Tag
    template_name = "object_list.html"
    extra_context = {"title": "Tags"}


class TagView(ConditionalLoginRequiredMixin, DetailView):
    model = Tag
    template_name = "object_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=str(self.object), object_list=[self.object], **kwargs)


class CustomFieldListView(ConditionalLoginRequiredMixin, ListView):
    model = CustomField
    template_name = "object_list.html"
    extra_context = {"title": "CustomFields"}


class CustomFieldView(ConditionalLoginRequiredMixin, DetailView):
    model = CustomField
    template_name = "object_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=str(self.object), object_list=[self.object], **kwargs)
