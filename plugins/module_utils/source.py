# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Python file says, reduced to what can be compared: digests of its parts and the names that each part uses.

Nothing is imported or executed. The facts of a file are plain data, so that they can be kept: with those of the file
as it was applied, the file as it was is not needed.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import syntax
from .syntax import BLOCKS, FUNCTIONS

# Facts are compared only when the same engine and the same Python's ast made both.
FACTS_VERSION = f"7/{sys.version_info[0]}.{sys.version_info[1]}"
# NetBox's makemigrations keeps these out of migrations, in every release that is supported.
EXEMPT_KEYWORDS = frozenset(["help_text", "verbose_name"])
# Of Django's own fields but those that point to a model.
_FIRST_IS_VERBOSE_NAME = re.compile(r"models\.(?!ManyToMany|OneToOne|Generic)\w+Field")
_DJANGO_MODELS = ([["django.db", "models"]], [["django.db.models", None]])
# Names of parts that no Python name can be.
ORDER, TEXT, TOUCH, IMPORT = "<order>", "<text>", "<touch>", "<import>"
_SCRIPT_TESTS = tuple(
    ast.dump(ast.parse(text, mode="eval").body) for text in ('__name__ == "__main__"', '"__main__" == __name__')
)
# Methods with these do nothing before they are called.
_CALLED_ONLY = frozenset(["classmethod", "staticmethod"])
# What an import looks like in a file that cannot be parsed.
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([\w.]+))", re.MULTILINE
)
_BRANCHES = (ast.If, ast.Try, ast.With, ast.For, ast.While)
# Statements of newer Pythons that have blocks.
_NEWER_BRANCHES = tuple(getattr(ast, name) for name in ("Match", "TryStar") if hasattr(ast, name))


@dataclass
class Part:
    """One named part of a module.

    ``kind`` is class, function, method (``static`` when a class can call it, ``shared`` when it is decorated otherwise
    and may be called unseen), attribute, annotation, variable, order, text, import, touch (``patch`` when
    something is assigned). ``uses`` are names as
    ``syntax.uses`` writes them. ``plain`` is a class attribute without any name or call in it: data, never a field.
    ``bases`` are a class's, or those of classes that are made.
    """

    kind: str
    digest: str
    uses: list[str] = field(default_factory=list)
    plain: bool = False
    bases: list[str] = field(default_factory=list)


@dataclass
class Source:
    """The facts of one module.

    ``code`` is a digest of all that a process could do otherwise for. ``parts`` by name: ``f`` and ``f()`` of a
    function (that it is there; what it does), ``C`` of a class, ``C.x`` of its attributes and inner classes, ``C.m()``
    of its methods, ``X`` of a variable, and ``""`` of what the module does besides; ``C.<order>`` is the order of a
    class's attributes, ``C.x.<text>`` what of a field never enters a migration, ``X.<touch>`` what the module does to
    something that it imports, and ``m.<import>`` the condition on which it imports. ``aliases`` has the names that
    imports bind: ``[module, name or None]`` each, a relative module with its leading dots. ``stars`` are the modules of
    which it imports all names. ``imports`` are all that is imported, as ``syntax.Tree`` has it. ``unsure`` is a
    file that this Python cannot parse; the stack's may. ``described`` is a digest of the docstrings and types that
    ``code`` leaves out.
    """

    code: str
    unsure: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    aliases: dict[str, list[list[str | None]]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    imports: list[list[Any]] = field(default_factory=list)
    described: str = ""

    def pack(self) -> dict[str, Any]:
        """The facts as JSON data."""
        return {
            "code": self.code,
            "unsure": self.unsure,
            "parts": {name: [p.kind, p.digest, p.uses, p.plain, p.bases] for name, p in self.parts.items()},
            "aliases": self.aliases,
            "stars": self.stars,
            "imports": self.imports,
            "described": self.described,
        }

    @classmethod
    def unpack(cls, data: dict[str, Any]) -> Source:
        """Raises KeyError, TypeError or ValueError for what ``pack`` never made."""
        parts = {name: Part(*values) for name, values in data["parts"].items()}
        for part in parts.values():
            if not all(isinstance(one, str) for one in (part.kind, part.digest, *part.uses, *part.bases)):
                raise TypeError(part)
        imports = [[str(name), [str(one) for one in what], int(when)] for name, what, when in data["imports"]]
        aliases = {name: [[where, what] for where, what in meant] for name, meant in data["aliases"].items()}
        stars = list(map(str, data["stars"]))
        return cls(str(data["code"]), bool(data["unsure"]), parts, aliases, stars, imports, str(data["described"]))


def read_source(text: bytes) -> Source:
    """The facts of a file's text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = syntax.parse(text)
        return _Reader(tree).source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        imports: list[list[Any]] = []
        for found in _IMPORT.finditer(text.decode("utf-8", "replace")):
            imports.append([found.group(1) or found.group(3), re.findall(r"\w+", found.group(2) or ""), syntax.IF])
        return Source(hashlib.sha256(text).hexdigest()[:16], unsure=True, imports=imports)


class _Reader:
    def __init__(self, tree: syntax.Tree) -> None:
        self.texts = syntax.Texts()
        described = self.texts.digest(*tree.left_out) if tree.left_out else ""
        self.source = Source(self.texts.digest(tree.module), imports=tree.imports, described=described)
        self._makes = tree.makes
        self._patches = tree.patches
        # Names in the order in which they were bound, again and again.
        self._order: list[str] = []
        # Imports first: what is said of an imported name stands apart.
        for node, when in tree.statements:
            if when != syntax.LATER:
                self._read_import(node)
        own = set(self.source.aliases)
        for statement in tree.module.body:
            self._read_statement(statement)
        own.update(self.source.parts)
        for node, when in tree.statements:
            if when == syntax.LATER:
                self._read_import(node, besides=own)
        for function, names in tree.bound:
            # A function that binds a name of the module's is a part of what that is.
            for name in names:
                self._merge(name, Part("variable", self.texts.digest(function), syntax.uses(function)))

    @cached_property
    def _knows_models(self) -> bool:
        """Whether the name ``models`` is Django's."""
        return self.source.aliases.get("models") in _DJANGO_MODELS and "models" not in self.source.parts

    def _made_bases(self, node: ast.AST) -> list[str]:
        return syntax.made_bases(node) if self._makes else []

    def _uses(self, node: ast.AST) -> list[str]:
        return syntax.uses(node) + (syntax.patches(node) if self._patches else [])

    def _read_import(self, node: ast.Import | ast.ImportFrom, besides: set[str] | None = None) -> None:
        """Keep the names that an import binds; one inside a function does not bind those of the module's own."""
        found: list[tuple[str, list[str | None]]] = []
        if isinstance(node, ast.Import):
            for alias in node.names:
                # ``import a.b`` binds a.
                first = alias.name.split(".")[0]
                found.append((alias.asname or first, [alias.name if alias.asname else first, None]))
        else:
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                if alias.name != "*":
                    found.append((alias.asname or alias.name, [module, alias.name]))
                elif module not in self.source.stars:
                    self.source.stars.append(module)
        for name, meant in found:
            known = self.source.aliases.setdefault(name, []) if name not in (besides or ()) else [meant]
            if meant not in known:
                known.append(meant)

    def _merge(self, name: str, part: Part) -> None:
        """Add a part; a name that is bound more than once is all that was said of it, and what came between."""
        before = self.source.parts.get(name)
        if before is None:
            self.source.parts[name] = part
        else:
            last = len(self._order) - self._order[::-1].index(name)
            between = [other for other in self._order[last:] if self._names(other, name)]
            before.digest = syntax.digest(before.digest, part.digest, *between)
            before.uses = list(dict.fromkeys(before.uses + part.uses))
            before.bases = list(dict.fromkeys(before.bases + part.bases))
            before.plain = before.plain and part.plain
        self._order.append(name)

    def _names(self, part: str, name: str) -> bool:
        return any(re.split(r"[.(]", use.lstrip("&"))[0] == name for use in self.source.parts[part].uses)

    def _read_statement(self, node: ast.stmt) -> None:
        if isinstance(node, FUNCTIONS):
            decorators = syntax.calls(node.decorator_list)
            # What a decorator makes of a function hangs on the decorator, and on the function.
            seen = self.texts.digest(*node.decorator_list) if decorators else ""
            self._merge(node.name, Part("function", seen, decorators))
            made = self._made_bases(node)
            self._merge(f"{node.name}()", Part("function", self.texts.digest(node), self._uses(node), bases=made))
        elif isinstance(node, ast.ClassDef):
            self._read_class(node, node.name)
        elif isinstance(node, (*_BRANCHES, *_NEWER_BRANCHES)):
            self._read_branch(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self._read_late_import(node)
        else:
            part = Part("variable", self.texts.digest(node), self._uses(node), bases=self._made_bases(node))
            self._take(node, part)

    def _read_late_import(self, node: ast.Import | ast.ImportFrom) -> None:
        """An import that binds again what may be bound already: what came before it saw the other one."""
        names = [alias.asname or alias.name for alias in node.names]
        again = [name for name in names if name in self.source.parts or len(self.source.aliases.get(name, ())) > 1]
        if self._order and (again or "*" in names):
            part = Part("import", syntax.digest(self.texts.of(node), *self._order))
            self._merge(f"{_modules(node)[0]}.{IMPORT}", part)

    def _take(self, node: ast.stmt, part: Part) -> None:
        """Add what a statement says to every name that it binds or touches."""
        names, touched = syntax.bound(node)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            names = ["__doc__"]
        known = self.source.aliases
        own = [name for name in touched if name in self.source.parts or name not in known]
        # What only names something, a builtin or an argument, is no name of the module's.
        own = [name for name in own if name in self.source.parts]
        foreign = [name for name in touched if name in known and name not in own]
        kind = "touch" if isinstance(node, ast.Expr) else "patch"
        for name in dict.fromkeys([*names, *own]):
            self._merge(name, _copy(part))
        for name in foreign:
            # What used it before saw it as it was.
            earlier = syntax.digest(part.digest, *(other for other in self._order if self._names(other, name)))
            self._merge(f"{name}.{TOUCH}", Part(kind, earlier, list(part.uses), bases=list(part.bases)))
        if not names and not own:
            self._merge("", _copy(part))

    def _read_branch(self, node: Any) -> None:
        if isinstance(node, ast.If) and _is_script(node.test):
            for statement in node.orelse:
                self._read_statement(statement)
            return
        heads = _heads(node)
        shape = [type(node).__name__, *(self.texts.of(head) for head in heads)]
        names = [name for head in heads for name in syntax.bound(head)[0]]
        touched: list[str] = []
        imported: list[str] = []
        for block in _blocks(node):
            for statement in block:
                bound, more = syntax.bound(statement)
                imports = [one for one in syntax.walk(statement) if isinstance(one, (ast.Import, ast.ImportFrom))]
                imported += [name for one in imports for name in _modules(one)]
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    shape.append(self.texts.of(statement))
                    more = [alias.asname or alias.name.split(".")[0] for alias in statement.names]
                names += bound
                touched += more
                shape.append(" ".join(bound + more))
                self._read_statement(statement)
            shape.append(";")
        if isinstance(node, (ast.For, ast.With)):
            # What the block does to its variable, it does to what that is from.
            touched += [use.strip("&()").split(".")[0] for head in heads for use in syntax.uses(head)]
            shape.append(self.texts.of(node))
        part = Part("variable", syntax.digest(*shape), syntax.uses(*heads))
        for module in imported:
            self._merge(f"{module}.{IMPORT}", Part("import", part.digest, list(part.uses)))
        known = [name for name in touched if name in self.source.parts or name in self.source.aliases]
        for name in dict.fromkeys([*names, *known] or [""]):
            # An imported name is decided by the branch that imports it, too.
            foreign = name in self.source.aliases and name not in self.source.parts
            self._merge(f"{name}.{TOUCH}" if foreign else name, _copy(part))

    def _read_class(self, node: ast.ClassDef, name: str) -> None:
        """The parts of a class; ``name`` is dotted for an inner one."""
        own = {n for statement in node.body for found in syntax.bound(statement) for n in found}

        def with_own(found: Sequence[str]) -> list[str]:
            # A name of the class's own, or one of the module's that was bound before.
            mine = []
            for use in found:
                mark, bare = ("&", use[1:]) if use.startswith("&") else ("", use)
                if re.split(r"[.(]", bare)[0] in own:
                    mine.append(f"{mark}{name}.{bare}")
            return [*mine, *found]

        computed = [base for base in node.bases if not syntax.dotted(base)]
        names = syntax.uses(*computed, *node.keywords) + syntax.calls(node.decorator_list)
        head = self.texts.digest(*node.bases, *node.keywords, *node.decorator_list)
        self._merge(name, Part("class", head, names, bases=syntax.bases(node)))
        order = []
        for statement in node.body:
            order += syntax.bound(statement)[0] if not isinstance(statement, FUNCTIONS) else []
            if isinstance(statement, ast.ClassDef):
                self._read_class(statement, f"{name}.{statement.name}")
            elif isinstance(statement, FUNCTIONS):
                first = (statement.args.posonlyargs + statement.args.args)[:1]
                # ``self.x`` and ``cls.x`` are the class's.
                me = re.compile(rf"(&?){re.escape(first[0].arg)}\b" if first else r"(?!)")
                found = with_own(self._uses(statement))
                found = [me.sub(rf"\g<1>{name}", use, count=1) if me.match(use) else use for use in found]
                decorators = {syntax.dotted(one) for one in statement.decorator_list}
                kind = "method" if not decorators else "static" if decorators <= _CALLED_ONLY else "shared"
                made = self._made_bases(statement)
                self._merge(f"{name}.{statement.name}()", Part(kind, self.texts.digest(statement), found, bases=made))
            elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and _only_names(statement):
                self._read_attribute(statement, name, with_own)
            else:
                attributes = _attributes_touched(statement, own)
                found = with_own(syntax.uses(statement))
                for attribute in attributes:
                    self._merge(f"{name}.{attribute}", Part("attribute", self.texts.digest(statement), list(found)))
                if not attributes:
                    self._merge(name, Part("class", self.texts.digest(statement), found))
        self._merge(f"{name}.{ORDER}", Part("order", syntax.digest(*order)))

    def _read_attribute(self, node: ast.Assign | ast.AnnAssign, name: str, with_own: Any) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None:
            annotation = node.annotation
            part = Part("annotation", self.texts.digest(annotation), with_own(syntax.uses(annotation)))
            self._merge(f"{name}.{syntax.root(targets[0])}", part)
            return
        value, exempt = _without_exempt(node.value, self._knows_models)
        for target in targets:
            attribute = f"{name}.{syntax.root(target)}"
            made = self._made_bases(value)
            self._merge(
                attribute,
                Part("attribute", self.texts.digest(value), with_own(syntax.uses(value)), _is_plain(value), made),
            )
            if exempt:
                text = Part("text", self.texts.digest(*exempt), with_own(syntax.uses(*exempt)))
                self._merge(f"{attribute}.{TEXT}", text)


def _copy(part: Part) -> Part:
    return Part(part.kind, part.digest, list(part.uses), part.plain, list(part.bases))


def _is_script(test: ast.expr) -> bool:
    """``__name__ == "__main__"``: nothing of it happens in a process that imports the module."""
    return ast.dump(test) in _SCRIPT_TESTS


def _inner(node: ast.AST) -> list[Any]:
    """Handlers of exceptions, cases of a match."""
    return [*getattr(node, "handlers", []), *getattr(node, "cases", [])]


def _blocks(node: ast.AST) -> list[list[ast.stmt]]:
    blocks = [getattr(node, name) for name in BLOCKS if hasattr(node, name)]
    return blocks + [inner.body for inner in _inner(node)]


def _heads(node: ast.AST) -> list[ast.AST]:
    """What a compound statement has besides its blocks."""
    heads = [one for one in syntax.children(node) if not isinstance(one, ast.stmt) and one not in _inner(node)]
    for inner in _inner(node):
        heads += [one for one in syntax.children(inner) if not isinstance(one, ast.stmt)]
    return heads


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    """What an import may load: modules as they are written, and what may be modules in them."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    module = "." * node.level + (node.module or "")
    joined = module if module.endswith(".") else f"{module}."
    return [module, *(f"{joined}{alias.name}" for alias in node.names if alias.name != "*")]


def _only_names(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(target, ast.Name) for target in targets)


def _attributes_touched(node: ast.stmt, own: set[str]) -> list[str]:
    """Attributes of a class that an assignment binds or touches; none when it may do more."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return []
    names, touched = syntax.bound(node)
    if any(isinstance(one, ast.Subscript) for one in getattr(node, "targets", [])):
        return []
    return [name for name in [*names, *touched] if name in own]


def _without_exempt(value: ast.expr, django: bool) -> tuple[ast.expr, list[ast.AST]]:
    """A field's call without what never enters a migration, and that; ``django`` says whose ``models`` are."""
    if not isinstance(value, ast.Call):
        return value, []
    exempt: list[ast.AST] = [keyword for keyword in value.keywords if keyword.arg in EXEMPT_KEYWORDS]
    kept = [keyword for keyword in value.keywords if keyword.arg not in EXEMPT_KEYWORDS]
    given = value.args
    if (
        django
        and given
        and isinstance(given[0], ast.Constant)
        and _FIRST_IS_VERBOSE_NAME.fullmatch(syntax.dotted(value.func))
    ):
        exempt.append(given[0])
        given = given[1:]
    return (ast.Call(func=value.func, args=given, keywords=kept), exempt) if exempt else (value, [])


def _is_plain(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant) and value.value is None:
        # It takes an inherited field away.
        return False
    return not any(isinstance(inner, (ast.Name, ast.Attribute, ast.Call)) for inner in syntax.walk(value))
