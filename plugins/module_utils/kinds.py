# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the classes of a plugin are, told by their bases: models, choices, configurations; and what makes models."""

from __future__ import annotations

import re
import sys

from .modules import Modules, Target
from .source import Part

# What never is a model, by the end of its name.
_NO_MODEL = re.compile(
    r"(Field|Manager|QuerySet|Choices|ChoiceSet|Enum|Func|Expression|Lookup|Transform|Aggregate|Constraint|Index|Error|"
    r"Exception|Warning|Value|Descriptor|ModelBase|Protocol|NamedTuple|TypedDict|ABC|Generic|Deferrable)$"
)
_MODEL = re.compile(r"Model$|^Abstract(Base)?(User|Session)$")
_STANDARD = sorted(getattr(sys, "stdlib_module_names", ["abc", "collections", "enum", "threading", "typing"]))
_KNOWN_FREE_OF_MODELS = re.compile(
    r"(django|netbox|utilities|core|dcim|ipam|extras|users|tenancy|circuits|virtualization|vpn|wireless|account|"
    r"rest_framework|django_filters|django_tables2|drf_spectacular|strawberry|strawberry_django|graphene|rq|django_rq|"
    r"pydantic|jinja2|yaml|requests|kubernetes|httpx|attr|attrs|marshmallow|celery|click|markdown|pytest|netaddr|"
    rf"typing_extensions|{'|'.join(_STANDARD)})"
    r"(\.|$)"
)
_CHOICES = re.compile(r"(Choices|ChoiceSet)$")
_FIELD = re.compile(r"(?<!forms)(?<!serializers)\.(\w+Field|ForeignKey)$|^django\.db\.models\.")
_CONFIG = re.compile(r"(Plugin|App)Config$")
_ADDS_TO_CLASS = re.compile(r"(^|\.)(add_to_class(\(\))?|contribute_to_class(\(\))?|_meta=)$")
_PATCHES = "_meta="
_BUILTIN = frozenset(["object", "dict", "list", "tuple", "set", "str", "int", "float", "type", "bool", "property"])

Node = tuple[str, str]
Members = list[tuple[str, str, Part]]


def in_models(module: str) -> bool:
    return "models" in module.split(".")[1:]


class Kinds:
    """Answers for one version of a plugin."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self._models: dict[Node, bool | None] = {}
        self._members: dict[str, dict[str, Members]] = {}
        self._foreign: dict[Node, set[str]] = {}

    def members(self, node: Node) -> Members:
        """What a class itself defines: ``(x or m(), the part's name, the part)`` each."""
        module, name = node
        if module not in self._members:
            found: dict[str, Members] = {}
            for inner, part in self.modules.sources[module].parts.items():
                outer, _dot, attribute = inner.rpartition(".")
                if outer:
                    found.setdefault(outer, []).append((attribute, inner, part))
            self._members[module] = found
        return self._members[module].get(name, [])

    def has_base(self, node: Node, wanted: re.Pattern[str]) -> bool:
        """Whether a class has, among all its bases, one of others' with such a name."""
        paths = self._foreign_bases(node)
        return any(wanted.search(path) or any(map(wanted.search, path.split("."))) for path in paths)

    def _foreign_bases(self, node: Node) -> set[str]:
        """Import paths of others' classes among all the bases of a class."""
        if node not in self._foreign:
            found: set[str] = set()
            seen = {node}
            pending = [node]
            while pending:
                for target in self.bases(pending.pop()):
                    inner = (target.module, target.part)
                    if target.foreign:
                        found.add(target.module)
                    elif inner in self._foreign:
                        found |= self._foreign[inner]
                    elif inner not in seen:
                        seen.add(inner)
                        pending.append(inner)
            self._foreign[node] = found
        return self._foreign[node]

    def bases(self, node: Node) -> list[Target]:
        """What the bases of a class are, or what they are computed from."""
        part = self.modules.part(*node)
        found = []
        for base in part.bases if part else []:
            names = [use.strip("&()") for use in part.uses if use[0] != "."] if part and base == "?" else [base]
            for name in names:
                found += self.modules.resolve(node[0], name) or [Target(name, foreign=True)]
        return found

    def is_choices(self, node: Node) -> bool:
        return self.has_base(node, _CHOICES)

    def is_config(self, node: Node) -> bool:
        return self.has_base(node, _CONFIG)

    def is_model(self, node: Node) -> bool | None:
        """Whether a class is a model or a base of models; None when that cannot be known."""
        if node in self._models:
            return self._models[node]
        # A class among its own bases is none of ours to judge.
        self._models[node] = False
        part = self.modules.part(*node)
        verdicts: list[bool | None] = []
        if part and part.kind == "class" and not self.is_config(node):
            for base in part.bases:
                verdicts += [self._computed(node[0], part)] if base == "?" else self._named(node[0], base)
        elif part and part.kind != "class":
            # A name for a class, or what returns one.
            whole = self.modules.part(node[0], f"{node[1]}()") or part
            verdicts = [self._computed(node[0], whole)] if whole.uses else []
        self._models[node] = True if True in verdicts else None if None in verdicts else False
        return self._models[node]

    def _computed(self, module: str, part: Part) -> bool | None:
        bare = [use.lstrip("&") for use in part.uses]
        names = [use[:-2] if use.endswith("()") else use for use in bare if not use.startswith(".")]
        verdicts = [verdict for name in names for verdict in self._named(module, name)]
        return True if True in verdicts else False if verdicts and None not in verdicts else None

    def _named(self, module: str, name: str) -> list[bool | None]:
        """A verdict for each thing that a name may mean."""
        targets = self.modules.resolve(module, name)
        if not targets:
            return [False if name in _BUILTIN or _NO_MODEL.search(name) else None]
        return [self._verdict(target) for target in targets]

    def _verdict(self, target: Target) -> bool | None:
        if not target.foreign:
            return self.is_model((target.module, target.part)) if target.part else None
        words = target.module.split(".")
        if target.module.startswith("django.db.models."):
            return words[-1] == "Model"
        inside = "models" in words[:-1]
        if any(map(_NO_MODEL.search, words)):
            return None if inside else False
        if words[0] in ("pydantic", "attr"):
            return False
        if _MODEL.search(words[-1]) or inside:
            return True
        return False if _KNOWN_FREE_OF_MODELS.match(target.module) else None

    def may_be_model(self, node: Node) -> bool:
        """Whether a class has to be taken for a model.

        With a base that nobody knows it is one where models are, or with options or what looks like a field.
        """
        verdict = self.is_model(node)
        if verdict is not None:
            return verdict
        part = self.modules.part(*node)
        if in_models(node[0]) or not part or "?" in part.bases or self._has_own_unknown_base(node):
            return True
        return any(attribute == "Meta" or self._is_field(node[0], one) for attribute, _inner, one in self.members(node))

    def _has_own_unknown_base(self, node: Node) -> bool:
        return any(not target.foreign and self._verdict(target) is None for target in self.bases(node))

    def _is_field(self, module: str, part: Part) -> bool:
        for use in part.uses:
            for target in self.modules.resolve(module, use[:-2]) if use.endswith("()") else ():
                node = (target.module, target.part)
                if not target.foreign and (target.part == "" or self.has_base(node, _FIELD)):
                    return True
                if target.foreign and _FIELD.search(target.module):
                    return True
        return False

    def makers(self) -> set[Node]:
        """Parts that make models or add to them, and those that call such."""
        sources = self.modules.sources
        found = {
            (module, name)
            for module, source in sources.items()
            for name, part in source.parts.items()
            if any(map(_ADDS_TO_CLASS.search, part.uses)) or (part.kind != "class" and self._makes(module, part))
        }
        more = bool(found)
        while more:
            methods = {
                name.rpartition(".")[2]
                for module, name in found
                # Who is called by that name somewhere is hardly the one that changes a model.
                if name.endswith("()") and "." in name and _PATCHES not in sources[module].parts[name].uses
            }
            callers = {
                (module, name)
                for module, source in sources.items()
                for name, part in source.parts.items()
                if (module, name) not in found and self._calls(module, part, found, methods)
            }
            found |= callers
            more = bool(callers)
        return found

    def _makes(self, module: str, part: Part) -> bool:
        for base in part.bases:
            verdicts = [self._computed(module, part)] if base == "?" else self._named(module, base)
            if True in verdicts:
                return True
        return False

    def _calls(self, module: str, part: Part, makers: set[Node], methods: set[str]) -> bool:
        for use in part.uses:
            if use.startswith("."):
                if f"{use[1:]}()" in methods:
                    return True
                continue
            name = use[:-2] if use.endswith("()") else use
            if "." in name and f"{name.rpartition('.')[2]}()" in methods:
                return True
            for target in self.modules.resolve(module, name):
                called = f"{target.part}.{target.rest}()" if target.rest else f"{target.part}()"
                if not target.foreign and ((target.module, called) in makers):
                    return True
        return False
