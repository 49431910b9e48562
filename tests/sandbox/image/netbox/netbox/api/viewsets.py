# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The base of view sets."""

from __future__ import annotations

from rest_framework.viewsets import ModelViewSet

__all__ = ("NetBoxModelViewSet",)


class NetBoxModelViewSet(ModelViewSet):
    """Reads and writes one model."""
