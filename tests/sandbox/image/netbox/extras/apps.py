# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The app extras."""

from __future__ import annotations

from django.apps import AppConfig


class ExtrasConfig(AppConfig):
    name = "extras"
    verbose_name = "Extras"
