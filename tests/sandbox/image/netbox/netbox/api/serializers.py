# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The base of serializers."""

from __future__ import annotations

from rest_framework import serializers

__all__ = ("NetBoxModelSerializer",)


class NetBoxModelSerializer(serializers.ModelSerializer):
    """Shows an object's name as `display`."""

    display = serializers.CharField(source="__str__", read_only=True)
