# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a packaging file says that an image is built from: its comments and its sections for other tools say nothing."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

from .source import read_source

try:
    import tomllib as _toml
except ImportError:  # Python < 3.11
    _toml = None  # type: ignore[assignment]

# Tools that only look at code or test it. What is not listed may have a say in the build.
_TOOLS = re.compile(
    r"autopep8|bandit|basedpyright|black|bumpversion|bumpver|codespell|commitizen|coverage|cruft|djlint|docformatter|"
    r"flake8|isort|mypy|nox|pycodestyle|pydocstyle|pylint|pyright|pytest|ruff|semantic_release|towncrier|tox|ty|vulture|"
    r"yapf|zest-releaser"
)
_PACKAGING = re.compile(
    r"pyproject\.toml|setup\.py|setup\.cfg|MANIFEST\.in|Pipfile|[^/]+\.lock|(requirements|constraints)[^/]*\.(txt|in)"
)
_REQUIREMENTS = re.compile(r"(.*/)?((dev-)?requirements[^/]*|constraints[^/]*)\.(txt|in)|requirements/.+\.(txt|in)")


def meaning(path: str, text: bytes) -> bytes:
    """What the file at ``path`` says to a build, as bytes to compare; of a file of another kind all that is in it."""
    name = path.rsplit("/", 1)[-1]
    try:
        if name == "pyproject.toml" and _toml:
            data = _toml.loads(text.decode("utf-8"))
            data["tool"] = {k: v for k, v in data.get("tool", {}).items() if not _TOOLS.fullmatch(k)}
            return json.dumps(data, sort_keys=True, default=str).encode()
        if name == "setup.cfg":
            return json.dumps(_setup_cfg(text.decode("utf-8")), sort_keys=True).encode()
        if name == "setup.py":
            return read_source(text).code.encode()
        if name == "MANIFEST.in" or _REQUIREMENTS.fullmatch(path):
            return b"\n".join(_lines(text))
    except (ValueError, configparser.Error):
        # Whoever builds says what is wrong with it.
        pass
    return text


def _setup_cfg(text: str) -> dict[str, Any]:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    found = {}
    for section in parser.sections():
        tool = re.sub(r"^tool:", "", section)
        if not _TOOLS.fullmatch(re.split(r"[:.-]", tool)[0]):
            found[section] = dict(parser[section])
    return found


def _lines(text: bytes) -> list[bytes]:
    """Lines without comments, and those that go on joined."""
    joined = re.sub(rb"\\\r?\n", b" ", text)
    stripped = (re.sub(rb"(^|\s)#.*", b"", line).strip() for line in joined.splitlines())
    return [line for line in stripped if line]


def included(root: Path) -> set[str]:
    """Paths, relative to ``root``, of the files that its requirements files take in by ``-r`` and ``-c``."""
    found: set[str] = set()
    pending = [path.name for path in root.glob("*requirements*.txt")] + [p.name for p in root.glob("requirements*.in")]
    while pending:
        name = pending.pop()
        try:
            lines = _lines((root / name).read_bytes())
        except OSError:
            continue
        for line in lines:
            match = re.match(rb"(?:-r|-c|--requirement|--constraint)[\s=]*(\S.*)", line)
            if not match:
                continue
            wanted = (root / name).parent / match.group(1).decode("utf-8", "replace").strip("'\"")
            try:
                inner = wanted.resolve().relative_to(root.resolve()).as_posix()
            except (ValueError, OSError):
                continue
            if inner not in found:
                found.add(inner)
                pending.append(inner)
    return found


def packaging_files(root: Path) -> list[str]:
    """Paths, relative to ``root``, of the files that say what a plugin is made of and needs."""
    names = {path.name for path in root.iterdir() if _PACKAGING.fullmatch(path.name)}
    names |= {p.relative_to(root).as_posix() for p in (root / "requirements").rglob("*") if p.suffix in (".txt", ".in")}
    return sorted(name for name in names | included(root) if (root / name).is_file())
