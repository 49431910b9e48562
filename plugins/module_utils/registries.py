# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes together without being named: classes and functions that registered themselves, and subclasses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from .kinds import Kinds, Node
from .modules import Target
from .source import Part

_ASKS_FOR_SUBCLASSES = re.compile(r"(^|\.)__subclasses__(\(\))?$")
# Methods that are called as a class is made: of its bases, of its metaclass.
_OF_BASES, _OF_METACLASS = ("__init_subclass__()",), ("__new__()", "__init__()", "__prepare__()")
_METACLASS = re.compile(r"^type$|Meta(class)?$|ModelBase$")
_VALUES = ("variable", "attribute")
_TALKS = re.compile(r"\.(debug|info|warning|error|exception|critical|log)\(\)$")


class Registries:
    """Answers for one version of a plugin; ``loaded`` are the modules that any process loads."""

    def __init__(self, kinds: Kinds, loaded: Iterable[str]) -> None:
        self.kinds = kinds
        self.modules = kinds.modules
        self.loaded = sorted(loaded)
        self._filled: dict[Node, set[Node]] = {}

    def members(self, taken: Collection[Node]) -> Iterator[Node]:
        """Classes and functions that put themselves into some value of these as they are made."""
        for node, values in self._registered.items():
            if node not in taken and any(value in taken for value in values):
                yield node

    def subclasses(self, uses: Iterable[str], bases: Collection[Node]) -> Iterator[Node]:
        """Classes that are derived from these, where one of the ``uses`` asks for such."""
        if not any(map(_ASKS_FOR_SUBCLASSES.search, uses)):
            return
        for node, _part in self._made:
            if any((target.module, target.part) in bases for target in self.kinds.bases(node) if not target.foreign):
                yield node

    @cached_property
    def _made(self) -> list[tuple[Node, Part]]:
        return [
            ((module, name), part)
            for module in self.loaded
            for name, part in self.modules.sources[module].parts.items()
            if "." not in name and (part.kind == "class" or (part.kind == "function" and not name.endswith("()")))
        ]

    @cached_property
    def _registered(self) -> dict[Node, set[Node]]:
        """Values that something may be put into by who is called as it is made."""
        found = {}
        for node, part in self._made:
            values = {value for hook in self._hooks(node, part) for value in self._fills(hook)}
            if values:
                found[node] = values
        return found

    def _hooks(self, node: Node, part: Part) -> Iterator[Target]:
        for use in part.uses:
            # Decorators are called, a metaclass is named.
            yield from self.modules.resolve(node[0], use.strip("&()")) if use[0] != "." else ()
        pending, seen = [node], {node}
        while pending and part.kind == "class":
            for target in self.kinds.bases(pending.pop()):
                base = (target.module, target.part)
                if not target.foreign and base not in seen:
                    seen.add(base)
                    pending.append(base)
                    for method in _OF_BASES:
                        yield Target(target.module, f"{target.part}.{method[:-2]}")
                    inherited = self.modules.part(*base)
                    for use in inherited.uses if inherited and inherited.kind == "class" else ():
                        yield from self.modules.resolve(target.module, use) if use.isidentifier() else ()

    def _fills(self, hook: Target) -> set[Node]:
        """Values of ours that a function names, or one that it calls."""
        if hook.foreign or not hook.part:
            return set()
        first = (hook.module, hook.part)
        part = self.modules.part(*first)
        if part is not None and part.kind in _VALUES:
            # A method of an object.
            return {first}
        if first not in self._filled:
            found: set[Node] = set()
            names = [f"{hook.part}()"]
            if part is not None and part.kind == "class":
                if not self.kinds.has_base(first, _METACLASS):
                    # An argument of a decorator.
                    return set()
                names = [f"{hook.part}.{method}" for method in _OF_METACLASS]
            pending = [(hook.module, name) for name in names]
            seen = set(pending)
            while pending:
                module, name = pending.pop()
                called = self.modules.part(module, name)
                for use in called.uses if called else ():
                    if use[0] == "." or _TALKS.search(use):
                        continue
                    for target in self.modules.resolve(module, use.strip("&()")):
                        known = None if target.foreign else self.modules.part(target.module, target.part)
                        inner = (target.module, f"{target.part}()")
                        if known is not None and known.kind in _VALUES:
                            found.add((target.module, target.part))
                        elif not target.foreign and use.endswith("()") and inner not in seen:
                            seen.add(inner)
                            pending.append(inner)
            self._filled[first] = found
        return self._filled[first]
