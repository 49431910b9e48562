# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The base of routers."""

from __future__ import annotations

from rest_framework.routers import DefaultRouter

__all__ = ("NetBoxRouter",)


class NetBoxRouter(DefaultRouter):
    """Django REST framework's router."""
