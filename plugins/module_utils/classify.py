# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a difference to changes: first what the path says, then what the file says, then who uses it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .change import BY_CONTENT, BY_IMPORT, BY_PATH, Change, printable
from .comparison import LOADED
from .contents import included
from .differences import Difference
from .facts import Facts
from .kinds import Node
from .matrix import PYTHON_ROLES, WEB
from .object_ids import LINK, REPOSITORY, UNREADABLE
from .source import IMPORT, ORDER, TOUCH, Source
from .stack import PROJECT_FILE, Rule
from .tree import CHECKOUT
from .versions import Versions

_CONFIGURED = "the models read the plugin's settings as they are imported"
_PYTHON = ("python", "models", "views", "urls", "plugin_config")
_ENVIRONMENT = f"{CHECKOUT}env/"
# Of the package's files with other categories, these may be read by Python, too.
_DATA = frozenset(["cfg", "csv", "ini", "j2", "json", "md", "toml", "txt", "xml", "yaml", "yml"])
# Keys of the project file, by what they are put into.
_BUILD_KEYS = frozenset(["ca_bundle", "netbox", "netbox_docker_url", "netbox_docker_version", "package", "packages"])
_SETTINGS_KEYS = frozenset(["plugin_settings", "settings"])
_NO_SERVICE_KEYS = frozenset(["makemigrations", "rules", "superuser_name"])
# Modules whose docstrings and types are served to clients, by their names and by what they import.
_INTERFACES = frozenset(["api", "graphql", "serializers"])
_DESCRIBES = re.compile(r"(rest_framework|drf_spectacular|netbox\.api|netbox\.graphql|strawberry|graphene)\b")
_NOTHING_SAID = "nothing that a service is made from"
_NOTHING_NEW = "only comments, docstrings, formatting or types"
_TOO_DEEP = "names lead through too many others to be followed"
_DESCRIPTION = "docstrings or types, of which the description of an interface is made"
# Kinds of contents that stand for others.
_ELSEWHERE = (LINK, REPOSITORY)
_NO_MEANING = "only comments, or sections that other tools read"


@dataclass(frozen=True)
class _Finding:
    """What the content of a file adds to its path."""

    category: str
    reason: str
    confidence: str = BY_CONTENT


class Classifier:
    """Says of differences what they are."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.stack = facts.stack
        self._included = included(self.stack.plugin.root)

    def by_path(self, path: str) -> tuple[str, Rule | None]:
        """The category that the path says, and the rule of the project file's that said so."""
        for rule in self.stack.rules:
            if rule.matches(path):
                return rule.category or self.facts.category(path), rule
        if path in self._included:
            return "dependencies", None
        return self.facts.category(path), None

    def changes(self, differences: Sequence[Difference], source: str) -> list[Change]:
        """All changes that these differences are; a file may be several."""
        versions = Versions(self.facts, differences) if any(map(self._looked_into, differences)) else None
        found = []
        for difference in differences:
            for one in self._split(difference):
                changes = self._by_links(self._classify(one, versions))
                found += [replace(c, sources=(source,)) for c in changes]
        return found

    def _by_links(self, changes: list[Change]) -> list[Change]:
        """A file as what it is by links that lead to it, too; outside of the package by them alone."""
        first = changes[0]
        paths = [path for path in (first.path, first.previous) if path]
        links = [link for path in paths for link in self.facts.names(path)[1:] if self._is_inside(link)]
        inside = any(map(self._is_inside, paths))
        found = {} if links and not inside else {change.category: change for change in changes}
        for link in links:
            category = self.by_path(link)[0]
            reason = f"{first.reason}; {printable(link)} leads to it"
            is_module = category in _PYTHON and link.endswith(".py")
            if inside and is_module:
                # As one it is compared.
                continue
            change = replace(first, category=category, reason=reason, roles=None, actions=None)
            found.setdefault(category, change)
            if is_module:
                reason = f"{reason}, it may concern the schema"
                found.setdefault("models", replace(change, category="models", reason=reason))
        return list(found.values())

    def _is_inside(self, path: str) -> bool:
        """Whether a path is in one of the plugin's packages."""
        return path.startswith(f"{self.facts.package_of(path)}/")

    def _looked_into(self, difference: Difference) -> bool:
        paths = [path for one in (difference.path, difference.previous) if one for path in self.facts.names(one)]
        return any(self.by_path(path)[0] in (*_PYTHON, "settings") or self._is_data(path) for path in paths)

    def _split(self, difference: Difference) -> Iterable[Difference]:
        """A file that was renamed into another category is one gone and one come."""
        previous = difference.previous
        if previous and self.by_path(previous) != self.by_path(difference.path):
            return (
                Difference(previous, difference.old, None),
                Difference(difference.path, None, difference.new),
            )
        return (difference,)

    def _classify(self, difference: Difference, versions: Versions | None) -> list[Change]:
        category, rule = self.by_path(difference.path)
        change = Change(
            difference.path, difference.change, category, _by_path(difference), previous=difference.previous
        )
        if rule:
            reason = f"{change.reason}; rule '{rule.path}' of the project file"
            return [replace(change, reason=reason, actions=rule.actions)]
        if category == "dependencies":
            return [self._packaging(difference, change)]
        if difference.path == PROJECT_FILE:
            change = self._project(difference, change)
        elif difference.path.startswith(_ENVIRONMENT):
            # A container has its environment from when it was made.
            change = replace(change, actions={"recreate": PYTHON_ROLES})
        if versions is None:
            return [change]
        if any(content and content.kind in _ELSEWHERE for content in (difference.old, difference.new)):
            return self._elsewhere(difference, change, versions)
        if category == "settings":
            return self._settings(difference, change, versions)
        if category in _PYTHON and difference.path.endswith(".py"):
            return self._python(difference, change, versions)
        found = self._data(change, versions) if self._is_data(difference.path) else [change]
        if versions.names_of(difference):
            # A link makes a module of it.
            by_link = self._python(difference, replace(change, category="python"), versions)
            found = [*found, *(one for one in by_link if one.category not in ("ignored", category))]
        return found

    def _elsewhere(self, difference: Difference, change: Change, versions: Versions) -> list[Change]:
        """A link, or another repository's commit: what it led to or had in it is not known any more."""
        path = difference.path
        is_module = path.endswith(".py")
        if not is_module and "." in path.rpartition("/")[2]:
            return self._data(change, versions) if self._is_data(path) else [change]
        # What has no ending is a folder by whoever uses it.
        category = change.category if is_module else self.by_path(f"{path}/__init__.py")[0]
        change = replace(change, category=category)
        if category not in (*_PYTHON, "settings") or not self._is_inside(path):
            return [change]
        why = "what it led to"
        if difference.old and difference.old.kind == REPOSITORY:
            why = "it was another repository's commit to git, and what its files were"
        reason = f"{change.reason}: {why} is not known"
        unsure = [replace(change, category=one, reason=reason) for one in ("models", "plugin_config")]
        return unsure if category in _PYTHON else [change, *unsure]

    def _settings(self, difference: Difference, change: Change, versions: Versions) -> list[Change]:
        """NetBox's configuration, which models may read; or a module of the plugin's that has its name."""
        module = self._is_inside(difference.path) and versions.names_of(difference)
        found = self._python(difference, change, versions) if module else [change]
        known = {one.category for one in found}
        if known != {"ignored"} and "models" not in known and any(one.reads_settings for one in versions.schema):
            reason = f"{change.reason}, and {_CONFIGURED}"
            found.append(replace(change, category="models", reason=reason, actions=None))
        return found

    def _is_data(self, path: str) -> bool:
        """Whether Python may read the file: one of the plugin's packages."""
        return self._is_inside(path) and (self.by_path(path)[0] in _PYTHON or path.rpartition(".")[2] in _DATA)

    def _project(self, difference: Difference, change: Change) -> Change:
        """The project file by its keys: what the image is built from, what containers are made from, and the rest."""
        old, new = self.facts.project(difference.old), self.facts.project(difference.new)
        if old is None or new is None:
            return change
        keys = {key for key in {*old, *new} if old.get(key) != new.get(key)} - _NO_SERVICE_KEYS
        if not keys:
            return replace(change, category="ignored", reason=_NOTHING_SAID, confidence=BY_CONTENT)
        change = replace(change, reason=f"{', '.join(sorted(keys))} changed", confidence=BY_CONTENT)
        if keys & _BUILD_KEYS:
            return replace(change, actions={"build": (), "recreate": PYTHON_ROLES})
        return change if keys <= _SETTINGS_KEYS else replace(change, actions={"recreate": PYTHON_ROLES})

    def _packaging(self, difference: Difference, change: Change) -> Change:
        old = self.facts.meaning(difference.previous or difference.path, difference.old)
        new = self.facts.meaning(difference.path, difference.new)
        if difference.change == "modified" and old == new and old is not None:
            return replace(change, category="ignored", reason=_NO_MEANING, confidence=BY_CONTENT)
        return change

    @staticmethod
    def _data(change: Change, versions: Versions) -> list[Change]:
        """Data that Python may read: where it is read as models or the configuration are imported, it is theirs."""
        found = []
        if any(one.reads_data for one in versions.schema):
            reason = f"{change.reason}, and models read data files as they are imported"
            found.append(replace(change, category="models", reason=reason, confidence=BY_IMPORT))
        if any(one.reads_data for one in versions.config):
            reason = f"{change.reason}, and the plugin's configuration reads data files"
            found.append(replace(change, category="plugin_config", reason=reason, confidence=BY_IMPORT))
        return found or [change]

    def _python(self, difference: Difference, change: Change, versions: Versions) -> list[Change]:
        modules = versions.names_of(difference)
        if not modules:
            return [self._beside(change)]
        before = self.facts.source(difference.previous or difference.path, difference.old)
        after = self.facts.source(difference.path, difference.new)
        unsure = _unsure(difference, before, after) or (_TOO_DEEP if versions.too_deep else "")
        same_name = not difference.previous
        if before and after and before.code == after.code and not unsure and same_name:
            if before.described == after.described or not any(_is_described(m, after) for m in modules):
                return [replace(change, category="ignored", reason=_NOTHING_NEW, confidence=BY_CONTENT)]
            change = replace(change, reason=_DESCRIPTION, confidence=BY_CONTENT)
        if all(self._is_idle(module, versions) for module in modules):
            reason = f"{change.reason}; the plugin's package does not import it"
            return [replace(change, category="ignored", reason=reason, confidence=BY_IMPORT)]
        web = all(versions.web_only(module) for module in modules)
        findings = self._schema(modules, versions, "" if web else unsure)
        if unsure and change.category == "plugin_config":
            findings.append(_Finding("plugin_config", unsure, BY_PATH))
        else:
            findings += self._config(modules, versions)
        if not findings:
            findings = [self._ordinary(change, unsure)]
        roles = (WEB,) if web else None
        return [
            replace(change, category=f.category, reason=f.reason, confidence=f.confidence, roles=_roles(f, roles))
            for f in findings
        ]

    def _is_idle(self, module: str, versions: Versions) -> bool:
        words = module.split(".")
        return words[0] != self.stack.plugin.package and "models" not in words and versions.nobody_imports(module)

    def _beside(self, change: Change) -> Change:
        """Python that is no module of a package: in a package it may still be run, elsewhere it cannot."""
        top, path = self.facts.top, change.path or ""
        if change.category != "python" or self._is_inside(path):
            return change
        why = (
            f"it is not below {top}, where NetBox imports the plugin from"
            if not path.startswith(top)
            else "its path is no module's"
        )
        return replace(change, category="ignored", reason=f"{change.reason}; {why}", confidence=BY_IMPORT)

    def _schema(self, modules: set[str], versions: Versions, unsure: str) -> list[_Finding]:
        if unsure:
            return [_Finding("models", f"{unsure}, it may concern the schema", BY_PATH)]
        nodes = [node for name in sorted(modules) for node in versions.schema_parts.get(name, [])]
        if not nodes:
            return []
        nodes.sort(key=lambda node: (versions.user_of(node) is None, len(node[1])), reverse=True)
        node = nodes[0]
        more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
        user = versions.user_of(node)
        if node[1] == LOADED:
            return [_Finding("models", f"models of {node[0]} are loaded by it", BY_IMPORT)]
        if node[0] not in modules:
            return [_Finding("models", f"it decides what {_named(node)} of {node[0]} is{more}", BY_IMPORT)]
        text = f"{_named(node)} {versions.is_new(node)}{more}"
        if user and user[0] not in modules:
            return [_Finding("models", f"{text}, used by {user[0]}: {_named(user)}", BY_IMPORT)]
        return [_Finding("models", text)]

    def _config(self, modules: set[str], versions: Versions) -> list[_Finding]:
        nodes = [node for name in modules for node in versions.config_parts.get(name, [])]
        names = ", ".join(sorted({_named(node) for node in nodes})[:3])
        return [_Finding("plugin_config", f"{names} changed")] if nodes else []

    def _ordinary(self, change: Change, unsure: str) -> _Finding:
        if unsure:
            return _Finding(change.category, unsure, BY_PATH)
        if change.reason == _DESCRIPTION:
            return _Finding("python" if change.category == "models" else change.category, change.reason)
        if change.category == "models":
            return _Finding("python", f"{change.change}, and no model is made of what changed")
        if change.category == "plugin_config":
            return _Finding("python", f"{change.change}, and nothing of the plugin's configuration")
        return _Finding(change.category, change.reason)


def _roles(finding: _Finding, roles: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return roles if finding.category in ("python", "views", "urls") else None


def _is_described(module: str, source: Source) -> bool:
    """Whether docstrings and types of a module may be what clients of an API are told."""
    return not _INTERFACES.isdisjoint(module.split(".")) or any(
        _DESCRIBES.match(name) for name, *_more in source.imports
    )


def _unsure(difference: Difference, before: Source | None, after: Source | None) -> str:
    """Why the content of a file says nothing, in words; empty when it does."""
    if any(version is not None and version.unsure for version in (before, after)):
        return "this node's Python cannot parse it"
    if difference.old and before is None:
        return "what it was is not known any more"
    if difference.new and after is None:
        return f"{printable(difference.path)} cannot be read"
    return ""


def _by_path(difference: Difference) -> str:
    if difference.new and difference.new.kind == UNREADABLE:
        return f"{printable(difference.path)} cannot be read"
    if difference.previous:
        return f"{printable(difference.path)} renamed from {printable(difference.previous)}"
    return f"{printable(difference.path)} {difference.change}"


def _named(node: Node) -> str:
    part = node[1].rstrip("!")
    for special in (IMPORT, ORDER, TOUCH):
        part = part.replace(f".{special}", "")
    return "module-level code" if part in ("*", "") else part
