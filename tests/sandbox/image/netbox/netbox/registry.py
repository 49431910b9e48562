# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The one place where plugins and core apps register what they offer."""

from __future__ import annotations

import collections
from typing import Any


class Registry(dict[str, Any]):
    """A mapping whose keys are fixed: values may change, keys may not be set or deleted."""

    def __setitem__(self, key: str, value: Any) -> None:
        raise TypeError("Cannot add stores to registry after initialization")

    def __delitem__(self, key: str) -> None:
        raise TypeError("Cannot delete stores from registry")


registry = Registry(
    {
        "counter_fields": collections.defaultdict(dict),
        "models": collections.defaultdict(set),
        "plugins": {},
        "search": {},
        "views": collections.defaultdict(dict),
    }
)
