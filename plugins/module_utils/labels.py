# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What names tests: a path, a dotted path, a class or a method in it. Told before anything is started."""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .change import printable
from .errors import UnknownTest, nearest
from .override import NETBOX_DIR, REPOSITORIES
from .plugin import SKIPPED_DIRS
from .stack import Stack

DJANGO, PYTEST = "django", "pytest"
# Where a repository has tests beside its package.
_BESIDE = ("tests", "test")
TEST_FILE = re.compile(r"test[^/]*\.py|[^/]+_test\.py")
# Classes whose methods are all that they say themselves.
_PLAIN = re.compile(r"(\w+\.)*(TestCase|SimpleTestCase|TransactionTestCase|LiveServerTestCase|object)")
_CONFIGURED = (
    ("pytest.ini", r"^\[pytest\]"),
    (".pytest.ini", r"^\[pytest\]"),
    ("pyproject.toml", r"^\[tool\.pytest(\.ini_options)?\]"),
    ("tox.ini", r"^\[pytest\]"),
    ("setup.cfg", r"^\[tool:pytest\]"),
)


@dataclass(frozen=True)
class Label:
    """A file or folder relative to the repository, and in a file perhaps a class and its method."""

    path: str
    names: tuple[str, ...] = ()


def runner_of(root: Path) -> str:
    """Pytest where the repository configures it, else Django's own."""
    for name, section in _CONFIGURED:
        try:
            text = (root / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if re.search(section, text, re.MULTILINE):
            return PYTEST
    return DJANGO


def find_labels(stack: Stack, given: Sequence[str]) -> list[Label]:
    """Raises UnknownTest, with what there is, for one that names nothing in the plugin."""
    return [_find(stack, one.strip()) for one in given if one.strip()]


def within(labels: Sequence[Label], paths: Sequence[str]) -> list[Label]:
    """Of the labels those that are in files, which stand for themselves without any label."""
    if not labels:
        return [Label(path) for path in paths]
    found: dict[Label, None] = {}
    for one in labels:
        inside = [path for path in paths if f"{path}/".startswith(f"{one.path}/") or not one.path]
        found.update(dict.fromkeys(one if path == one.path else Label(path) for path in inside))
    return list(found)


def _find(stack: Stack, given: str) -> Label:
    root = stack.plugin.root
    file, *names = given.split("::")
    if "/" in file or file.endswith(".py") or (root / file).exists():
        path = Path(os.path.normpath(root / Path(file).expanduser()))
        if root != path and root not in path.parents:
            raise UnknownTest(
                f"labels: '{printable(given)}' is not in the plugin at '{root}'. Give a file of it, or a dotted path.",
                label=given,
            )
        if not path.exists():
            raise UnknownTest(
                f"labels: there is no '{printable(file)}' in the plugin at '{root}'{_near(stack, file)}", label=given
            )
        found = Label("" if path == root else path.relative_to(root).as_posix(), tuple(names))
    else:
        found = _dotted(stack, given)
    if found.names:
        _check_names(root, given, found)
    return found


def _dotted(stack: Stack, given: str) -> Label:
    words = given.split(".")
    for top in dict.fromkeys((stack.plugin.package_dir.parent, stack.plugin.root)):
        for length in range(len(words), 0, -1):
            place = top.joinpath(*words[:length])
            for path in (place.with_name(f"{place.name}.py"), place):
                rest = tuple(words[length:])
                if path.is_file() or (path.is_dir() and not rest):
                    return Label(path.relative_to(stack.plugin.root).as_posix(), rest)
                init = path / "__init__.py"
                if rest and rest[0][:1].isupper() and init.is_file():
                    # A package may have its tests in its __init__.
                    return Label(init.relative_to(stack.plugin.root).as_posix(), rest)
    raise UnknownTest(
        f"labels: '{printable(given)}' is neither a module nor a file of the plugin{_near(stack, given)}", label=given
    )


def _near(stack: Stack, given: str) -> str:
    """End a sentence with the nearest test module, written as the given one is, and with those there are."""
    paths = [path.relative_to(stack.plugin.root).as_posix() for path in test_files(stack)]
    dotted = "/" not in given and not given.endswith(".py")
    known = [module_of(stack, path) if dotted else path for path in paths]
    listed = f" It has: {', '.join(known[:8])}{' …' if len(known) > 8 else ''}." if known else " It has no tests."
    return nearest(given, known) + listed


def module_of(stack: Stack, path: str) -> str:
    """The name by which Django's runner imports a file."""
    top = os.path.dirname(stack.plugin.package_path)
    inside = path.startswith(f"{stack.plugin.package_path}/")
    relative = os.path.relpath(path, top) if inside and top else path
    return re.sub(r"(/__init__)?\.py$", "", relative).replace("/", ".")


def test_files(stack: Stack) -> Iterator[Path]:
    """Files that are named as tests are, in the package and in folders for tests beside it."""
    plugin = stack.plugin
    for top in (plugin.package_dir, *(plugin.root / name for name in _BESIDE)):
        for here, folders, names in os.walk(top):
            folders[:] = sorted(f for f in folders if not f.startswith(".") and (f not in SKIPPED_DIRS or f in _BESIDE))
            yield from (Path(here, name) for name in sorted(names) if TEST_FILE.fullmatch(name))


def _check_names(root: Path, given: str, label: Label) -> None:
    """Raise UnknownTest where a file surely has no such class, or a class no such method."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse((root / label.path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        # Whoever imports it says what is wrong with it.
        return
    first, *rest = label.names
    bound = {getattr(node, "name", "") for node in tree.body}
    if first not in bound:
        imports = (ast.ImportFrom, ast.Import, ast.Assign, ast.If, ast.Try, ast.With, ast.For)
        others = [node for node in tree.body if isinstance(node, imports) and first in ast.dump(node)]
        stars = [n for n in tree.body if isinstance(n, ast.ImportFrom) and any(a.name == "*" for a in n.names)]
        if others or stars:
            return
        classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        listed = f" It has: {', '.join(classes[:8])}." if classes else ""
        raise UnknownTest(
            f"labels: '{printable(given)}': {label.path} has no '{printable(first)}'{nearest(first, classes)}{listed}",
            label=given,
        )
    classes_here = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == first]
    if not rest or not classes_here or not all(_PLAIN.fullmatch(ast.unparse(b)) for b in classes_here[-1].bases):
        return
    methods = [node.name for node in classes_here[-1].body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    wanted = rest[0].partition("[")[0]
    if wanted not in methods:
        tests = [name for name in methods if name.startswith("test")]
        raise UnknownTest(
            f"labels: '{printable(given)}': {first} has no '{printable(wanted)}'{nearest(wanted, tests)} It has: "
            f"{', '.join(tests[:8])}.",
            label=given,
        )


def spelled(stack: Stack, labels: Sequence[Label], runner: str) -> list[str]:
    """Labels as a runner in the stack's container takes them; all tests where there are none."""
    plugin = stack.plugin
    repository = f"{REPOSITORIES}/{plugin.distribution}"
    if runner == PYTEST:
        return ["::".join([f"{repository}/{one.path}".rstrip("/"), *one.names]) for one in labels]
    if not labels:
        beside = [name for name in _BESIDE if (plugin.root / name / "__init__.py").is_file()]
        return [f"{NETBOX_DIR}/{plugin.package}", *(f"{repository}/{name}" for name in beside)]
    found = []
    for one in labels:
        if (plugin.root / one.path).is_dir():
            inside = f"{one.path}/".startswith(f"{plugin.package_path}/")
            rest = f"{one.path}/"[len(plugin.package_path) + 1 :].rstrip("/")
            found.append(
                f"{NETBOX_DIR}/{plugin.package}/{rest}".rstrip("/")
                if inside
                else f"{repository}/{one.path}".rstrip("/")
            )
        else:
            found.append(".".join([module_of(stack, one.path), *one.names]))
    return found
