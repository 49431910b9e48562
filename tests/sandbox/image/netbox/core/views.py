# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The pages of core."""

from __future__ import annotations

from typing import Any

from django.views.generic import DetailView, ListView

from core.models import Job
from netbox.views import ConditionalLoginRequiredMixin


class JobListView(ConditionalLoginRequiredMixin, ListView):
    model = Job
    template_name = "object_list.html"
    extra_context = {"title": "Jobs"}


class JobView(ConditionalLoginRequiredMixin, DetailView):
    model = Job
    template_name = "object_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=str(self.object), object_list=[self.object], **kwargs)
