# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""JSON encoders."""

from __future__ import annotations

import decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


class CustomFieldJSONEncoder(DjangoJSONEncoder):
    """Encodes decimals as numbers, not as strings."""

    def default(self, o: Any) -> Any:
        if isinstance(o, decimal.Decimal):
            return float(o)
        return super().default(o)
