# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Symbolic links: the other paths by which a file is reached, and those that services do not have."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from .change import printable

# Of the paths by which one file is reached: links that lead round make names without end.
_MOST = 1000


class Links:
    """Where links of the repository lead to, followed to the end."""

    def __init__(self, root: Path, package_dir: Path, links: Iterable[str]) -> None:
        self._root = os.path.realpath(root)
        self._package = package_dir.relative_to(root).as_posix()
        # What links lead to, there or not: an absolute path is outside of the repository. And the other way round.
        self._targets: dict[str, str] = {}
        self._leading: dict[str, set[str]] = {}
        for link in links:
            self.add(link)

    def add(self, link: str) -> None:
        target = self._targets[link] = self._target(link)
        # What is in a folder around it, or is itself, has no more names by it.
        if target != "." and not _is_in(link, target):
            self._leading.setdefault(target, set()).add(link)

    def _target(self, link: str) -> str:
        target = os.path.realpath(os.path.join(self._root, link))
        return os.path.relpath(target, self._root) if _is_in(target, self._root) else target

    def leads_back(self, link: str) -> bool:
        """Whether a folder has no files of its own by this link: it leads out of the repository, or to one around."""
        target = self._target(link)
        around = os.path.dirname(link)
        while around:
            if _is_in(self._target(around), target):
                return True
            around = os.path.dirname(around)
        return target == "." or os.path.isabs(target)

    def of(self, path: str) -> list[str]:
        """The other paths by which the file at ``path`` is reached, those through fewer links first."""
        found: dict[str, frozenset[str]] = {path: frozenset()}
        pending = deque([path])
        while pending and len(found) < _MOST:
            name = pending.popleft()
            for link, rest in self._to(name):
                if link not in found[name] and link + rest not in found:
                    found[link + rest] = found[name] | {link}
                    pending.append(link + rest)
        return list(found)[1:]

    def _to(self, name: str) -> Iterator[tuple[str, str]]:
        """Links that lead to ``name`` or a folder that it is in, each with the rest of the path."""
        end = len(name)
        while end > 0:
            for link in sorted(self._leading.get(name[:end], ())):
                yield link, name[end:]
            end = name.rfind("/", 0, end)

    def notices(self) -> list[str]:
        """Links of the package that lead out of it, in words."""
        return [
            f"{printable(link)} is a link to {printable(target)}, outside of the package: services mount the package "
            "alone and do not have it; put a copy in its place"
            for link, target in sorted(self._targets.items())
            if _is_in(link, self._package)
            and not _is_in(target, self._package)
            # One that leads nowhere has nothing that could change.
            and os.path.exists(os.path.join(self._root, target))
        ]


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
