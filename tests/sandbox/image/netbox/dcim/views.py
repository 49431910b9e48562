# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The pages of dcim."""

from __future__ import annotations

from typing import Any

from django.views.generic import DetailView, ListView

from dcim.models import Device, Site
from netbox.views import ConditionalLoginRequiredMixin


class SiteListView(ConditionalLoginRequiredMixin, ListView):
    model = Site
    template_name = "object_list.html"
    extra_context = {"title": "Sites"}


class SiteView(ConditionalLoginRequiredMixin, DetailView):
    model = Site
    template_name = "object_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=str(self.object), object_list=[self.object], **kwargs)


class DeviceListView(ConditionalLoginRequiredMixin, ListView):
    model = Device
    template_name = "object_list.html"
    extra_context = {"title": "Devices"}


class DeviceView(ConditionalLoginRequiredMixin, DetailView):
    model = Device
    template_name = "object_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=str(self.object), object_list=[self.object], **kwargs)
