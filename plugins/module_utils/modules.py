# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python modules of a plugin as a graph: what a name stands for, and who imports whom."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from .source import Part, Source
from .syntax import IF, LATER

# Django and NetBox import these of every app by themselves; what is named otherwise is loaded only when imported.
_LOADED = re.compile(
    r"__init__|admin|api|apps|checks|dashboard|data_backends|events|filtersets|forms|graphql|jobs|management|middleware|"
    r"models|navigation|reports|scripts|search|signals|tables|tasks|template_content|template_extensions|templatetags|"
    r"urls|user_preferences|views|webhook_callbacks"
)
# Of these, the ones that are loaded before anything is asked for.
_AT_START = re.compile(
    r"apps|dashboard|data_backends|graphql|models|navigation|search|template_content|user_preferences"
)
# Loaded for requests only, unless something else imports them. From 4.4 on, NetBox may run a bulk view as a job: the
# worker is proved fresh by the whole package's code, whatever a plan names.
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
    """What a name stands for: a part of a module of ours and the rest of the name, or an import path of others'.

    ``guessed`` is what a star of others' may have brought.
    """

    module: str
    part: str = ""
    rest: str = ""
    foreign: bool = False
    guessed: bool = False


@dataclass
class Modules:
    """All modules by their names; ``packages`` are those that are a folder's ``__init__``, ``package`` is the plugin's.

    What is beside that is loaded when it is imported, or when it has models.
    """

    sources: Mapping[str, Source]
    packages: frozenset[str]
    package: str
    _imported: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    _resolved: dict[tuple[str, str], list[Target]] = field(default_factory=dict)

    @cached_property
    def _names(self) -> set[str]:
        """Modules, and the packages around them: a folder without ``__init__`` is one, too."""
        found: set[str] = set()
        for module in self.sources:
            words = module.split(".")
            found.update(".".join(words[:length]) for length in range(1, len(words) + 1))
        return found

    def absolute(self, module: str, name: str) -> str:
        """The import path that ``name`` (with leading dots when relative) has inside ``module``."""
        rest = name.lstrip(".")
        dots = len(name) - len(rest)
        if not dots:
            return name
        words = module.split(".")
        words = words[: max(0, len(words) - dots + (1 if module in self.packages else 0))]
        return ".".join([*words, rest] if rest else words)

    def resolve(self, module: str, name: str) -> list[Target]:
        """All that the dotted ``name`` may mean inside ``module``; nothing for builtins and what cannot be known."""
        key = (module, name)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(module, name, frozenset(), {})
        return self._resolved[key]

    def _resolve(
        self, module: str, name: str, seen: frozenset[tuple[str, str]], starred: dict[tuple[str, str], list[Target]]
    ) -> list[Target]:
        """``starred`` has what was found by ``import *`` for this question: modules that lead there are many."""
        source = self.sources.get(module)
        if source is None or (module, name) in seen:
            return []
        seen |= {(module, name)}
        words = name.split(".")
        found: dict[Target, None] = {}
        for length in range(len(words), 0, -1):
            part = ".".join(words[:length])
            if part in source.parts or f"{part}()" in source.parts:
                found[Target(module, part, ".".join(words[length:]))] = None
                break
        for where, what in source.aliases.get(words[0], ()):
            path = self.absolute(module, where or "")
            found.update(dict.fromkeys(self._follow(path, [*([what] if what else []), *words[1:]], seen, starred)))
        stars = [self.absolute(module, star) for star in source.stars]
        for path in stars:
            if (path, name) not in starred:
                starred[path, name] = []
                starred[path, name] = self._resolve(path, name, seen, starred)
            found.update(dict.fromkeys(starred[path, name]))
        if not found and module in self.packages and f"{module}.{words[0]}" in self._names:
            # Whoever imports a module binds it in the package around it.
            found.update(dict.fromkeys(self._follow(f"{module}.{words[0]}", words[1:], seen, starred)))
        others = [path for path in stars if path not in self.sources]
        if not found and others and not hasattr(builtins, words[0]):
            found[Target(f"{others[-1]}.{name}", foreign=True, guessed=True)] = None
        return [target for target in found if not target.guessed] or list(found)

    def _follow(
        self,
        path: str,
        words: list[str],
        seen: frozenset[tuple[str, str]],
        starred: dict[tuple[str, str], list[Target]],
    ) -> list[Target]:
        """``words`` inside the import path ``path``: further modules, or names of that one."""
        if path not in self._names:
            return [Target(".".join([path, *words]), foreign=True)]
        if not words:
            return [Target(path)]
        found = self._resolve(path, ".".join(words), seen, starred)
        if f"{path}.{words[0]}" in self._names:
            found += self._follow(f"{path}.{words[0]}", words[1:], seen, starred)
        # Ours, and yet unknown: it may be bound by whatever the module does.
        return list(dict.fromkeys(found)) or [Target(path)]

    def imports(self, module: str, when: int = LATER) -> set[str]:
        """Modules of ours that are loaded when ``module`` is: those it imports anywhere, and the packages around.

        With ``when`` IF only those that it imports as it is imported itself, with NOW those that it surely does.
        """
        key = (module, when)
        if key in self._imported:
            return self._imported[key]
        words = module.split(".")
        found = {".".join(words[:length]) for length in range(1, len(words))}
        for name, what, loaded in self.sources[module].imports:
            if loaded < when:
                continue
            if name == "*":
                found.update(self.sources)
                continue
            path = self.absolute(module, name)
            for candidate in [path, *(f"{path}.{inner}" for inner in what)]:
                words = candidate.split(".")
                found.update(".".join(words[:length]) for length in range(1, len(words) + 1))
        found = {name for name in found if name in self.sources and name != module}
        self._imported[key] = found
        return found

    def closure(self, entries: Iterable[str], when: int = LATER) -> set[str]:
        """Everything that is loaded when ``entries`` are."""
        pending = [name for name in entries if name in self.sources]
        loaded: set[str] = set()
        while pending:
            name = pending.pop()
            if name not in loaded:
                loaded.add(name)
                pending.extend(self.imports(name, when))
        return loaded

    def missing(self, module: str) -> list[str]:
        """Modules of ours that are not there, and without which ``module`` cannot be imported."""
        loaded = self.closure([module], IF)
        paths = {self.absolute(one, name) for one in loaded for name, _what, when in self.sources[one].imports if when}
        return sorted(path for path in paths - self._names if path.split(".")[0] == self.package)

    def loaded(self, when: int) -> set[str]:
        """Modules that some process of NetBox may load; IF and NOW: that Django and NetBox load as they start."""
        known = _AT_START if when else _LOADED
        return self.closure((name for name in self.sources if self._by_itself(name, known)), when)

    def _by_itself(self, name: str, known: re.Pattern[str]) -> bool:
        words = name.split(".")
        # A package named models is loaded, and what is in it when it imports that.
        inside = any(word != "models" and known.fullmatch(word) for word in words[1:-1])
        return self.is_entry(name) and (len(words) == 1 or inside or bool(known.fullmatch(words[-1])))

    def is_entry(self, name: str) -> bool:
        """Whether a module is the plugin's, or of an app beside it."""
        words = name.split(".")
        return words[0] == self.package or "models" in words[1:]

    def web_only(self, module: str) -> bool:
        """Whether only a process that serves requests loads ``module``, as far as imports tell."""
        return _is_web(module) and module not in self._for_others

    @cached_property
    def _for_others(self) -> set[str]:
        return self.closure(name for name in self.sources if self.is_entry(name) and not _is_web(name))

    def importers(self, top: str) -> Iterator[str]:
        """Modules that import the top-level module ``top``."""
        for module, source in self.sources.items():
            if any(self.absolute(module, name).split(".")[0] in (top, "*") for name, *_more in source.imports):
                yield module

    def part(self, module: str, name: str) -> Part | None:
        source = self.sources.get(module)
        return source.parts.get(name) if source else None


def _is_web(module: str) -> bool:
    words = module.split(".")[1:]
    return bool(_WEB_ONLY.intersection(words)) and "models" not in words
