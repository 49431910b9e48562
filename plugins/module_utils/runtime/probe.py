# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running container has, told in a tenth of a second and without Django: one JSON object on standard output.

``{"packages": digest of what is installed, "static": [the plugin's static files that are not served as on disk]}``
"""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from typing import Any

NETBOX_DIR = "/opt/netbox/netbox"
HIDDEN = "/opt/netbox-dev/.run/hidden_static.json"


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
        for inner, folders, names in os.walk(here):
            folders[:] = [folder for folder in folders if not _ignored(folder)]
            for path in [os.path.join(inner, name) for name in names if not _ignored(name)]:
                yield os.path.relpath(path, here), path


def _ignored(name: str) -> bool:
    """Whether Django's staticfiles pass over a file or folder of that name."""
    return name.startswith(".") or name.endswith("~") or name == "CVS"


def remember_hidden(names: Iterable[str]) -> None:
    """Keep which static files Django does not find, for another app has one of the name, or no app has the folder."""
    with contextlib.suppress(OSError):
        with open(f"{HIDDEN}.new", "w", encoding="utf-8") as stream:
            json.dump(sorted(names), stream)
        os.replace(f"{HIDDEN}.new", HIDDEN)


def hidden() -> list[str]:
    """What was kept when static files were collected last."""
    try:
        with open(HIDDEN, encoding="utf-8") as stream:
            return [str(name) for name in json.load(stream)]
    except (OSError, ValueError, TypeError):
        return []


def static(package_dir: str, root: str, without: Iterable[str] = ()) -> list[str]:
    """Names of static files whose copy in ``root`` is missing or other, ``without`` those that are never collected."""
    differing = []
    seen = set(without)
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
        "static": static(package_dir, os.path.join(NETBOX_DIR, "static"), hidden()),
    }


def main() -> None:
    json.dump(look(), sys.stdout)


if __name__ == "__main__":
    main()
