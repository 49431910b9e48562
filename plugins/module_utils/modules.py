# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python modules of a plugin as a graph: what a name stands for, and who imports whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .source import Part, Source

# Django and NetBox import these of every app by themselves; what is named otherwise is loaded only when imported.
_LOADED = re.compile(
    r"__init__|admin|api|apps|checks|dashboard|data_backends|events|filtersets|forms|graphql|jobs|management|middleware|"
    r"models|navigation|reports|scripts|search|signals|tables|tasks|template_content|template_extensions|templatetags|"
    r"urls|user_preferences|views|webhook_callbacks"
)
# Loaded for requests only, unless something else imports them.
_WEB_ONLY = frozenset(["forms", "middleware", "tables", "urls", "views"])


def module_name(path: str, top: str) -> str | None:
    """``pkg.models.fabric`` of ``src/pkg/models/fabric.py`` below ``src/``; None when it is no module's path."""
    if not path.endswith(".py") or not path.startswith(top):
        return None
    words = path[len(top) : -len(".py")].split("/")
    if words[-1] == "__init__":
        words.pop()
    return ".".join(words) if words and all(word.isidentifier() for word in words) else None


@dataclass(frozen=True)
class Target:
    """What a name stands for: a part of a module of ours and the rest of the name, or an import path of others'."""

    module: str
    part: str = ""
    rest: str = ""
    foreign: bool = False


@dataclass
class Modules:
    """All modules by their names; ``packages`` are those that are a folder's ``__init__``."""

    sources: Mapping[str, Source]
    packages: frozenset[str]
    _imported: dict[str, set[str]] = field(default_factory=dict)

    def absolute(self, module: str, name: str) -> str:
        """The import path that ``name`` (with leading dots when relative) has inside ``module``."""
        rest = name.lstrip(".")
        dots = len(name) - len(rest)
        if not dots:
            return name
        words = module.split(".")
        words = words[: len(words) - dots + (1 if module in self.packages else 0)]
        return ".".join([*words, rest] if rest else words)

    def resolve(self, module: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> Target | None:
        """What the dotted ``name`` means inside ``module``; None for builtins and what cannot be known."""
        source = self.sources.get(module)
        if source is None or (module, name) in seen:
            return None
        seen |= {(module, name)}
        words = name.split(".")
        for length in range(len(words), 0, -1):
            part = ".".join(words[:length])
            if part in source.parts:
                return Target(module, part, ".".join(words[length:]))
        if words[0] in source.aliases:
            where, what = source.aliases[words[0]]
            path = self.absolute(module, where or "")
            return self._follow(path, [*([what] if what else []), *words[1:]], seen)
        for star in source.stars:
            path = self.absolute(module, star)
            found = self.resolve(path, name, seen) if path in self.sources else None
            if found:
                return found
        return None

    def _follow(self, path: str, words: list[str], seen: frozenset[tuple[str, str]]) -> Target | None:
        """``words`` inside the import path ``path``: further modules, then names of the last one."""
        while words and f"{path}.{words[0]}" in self.sources:
            found = self.resolve(path, ".".join(words), seen) if path in self.sources else None
            if found and not found.foreign:
                return found
            path, words = f"{path}.{words[0]}", words[1:]
        if path not in self.sources:
            return Target(".".join([path, *words]), foreign=True)
        if not words:
            return Target(path)
        return self.resolve(path, ".".join(words), seen)

    def imports(self, module: str) -> set[str]:
        """Modules of ours that are loaded when ``module`` is: those it imports anywhere, and the packages around."""
        if module in self._imported:
            return self._imported[module]
        found: set[str] = set()
        for name, what in self.sources[module].imports:
            path = self.absolute(module, name)
            for candidate in [path, *(f"{path}.{inner}" for inner in what)]:
                words = candidate.split(".")
                found.update(".".join(words[:length]) for length in range(1, len(words) + 1))
        found = {name for name in found if name in self.sources and name != module}
        self._imported[module] = found
        return found

    def closure(self, entries: Iterable[str]) -> set[str]:
        """Everything that is loaded when ``entries`` are."""
        pending = [name for name in entries if name in self.sources]
        loaded: set[str] = set()
        while pending:
            name = pending.pop()
            if name not in loaded:
                loaded.add(name)
                pending.extend(self.imports(name))
        return loaded

    def loaded(self) -> set[str]:
        """Modules that some process of NetBox loads."""
        return self.closure(name for name in self.sources if self._by_itself(name))

    def _by_itself(self, name: str) -> bool:
        words = name.split(".")
        # A package named models is loaded, and what is in it when it imports that.
        inside = any(word != "models" and _LOADED.fullmatch(word) for word in words[1:-1])
        return len(words) == 1 or inside or bool(_LOADED.fullmatch(words[-1]))

    def web_only(self, module: str) -> bool:
        """Whether only a process that serves requests loads ``module``, as far as imports tell."""
        if not self._candidate(module):
            return False
        others = [name for name in self.sources if not self._candidate(name)]
        return module not in self.closure(others)

    @staticmethod
    def _candidate(module: str) -> bool:
        return bool(_WEB_ONLY.intersection(module.split(".")[1:]))

    def importers(self, top: str) -> Iterator[str]:
        """Modules that import the top-level module ``top``."""
        for module, source in self.sources.items():
            if any(self.absolute(module, name).split(".")[0] == top for name, _what in source.imports):
                yield module

    def part(self, module: str, name: str) -> Part | None:
        source = self.sources.get(module)
        return source.parts.get(name) if source else None
