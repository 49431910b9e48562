# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small questions about Python's syntax trees: what a piece of code says, which names it uses, which it binds."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = ("body", "orelse", "finalbody")
# Files in which annotations of functions are read as the program runs.
_BY_ANNOTATION = re.compile(rb"strawberry|pydantic|typer|get_type_hints|__annotations__|signature\(|singledispatch")
# Files in which docstrings are.
_BY_DOCSTRING = re.compile(rb"__doc__|getdoc")
_NO_CALLERS = re.compile(
    r"(.*\.)?(abstractmethod|cached_property|classmethod|deleter|getter|override|property|setter|staticmethod)"
)
# What Django is given under these names it keeps by name, and calls later if at all.
_BY_NAME = frozenset(
    ["choices", "decoder", "default", "encoder", "limit_choices_to", "on_delete", "storage", "upload_to", "validators"]
)
# Methods that change what they are called on, and give something back.
_CHANGES = frozenset(["add", "append", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"])
# Of fields and of models, what enters a migration.
_OPTIONS = re.compile(
    r"auto_now(_add)?|base_field|blank|choices|constraints|db_\w+|decimal_places|default|default_\w+|editable|"
    r"get_latest_by|indexes|limit_choices_to|managed|max_digits|max_length|null|on_delete|order_with_respect_to|ordering|"
    r"permissions|primary_key|proxy|related_name|remote_field|unique|unique_\w+|upload_to|validators|verbose_name_plural"
)
# They register something somewhere, and change nothing of what they are given.
_REGISTERS = frozenset(["connect", "register", "unregister"])
_MAKING = ("type", "new_class")
_IMPORTERS = re.compile(
    r"(^|\.)(__import__|autodiscover_modules|import_module|import_string|iter_modules|load_module|exec_module|"
    r"module_from_spec|run_module|run_path|walk_packages)$"
)


# When an import happens: when a function is called, on some condition as the module itself is imported, or surely then.
LATER, IF, NOW = range(3)


@dataclass
class Tree:
    """A module's tree, and what was met on the way through it.

    ``imports`` are all that is imported anywhere: ``[module, names, when]``; ``*`` as a module is one that is not known
    before the program runs. ``statements`` are the import statements, each with its when: LATER, IF or NOW.
    ``bound`` are functions that bind names of the module. ``makes`` says whether anything makes classes, ``patches``
    whether anything gets at what a model is made of. ``left_out`` is what is read by who describes an interface.
    """

    module: ast.Module
    imports: list[list[Any]] = field(default_factory=list)
    statements: list[tuple[ast.Import | ast.ImportFrom, int]] = field(default_factory=list)
    bound: list[tuple[ast.AST, list[str]]] = field(default_factory=list)
    makes: bool = False
    patches: bool = False
    left_out: list[ast.AST] = field(default_factory=list)


def parse(text: bytes) -> Tree:
    """The tree without what no process would do otherwise for: docstrings, annotations, imports for type checkers.

    Raises SyntaxError, ValueError, RecursionError, MemoryError.
    """
    tree = Tree(ast.parse(text), patches=b"_meta" in text)
    keep_text, keep_types = bool(_BY_DOCSTRING.search(text)), bool(_BY_ANNOTATION.search(text))
    # With each the outermost function around it, and when it is reached.
    pending: list[tuple[ast.AST, ast.AST | None, int]] = [(tree.module, None, NOW)]
    for node, function, when in pending:
        for block in BLOCKS:
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                kept = [one for one in statements if not _says_nothing(one, keep_text)]
                tree.left_out += [one for one in statements if isinstance(one, ast.Expr) and one not in kept]
                # An annotated attribute may be a field of a dataclass or of a GraphQL type.
                plain = kept if isinstance(node, ast.ClassDef) else [_without_type(one) for one in kept]
                setattr(node, block, [one for one in plain if one])
        if isinstance(node, FUNCTIONS) and not keep_types and not _may_be_read(node):
            given = node.args
            tree.left_out += [node.returns] if node.returns else []
            node.returns = None
            for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]:
                if argument and argument.annotation:
                    tree.left_out.append(argument.annotation)
                    argument.annotation = None
        # Django calls ready() as it starts.
        later = isinstance(node, (ast.Lambda, *FUNCTIONS)) and getattr(node, "name", "") != "ready"
        inside = function or (node if later else None)
        _meet(tree, node, function, when)
        on_condition = isinstance(node, ast.stmt) and not isinstance(node, ast.ClassDef)
        then = LATER if inside else min(when, IF) if on_condition else when
        pending.extend((child, inside, then) for child in children(node))
    return tree


def _meet(tree: Tree, node: ast.AST, function: ast.AST | None, when: int) -> None:
    if isinstance(node, ast.Import):
        tree.statements.append((node, when))
        tree.imports += [[alias.name, [], when] for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        tree.statements.append((node, when))
        tree.imports.append(["." * node.level + (node.module or ""), [alias.name for alias in node.names], when])
    elif isinstance(node, ast.Call):
        called = dotted(node.func)
        if _IMPORTERS.search(called):
            tree.imports.append([(_literal(node.args[0]) if node.args else "") or "*", [], when])
        tree.makes = tree.makes or called.rpartition(".")[2] in _MAKING
    elif isinstance(node, ast.Global) and function:
        tree.bound.append((function, node.names))
    elif isinstance(node, ast.ClassDef) and function:
        tree.makes = True


# Nodes without anything in them that is asked for, by the kind of the node around them.
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def children(node: ast.AST) -> list[ast.AST]:
    """Nodes directly in a node, but for operators and the like."""
    kind = type(node)
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = tuple(name for name in kind._fields if name not in ("ctx", "op", "ops", "kind", "id"))
    found: list[ast.AST] = []
    for name in names:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found.extend(one for one in value if isinstance(one, ast.AST))
    return found


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all that is in it."""
    found = [node]
    for one in found:
        found.extend(children(one))
    return found


def _says_nothing(node: ast.stmt, keep_text: bool) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return not (keep_text and isinstance(node.value.value, str))
    if isinstance(node, ast.If) and not node.orelse:
        return dotted(node.test).rpartition(".")[2] == "TYPE_CHECKING"
    return isinstance(node, ast.Pass)


def _without_type(node: ast.stmt) -> ast.stmt | None:
    if not isinstance(node, ast.AnnAssign):
        return node
    return ast.Assign(targets=[node.target], value=node.value) if node.value else None


def _may_be_read(node: Any) -> bool:
    """Whether a decorator may read the function's annotations."""
    return not all(_NO_CALLERS.fullmatch(dotted(one)) for one in node.decorator_list)


class Texts:
    """What nodes say, as texts to compare; formatting, comments and positions are no part of them."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def digest(self, *nodes: ast.AST) -> str:
        return digest(*(self.of(node) for node in nodes))

    def of(self, node: ast.AST) -> str:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Constant):
            return repr(node.value)
        known = self._known.get(id(node))
        if known is not None:
            return known
        said = [type(node).__name__]
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                said.append(f"[{','.join(self.of(one) if isinstance(one, ast.AST) else repr(one) for one in value)}]")
            elif isinstance(value, ast.AST):
                if name != "ctx":
                    said.append(self.of(value))
            else:
                said.append(repr(value))
        text = f"({' '.join(said)})"
        if isinstance(node, ast.stmt):
            # A function is said by itself and with what is around it.
            self._known[id(node)] = text
        return text


def digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of names and attributes, else empty."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def root(node: ast.AST) -> str:
    """The name at the root of ``a.b[c].d()``, else empty."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def uses(*nodes: ast.AST) -> list[str]:
    """Names that nodes use: ``a.b()`` is called, ``&a.b`` is kept by name, ``.b`` is an attribute of who knows what.

    ``import a.b`` is an import by a function, of anything where no module is named.
    """
    found: dict[str, None] = {}

    def visit(node: ast.AST, by_name: bool) -> None:
        name = dotted(node)
        if name:
            found["&" + name if by_name else name] = None
        elif isinstance(node, ast.Call):
            called = dotted(node.func)
            literal = _literal(node.args[1]) if called in ("getattr", "hasattr") and len(node.args) > 1 else ""
            if _IMPORTERS.search(called):
                found[f"import {_literal(node.args[0]) if node.args else ''}".rstrip()] = None
            elif literal:
                found[f".{literal}"] = None
            elif called:
                found[f"{called}()"] = None
            else:
                visit(node.func, False)
            for argument in node.args:
                visit(argument, False)
            for keyword in node.keywords:
                # Classes keep it so; what a function does with it, it alone knows.
                kept = called.rpartition(".")[2][:1].isupper()
                visit(keyword.value, kept and keyword.arg in _BY_NAME)
        else:
            if isinstance(node, ast.Attribute):
                found[f".{node.attr}"] = None
            for child in children(node):
                visit(child, by_name and isinstance(node, (ast.List, ast.Tuple)))

    for node in nodes:
        visit(node, False)
    return list(found)


def patches(node: ast.AST) -> list[str]:
    """``_meta=`` where a statement or a function gives something else to a field, or options, of whoever's model."""
    inner = walk(node)
    if not any(isinstance(one, ast.Attribute) and one.attr == "_meta" for one in inner):
        return []
    # Names for what was had of a model.
    had: set[str] = set()
    for one in inner:
        source = one.iter if isinstance(one, (ast.For, ast.comprehension)) else getattr(one, "value", None)
        if isinstance(source, ast.AST) and isinstance(one, (ast.Assign, ast.NamedExpr, ast.For, ast.comprehension)):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            names = [name for target in targets for name in walk(target) if isinstance(name, ast.Name)]
            if _is_of_model(source, set()):
                had.update(name.id for name in names if not isinstance(name.ctx, ast.Load))
    return ["_meta="] if any(_sets_option(one, had) for one in inner) else []


def _is_of_model(node: ast.AST, had: set[str]) -> bool:
    return root(node) in had or any(isinstance(one, ast.Attribute) and one.attr == "_meta" for one in walk(node))


def _sets_option(node: ast.AST, had: set[str]) -> bool:
    changed: ast.AST | None = None
    if isinstance(node, ast.Attribute):
        changed = node.value if not isinstance(node.ctx, ast.Load) and _OPTIONS.fullmatch(node.attr) else None
    elif isinstance(node, ast.Call) and dotted(node.func) in ("setattr", "delattr"):
        changed = node.args[0] if node.args else None
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
        of = node.func.value
        changed = of if isinstance(of, ast.Attribute) and _OPTIONS.fullmatch(of.attr) else None
    return changed is not None and _is_of_model(changed, had)


def _literal(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def calls(nodes: Iterable[ast.AST]) -> list[str]:
    """The uses of decorators: they are called."""
    return [use if use.endswith("()") or not use[0].isidentifier() else f"{use}()" for use in uses(*nodes)]


def bases(node: ast.ClassDef) -> list[str]:
    """Names of a class's bases; ``?`` for one that is computed."""
    found = []
    for base in node.bases:
        # Base[T] is Base to who asks what it is.
        found.append(dotted(base.value if isinstance(base, ast.Subscript) else base) or "?")
    return found


def made_bases(node: ast.AST) -> list[str]:
    """Bases of the classes that a function or statement makes, by a class statement or by ``type(…)``."""
    found: list[str] = []
    for inner in walk(node):
        if isinstance(inner, ast.ClassDef):
            found += bases(inner)
        elif isinstance(inner, ast.Call) and dotted(inner.func).rpartition(".")[2] in _MAKING:
            given = inner.args[1] if len(inner.args) > 1 else None
            if isinstance(given, ast.Tuple):
                found += [dotted(one) or "?" for one in given.elts]
            elif given or inner.keywords or any(isinstance(one, ast.Starred) for one in inner.args):
                found.append("?")
    return list(dict.fromkeys(found))


def bound(node: ast.AST) -> tuple[list[str], list[str]]:
    """Names that a statement binds, and names whose objects it may change: ``X.a = …``, ``X.append(…)``, ``f(X)``."""
    names: list[str] = []
    touched: list[str] = []
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, (ast.ClassDef, *FUNCTIONS)):
            names.append(one.name)
            continue
        if isinstance(one, (ast.Lambda, ast.Import, ast.ImportFrom)):
            continue
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load):
            names.append(one.id)
        elif isinstance(one, (ast.Attribute, ast.Subscript)) and not isinstance(one.ctx, ast.Load):
            touched.append(root(one))
        elif isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Name):
            # ``X += …`` changes a list in place.
            touched.append(one.target.id)
        elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Call):
            touched += _touched_by(one.value)
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in _CHANGES:
            touched.append(root(one.func))
        else:
            # An exception, a capture of a pattern.
            names += [
                name for name in (getattr(one, "name", None), getattr(one, "rest", None)) if isinstance(name, str)
            ]
        pending.extend(children(one))
    return list(dict.fromkeys(filter(None, names))), list(dict.fromkeys(filter(None, touched)))


def _touched_by(call: ast.Call) -> list[str]:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method in _REGISTERS:
        return []
    found = [root(call.func)] if method else []
    return found + [root(given) for given in [*call.args, *(keyword.value for keyword in call.keywords)]]
