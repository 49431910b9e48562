# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sees Django's debug toolbar: browsers, and neither health checks nor measurements.

A toolbar takes in what every request of that time renders, so that many requests at once cost minutes and gigabytes.
"""

from __future__ import annotations

from typing import Any

# A request with it is nobody's who looks at pages.
HEADER = "X-NetBox-Dev"
_META = "HTTP_X_NETBOX_DEV"


def shown(request: Any) -> bool:
    """``SHOW_TOOLBAR_CALLBACK``."""
    from debug_toolbar.middleware import show_toolbar

    return _META not in request.META and bool(show_toolbar(request))
