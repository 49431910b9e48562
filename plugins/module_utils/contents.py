# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a packaging file says that an image is built from: its comments and its sections for other tools say nothing."""

from __future__ import annotations

import ast
import configparser
import contextlib
import json
import os
import re
from pathlib import Path
from typing import Any

from . import syntax
from .categories import is_for_developers
from .plugin import table

try:
    import tomllib as _toml
except ImportError:  # Python < 3.11
    _toml = None  # type: ignore[assignment]

# Tools that only look at code or test it. What is not listed may have a say in the build.
_TOOLS = re.compile(
    r"autoflake|autopep8|bandit|basedpyright|black|bumpversion|bumpver|check-manifest|check-wheel-contents|codespell|"
    r"commitizen|coverage|cruft|curlylint|deptry|djhtml|djlint|doc8|docformatter|fixit|flake8|git-cliff|importlinter|"
    r"interrogate|isort|licensecheck|mkdocs|mutmut|mypy|nox|pip-audit|poe|pycln|pycodestyle|pydoclint|pydocstyle|pylama|"
    r"pylint|pymarkdown|pyproject-fmt|pyrefly|pyright|pytest|pyupgrade|refurb|rstcheck|ruff|semantic_release|slotscheck|"
    r"sqlfluff|taskipy|tbump|tomlsort|towncrier|tox|ty|typos|usort|vulture|yamlfix|yapf|zest-releaser"
)
# What people read of a distribution; no build is another for it.
_PROSE_KEYS = (
    *("author", "author_email", "authors", "classifiers", "description", "documentation", "homepage", "keywords"),
    *("license", "license-files", "license_file", "license_files", "long_description", "long_description_content_type"),
    *("maintainer", "maintainer_email", "maintainers", "project_urls", "readme", "repository", "url", "urls"),
)
_READS_METADATA = re.compile(rb"importlib[._]metadata|pkg_resources")
_PACKAGING = re.compile(
    r"pyproject\.toml|setup\.py|setup\.cfg|MANIFEST\.in|Pipfile|[^/]+\.lock|(requirements|constraints)[^/]*\.(txt|in)"
)
_PROSE = re.compile(r"(LICEN[CS]E|COPYING|AUTHORS|NOTICE|CHANGE|README|HISTORY)", re.IGNORECASE)
# Files of requirements that a build's configuration names.
_NAMED = re.compile(rb"[\w.][\w./-]*\.(?:txt|in)\b")


def reads_metadata(package: Path) -> bool:
    """Whether a process can tell which version is installed: a file of the package asks for it."""
    for here, _folders, names in os.walk(package):
        for name in names:
            if name.endswith(".py") and os.path.isfile(os.path.join(here, name)):
                with contextlib.suppress(OSError):
                    if _READS_METADATA.search(Path(here, name).read_bytes()):
                        return True
    return False


def meaning(path: str, text: bytes, versioned: bool = True) -> bytes:
    """What the file at ``path`` says to a build, as bytes to compare; of a file of another kind all that is in it.

    Without ``versioned``, the distribution's own version is nothing that anybody reads.
    """
    name = path.rsplit("/", 1)[-1]
    try:
        if name == "pyproject.toml" and _toml:
            data = _toml.loads(text.decode("utf-8"))
            data["tool"] = {k: v for k, v in table(data.get("tool")).items() if not _TOOLS.fullmatch(k)}
            data.pop("dependency-groups", None)
            poetry = table(data["tool"].get("poetry"))
            for key in ("group", "dev-dependencies"):
                poetry.pop(key, None)
            for part in (table(data.get("project")), poetry):
                _drop(part, versioned)
            return json.dumps(data, sort_keys=True, default=str).encode()
        if name == "setup.cfg":
            return json.dumps(_setup_cfg(text.decode("utf-8"), versioned), sort_keys=True).encode()
        if name == "setup.py":
            return _setup_py(text, versioned)
        if name.endswith((".txt", ".in")):
            return b"\n".join(_lines(text))
    except (ValueError, RecursionError, configparser.Error):
        # Whoever builds says what is wrong with it.
        pass
    return text


def _drop(part: dict[str, Any], versioned: bool) -> None:
    for key in [*_PROSE_KEYS, *(() if versioned else ("version",))]:
        part.pop(key, None)


def _setup_py(text: bytes, versioned: bool) -> bytes:
    """Without what people read, where it is written out in the call of ``setup()``."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and syntax.root(node.func) in ("setup", "setuptools"):
            node.keywords = [
                keyword
                for keyword in node.keywords
                if not (keyword.arg in _PROSE_KEYS or (keyword.arg == "version" and not versioned))
                or any(isinstance(inner, (ast.Name, ast.Call)) for inner in ast.walk(keyword.value))
            ]
    return syntax.Texts().of(tree).encode("utf-8", "surrogatepass")


def _setup_cfg(text: str, versioned: bool) -> dict[str, Any]:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    found = {}
    for section in parser.sections():
        tool = re.sub(r"^tool:", "", section)
        # As in [mypy-x.*] and [coverage:run], the tool's name may go on.
        if not any(map(_TOOLS.fullmatch, (tool, re.split(r"[:.-]", tool)[0]))):
            found[section] = dict(parser[section])
    _drop(found.get("metadata", {}), versioned)
    return found


def _lines(text: bytes) -> list[bytes]:
    """Lines without comments, and those that go on joined; a comment does not go on."""
    lines = [re.sub(rb"(^|\s)#.*", b"", line) for line in text.splitlines()]
    joined = re.sub(rb"\\\n", b" ", b"\n".join(lines))
    return [b" ".join(line.split()) for line in joined.splitlines() if line.strip()]


def included(root: Path) -> set[str]:
    """Paths, relative to ``root``, of the files that its requirements files take in by ``-r`` and ``-c``.

    Also of those that the build's configuration names.
    """
    found: set[str] = set()
    listed = [p.relative_to(root).as_posix() for p in root.glob("*requirements*") if p.suffix in (".txt", ".in")]
    pending = [name for name in [*listed, *_in_folder(root)] if not is_for_developers(name)]
    for name in ("pyproject.toml", "setup.cfg", "setup.py"):
        for match in _NAMED.findall(_text(root / name)):
            _include(root, root, match, found, pending)
    while pending:
        name = pending.pop()
        for line in _lines(_text(root / name)):
            taken_in = re.match(rb"(?:-r|-c|--requirement|--constraint)[\s=]*(\S.*)", line)
            if taken_in:
                _include(root, (root / name).parent, taken_in.group(1), found, pending)
    return found


def _text(path: Path) -> bytes:
    """A file's content; nothing of what cannot be read. A pipe would be waited for."""
    with contextlib.suppress(OSError):
        return path.read_bytes() if path.is_file() else b""
    return b""


def _include(root: Path, where: Path, name: bytes, found: set[str], pending: list[str]) -> None:
    wanted = where / name.decode("utf-8", "replace").strip("'\"")
    try:
        inner = wanted.resolve().relative_to(root.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        # Outside, or a loop of links.
        return
    if inner not in found and not _PROSE.match(wanted.name):
        found.add(inner)
        pending.append(inner)


def _in_folder(root: Path) -> list[str]:
    return [p.relative_to(root).as_posix() for p in (root / "requirements").rglob("*") if p.suffix in (".txt", ".in")]


def packaging_files(root: Path) -> list[str]:
    """Paths, relative to ``root``, of the files that say what a plugin is made of and needs."""
    names = {path.name for path in root.iterdir() if _PACKAGING.fullmatch(path.name)} | set(_in_folder(root))
    wanted = {name for name in names if not is_for_developers(name)} | included(root)
    return sorted(name for name in wanted if os.path.isfile(root / name))
