# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A walk along the names that code uses: from roots, through imports, base classes and called functions.

When a name cannot be followed for sure, more is taken in, never less.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable

from .comparison import LOADED, Slice, app_of
from .kinds import Kinds, Node
from .managers import has_plain_manager, managers_of
from .modules import Modules, Target
from .registries import Registries
from .source import EXEMPT_KEYWORDS, ORDER, TEXT, TOUCH, Part
from .syntax import IF, LATER, digest

# Methods of fields, managers and choices that decide what these are.
_DECIDING = re.compile(
    r"__(?!str__|repr__)\w+__|_generate_next_value_|contribute_to_class|deconstruct|clone|"
    r"(rel_)?db_type|cast_db_type|db_type_suffix|db_parameters|db_check|get_internal_type|constraint_sql|create_sql"
)
# Of a model's own, these alone reach the schema.
_DECIDING_IN_MODELS = re.compile(r"__(new|init_subclass|prepare|class_getitem)__|contribute_to_class")
# Whoever uses these may get at every attribute.
_ANY_ATTRIBUTE = re.compile(
    r"(^|\.)(getattr|vars|dir|locals|globals|getmembers|attrgetter|get_type_hints|fields)\(\)$|"
    r"(^|\.)(__dict__|__annotations__|__members__)\b"
)
_BINDS_ANY_NAME = re.compile(r"(^|\.)(exec|eval|globals|vars|locals|setattr)\(\)$|(^|\.)(modules|__dict__)\b")
_NEVER_IN_MIGRATIONS = re.compile(r"^(\w+\.)*Generic(Relation|ForeignKey)\(\)$")
# What of others' models are made with.
_MAKES_MODELS = re.compile(r"^django\.db\b|(^|\.)(models|fields|managers)\b")
_SETTINGS = re.compile(r"(^|\.)(get_plugin_config\(\)$|PLUGINS_CONFIG\b)")
_RUNS_TEXT = re.compile(r"^(exec|eval)\(\)$")
_READS_DATA = re.compile(
    r"(^|\.)(open|read_text|read_bytes|safe_load|full_load|load|loads|load_all|safe_load_all|files|get_data|read|reader|"
    r"DictReader|open_text|open_binary|as_file|path|parse|glob|rglob|iterdir|listdir|scandir|walk|exists|is_file|is_dir|"
    r"stat|getlines?|resource_\w+|contents|read_\w+|load_\w+)(\(\))?$"
)
# Options, and fields that NetBox's bases bring: who binds one of these names again takes it away.
_INHERITED = re.compile(
    r"Meta|bookmarks|comments|config_template|contacts|created|custom_field_data|description|id|images|journal_entries|"
    r"last_updated|level|lft|local_context_data|name|objects|owner|parent|rght|slug|subscriptions|tags|tree_id|"
    r"_abs_weight|auto_sync_enabled|data_file|data_path|data_source|data_synced|weight|weight_unit"
)

_METHODS = ("method", "static", "shared")

# Values of values of values: what is deeper is compared by itself only.
_DEEP = 60


class Walk:
    """One walk from roots along the names that are used."""

    def __init__(self, modules: Modules, patched: bool = False) -> None:
        self.modules = modules
        # Whether what happens to others' code as the plugin is loaded is a part of the slice.
        self.patched = patched
        self.kinds = Kinds(modules)
        self.slice = Slice()
        self._pending: deque[tuple[Node, Part]] = deque()
        # What each part means by the names that it uses.
        self._meant: dict[Node, set[tuple[str, Target]]] = {}
        # Classes by whether they were taken in as models, and attributes that are asked of who knows what.
        self._classes: dict[Node, set[bool]] = {}
        self._asked: set[str] = set()
        self._asked_by_name: set[str] = set()
        self._all_asked = False
        # Modules that are loaded before anything is asked for; those that may be loaded at all.
        self.at_start, self.loaded = modules.loaded(IF), modules.loaded(LATER)
        self._registries = Registries(self.kinds, self.loaded)

    def run(self) -> Slice:
        while True:
            while self._pending:
                (module, name), part = self._pending.popleft()
                if part.kind == "class" and self._classes.get((module, name)) == {True}:
                    self._use_bases(module, name, part, as_model=True)
                else:
                    self._use_bases(module, name, part, as_model=False)
                for use in part.uses:
                    self._use(module, name, use)
            size = len(self.slice.digests)
            self._take_asked()
            self._take_touches()
            self._take_registered()
            if len(self.slice.digests) == size and not self._pending:
                break
        self._finish()
        return self.slice

    # -- taking in

    def add(self, module: str, name: str, through: Node | None = None) -> None:
        """Take one part in."""
        node = (module, name)
        part = self.modules.part(module, name)
        if part is None or node in self.slice.digests:
            return
        self.slice.digests[node] = self.slice.parts[node] = part.digest
        if through and through != node:
            self.slice.through[node] = through
        if any(_READS_DATA.search(use) for use in part.uses):
            self.slice.reads_data = True
        self._pending.append((node, part))

    def mark(self, module: str, name: str, text: str) -> None:
        """Take in something that is no part of the text."""
        self.slice.digests[module, name] = self.slice.parts[module, name] = text

    def add_module(self, module: str, through: Node | None = None) -> None:
        """Take a whole module in: how it is used cannot be known."""
        source = self.modules.sources.get(module)
        if source is None or (module, "*") in self.slice.digests:
            return
        node = (module, "*")
        self.mark(module, "*", source.code)
        if through:
            self.slice.through[node] = through
        if source.unsure:
            for imported in self.modules.imports(module):
                if not imported.startswith(f"{module}.") and not module.startswith(f"{imported}."):
                    self.add_module(imported, node)
        for name in source.parts:
            self.add(module, name, node)

    def add_class(self, module: str, name: str, through: Node | None = None, as_model: bool = False) -> None:
        """Take a class in: of a model what may be a field or an option, of another all but its methods."""
        node = (module, name)
        model = as_model or self.kinds.is_model(node) is True
        modes = self._classes.setdefault(node, set())
        if model in modes:
            return
        modes.add(model)
        self.add(module, name, through)
        if len(modes) > 1:
            # Its bases were taken in as a model's; they are used otherwise, too.
            self._use_bases(module, name, self.modules.sources[module].parts[name], as_model=False)
        deciding = _DECIDING_IN_MODELS if model else _DECIDING
        # Of a base that is no model, Django takes no fields: what it hides is told by its names.
        mixin = model and self.kinds.is_model(node) is False
        managers = managers_of(self.kinds, node) if model else {}
        if len(managers) > 1:
            # The first is the default.
            self.mark(module, f"{name}.{ORDER}", " ".join(managers))
            self.slice.through[module, f"{name}.{ORDER}"] = node
        for attribute, inner, part in self.kinds.members(node):
            if part.kind == "class":
                if attribute == "Meta" or not model:
                    self._add_whole(module, inner, node)
            elif model and self._is_left_out(node, attribute, part):
                continue
            elif part.kind in _METHODS:
                if deciding.fullmatch(attribute[:-2]):
                    self.add(module, inner, node)
            elif not model or (part.kind == "attribute" and not part.plain and not mixin):
                self.add(module, inner, node)

    def _is_left_out(self, node: Node, attribute: str, part: Part) -> bool:
        """Whether an attribute of a model never enters a migration."""
        if attribute == "objects":
            return has_plain_manager(self.kinds, node)
        return part.kind == "attribute" and any(map(_NEVER_IN_MIGRATIONS.search, part.uses))

    def _add_whole(self, module: str, name: str, through: Node) -> None:
        """An inner class, whatever it is."""
        for inner in list(self.modules.sources[module].parts):
            if (inner == name or inner.startswith(f"{name}.")) and inner != f"{name}.{ORDER}":
                self.add(module, inner, through)
        if name.rpartition(".")[2] != "Meta":
            self.add(module, f"{name}.{ORDER}", through)
        part = self.modules.part(module, name)
        if part:
            self._use_bases(module, name, part, as_model=False)

    def _use_bases(self, module: str, name: str, part: Part, as_model: bool) -> None:
        for base in part.bases:
            self._use(module, name, base, as_model=as_model)

    def _use(self, module: str, user: str, use: str, as_model: bool = False) -> None:
        name = use.lstrip("&")
        name = name[:-2] if name.endswith("()") else name
        node = (module, user)
        if use in ("sys.modules", "modules"):
            use = "import"
        if use == "import" or use.startswith("import "):
            self._import(module, user, use[len("import ") :])
            return
        if _ANY_ATTRIBUTE.search(use):
            self._all_asked = True
        if _SETTINGS.search(use):
            self._add_settings(node)
        if _RUNS_TEXT.search(use):
            self.add_module(module, node)
            for alias in self.modules.sources[module].aliases:
                self._use(module, user, alias)
        words = name.split(".")
        targets = self.modules.resolve(module, name) if words[0] else []
        if not targets:
            self._asked.update(words[1:])
            if name in EXEMPT_KEYWORDS:
                self._asked.add(name)
            if words[0]:
                self._add_unseen(module, node)
        for number, target in enumerate(targets):
            # Where a name may mean several things, their order decides.
            self._meant.setdefault(node, set()).add((f"{use}#{number}", target))
            if not target.foreign:
                self._add_target(target, use.startswith("&"), node, as_model)
        if len(targets) > 1:
            # Which of them it is, the lists of what modules export may decide.
            for star in self.modules.sources[module].stars:
                self.add(self.modules.absolute(module, star), "__all__", node)

    def _add_settings(self, through: Node) -> None:
        """What the plugin's settings are when nobody sets them; what is set is in the slice's user's hands."""
        self.slice.reads_settings = True
        for module, source in self.modules.sources.items():
            for name, part in source.parts.items():
                if part.kind == "class" and self.kinds.is_config((module, name)):
                    self._add_member((module, name), "default_settings", through, set())

    def _import(self, module: str, user: str, path: str) -> None:
        """A module that a function imports: the whole of it, for who knows what of it is used."""
        if path:
            words = self.modules.absolute(module, path).split(".")
            # The last may be a name in the module.
            found = {".".join(words), ".".join(words[:-1])} - {self.modules.package}
        else:
            # It may be any, if something is done with it.
            found = set(self.modules.sources) if user else set()
        for name in sorted(found):
            self.add_module(name, (module, user))

    def _add_unseen(self, module: str, through: Node) -> None:
        """What a module does besides, where that may bind any name."""
        besides = self.modules.part(module, "")
        if besides and any(_BINDS_ANY_NAME.search(use) for use in besides.uses):
            self.add(module, "", through)

    def _add_target(self, target: Target, by_name: bool, through: Node, as_model: bool) -> None:
        module, name = target.module, target.part
        if target.rest:
            (self._asked_by_name if by_name else self._asked).update(target.rest.split("."))
        part = self.modules.part(module, name) if name else None
        self._add_unseen(module, through)
        if not name:
            self.add_module(module, through)
        elif part is None:
            self.add(module, name.rpartition(".")[0], through)
            method = self.modules.sources[module].parts[f"{name}()"]
            if not by_name or method.kind == "shared":
                self.add(module, f"{name}()", through)
        elif part.kind == "class":
            if "." in name:
                self._add_whole(module, name, through)
            else:
                self.add_class(module, name, through, as_model)
            if target.rest:
                self._add_member((module, name), target.rest.split(".")[0], through, set(), by_name)
        elif part.kind == "attribute" and not (part.plain or self.kinds.is_model((module, name.split(".")[0]))):
            # The value of a member may depend on those before it.
            self._add_whole(module, name.rpartition(".")[0], through)
        else:
            self.add(module, name, through)
            if part.kind == "attribute":
                self.add(module, name.rpartition(".")[0], (module, name))
            if part.kind == "function" and not by_name:
                self.add(module, f"{name}()", through)

    def _add_member(self, node: Node, member: str, through: Node, seen: set[Node], by_name: bool = False) -> None:
        """An attribute or method that a class or one of its bases defines."""
        if node in seen:
            return
        seen.add(node)
        module, name = node
        self.add(module, f"{name}.{member}", through)
        method = self.modules.part(module, f"{name}.{member}()")
        if method and not (by_name and method.kind in ("method", "static")):
            self.add(module, f"{name}.{member}()", through)
        part = self.modules.part(module, name)
        for base in part.bases if part else []:
            for target in self.modules.resolve(module, base):
                if not target.foreign and target.part:
                    self._add_member((target.module, target.part), member, through, seen, by_name)

    def add_settings(self, module: str, name: str, members: Iterable[str]) -> None:
        """Some attributes of a class, and what it is made of."""
        self._classes[module, name] = {True}
        self.add(module, name)
        for member in members:
            self._add_member((module, name), member, (module, name), set())

    # -- what cannot be followed by name

    def _take_asked(self) -> None:
        """Attributes of classes of the slice that something asks for, of whatever it has in hand."""
        texts = bool(self._asked & EXEMPT_KEYWORDS)
        fields = {
            attribute
            for node, modes in self._classes.items()
            if True in modes
            for attribute, _inner, part in self.kinds.members(node)
            if part.kind == "attribute" and not part.plain and not self._is_left_out(node, attribute, part)
        }
        for node, modes in list(self._classes.items()):
            model = True in modes
            for attribute, inner, part in self.kinds.members(node):
                name = attribute[:-2] if attribute.endswith("()") else attribute
                asked = self._all_asked or name in self._asked
                if name in self._asked_by_name and part.kind not in ("method", "static"):
                    asked = True
                if asked and not (model and part.kind in ("method", "class")):
                    self.add(node[0], inner, node)
                if (
                    model
                    and (_INHERITED.fullmatch(name) or name in fields)
                    and part.kind in ("attribute", "method", "shared")
                ):
                    self._mark_bound(node, name)
                if texts and part.kind == "attribute":
                    self.add(node[0], f"{inner}.{TEXT}", node)

    def _mark_bound(self, node: Node, name: str) -> None:
        """Which of them takes a field's name, a method or an attribute: without what the method does."""
        if name == "objects" and has_plain_manager(self.kinds, node):
            return
        members = self.kinds.members(node)
        kinds = [part.kind for attribute, _inner, part in members if attribute in (name, f"{name}()")]
        self.mark(node[0], f"{node[1]}.{name}!", " ".join(kinds))
        self.slice.through.setdefault((node[0], f"{node[1]}.{name}!"), node)

    def _take_touches(self) -> None:
        """What other modules do to parts of the slice as they are imported."""
        known = {(module, name.split(".")[0]) for module, name in self.slice.digests}
        modules = {module for module, _name in known}
        for module, source in self.modules.sources.items():
            if module not in self.loaded:
                continue
            for name, part in source.parts.items():
                if name.endswith(TOUCH):
                    for target in self.modules.resolve(module, name[: -len(TOUCH) - 1]):
                        used = (target.module, target.part.split(".")[0])
                        # An attribute of a module of ours, or of others' that models are made with.
                        whole = target.module in modules if target.part == "" else used in known
                        if target.foreign and part.kind == "patch":
                            whole = (
                                self.patched and module in self.at_start and bool(_MAKES_MODELS.search(target.module))
                            )
                        if whole:
                            self.add(module, name, None if target.foreign else (target.module, target.part))

    def _take_registered(self) -> None:
        """What puts itself into values of the slice, and subclasses that something asks for."""
        uses = {use for node in self.slice.digests if (part := self.modules.part(*node)) for use in part.uses}
        found = [*self._registries.members(self.slice.digests), *self._registries.subclasses(uses, self._classes)]
        for module, name in found:
            if self.modules.sources[module].parts[name].kind == "class":
                self.add_class(module, name)
            else:
                self.add(module, name)
                self.add(module, f"{name}()")

    # -- the end

    def _finish(self) -> None:
        """Add to every digest what the names mean that the part uses."""
        several = Counter((app_of(m), name) for m, name in self.slice.digests if self._is_model_part((m, name)))
        final: dict[Node, str] = {}

        def place(node: Node) -> str:
            if self._is_model_part(node):
                return app_of(node[0]) if several[app_of(node[0]), node[1]] == 1 else node[0]
            return "" if self._is_value(node) else node[0]

        def meaning(target: Target, busy: frozenset[Node]) -> str:
            node = (target.module, target.part)
            if target.foreign or not target.part:
                return target.module
            outer = (target.module, target.part.split(".")[0])
            if self._is_value(node):
                return f"{target.part}={content(node, busy)}"
            return f"{place(outer)}:{target.part}"

        def content(node: Node, busy: frozenset[Node]) -> str:
            if node in final:
                return final[node]
            if node in busy or len(busy) > _DEEP:
                return node[1]
            nodes = [node, (node[0], f"{node[1]}()")]
            part = self.modules.part(*node)
            if part and part.kind == "class":
                nodes += [one for one in self.slice.digests if one[0] == node[0] and one[1].startswith(f"{node[1]}.")]
            said = []
            for one in sorted(nodes):
                said += [one[1], self.slice.parts.get(one, "")]
                said += sorted(
                    f"{use}={meaning(target, busy | {node, one})}" for use, target in self._meant.get(one, ())
                )
            final[node] = digest(*said)
            return final[node]

        for node in list(self.slice.digests):
            meant = self._meant.get(node, set())
            said = sorted(f"{use}={meaning(target, frozenset([node]))}" for use, target in meant)
            self.slice.digests[node] = digest(self.slice.parts[node], *said) if said else self.slice.parts[node]
            self.slice.places[node] = place(node)
            if self._is_model_part(node):
                # One that moves to where nobody loads it does not stay the same.
                self.slice.places[node] += f" {self.slice.parts.get((node[0], LOADED), '')}"
            self.slice.targets[node] = {(t.module, t.part) for _use, t in meant if not t.foreign}

    def _is_model_part(self, node: Node) -> bool:
        """Whether a part is a model's, or a base's of models, and not one of its methods."""
        outer = (node[0], node[1].split(".")[0])
        return not node[1].endswith("()") and True in self._classes.get(outer, ())

    def _is_value(self, node: Node) -> bool:
        """Whether nobody can tell where a part is defined from what it is."""
        part = self.modules.part(node[0], node[1].split(".")[0])
        if part is None or not node[1] or node[1] == "*":
            return False
        return part.kind == "variable" or (
            part.kind == "class" and self.kinds.is_choices((node[0], node[1].split(".")[0]))
        )
