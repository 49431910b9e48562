# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the plugin's files, now and as they were: kept with the manifest, else asked of git."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from .categories import categorize
from .contents import meaning, packaging_files, reads_metadata
from .errors import InvalidState
from .manifest import Difference, Tree, content_id
from .modules import Modules, module_name
from .plugin import SKIPPED_DIRS
from .source import FACTS_VERSION, Source, read_source
from .state import VERSION, read_json, write_atomic

FILE = "facts.json"
# No module of a package is in these.
_SKIPPED = frozenset(["__pycache__", "locale", "migrations", "node_modules", "static", "templates", "test", "tests"])
_NO_MODULES = ("tests", "docs", "migrations", "templates", "static", "dependencies", "ignored")


class Facts:
    """Facts by the object id of the file's content."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.stack = tree.stack
        plugin = self.stack.plugin
        # What is below it is imported by its path: "src/" or nothing.
        self.top = plugin.package_path[: -len(plugin.package_dir.name)]
        self._meanings: dict[str, str] = {}
        self._kept = self._read()
        self._sources: dict[str, Source] = {}
        self._now: dict[str, str] | None = None

    def _read(self) -> dict[str, Any]:
        try:
            data = read_json(self.stack.state / FILE) or {}
        except InvalidState:
            # They are had again from the files, and from git where it keeps them.
            return {}
        kept = [data.get("sources"), data.get("meanings")]
        if data.get("facts") != FACTS_VERSION or not all(isinstance(part, dict) for part in kept):
            return {}
        self._meanings.update(data["meanings"])
        return dict(data["sources"])

    @property
    def missing(self) -> bool:
        """Whether none are kept that this Python can use."""
        return not self._kept

    def module(self, path: str) -> str | None:
        """The importable module that a file is, of the plugin's package or of one beside it."""
        name = module_name(path, self.top)
        return name if name and categorize(path, self.stack.plugin.package_path) not in _NO_MODULES else None

    def _paths(self) -> Iterator[str]:
        """Files of all modules: of the package, and of modules and packages beside it."""
        root = self.stack.plugin.root
        package = self.stack.plugin.package_dir
        for entry in sorted(Path(root, self.top).iterdir()):
            if self.module(self.top + entry.name) and entry.is_file():
                yield self.top + entry.name
            beside = entry.name.isidentifier() and entry.name not in SKIPPED_DIRS and (entry / "__init__.py").is_file()
            if entry != package and not beside:
                continue
            for here, directories, names in os.walk(entry):
                directories[:] = sorted(d for d in directories if not d.startswith(".") and d not in _SKIPPED)
                for name in sorted(names):
                    path = os.path.relpath(os.path.join(here, name), root).replace(os.sep, "/")
                    if self.module(path):
                        yield path

    def now(self) -> dict[str, str]:
        """``{path: object id}`` of all modules on disk."""
        if self._now is None:
            self._now = {}
            for path in self._paths():
                text = self.tree.text(path)
                if text is not None:
                    name = content_id(text, self.tree.kind)
                    self._now[path] = name
                    self._source(name, text)
        return self._now

    def _source(self, name: str, text: bytes | None) -> Source | None:
        if name not in self._sources and name in self._kept:
            # What is damaged is read again.
            with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
                self._sources[name] = Source.unpack(self._kept[name])
        if name not in self._sources and text is not None:
            self._sources[name] = read_source(text)
        return self._sources.get(name)

    def source(self, path: str, name: str | None) -> Source | None:
        """Facts of the content ``name`` (an object id) that ``path`` has or had; None where nobody knows them."""
        if name is None:
            return None
        return self._source(name, None) or self._source(name, self._text(path, name))

    def _text(self, path: str, name: str) -> bytes | None:
        if (self.tree.root / path).is_symlink():
            # The id is that of the link, not of what it leads to.
            return None
        text = self.tree.text(path)
        if text is not None and content_id(text, self.tree.kind) == name:
            return text
        return self.tree.old_text(path, name)

    def modules(self, before: Iterable[Difference] = ()) -> Modules:
        """All modules; with ``before`` as they were before these differences."""
        names: dict[str, str | None] = dict(self.now())
        for difference in before:
            names.pop(difference.path, None)
            if difference.old:
                names[difference.previous or difference.path] = difference.old
        sources, packages = {}, set()
        for path, name in names.items():
            module = self.module(path)
            source = self.source(path, name) if module else None
            if module and source:
                sources[module] = source
                if path.endswith("/__init__.py"):
                    packages.add(module)
        return Modules(sources, frozenset(packages), self.stack.plugin.package)

    def meaning(self, path: str, name: str | None) -> str | None:
        """A digest of what a packaging file says; None where its content is not known any more."""
        if name is None:
            return None
        if name not in self._meanings:
            text = self._text(path, name)
            if text is None:
                return None
            said = (meaning(path, text, versioned) for versioned in (False, True))
            self._meanings[name] = "/".join(hashlib.sha256(one).hexdigest()[:32] for one in said)
        return self._meanings[name].split("/")[self.versioned]

    @cached_property
    def versioned(self) -> bool:
        """Whether the plugin asks which version of it is installed."""
        return reads_metadata(self.stack.plugin.package_dir)

    def save(self, waiting: Sequence[Difference] = ()) -> None:
        """Keep the facts of what is on disk, and of what was before the differences that still wait to be applied."""
        names = set(self.now().values())
        for difference in waiting:
            if difference.old and self.module(difference.previous or difference.path):
                self.source(difference.previous or difference.path, difference.old)
                names.add(difference.old)
        packed = {name: source.pack() for name, source in self._sources.items() if name in names}
        meanings = {}
        for path in packaging_files(self.stack.plugin.root):
            text = self.tree.text(path)
            if text is not None:
                name = content_id(text, self.tree.kind)
                self.meaning(path, name)
                meanings[name] = self._meanings[name]
        meanings.update({d.old: self._meanings[d.old] for d in waiting if d.old and d.old in self._meanings})
        data = {"version": VERSION, "facts": FACTS_VERSION, "sources": packed, "meanings": meanings}
        write_atomic(self.stack.state / FILE, json.dumps(data, separators=(",", ":")))
