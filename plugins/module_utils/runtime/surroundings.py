# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service's container is to the process in it, told without Django: one JSON object on standard output.

Argument: the plugin's distribution. It has what runtime.probe tells, and ``{"package": {"inode", "place", "digest",
"origin"}, "told_in": place of the folder where services tell, "copies": [paths], "installed": path, "dead_paths":
[paths], "denied": [files], "static_writable": bool, "watch": error, "time": s, "proxy": {…}, "room": [bytes free, bytes
in total, share of inodes free], "user": id}``; a place is ``[device, inode]``.
"""

from __future__ import annotations

import ctypes
import errno
import glob
import importlib.metadata
import importlib.util
import json
import os
import shutil
import sys
import sysconfig
import time
from typing import Any

from . import probe
from .digest import code_digest
from .supervise import NETBOX_DIR, RUN_DIR

_PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")


def _package(name: str) -> dict[str, Any]:
    """The package as it is mounted, and the file that an import of it would take."""
    top = os.path.join(NETBOX_DIR, name)
    found: dict[str, Any] = {"inode": 0, "place": [], "digest": "", "origin": ""}
    if os.path.isdir(top):
        found.update(inode=os.stat(top).st_ino, place=place(top), digest=code_digest(top, RUN_DIR))
    spec = importlib.util.find_spec(name)
    if spec:
        found["origin"] = str(spec.origin or "")
    return found


def place(path: str) -> list[int]:
    status = os.stat(path)
    return [status.st_dev, status.st_ino]


def copies(name: str, site: str) -> list[str]:
    """Copies of the package among the installed ones."""
    return [path for path in (os.path.join(site, name), os.path.join(site, f"{name}.py")) if os.path.exists(path)]


def installed(distribution: str) -> str:
    """Where the distribution's metadata is; empty where there is none."""
    try:
        return str(importlib.metadata.distribution(distribution).locate_file(""))
    except importlib.metadata.PackageNotFoundError:
        return ""


def dead_paths(site: str) -> list[str]:
    """Folders that the path files of editable installs name, and that are not there."""
    dead = []
    for file in sorted(glob.glob(os.path.join(glob.escape(site), "__editable__*.pth"))):
        with open(file, encoding="utf-8") as stream:
            lines = [line.strip() for line in stream]
        dead += [line for line in lines if line.startswith("/") and not os.path.isdir(line)]
    return dead


def denied(top: str) -> list[str]:
    """Files and folders of the package that this user may not read, and folders that it may not write."""
    found = []
    for here, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        found += [path for path in (os.path.join(here, name) for name in sorted(names)) if not _readable(path)]
        # The walk goes into no folder that it cannot read.
        inner = [os.path.join(here, name) for name in folders]
        found += [path for path in inner if not os.access(path, os.R_OK | os.X_OK)]
        if os.path.basename(here) == "migrations" and not os.access(here, os.W_OK):
            found.append(here)
    return [os.path.relpath(path, top) for path in found]


def _readable(path: str) -> bool:
    # What a link leads to outside is not there, which is no matter of rights.
    return os.access(path, os.R_OK) or not os.path.exists(path)


def watch() -> str:
    """Why no watcher of files can be made; empty where one can."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init()
    if handle >= 0:
        os.close(handle)
        return ""
    return errno.errorcode.get(ctypes.get_errno(), "unknown")


def room(path: str) -> list[float]:
    """Bytes free and in total, and the share of inodes that is free."""
    usage, status = shutil.disk_usage(path), os.statvfs(path)
    return [usage.free, usage.total, status.f_favail / status.f_files if status.f_files else 1.0]


def main() -> None:
    package, site = os.environ["NETBOX_DEV_PACKAGE"], sysconfig.get_path("purelib")
    top = os.path.join(NETBOX_DIR, package)
    found = {
        **probe.look(),
        "package": _package(package),
        "told_in": place(RUN_DIR),
        "copies": copies(package, site),
        "installed": installed(sys.argv[1]),
        "dead_paths": dead_paths(site),
        "denied": denied(top),
        "static_writable": os.access(os.path.join(NETBOX_DIR, "static"), os.W_OK),
        "watch": watch(),
        "time": time.time(),
        "proxy": {name: os.environ[name] for name in _PROXIES if os.environ.get(name)},
        "room": room("/"),
        "user": os.getuid(),
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
