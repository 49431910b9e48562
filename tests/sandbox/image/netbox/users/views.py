# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The pages of users."""

from __future__ import annotations

from typing import Any

from django.views.generic import DetailView, ListView

from netbox.views import ConditionalLoginRequiredMixin
from users.models import Token, User


class UserListView(ConditionalLoginRequiredMixin, ListView):
    model = User
    template_name = "object_list.html"
    extra_context = {"title": "Users"}


class UserView(ConditionalLoginRequiredMixin, DetailView):
    model = User
    template_name = "object_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=str(self.object), object_list=[self.object], **kwargs)


class TokenListView(ConditionalLoginRequiredMixin, ListView):
    model = Token
    template_name = "object_list.html"
    extra_context = {"title": "Tokens"}


class TokenView(ConditionalLoginRequiredMixin, DetailView):
    model = Token
    template_name = "object_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=str(self.object), object_list=[self.object], **kwargs)
