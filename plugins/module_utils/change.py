# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change, as every later step of a run knows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

# How sure a category is: by the path alone, by what the file says, by who imports it.
BY_PATH, BY_CONTENT, BY_IMPORT = "path", "content", "import"

# Paths relative to the repository, by "python" and "templates".
Compilable = dict[str, list[str]]


@dataclass(frozen=True)
class Change:
    """A file added, modified, deleted or renamed, or (``path`` None) a category that was named by hand.

    ``roles`` are those that load the file, None where the matrix says it. ``actions`` of a rule of the project file's
    stand in the matrix's place. ``sources`` says who found it: auto, since, paths or changed.
    """

    path: str | None
    change: str
    category: str
    reason: str
    confidence: str = BY_PATH
    sources: tuple[str, ...] = ("auto",)
    previous: str | None = None
    roles: tuple[str, ...] | None = None
    actions: Mapping[str, tuple[str, ...]] | None = None

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = {
            "path": self.path,
            "change": self.change,
            "category": self.category,
            "reason": self.reason,
            "confidence": self.confidence,
            "sources": list(self.sources),
        }
        if self.previous:
            described["previous"] = self.previous
        if self.roles is not None:
            described["roles"] = list(self.roles)
        return described


def merged(changes: Iterable[Change]) -> list[Change]:
    """The same without repetitions: what several sources found is one change of them all."""
    found: dict[tuple[str | None, str], Change] = {}
    for change in changes:
        key = (change.path, change.category)
        known = found.get(key)
        if known:
            change = replace(known, sources=tuple(dict.fromkeys(known.sources + change.sources)))
        found[key] = change
    return list(found.values())


def compilable(changes: Iterable[Change], package_path: str) -> Compilable:
    """Changed files of what NetBox loads; they must compile before anything is done with them.

    What needs nothing may be broken, and so may what is beside the package or among its data: templates of code, say.
    """
    paths: Compilable = {"python": [], "templates": []}
    for change in changes:
        if change.path is None or change.change == "deleted" or change.category in ("tests", "docs", "ignored"):
            continue
        inside = change.path[len(package_path) + 1 :] if change.path.startswith(f"{package_path}/") else ""
        if change.path.endswith(".py"):
            if not re.fullmatch(r"\w+(/\w+)*\.py", inside):
                continue
            if {"templates", "static", "testdata", "tests"}.intersection(inside.split("/")[:-1]):
                continue
            paths["python"].append(change.path)
        elif change.category == "templates" and change.path.endswith((".html", ".htm")):
            paths["templates"].append(change.path)
    return paths


def printable(name: str) -> str:
    """``name`` with everything that is not printable escaped: a file's name never breaks a line of output."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else _escaped(c) for c in name)


def writable(text: str) -> str:
    """``text`` with what stands for bytes that are no UTF-8 escaped, as names of files have them; lines stay lines."""
    return re.sub("[\ud800-\udfff]+", lambda found: printable(found[0]), text)


def _escaped(character: str) -> str:
    """By the bytes that it stands for; one that stands for none by its number."""
    with suppress(UnicodeEncodeError):
        character = character.encode("utf-8", "surrogateescape").decode("latin-1")
    return character.encode("unicode_escape").decode()
