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
from dataclasses import dataclass, field
from typing import Any

# Facts are compared only when the same engine and the same Python's ast made both.
FACTS_VERSION = f"1/{sys.version_info[0]}.{sys.version_info[1]}"
# NetBox's makemigrations keeps these out of migrations, in every release that is supported.
_EXEMPT_KEYWORDS = frozenset(["help_text", "verbose_name"])
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# What an import looks like in a file that cannot be parsed.
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([\w.]+))", re.MULTILINE
)
_BRANCHES = (ast.If, ast.Try, ast.With, ast.For, ast.While)


@dataclass
class Part:
    """One named part of a module.

    ``kind`` is class, function, method, attribute or variable. ``uses`` are dotted names as written, with ``()`` where
    they are called: ``choices.Status``, ``make_choices()``. ``plain`` is a class attribute without any name or call in
    it: data, never a field. ``bases`` are a class's.
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
    of its methods, ``X`` of a variable, and ``""`` of what the module does besides. ``aliases`` has the names that
    imports bind: ``[module, name or None]``, a relative module with its leading dots. ``stars`` are the modules of
    which it imports all names. ``imports`` are all that is imported anywhere in it: ``[module, names]``, for a name
    may be a module too. ``unsure`` is a file that this Python cannot parse; the stack's may.
    """

    code: str
    unsure: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    aliases: dict[str, list[str | None]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    imports: list[list[Any]] = field(default_factory=list)

    def pack(self) -> dict[str, Any]:
        """The facts as JSON data."""
        return {
            "code": self.code,
            "unsure": self.unsure,
            "parts": {name: [p.kind, p.digest, p.uses, p.plain, p.bases] for name, p in self.parts.items()},
            "aliases": self.aliases,
            "stars": self.stars,
            "imports": self.imports,
        }

    @classmethod
    def unpack(cls, data: dict[str, Any]) -> Source:
        parts = {name: Part(*values) for name, values in data["parts"].items()}
        return cls(data["code"], data["unsure"], parts, data["aliases"], data["stars"], data["imports"])


def read_source(text: bytes) -> Source:
    """The facts of a file's text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree: ast.Module = _Normalized().visit(ast.parse(text))
        source = Source(_digest(tree))
        _read_module(source, tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        imports: list[list[Any]] = []
        for found in _IMPORT.finditer(text.decode("utf-8", "replace")):
            imports.append([found.group(1) or found.group(3), re.findall(r"\w+", found.group(2) or "")])
        return Source(hashlib.sha256(text).hexdigest()[:16], unsure=True, imports=imports)
    return source


def _digest(*nodes: ast.AST) -> str:
    return _hash(*(ast.dump(node) for node in nodes))


def _hash(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "replace")).hexdigest()[:16]


class _Normalized(ast.NodeTransformer):
    """Takes away what no process would do otherwise for: docstrings, annotations, imports for type checkers only."""

    def _body(self, body: list[ast.stmt]) -> list[ast.stmt]:
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            body = body[1:]
        return [statement for statement in body if not _for_type_checkers(statement)]

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = self._body(node.body)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = self._body(node.body)
        for number, statement in enumerate(node.body):
            # An annotated attribute may be a field of a dataclass or of a GraphQL type.
            if not isinstance(statement, ast.AnnAssign):
                node.body[number] = self.visit(statement)
        return node

    def _function(self, node: Any) -> ast.AST:
        node.body = self._body(node.body)
        node.returns = node.type_comment = None
        return self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = node.type_comment = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return ast.Assign(targets=[node.target], value=node.value) if node.value else ast.Pass()


def _for_type_checkers(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and not node.orelse and _dotted(node.test).rpartition(".")[2] == "TYPE_CHECKING"


def _dotted(node: ast.AST) -> str:
    """``a.b.c`` of names and attributes, else empty."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _root(node: ast.AST) -> str:
    """The name at the root of ``a.b[c].d()``, else empty."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _uses(*nodes: ast.AST) -> list[str]:
    found: dict[str, None] = {}

    def visit(node: ast.AST, called: bool) -> None:
        if isinstance(node, ast.Call):
            visit(node.func, True)
            for argument in [*node.args, *node.keywords]:
                visit(argument, False)
            return
        name = _dotted(node)
        if name:
            found[name + "()" if called else name] = None
            return
        for child in ast.iter_child_nodes(node):
            visit(child, False)

    for node in nodes:
        visit(node, False)
    return list(found)


def _calls(*nodes: ast.AST) -> list[str]:
    """The uses of decorators: they are called."""
    return [use if use.endswith("()") else f"{use}()" for use in _uses(*nodes)]


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        targets = [node.target]
    else:
        return []
    several = (ast.Tuple, ast.List)
    return [leaf for target in targets for leaf in (target.elts if isinstance(target, several) else [target])]


def _touched(node: ast.stmt) -> list[str]:
    """Names that a statement binds, or whose objects it changes: ``X = …``, ``X.a = …``, ``X.append(…)``."""
    roots = [_root(target) for target in _targets(node)]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        roots.append(_root(node.value.func))
    if isinstance(node, ast.For):
        roots += [inner.id for inner in ast.walk(node.target) if isinstance(inner, ast.Name)]
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, (ast.ClassDef, *_FUNCTIONS)):
            roots.append(inner.name)
        elif isinstance(inner, (ast.stmt, ast.ExceptHandler)) and isinstance(node, (*_BRANCHES, ast.ExceptHandler)):
            roots += _touched(inner)  # type: ignore[arg-type]
    return [name for name in dict.fromkeys(roots) if name]


def _read_module(source: Source, tree: ast.Module) -> None:
    for statement in tree.body:
        _read_statement(source, statement)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            source.imports += [[alias.name, []] for alias in node.names]
            _read_import(source, node)
        elif isinstance(node, ast.ImportFrom):
            source.imports.append(["." * node.level + (node.module or ""), [alias.name for alias in node.names]])
            _read_import(source, node)


def _read_import(source: Source, node: ast.Import | ast.ImportFrom) -> None:
    """Keep the names that an import binds; those of the module itself come before those inside a function."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            # ``import a.b`` binds a.
            name = alias.asname or alias.name.split(".")[0]
            source.aliases.setdefault(name, [alias.name if alias.asname else name, None])
        return
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        if alias.name != "*":
            source.aliases.setdefault(alias.asname or alias.name, [module, alias.name])
        elif module not in source.stars:
            source.stars.append(module)


def _merge(source: Source, name: str, part: Part) -> None:
    """Add a part; a name that is bound more than once is all that was said of it."""
    before = source.parts.get(name)
    if before is None:
        source.parts[name] = part
        return
    before.digest = _hash(before.digest, part.digest)
    before.uses = list(dict.fromkeys(before.uses + part.uses))
    before.bases = list(dict.fromkeys(before.bases + part.bases))
    before.plain = before.plain and part.plain


def _read_statement(source: Source, node: ast.stmt) -> None:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        _read_import(source, node)
    elif isinstance(node, _FUNCTIONS):
        _merge(source, node.name, Part("function", "", _calls(*node.decorator_list)))
        _merge(source, f"{node.name}()", Part("function", _digest(node), _uses(node)))
    elif isinstance(node, ast.ClassDef):
        _read_class(source, node, node.name)
    elif isinstance(node, (ast.If, ast.Try)):
        names = _touched(node)
        for inner in ast.walk(node):
            if isinstance(inner, ast.stmt) and inner is not node and _is_direct(node, inner):
                _read_statement(source, inner)
        if isinstance(node, ast.If):
            for name in names:
                _merge(source, name, Part("variable", _digest(node.test), _uses(node.test)))
    elif not isinstance(node, ast.Pass) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        names = [name for name in _touched(node) if name != "__all__"]
        part = Part("variable", _digest(node), _uses(node))
        bound = [name for name in names if name not in source.aliases or _targets(node)]
        for name in bound or ([] if names == [] and _touched(node) else [""]):
            _merge(source, name, Part(part.kind, part.digest, list(part.uses)))


def _is_direct(branch: ast.AST, statement: ast.stmt) -> bool:
    """Whether a statement stands in one of the branch's own blocks."""
    blocks = [getattr(branch, name, []) for name in ("body", "orelse", "finalbody")]
    blocks += [handler.body for handler in getattr(branch, "handlers", [])]
    return any(statement is one for block in blocks for one in block)


def _read_class(source: Source, node: ast.ClassDef, name: str) -> None:
    """The parts of a class; ``name`` is dotted for an inner one."""
    own = {n for statement in node.body for n in _touched(statement)}
    own |= {inner.name for inner in node.body if isinstance(inner, (ast.ClassDef, *_FUNCTIONS))}

    def uses(*nodes: ast.AST) -> list[str]:
        found = _uses(*nodes)
        # A name of the class's own, or one of the module's that was bound before.
        return [f"{name}.{use}" for use in found if re.split(r"[.(]", use)[0] in own] + found

    head = [*node.bases, *node.keywords, *node.decorator_list]
    names = _uses(*node.bases, *node.keywords) + _calls(*node.decorator_list)
    _merge(source, name, Part("class", _digest(*head), names, bases=[b for b in map(_dotted, node.bases) if b]))
    for statement in node.body:
        if isinstance(statement, ast.ClassDef):
            _read_class(source, statement, f"{name}.{statement.name}")
        elif isinstance(statement, _FUNCTIONS):
            first = (statement.args.posonlyargs + statement.args.args)[:1]
            # ``self.x`` and ``cls.x`` are the class's.
            me = re.compile(rf"{re.escape(first[0].arg)}\b" if first else r"(?!)")
            names = [me.sub(name, use, count=1) if me.match(use) else use for use in uses(statement)]
            _merge(source, f"{name}.{statement.name}()", Part("method", _digest(statement), names))
        elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            if statement.value is None:
                continue
            value = _without_exempt(statement.value)
            part = Part("attribute", _digest(value), uses(value), _is_plain(value))
            for target in _targets(statement):
                attribute = _root(target)
                if attribute:
                    _merge(source, f"{name}.{attribute}", Part(part.kind, part.digest, list(part.uses), part.plain))
        elif not isinstance(statement, ast.Pass):
            _merge(source, name, Part("class", _digest(statement), uses(statement)))


def _without_exempt(value: ast.expr) -> ast.expr:
    if not isinstance(value, ast.Call):
        return value
    keywords = [keyword for keyword in value.keywords if keyword.arg not in _EXEMPT_KEYWORDS]
    return ast.Call(func=value.func, args=value.args, keywords=keywords)


def _is_plain(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant) and value.value is None:
        # It takes an inherited field away.
        return False
    return not any(isinstance(inner, (ast.Name, ast.Attribute, ast.Call)) for inner in ast.walk(value))
