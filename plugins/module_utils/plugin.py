# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the NetBox plugin in a repository without importing it."""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .errors import InvalidProject, PluginNotFound

try:
    import tomllib as _toml
except ImportError:  # Python < 3.11
    _toml = None  # type: ignore[assignment]

SKIPPED_DIRS = frozenset(
    [
        "build",
        "dist",
        "docs",
        "doc",
        "node_modules",
        "site-packages",
        "venv",
        "env",
        "tests",
        "test",
        "gitignore",
        "__pycache__",
        "scripts",
        "examples",
    ]
)
SEARCH_DEPTH = 3
# What a package index takes as a name: it goes into an image's build and into paths.
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_CONFIG_TEXT = re.compile(r"^\s*class\s+\w+\s*\([^)]*PluginConfig[^)]*\)\s*:", re.MULTILINE)


@dataclass(frozen=True)
class Plugin:
    """A plugin's repository (``root``) and the importable Django app inside it (``package``)."""

    root: Path
    package: str
    package_dir: Path
    distribution: str
    uid: int
    gid: int

    @cached_property
    def package_path(self) -> str:
        """The package's directory relative to the repository, with forward slashes."""
        return self.package_dir.relative_to(self.root).as_posix()


def find_plugin(path: str, package: str | None = None) -> Plugin:
    """Return the plugin at ``path``; ``package`` chooses when the repository holds several.

    Raises PluginNotFound when there is no directory, no NetBox plugin, or more than one candidate.
    """
    asked = expanded(path)
    if not asked.is_dir():
        found = "a file" if asked.exists() else "nothing"
        raise PluginNotFound(
            f"plugin_path: no plugin at '{path}': a directory was expected and {found} was found there. "
            "Give the path of the plugin's repository.",
            path=path,
        )
    root = asked.resolve()
    candidates = sorted(_candidates(root), key=lambda p: (len(p.parts), p))
    if package:
        candidates = [c for c in candidates if c.name == package]
    if not candidates:
        wanted = f"a package '{package}' with" if package else "a package whose __init__.py has"
        raise PluginNotFound(
            f"plugin_path: '{root}' is not a NetBox plugin: {wanted} a class derived from PluginConfig was expected, "
            f"and none was found in {_searched(root)}. Check the path, or name the package with 'package'.",
            path=str(root),
            package=package,
        )
    if len(candidates) > 1:
        names = [c.relative_to(root).as_posix() for c in candidates]
        raise PluginNotFound(
            f"plugin_path: '{root}' holds {len(candidates)} NetBox plugins: {', '.join(names)}. "
            "Choose one with 'package' in netbox-dev.yml or netbox_dev_package.",
            path=str(root),
            candidates=names,
        )
    owner = root.stat()
    package_dir = candidates[0]
    return Plugin(
        root=root,
        package=package_dir.name,
        package_dir=package_dir,
        distribution=_checked(distribution_name(root)) or package_dir.name.replace("_", "-").strip("-"),
        uid=owner.st_uid,
        gid=owner.st_gid,
    )


def expanded(path: str) -> Path:
    """The path without its ``~``. Raises PluginNotFound where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise PluginNotFound(f"plugin_path: '{path}' names the home of nobody here: {error}", path=path) from error


def _checked(distribution: str | None) -> str | None:
    if distribution and not _DISTRIBUTION.fullmatch(distribution):
        raise InvalidProject(
            f"the packaging files name the distribution {distribution!r}: letters, digits, '.', '_' and '-' were "
            "expected, as package indexes have it. Mend the name there.",
            distribution=distribution,
        )
    return distribution


def _searched(root: Path) -> str:
    names = sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    return ", ".join(f"{n}/" for n in names[:12]) or "an empty directory"


def _candidates(root: Path) -> Iterator[Path]:
    """Directories below ``root`` whose ``__init__.py`` defines a PluginConfig; a hit is not searched deeper."""
    pending = [(root, 0)]
    while pending:
        here, depth = pending.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda e: e.name)
        except OSError:
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False) or entry.name.startswith(".") or entry.name in SKIPPED_DIRS:
                continue
            child = Path(entry.path)
            if entry.name.isidentifier() and _defines_plugin_config(child / "__init__.py"):
                yield child
            elif depth + 1 < SEARCH_DEPTH:
                pending.append((child, depth + 1))


def _defines_plugin_config(init: Path) -> bool:
    try:
        text = init.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    if "PluginConfig" not in text:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # This Python need not be the stack's: what it cannot parse is judged by its text.
        return bool(_CONFIG_TEXT.search(text))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                if (isinstance(base, ast.Name) and base.id.endswith("PluginConfig")) or (
                    isinstance(base, ast.Attribute) and base.attr.endswith("PluginConfig")
                ):
                    return True
    return False


def distribution_name(root: Path) -> str | None:
    """The distribution's name as the packaging files declare it, or None."""
    pyproject = root / "pyproject.toml"
    if pyproject.is_file():
        name = _pyproject_name(pyproject)
        if name:
            return name
    setup_cfg = root / "setup.cfg"
    if setup_cfg.is_file():
        match = re.search(
            r"^\[metadata\][^\[]*?^name\s*=\s*(\S+)", setup_cfg.read_text("utf-8", "replace"), re.M | re.S
        )
        if match:
            return match.group(1)
    setup_py = root / "setup.py"
    if setup_py.is_file():
        match = re.search(r"""\bname\s*=\s*['"]([A-Za-z0-9._-]+)['"]""", setup_py.read_text("utf-8", "replace"))
        if match:
            return match.group(1)
    return None


def _pyproject_name(path: Path) -> str | None:
    text = path.read_text(encoding="utf-8", errors="replace")
    if _toml is None:
        match = re.search(r"""^\[(?:project|tool\.poetry)\][^\[]*?^name\s*=\s*['"]([^'"]+)['"]""", text, re.M | re.S)
        return match.group(1) if match else None
    try:
        data: dict[str, Any] = _toml.loads(text)
    except (_toml.TOMLDecodeError, RecursionError) as error:
        raise InvalidProject(f"pyproject.toml: {error}. Mend the file: the image's build reads it too.") from error
    tables = [data.get("project"), table(data.get("tool")).get("poetry")]
    return next((name for name in (table(one).get("name") for one in tables) if isinstance(name, str)), None)


def table(value: Any) -> dict[str, Any]:
    """A table of a packaging file; empty where the file has something else in its place."""
    return value if isinstance(value, dict) else {}
