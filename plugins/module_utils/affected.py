# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of tests the current changes may concern: by imports, and by what tests reach otherwise."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .answers import Unreadable
from .change import Change, printable
from .changes import Wanted, find_changes
from .facts import Facts
from .git_opening import open_repository
from .labels import TEST_FILE, module_of
from .modules import Modules
from .source import read_source
from .stack import Stack
from .syntax import IF, LATER

# What needs no test.
_NOTHING = ("docs", "ignored")
# Categories whose files are modules; what others change may be anything.
_MODULES = ("python", "models", "views", "urls", "plugin_config", "tests")
_SERVED = ("templates", "static")
# With one of these words a test reaches what it does not import: by a URL, by a name, by a class of others' tests.
_BY_NAME = re.compile(
    rb"\b(admin_client|APIRequestFactory|call_command|client|enqueue|get_model|get_queue|get_template|import_module|"
    rb"import_string|live_server|mocker|monkeypatch|patch|render|render_to_string|RequestFactory|resolve|reverse|rf|"
    rb"testing|\w*Client|\w*LiveServer\w*|\w*ViewTestCases?)\b"
)


@dataclass(frozen=True)
class Affected:
    """Paths of files of tests, None for all of them; and why, in words."""

    paths: list[str] | None
    why: str


def find_affected(stack: Stack, since: str) -> Affected:
    """Raises InvalidReference."""
    repository = open_repository(stack.plugin.root)[0]
    if repository is None:
        return Affected(None, "git cannot tell what changed")
    try:
        is_empty = since == "HEAD" and repository.head() == repository.empty_tree()
    except Unreadable as error:
        return Affected(None, str(error))
    if is_empty:
        return Affected(None, "nothing was committed yet")
    found = find_changes(stack, Wanted(since=since))
    changes = [change for change in found.changes if change.category not in _NOTHING]
    if not changes:
        return Affected([], f"nothing that a test could tell differs from {since}")
    for change in changes:
        why = _unsure(change)
        if why:
            return Affected(None, why)
    return _Graph(stack, found.facts).affected(changes)


def _unsure(change: Change) -> str:
    """Why a change may concern every test; empty where its imports tell."""
    path = change.path
    if path is None:
        return change.reason
    if change.category in _SERVED:
        return ""
    name = os.path.basename(path)
    if change.change == "deleted" and change.category == "tests" and TEST_FILE.fullmatch(name):
        return ""
    if change.category not in _MODULES or not path.endswith(".py") or name == "conftest.py":
        return f"{printable(path)} may concern all tests"
    if change.change in ("deleted", "renamed"):
        return f"{printable(path)} was {change.change}"
    return ""


class _Graph:
    def __init__(self, stack: Stack, facts: Facts) -> None:
        self.stack = stack
        self.texts: dict[str, bytes] = {}
        self.tests: dict[str, str] = {}
        plugin = facts.modules()
        sources, packages = dict(plugin.sources), set(plugin.packages)
        for path in sorted(facts.tree.everything()):
            text = facts.tree.text(path) if path.endswith(".py") and facts.category(path) == "tests" else None
            if text is not None:
                module = module_of(stack, path)
                sources[module], self.texts[module] = read_source(text), text
                if TEST_FILE.fullmatch(os.path.basename(path)):
                    self.tests[path] = module
                if path.endswith("/__init__.py"):
                    packages.add(module)
        self.modules = Modules(sources, frozenset(packages), plugin.package)
        # NetBox loads these before any test runs; those for whoever asks by a URL or a name.
        self.at_start, self.loaded = plugin.loaded(IF), plugin.loaded(LATER)

    def affected(self, changes: Sequence[Change]) -> Affected:
        changed = {module_of(self.stack, change.path or "") for change in changes if change.category not in _SERVED}
        served = any(change.category in _SERVED for change in changes)
        for module in changed:
            if module not in self.modules.sources or self.modules.sources[module].unsure:
                gone = [c for c in changes if c.change == "deleted" and module_of(self.stack, c.path or "") == module]
                if not gone:
                    return Affected(None, f"what {module} says cannot be told")
        paths = []
        for path, module in self.tests.items():
            reached, by_name = self._reached(path, module)
            if reached & changed or (served and by_name):
                paths.append(path)
        what = ", ".join(sorted(printable(change.path or "") for change in changes)[:3])
        more = f" and {len(changes) - 3} more" if len(changes) > 3 else ""
        return Affected(paths, f"{len(paths)} of {len(self.tests)} files of tests reach {what}{more}")

    def _reached(self, path: str, module: str) -> tuple[set[str], bool]:
        """Modules that a file of tests may run, and whether it reaches some by their URLs or names."""
        folders = path.split("/")[:-1]
        configured = ["/".join([*folders[:length], "conftest.py"]) for length in range(len(folders) + 1)]
        starts = [module, *(module_of(self.stack, one) for one in configured)]
        reached = self.modules.closure(starts)
        by_name = any(_BY_NAME.search(self.texts[one]) for one in reached if one in self.texts)
        return reached | self.at_start | (self.loaded if by_name else set()), by_name
