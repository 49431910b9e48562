# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What every template sees."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from netbox.registry import registry


def settings_and_registry(request: HttpRequest) -> dict[str, Any]:
    return {"settings": settings, "registry": registry}
