# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a path to the category of the change. A table of rules; the first that matches decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

# Those in static/ are served like the rest of it.
_MODULES = re.compile(r"((?!static/)[^/]*/)*node_modules(/|$)")
# Applied to the path relative to the repository.
_LITTER = re.compile(
    r"(^|/)(__pycache__|\.git|\.hg|\.svn|\.tox|\.nox|\.venv|venv|\.idea|\.vscode|\.mypy_cache|\.ruff_cache|"
    r"\.pytest_cache|htmlcov|[^/]+\.egg-info|\.ansible)(/|$)"
    # Deeper ones may be what a front end's build made to be served.
    r"|^(build|dist)(/|$)"
    r"|\.(py[cod]|swp|swo|swx|orig|rej|bak|tmp)$|~$|(^|/)(\.#|#)[^/]*|(^|/)(4913|\.DS_Store|Thumbs\.db|\.coverage(\.[^/]*)?)$"
)
# Another text for other rules.
LITTER = f"{_MODULES.pattern}\n{_LITTER.pattern}"
# Requirements of who works on the plugin; no image is built from them, unless something of the build names them.
_DEVELOPERS = re.compile(
    r"(^|[/_.-])(requirements|constraints)[/_.-]([^/]*[_.-])?{0}[_.-][^/]*$|(^|[/_.-]){0}[_.-](requirements|constraints)[_.-]"
    r"[^/]*$".format(r"(ci|dev|devel|develop|development|docs?|e2e|lint|linting|qa|tests?|testing|tox|types|typing)")
)
_REPOSITORY = (
    (r"netbox-dev\.yml", "settings"),
    (r"(pyproject\.toml|setup\.py|setup\.cfg|hatch_build\.py|MANIFEST\.in|Dockerfile)", "dependencies"),
    (r"(VERSION(\.txt)?|(dev-)?requirements[^/]*\.(txt|in))", "dependencies"),
    (r"(constraints[^/]*\.txt|requirements/.+\.(txt|in)|Pipfile|[^/]+\.lock)", "dependencies"),
    (r"(tests?|[^/]*_tests?)/.+", "tests"),
    (r"(conftest\.py|test_[^/]+\.py|tox\.ini|pytest\.ini|noxfile\.py|\.coveragerc)", "tests"),
    (r"(docs?|examples?)/.+", "docs"),
    (r".+\.(md|rst|adoc|txt|png|jpe?g|gif|svg)", "docs"),
    (r"(LICENSE|LICENCE|COPYING|AUTHORS|NOTICE|CHANGELOG|README)[^/]*", "docs"),
)
# Applied to the path relative to the package.
_PACKAGE = (
    (r"(.+/)?tests?/.+|(.+/)?(test_[^/]+|[^/]+_test|tests|conftest)\.py", "tests"),
    (r"(.+/)?migrations/.+\.py", "migrations"),
    (r"(.+/)?templates/.+", "templates"),
    (r"(.+/)?static/.+", "static"),
    (r"__init__\.py", "plugin_config"),
    (r"(.+/)?settings\.py", "settings"),
    (r"(.+/)?(models|models/.+|choices|validators|constants|fields)(\.py)?", "models"),
    (r"(.+/)?(views|views/.+)(\.py)?", "views"),
    (r"(.+/)?(urls|urls/.+)(\.py)?", "urls"),
    (r".+\.py", "python"),
    # Sources of compiled messages, and types for checkers: no process reads them.
    (r".+\.(po|pot|pyi)|(.+/)?py\.typed", "ignored"),
    # Data that Python may read at import: YAML, JSON, texts, style sheets for mails, compiled messages.
    (r".+", "python"),
)


# No process imports these, unless something else of the plugin does.
NOT_IMPORTED = ("tests", "migrations", "templates", "static")


def _first(rules: Iterable[tuple[str, str]], path: str, otherwise: str) -> str:
    for pattern, category in rules:
        if re.fullmatch(pattern, path):
            return category
    return otherwise


def is_litter(path: str) -> bool:
    """Whether ``path`` is an editor's, an interpreter's or a build's by-product."""
    end = path.rfind("/")
    if end >= 0 and _is_litter_folder(path[: end + 1]):
        return True
    # Nothing that is looked for is both in a folder's name and in what is in it.
    return bool(_LITTER.search(path, max(end, 0)) or ("node_modules" in path and _MODULES.match(path)))


@lru_cache(maxsize=4096)
def _is_litter_folder(path: str) -> bool:
    return bool(_LITTER.search(path) or _MODULES.match(path))


def is_for_developers(path: str) -> bool:
    """Whether a file of requirements is one that no image is built from."""
    return bool(_DEVELOPERS.search(path))


def categorize(path: str, package_path: str, imported: bool = False) -> str:
    """Return the category of ``path`` (relative to the repository, forward slashes).

    ``package_path`` is the package's directory relative to the repository. A file that is ``imported`` by what NetBox
    loads is no test and no template, whatever its name is.
    """
    if is_litter(path):
        return "ignored"
    if path.startswith("netbox-docker:"):
        return "settings"
    if path.startswith(f"{package_path}/"):
        rules = [rule for rule in _PACKAGE if not imported or rule[1] not in NOT_IMPORTED]
        return _first(rules, path[len(package_path) + 1 :], "python")
    if is_for_developers(path):
        return "ignored"
    # Python beside the package may be imported by it; anything else in the repository is not loaded by NetBox.
    return _first(_REPOSITORY, path, "python" if path.endswith(".py") else "ignored")
