# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the plugin's files, now and as they were: kept with the manifest, else asked of git."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from .categories import NOT_IMPORTED, categorize
from .contents import meaning, packaging_files, reads_metadata
from .differences import Difference
from .errors import InvalidState
from .links import Links
from .modules import Modules, module_name
from .object_ids import REGULAR, UNREAD, Content, content_id
from .plugin import SKIPPED_DIRS
from .source import FACTS_VERSION, Source, read_source
from .stack import PROJECT_FILE, parse_project
from .state import VERSION, read_json, write_atomic
from .tree import Tree

FILE = "facts.json"
# No module of a package is in these.
_SKIPPED = frozenset(["__pycache__", "locale", "migrations", "node_modules", "static", "templates", "test", "tests"])
_NO_MODULES = (*NOT_IMPORTED, "docs", "dependencies", "ignored")


class Facts:
    """Facts by the object id of the file's content."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.stack = tree.stack
        plugin = self.stack.plugin
        # What is below it is imported by its path: "src/" or nothing.
        self.top = plugin.package_path[: -len(plugin.package_dir.name)]
        self._meanings: dict[str, str] = {}
        self._kept_imported: list[str] = []
        self._projects: dict[str, Any] = {}
        self._kept = self._read()
        self._sources: dict[str, Source] = {}
        self._now: dict[str, str] | None = None
        # Files that are imported although their names are those of what is not.
        self._imported: set[str] = set(self._kept_imported)
        # Files in folders that are reached by links.
        self._linked: set[str] = set()

    def _read(self) -> dict[str, Any]:
        try:
            data = read_json(self.stack.state / FILE) or {}
        except InvalidState:
            # They are had again from the files, and from git where it keeps them.
            return {}
        kept = [data.get("sources"), data.get("meanings"), data.get("projects", {})]
        imported = data.get("imported", [])
        if data.get("facts") != FACTS_VERSION or not all(isinstance(part, dict) for part in kept):
            return {}
        if not isinstance(imported, list):
            return {}
        self._projects.update(data.get("projects", {}))
        # Any other text is no name of a file of ours.
        self._kept_imported = [path for path in imported if isinstance(path, str) and module_name(path, self.top)]
        self._meanings.update({k: v for k, v in data["meanings"].items() if isinstance(v, str) and "/" in v})
        return dict(data["sources"])

    @property
    def missing(self) -> bool:
        """Whether none are kept that this Python can use."""
        return not self._kept

    def module(self, path: str) -> str | None:
        """The importable module that a file is, of the plugin's package or of one beside it."""
        name = module_name(path, self.top)
        known = name and (path in self._imported or categorize(path, self.package_of(path)) not in _NO_MODULES)
        return name if known else None

    def package_of(self, path: str) -> str:
        """The package that a path is in: an app's beside the plugin's that this brings along, else the plugin's."""
        first = path[len(self.top) :].partition("/")[0]
        return (
            self.top + first if path.startswith(self.top) and first in self.beside else self.stack.plugin.package_path
        )

    @cached_property
    def beside(self) -> frozenset[str]:
        """Packages beside the plugin's that its ``__init__`` names, as ``django_apps`` or otherwise."""
        plugin = self.stack.plugin
        init = self.tree.text(f"{plugin.package_path}/__init__.py") or b""
        entries = Path(plugin.root, self.top).iterdir()
        names = [e.name for e in entries if e != plugin.package_dir and e.name.isidentifier() and e.is_dir()]
        return frozenset(
            name
            for name in names
            if os.path.isfile(plugin.package_dir.parent / name / "__init__.py")
            and re.search(rb"\b%s\b" % re.escape(name.encode()), init)
        )

    @cached_property
    def links(self) -> Links:
        """Those of the repository that are known: of what git ignores, when the modules are."""
        return Links(self.tree.root, self.stack.plugin.package_dir, self.tree.links)

    def names(self, path: str) -> list[str]:
        """The path, and those by which links lead to it."""
        if path.endswith(".py"):
            # Links that git ignores are modules, too.
            self.now()
        return [path, *self.links.of(path)]

    def category(self, path: str) -> str:
        """What the path says, and who imports it where that is more than its name."""
        package = self.package_of(path)
        found = categorize(path, package)
        if found in NOT_IMPORTED and path.endswith(".py") and path in self.imported:
            return categorize(path, package, imported=True)
        return found

    @property
    def imported(self) -> set[str]:
        """Files that are or were imported although their names are those of what is not."""
        self.now()
        return self._imported

    def _paths(self) -> Iterator[str]:
        """Files of all modules: of the package, and of modules and packages beside it."""
        root = self.stack.plugin.root
        package = self.stack.plugin.package_dir
        for entry in sorted(Path(root, self.top).iterdir()):
            if self.module(self.top + entry.name) and entry.is_file():
                yield self.top + entry.name
            beside = (
                entry.name.isidentifier() and entry.name not in SKIPPED_DIRS and os.path.isfile(entry / "__init__.py")
            )
            if entry != package and not beside:
                continue
            for here, directories, names in os.walk(entry, followlinks=True):
                inside = os.path.relpath(here, root).replace(os.sep, "/")
                found = (d for d in directories if not d.startswith(".") and d not in _SKIPPED)
                directories[:] = sorted(d for d in found if self._leads_on(f"{inside}/{d}"))
                for path in (f"{inside}/{name}" for name in sorted(names)):
                    if self.module(path):
                        self._leads_on(path)
                        if os.path.realpath(here) != here:
                            self._linked.add(path)
                        yield path

    def _leads_on(self, path: str) -> bool:
        """Whether a folder has modules by this path; a link is known from now on."""
        if not os.path.islink(self.tree.root / path):
            return True
        self.links.add(path)
        return not self.links.leads_back(path)

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
            self._follow()
        return self._now

    def _follow(self) -> None:
        """Take in what is imported as the plugin is, whatever its name is."""
        known = self._now if self._now is not None else {}
        pending = list(known)
        while pending:
            path = pending.pop()
            source = self._sources.get(known[path])
            for inner in self._imports(path, source) if source else ():
                text = self.tree.text(inner) if inner not in known else None
                if text is not None:
                    name = known[inner] = content_id(text, self.tree.kind)
                    self._source(name, text)
                    self._imported.add(inner)
                    pending.append(inner)

    def loaded(self) -> list[str]:
        """Of these, and of those that only links to folders lead to, those in the package, relative to it."""
        inside = f"{self.stack.plugin.package_path}/"
        return sorted(path[len(inside) :] for path in self.imported | self._linked if path.startswith(inside))

    def _imports(self, path: str, source: Source) -> Iterator[str]:
        """Paths of what a file imports, as far as they may be modules of ours; in a function, too: it may be called."""
        words = path[len(self.top) : -len(".py")].split("/")
        for name, what, _when in source.imports:
            rest = name.lstrip(".")
            dots = len(name) - len(rest)
            if not dots and rest.split(".")[0] not in (self.stack.plugin.package, *self.beside):
                continue
            base = [*(words[:-dots] if dots else []), *rest.split(".")] if rest else words[:-dots]
            for found in (base, *([*base, inner] for inner in what)):
                if all(word.isidentifier() for word in found):
                    yield f"{self.top}{'/'.join(found)}.py"
                    yield f"{self.top}{'/'.join(found)}/__init__.py"

    def _source(self, name: str, text: bytes | None) -> Source | None:
        if name not in self._sources and name in self._kept:
            # What is damaged is read again.
            with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
                self._sources[name] = Source.unpack(self._kept[name])
        if name not in self._sources and text is not None:
            self._sources[name] = read_source(text)
        return self._sources.get(name)

    def source(self, path: str, content: Content | None) -> Source | None:
        """Facts of a content that ``path`` has or had; None where nobody knows them."""
        name = self._name(path, content)
        if name is None:
            return None
        return self._source(name, None) or self._source(name, self._text(path, name))

    def _name(self, path: str, content: Content | None) -> str | None:
        """The object id of a file's content; of a link it is not known what it led to."""
        if content and content.kind == UNREAD:
            content = self.tree.content(path)
        return content.name if content and content.kind == REGULAR else None

    def _text(self, path: str, name: str) -> bytes | None:
        text = self.tree.text(path)
        if text is not None and content_id(text, self.tree.kind) == name:
            return text
        return self.tree.old_text(path, name)

    def modules(self, before: Sequence[Difference] = ()) -> Modules:
        """All modules; with ``before`` as they were before these differences."""
        names: dict[str, str] = dict(self.now())
        for difference in before:
            for path in self.names(difference.path):
                names.pop(path, None)
        for difference in before:
            path = difference.previous or difference.path
            name = self._name(path, difference.old)
            if name:
                names.update(dict.fromkeys(self.names(path), name))
        sources, packages = {}, set()
        for path, name in names.items():
            module = self.module(path)
            source = self.source(path, Content(REGULAR, name)) if module else None
            if module and source:
                sources[module] = source
                if path.endswith("/__init__.py"):
                    packages.add(module)
        return Modules(sources, frozenset(packages), self.stack.plugin.package)

    def meaning(self, path: str, content: Content | None) -> str | None:
        """A digest of what a packaging file says; None where its content is not known any more."""
        name = self._name(path, content)
        if name is None:
            return None
        if name not in self._meanings:
            text = self._text(path, name)
            if text is None:
                return None
            said = (meaning(path, text, versioned) for versioned in (False, True))
            self._meanings[name] = "/".join(hashlib.sha256(one).hexdigest()[:32] for one in said)
        return self._meanings[name].split("/")[self.versioned]

    def project(self, content: Content | None) -> dict[str, Any] | None:
        """What a version of the project file says, by key; None where it is not known any more, or cannot be read."""
        if content is None:
            return {}
        name = self._name(PROJECT_FILE, content)
        if name is None:
            return None
        if name not in self._projects:
            text = self._text(PROJECT_FILE, name)
            self._projects[name] = parse_project(text) if text is not None else None
        known = self._projects[name]
        return known if isinstance(known, dict) else None

    def _project_id(self) -> str | None:
        text = self.tree.text(PROJECT_FILE)
        name = None if text is None else content_id(text, self.tree.kind)
        self.project(Content(REGULAR, name) if name else None)
        return name

    @cached_property
    def versioned(self) -> bool:
        """Whether the plugin asks which version of it is installed."""
        return reads_metadata(self.stack.plugin.package_dir)

    def save(self, waiting: Sequence[Difference] = ()) -> None:
        """Keep the facts of what is on disk, and of what was before the differences that still wait to be applied."""
        names = set(self.now().values())
        olds = {d.previous or d.path: d.old.name for d in waiting if d.old and d.old.kind == REGULAR}
        for path, name in olds.items():
            if self.module(path):
                self.source(path, Content(REGULAR, name))
                names.add(name)
        packed = {name: source.pack() for name, source in self._sources.items() if name in names}
        meanings = {}
        for path in packaging_files(self.stack.plugin.root):
            text = self.tree.text(path)
            if text is not None:
                name = content_id(text, self.tree.kind)
                self.meaning(path, Content(REGULAR, name))
                meanings[name] = self._meanings[name]
        meanings.update({name: self._meanings[name] for name in olds.values() if name in self._meanings})
        project = [olds.get(PROJECT_FILE)] if any(d.path == PROJECT_FILE for d in waiting) else [self._project_id()]
        imported = sorted(path for path in self._imported if path in self.now())
        data = {
            "version": VERSION,
            "facts": FACTS_VERSION,
            "sources": packed,
            "meanings": meanings,
            "imported": imported,
            "projects": {name: self._projects[name] for name in project if name and name in self._projects},
        }
        write_atomic(self.stack.state / FILE, json.dumps(data, separators=(",", ":")))
