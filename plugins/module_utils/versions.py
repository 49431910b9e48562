# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's modules before some differences and after them, and what decides in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from .comparison import LOADED, Slice
from .differences import Difference
from .facts import Facts
from .kinds import Node
from .modules import Modules
from .slices import config_slice, schema_slice


class Versions:
    """The plugin's modules before some differences and after them, compared."""

    def __init__(self, facts: Facts, differences: Sequence[Difference]) -> None:
        self.facts = facts
        self.old: Modules = facts.modules(before=differences)
        self.new: Modules = facts.modules()
        self.changed = {name for difference in differences for name in self.names_of(difference)}
        # Whether names lead further through names than this Python goes.
        self._is_too_deep = False

    def names_of(self, difference: Difference) -> set[str]:
        """Modules that a file is and was, by every path that leads to it."""
        paths = [path for one in (difference.path, difference.previous) if one for path in self.facts.names(one)]
        return {name for name in map(self.facts.module, paths) if name}

    @cached_property
    def schema(self) -> tuple[Slice, Slice]:
        return self._sliced(schema_slice)

    @cached_property
    def schema_parts(self) -> dict[str, list[Node]]:
        """Parts that decide about the schema and are other now, by the changed module to blame."""
        return self._blamed(*self.schema)

    @cached_property
    def config_parts(self) -> dict[str, list[Node]]:
        return self._blamed(*self.config)

    @cached_property
    def config(self) -> tuple[Slice, Slice]:
        return self._sliced(config_slice)

    def _sliced(self, slicer: Callable[[Modules], Slice]) -> tuple[Slice, Slice]:
        try:
            return slicer(self.old), slicer(self.new)
        except RecursionError:
            self._is_too_deep = True
            return Slice(reads_data=True, reads_settings=True), Slice(reads_data=True, reads_settings=True)

    @property
    def too_deep(self) -> bool:
        return bool(self.schema and self.config) and self._is_too_deep

    def _blamed(self, before: Slice, after: Slice) -> dict[str, list[Node]]:
        blamed: dict[str, list[Node]] = {}
        unexplained = []
        for node in before.differences(after):
            if node[0] in self.changed and node[1] != LOADED:
                blamed.setdefault(node[0], []).append(node)
            elif node[1] == LOADED or (node in before.digests) != (node in after.digests) or not blamed:
                unexplained.append(node)
        for node in unexplained:
            # It came in or fell out because another file imports or uses it now, or does not any more.
            for name in self._users(node[0]) or (self._on_the_way(node[0]) if not blamed else set()):
                blamed.setdefault(name, []).append(node)
        return blamed

    def _users(self, module: str) -> set[str]:
        """Changed modules of which only one version imports ``module``."""

        def importing(modules: Modules) -> set[str]:
            return {name for name in self.changed if name in modules.sources and module in modules.imports(name)}

        return importing(self.old) ^ importing(self.new)

    def _on_the_way(self, module: str) -> set[str]:
        """Changed modules that ``module`` imports, it may be through others; or else all that changed."""
        return (self.old.closure([module]) | self.new.closure([module])) & self.changed or self.changed

    def user_of(self, node: Node) -> Node | None:
        for one in reversed(self.schema):
            if node in one.digests:
                return one.user_of(node)
        return None

    def is_new(self, node: Node) -> str:
        before, after = self.schema
        return "added" if node not in before.digests else "removed" if node not in after.digests else "changed"

    def web_only(self, module: str) -> bool:
        known = [m for m in (self.old, self.new) if module in m.sources]
        return bool(known) and all(m.web_only(module) for m in known)

    def nobody_imports(self, module: str) -> bool:
        top = module.split(".")[0]
        if top in self.facts.beside:
            return False
        if any(node[0].split(".")[0] == top for one in self.schema for node in one.digests):
            # It has models: Django does.
            return False
        return not any(name.split(".")[0] != top for m in (self.old, self.new) for name in m.importers(top))
