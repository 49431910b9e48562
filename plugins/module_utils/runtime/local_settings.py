# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NetBox hard-codes in its settings and development wants otherwise; NetBox imports this file last."""

from __future__ import annotations

import copy
import sys
from typing import Any

_settings = sys.modules.get("netbox.settings")
if _settings is not None:
    CACHES: dict[str, Any] = copy.deepcopy(_settings.CACHES)
    CACHES["default"].setdefault("OPTIONS", {})["COMPRESSOR"] = "django_redis.compressors.zlib.ZlibCompressor"
    STORAGES: dict[str, Any] = copy.deepcopy(getattr(_settings, "STORAGES", {}))
    DEBUG_TOOLBAR_CONFIG: dict[str, Any] = {**getattr(_settings, "DEBUG_TOOLBAR_CONFIG", {})}
    if "SHOW_TOOLBAR_CALLBACK" not in DEBUG_TOOLBAR_CONFIG:
        # It looks at DEBUG itself, as the toolbar's own does, and so may be there while tests run.
        DEBUG_TOOLBAR_CONFIG.update(SHOW_TOOLBAR_CALLBACK="netbox_dev_runtime.toolbar.shown", IS_RUNNING_TESTS=False)
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
