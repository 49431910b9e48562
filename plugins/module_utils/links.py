# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Symbolic links of the package that lead out of it: services mount the package alone and do not have it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .change import printable


class Links:
    """Where links lead to: of the package's links those that leave it, each with the path that it leads to."""

    def __init__(self, root: Path, package_dir: Path, links: Iterable[str]) -> None:
        self.root = str(root)
        inside = package_dir.relative_to(root).as_posix() + "/"
        package = os.path.realpath(package_dir) + os.sep
        self.leading: dict[str, str] = {}
        for link in sorted(links):
            if link.startswith(inside):
                target = os.path.realpath(os.path.join(root, link))
                # One that leads nowhere, or to itself, has nothing that could change.
                if os.path.exists(target) and not f"{target}{os.sep}".startswith(package):
                    self.leading[link] = target

    def of(self, path: str) -> str | None:
        """The path in the package by which a file outside of it may be reached."""
        real = os.path.join(self.root, path)
        for link, target in self.leading.items():
            if real == target or real.startswith(target + os.sep):
                return link + real[len(target) :].replace(os.sep, "/")
        return None

    def notices(self) -> list[str]:
        told = []
        for link, target in self.leading.items():
            inside = target.startswith(f"{self.root}{os.sep}")
            where = os.path.relpath(target, self.root) if inside else target
            told.append(
                f"{printable(link)} is a link to {printable(where)}, outside of the package: services mount the "
                "package alone and do not have it; put a copy in its place"
            )
        return told
