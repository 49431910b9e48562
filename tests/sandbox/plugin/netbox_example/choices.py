# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Choices of the models' fields."""

from __future__ import annotations

from django.db.models import TextChoices


class SwitchRoleChoices(TextChoices):
    SPINE = "spine", "Spine"
    LEAF = "leaf", "Leaf"
