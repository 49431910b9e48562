# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""NetBox's WSGI application, with the collected static files beside it.

In the real image NGINX Unit serves `/static/` from `/opt/netbox/netbox/static`, without asking Django.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from netbox.wsgi import application as netbox_application

STATIC_ROOT = Path("/opt/netbox/netbox/static")
PREFIX = "/static/"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Serve a collected file, else NetBox."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith(PREFIX):
        return netbox_application(environ, start_response)
    file = (STATIC_ROOT / path.removeprefix(PREFIX)).resolve()
    if not file.is_relative_to(STATIC_ROOT) or not file.is_file():
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"not found\n"]
    content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    body = file.read_bytes()
    start_response("200 OK", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
