# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a plugin's code that decides about something: its schema, or its plugin configuration.

A slice starts at roots (the models, or the ``PluginConfig``) and follows the names that these use, through imports,
base classes and called functions. Two versions of a plugin have the same schema when their schema slices are equal;
when a name cannot be followed for sure, more is taken in, never less.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from .modules import Modules, Target
from .source import Part

# Methods that decide what a field, validator, manager or choice is.
_DECIDING = re.compile(
    r"__(init|new|call|eq|iter|prepare|init_subclass|set_name|class_getitem|get)__|_generate_next_value_|"
    r"contribute_to_class|deconstruct|clone|(rel_)?db_type|cast_db_type|db_type_suffix|db_parameters|db_check|"
    r"get_internal_type|constraint_sql|create_sql"
)
# Of a model's own, these alone reach the schema.
_DECIDING_IN_MODELS = re.compile(r"__(new|init_subclass|prepare)__|contribute_to_class")
# What never is a model, by the end of its name.
_NO_MODEL = re.compile(
    r"(Field|Manager|QuerySet|Choices|ChoiceSet|Enum|Func|Expression|Lookup|Transform|Aggregate|Constraint|Index|Error|"
    r"Exception|Warning|Value|Descriptor|ModelBase|Protocol|NamedTuple|TypedDict|ABC|Generic|Deferrable)$"
)
_KNOWN_FREE_OF_MODELS = re.compile(
    r"(django|netbox|utilities|core|dcim|ipam|extras|users|tenancy|circuits|virtualization|vpn|wireless|account|"
    r"rest_framework|django_filters|django_tables2|strawberry|strawberry_django|graphene|rq|taggit|mptt|"
    r"abc|collections|dataclasses|enum|logging|typing|threading|unittest|json|pathlib|datetime|contextlib)(\.|$)"
)
_READS_DATA = re.compile(r"(^|\.)(open|read_text|read_bytes|safe_load|load|loads|files|get_data)\(\)$")

Node = tuple[str, str]


@dataclass
class Slice:
    """Digests of the parts that decide, and for each the part through which it was reached."""

    digests: dict[Node, str] = field(default_factory=dict)
    through: dict[Node, Node] = field(default_factory=dict)
    reads_data: bool = False

    def differences(self, new: Slice, moved: dict[str, str]) -> list[Node]:
        """Parts that are in one of both only, or other than they were.

        A class that only moved from one module to another of the same app is the same: ``moved`` maps a module to
        its app.
        """

        def keyed(these: Slice) -> Counter[tuple[str, str, str]]:
            return Counter(_key(node, digest, moved) for node, digest in these.digests.items())

        before, after = keyed(self), keyed(new)
        excess = set(before - after) | set(after - before)
        found: dict[Node, None] = {}
        for these in (new, self):
            for node, digest in these.digests.items():
                if _key(node, digest, moved) in excess and self.digests.get(node) != new.digests.get(node):
                    found[node] = None
        return list(found)

    def user_of(self, node: Node) -> Node | None:
        """The part of a root from which ``node`` was reached, or the root; None for a root itself."""
        chain = [node]
        while chain[-1] in self.through and self.through[chain[-1]] not in chain:
            chain.append(self.through[chain[-1]])
        if len(chain) == 1:
            return None
        root, below = chain[-1], chain[-2]
        return below if below != node and below[1].startswith(f"{root[1]}.") else root


def _key(node: Node, digest: str, moved: dict[str, str]) -> tuple[str, str, str]:
    module, part = node
    in_class = part[:1].isupper() and "import " not in part
    return (moved.get(module, "") if in_class else module, part, digest)


class _Walk:
    """One walk from roots along the names that are used."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.slice = Slice()
        self._kinds: dict[Node, bool | None] = {}
        self._pending: list[tuple[Node, Part]] = []

    def run(self) -> Slice:
        while self._pending:
            (module, name), part = self._pending.pop()
            for use in part.uses:
                self._use(module, name, use)
        return self.slice

    def add(self, module: str, name: str, through: Node | None = None) -> None:
        """Take one part in."""
        node = (module, name)
        part = self.modules.part(module, name)
        if part is None or node in self.slice.digests:
            return
        self.slice.digests[node] = part.digest
        if through and through != node:
            self.slice.through[node] = through
        if any(_READS_DATA.search(use) for use in part.uses):
            self.slice.reads_data = True
        self._pending.append((node, part))

    def add_module(self, module: str, through: Node | None = None) -> None:
        """Take a whole module in: how it is used cannot be known."""
        source = self.modules.sources.get(module)
        if source is None or (module, "*") in self.slice.digests:
            return
        node = (module, "*")
        self.slice.digests[node] = source.code
        if through:
            self.slice.through[node] = through
        if source.unsure:
            for imported in self.modules.imports(module):
                if not imported.startswith(f"{module}.") and not module.startswith(f"{imported}."):
                    self.add_module(imported, node)
        for name in source.parts:
            self.add(module, name, node)

    def add_class(self, module: str, name: str, through: Node | None = None) -> None:
        """Take a class in: of a model what may be a field or an option, of another all but its methods."""
        source = self.modules.sources[module]
        if (module, name) in self.slice.digests:
            return
        self.add(module, name, through)
        here = (module, name)
        model = self.is_model(module, name)
        deciding = _DECIDING_IN_MODELS if model else _DECIDING
        for inner, part in source.parts.items():
            if not inner.startswith(f"{name}.") or "." in inner[len(name) + 1 :].rstrip("()"):
                continue
            attribute = inner[len(name) + 1 :]
            if part.kind == "class":
                if attribute == "Meta" or not model:
                    self._add_whole(module, inner, here)
            elif (attribute.endswith("()") and deciding.fullmatch(attribute[:-2])) or (
                part.kind == "attribute" and not (model and part.plain)
            ):
                self.add(module, inner, here)

    def _add_whole(self, module: str, name: str, through: Node) -> None:
        for inner in list(self.modules.sources[module].parts):
            if inner == name or inner.startswith(f"{name}."):
                self.add(module, inner, through)

    def _use(self, module: str, user: str, use: str) -> None:
        called = use.endswith("()")
        name = use[:-2] if called else use
        through = (module, user)
        target = self.modules.resolve(module, name)
        if target is None:
            return
        first = name.split(".")[0]
        if target.foreign:
            self.slice.digests.setdefault(
                (module, f"import {first}"), target.module[: -len(name[len(first) :]) or None]
            )
            self.slice.through.setdefault((module, f"import {first}"), through)
        elif not target.part:
            self.add_module(target.module, through)
        else:
            self._add_target(target, called, through)

    def _add_target(self, target: Target, called: bool, through: Node) -> None:
        source = self.modules.sources[target.module]
        part = source.parts[target.part]
        if source.unsure:
            self.add_module(target.module, through)
        elif part.kind == "class":
            outer = target.part.split(".")[0]
            if outer != target.part:
                # An inner class: the whole of it, whatever the class around it is.
                self._add_whole(target.module, target.part, through)
            else:
                self.add_class(target.module, target.part, through)
            if target.rest:
                self._add_member(target.module, target.part, target.rest.split(".")[0], through, set())
        elif part.kind == "attribute" and not (part.plain or self.is_model(target.module, target.part.split(".")[0])):
            # The value of a member may depend on those before it.
            self._add_whole(target.module, target.part.rpartition(".")[0], through)
        else:
            self.add(target.module, target.part, through)
            if part.kind == "function" and called:
                self.add(target.module, f"{target.part}()", through)

    def _add_member(self, module: str, name: str, member: str, through: Node, seen: set[Node]) -> None:
        """An attribute or method that a class or one of its bases defines."""
        if (module, name) in seen:
            return
        seen.add((module, name))
        self.add(module, f"{name}.{member}", through)
        self.add(module, f"{name}.{member}()", through)
        part = self.modules.part(module, name)
        for base in part.bases if part else []:
            target = self.modules.resolve(module, base)
            if target and not target.foreign and target.part:
                self._add_member(target.module, target.part, member, through, seen)

    def is_model(self, module: str, name: str) -> bool | None:
        """Whether a class is a model or a base of models; None when that cannot be known."""
        node = (module, name)
        if node in self._kinds:
            return self._kinds[node]
        # A class among its own bases is none of ours to judge.
        self._kinds[node] = False
        part = self.modules.part(module, name)
        verdicts = [self._base_is_model(module, base) for base in (part.bases if part else [])]
        self._kinds[node] = True if True in verdicts else None if None in verdicts else False
        return self._kinds[node]

    def _base_is_model(self, module: str, base: str) -> bool | None:
        target = self.modules.resolve(module, base)
        if target is None:
            return False if base in _BUILTIN or _NO_MODEL.search(base) else None
        if not target.foreign:
            if target.part:
                return self.is_model(target.module, target.part)
            return None
        words = target.module.split(".")
        if _NO_MODEL.search(words[-1]):
            return False
        if words[-1].endswith("Model") or "models" in words[:-1]:
            return True
        return False if _KNOWN_FREE_OF_MODELS.match(target.module) else None


_BUILTIN = frozenset(["object", "dict", "list", "tuple", "set", "str", "int", "float", "type", "bool", "property"])


def _in_models(module: str) -> bool:
    return "models" in module.split(".")[1:]


def schema_slice(modules: Modules) -> Slice:
    """What decides about the schema: models, their fields and options, and all that these are made of."""
    walk = _Walk(modules)
    loaded = modules.loaded()
    for module, source in modules.sources.items():
        if source.unsure:
            if _in_models(module):
                walk.add_module(module)
            continue
        bears_models = False
        for name, part in source.parts.items():
            if part.kind == "class" and "." not in name:
                verdict = walk.is_model(module, name)
                if verdict or (verdict is None and _may_be_model(modules, module, name)):
                    walk.add_class(module, name)
                    bears_models = True
            elif _adds_to_class(part) or (_in_models(module) and _builds(modules, module, name, part)):
                walk.add(module, name)
        if bears_models:
            # A model that no process imports is none.
            walk.slice.digests[module, "loaded"] = str(module in loaded)
    return walk.run()


def _may_be_model(modules: Modules, module: str, name: str) -> bool:
    """Of a class with a base that nobody knows: it is where models are, or has what looks like fields."""
    if _in_models(module):
        return True
    prefix = f"{name}."
    for inner, part in modules.sources[module].parts.items():
        if inner.startswith(prefix) and part.kind == "attribute":
            for use in part.uses:
                target = modules.resolve(module, use[:-2]) if use.endswith("()") else None
                if target and target.foreign and ".models." in target.module:
                    return True
    return False


def _adds_to_class(part: Part) -> bool:
    return any(re.search(r"(^|\.)(add_to_class|contribute_to_class)\(\)$", use) for use in part.uses)


def _builds(modules: Modules, module: str, name: str, part: Part) -> bool:
    """Whether module-level code may make or change models: it calls ``type``, or something of ours, or who knows."""
    if part.kind != "variable":
        return False
    if name == "":
        return not all(use.split(".")[-1] in ("connect()", "getLogger()") for use in part.uses if use.endswith("()"))
    for use in part.uses:
        if use == "type()":
            return True
        target = modules.resolve(module, use[:-2]) if use.endswith("()") else None
        if target and not target.foreign:
            return True
    return False


def config_slice(modules: Modules) -> Slice:
    """What decides about the plugin's configuration: attributes of ``PluginConfig`` and ``AppConfig`` classes."""
    walk = _Walk(modules)
    for module, source in modules.sources.items():
        if source.unsure:
            continue
        for name, part in source.parts.items():
            if part.kind == "class" and any(re.search(r"(Plugin|App)Config$", base) for base in part.bases):
                walk.add_class(module, name)
                walk.add(module, "config")
                walk.add(module, "default_app_config")
    return walk.run()
