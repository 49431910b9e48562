# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running container has, told in a tenth of a second and without Django: one JSON object on standard output.

``{"packages": digest of what is installed, "static": [the plugin's static files that are not served as on disk]}``
"""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from typing import Any

NETBOX_DIR = "/opt/netbox/netbox"


def packages(site: str) -> str:
    """SHA-256 over the names, with versions, of all distributions in a directory."""
    found = sorted(name for name in os.listdir(site) if name.endswith((".dist-info", ".egg-info", ".pth")))
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def static_files(package_dir: str) -> Iterator[tuple[str, str]]:
    """(name as served, path) of the static files of every app in the package."""
    for here, directories, _names in os.walk(package_dir):
        if os.path.basename(here) != "static" or here == package_dir:
            directories[:] = [d for d in directories if not d.startswith(".") and d != "node_modules"]
            continue
        directories[:] = []
        for inner, _folders, names in os.walk(here):
            for name in names:
                # As Django's staticfiles ignores them.
                if not (name.startswith(".") or name.endswith("~") or name == "CVS"):
                    path = os.path.join(inner, name)
                    yield os.path.relpath(path, here), path


def static(package_dir: str, root: str) -> list[str]:
    """Names of static files whose copy in ``root`` is missing or other."""
    differing = []
    seen = set()
    for name, path in static_files(package_dir):
        if name in seen:
            continue
        seen.add(name)
        copy = os.path.join(root, name)
        if not os.path.isfile(copy) or not filecmp.cmp(path, copy, shallow=False):
            differing.append(name)
    return sorted(differing)


def look() -> dict[str, Any]:
    package_dir = os.path.join(NETBOX_DIR, os.environ["NETBOX_DEV_PACKAGE"])
    return {
        "packages": packages(sysconfig.get_path("purelib")),
        "static": static(package_dir, os.path.join(NETBOX_DIR, "static")),
    }


def main() -> None:
    json.dump(look(), sys.stdout)


if __name__ == "__main__":
    main()
