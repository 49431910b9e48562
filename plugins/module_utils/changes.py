# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where changes come from: files against what was applied last, or against a git reference, and what is named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .change import Change, merged, printable
from .classify import Classifier
from .differences import Difference, differences, knew, since_reference, untold, without_waiting
from .errors import InvalidPath
from .facts import Facts
from .manifest import Manifest, read_manifest, with_written, write_manifest
from .stack import Stack, check_category
from .tree import Tree

ALL = ("python", "models", "templates", "static", "settings", "migrations", "dependencies", "plugin_config")


@dataclass(frozen=True)
class Wanted:
    """What was asked for; with nothing asked for, changes are found."""

    changed: tuple[str, ...] = ()
    since: str | None = None
    paths: tuple[str, ...] = ()

    @classmethod
    def of(cls, changed: Iterable[str] = (), since: str | None = None, paths: Iterable[str] = ()) -> Wanted:
        """Raises UnknownCategory with the nearest known one."""
        names = dict.fromkeys(changed)
        checked = tuple(name if name == "all" else check_category(name) for name in names)
        return cls(checked, since or None, tuple(dict.fromkeys(paths)))

    @property
    def auto(self) -> bool:
        return not (self.changed or self.since or self.paths)


@dataclass
class Found:
    """Changes, with what is needed to record that they were applied."""

    changes: list[Change]
    tree: Tree
    facts: Facts
    now: Manifest
    differences: list[Difference] = field(default_factory=list)
    # Paths that are settled when the changes are applied; None for all.
    settles: set[str] | None = None
    # Whether it is known what was applied last: without that, only everything can be settled.
    known: bool = True
    notices: list[str] = field(default_factory=list)

    def edited(self, commit: str, *categories: str) -> bool:
        """Whether a file of these categories is other than that commit has it, and was not applied so.

        Whatever was named: what a run is asked for says nothing of where an edit came from.
        """
        since = since_reference(self.tree, commit, self.now)
        # What git makes of a content hides what was edited there.
        paths = self.tree.masked | {difference.path for difference in since}
        differences = [one for one in self.differences if one.path in paths] if self.known else since
        return any(change.category in categories for change in Classifier(self.facts).changes(differences, "auto"))

    def record(self, scanned_ns: int, written: Mapping[str, str] | None = None) -> None:
        """Remember what was applied; ``written`` is what the run itself wrote into files, by their paths."""
        if self.settles is not None and not self.known:
            return
        # It is no change for the next run; what was made of it since then is.
        now = with_written(self.now, written or {}, self.tree.kind)
        waiting = [d for d in self.differences if self.settles is not None and d.path not in self.settles]
        if self.differences or not self.known or self.facts.missing:
            self.facts.save(waiting)
        made = self.tree.completed(without_waiting(now, waiting))
        write_manifest(self.tree.stack, made, scanned_ns)


def find_changes(stack: Stack, wanted: Wanted | None = None, to_record: bool = False) -> Found:
    """Return what is asked for, as a union, or what changed since the last apply when nothing is.

    Only what was found ``to_record`` is surely no change any more when it is recorded. Raises InvalidReference,
    InvalidPath.
    """
    wanted = wanted or Wanted()
    before, unknown = read_manifest(stack)
    tree = Tree(stack)
    now = tree.read(before)
    compared = differences(tree, before, now) if before else unknown
    if to_record:
        tree.pin(now)
    facts = Facts(tree)
    classifier = Classifier(facts)
    found = Found([], tree, facts, now, notices=[tree.notice] if tree.notice else [])
    found.notices += facts.links.notices()
    if isinstance(compared, str):
        found.known = False
        if wanted.auto:
            found.notices.append(f"{compared}: everything is checked")
            found.changes = [Change(None, "named", category, compared) for category in ALL]
            return found
        compared = []
    found.differences = compared
    automatic = classifier.changes(compared, "auto") if wanted.auto or wanted.changed else []
    if wanted.auto:
        found.changes = automatic
        return found
    settles: set[str] = set()
    if wanted.changed:
        named = ALL if "all" in wanted.changed else wanted.changed
        found.changes += [Change(None, "named", c, "named by hand", sources=("changed",)) for c in named]
        settles |= _named_wholly(automatic, wanted.changed)
    if wanted.since:
        since = since_reference(tree, wanted.since, now)
        found.changes += classifier.changes(since, "since")
        found.notices += untold(tree, since)
        settles |= {path for difference in since for path in (difference.path, difference.previous) if path}
    if wanted.paths:
        gone = {d.previous or d.path for d in compared if d.previous or not d.new}
        paths = [path for given in wanted.paths for path in _inside(tree, given, before, gone)]
        found.changes += _of_paths(classifier, paths, compared, found.known)
        settles |= set(paths)
    found.changes = merged(found.changes)
    found.settles = None if "all" in wanted.changed else settles
    return found


def _named_wholly(automatic: Iterable[Change], named: Sequence[str]) -> set[str]:
    """Files of which every category was named, and that need nothing but what their categories do."""
    found: dict[str, list[Change]] = {}
    for change in automatic:
        if change.path:
            found.setdefault(change.path, []).append(change)
    return {
        path
        for path, changes in found.items()
        if "all" in named or all(one.category in (*named, "ignored") and one.actions is None for one in changes)
    }


def _of_paths(classifier: Classifier, paths: list[str], compared: list[Difference], certain: bool) -> list[Change]:
    """Changes of files that were named; one that is as it was applied counts by its path.

    Unless it is ``certain`` what was applied last, a module may be what models are made of.
    """
    known = {d.path: d for d in compared} | {d.previous: d for d in compared if d.previous}
    changes = classifier.changes(list({known[p].path: known[p] for p in paths if p in known}.values()), "paths")
    for path in paths:
        if path not in known:
            category, rule = classifier.by_path(path)
            actions = rule.actions if rule else None
            reason = f"{printable(path)} named by hand"
            change = Change(path, "named", category, reason, sources=("paths",), actions=actions)
            changes.append(change)
            if not certain and not rule and category != "models" and classifier.facts.module(path):
                why = f"{reason}, and what was applied last is not known: it may concern the schema"
                changes.append(replace(change, category="models", reason=why))
    return changes


def _inside(tree: Tree, given: str, before: Manifest | None, gone: set[str]) -> list[str]:
    """The plugin's files that a path names: itself, or what is known below it, with what is ``gone`` from there.

    Raises InvalidPath when it leaves the plugin, or names nothing there.
    """
    root = tree.root
    try:
        asked = Path(given).expanduser()
        where = Path(os.path.normpath(root / asked))
        # The file itself may be a link; the way to it must stay inside.
        real = where.parent.resolve(strict=False)
        target = where.resolve(strict=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidPath(
            f"paths: '{printable(given)}' cannot be followed: {error}.", asked=printable(given)
        ) from error
    for place in (where, real, target) if where != root else (target,):
        if place != root and root not in place.parents:
            raise InvalidPath(
                f"paths: '{printable(given)}' is not in the plugin at '{root}' but at '{printable(str(place))}'. "
                "Give files of the plugin's repository, relative to it or absolute.",
                asked=given,
            )
    inside: set[str] = set()
    # A link stands for what it leads to.
    for place in (where, target):
        path = tree.path_of(place)
        prefix = "" if path == "." else f"{path}/"
        inside |= {name for name in gone if name.startswith(prefix)}
        if os.path.isdir(place) and not os.path.islink(place):
            inside |= {name for name in tree.everything() if name.startswith(prefix)}
            inside |= {name for name in tree.configuration() if place in tree.above(name)}
        elif os.path.lexists(place) or knew(tree, path, before):
            inside.add(path)
    if inside:
        return sorted(inside)
    raise InvalidPath(
        f"paths: there is no file '{printable(tree.path_of(where))}' in the plugin at '{root}', and there was none "
        "when it was applied last. Name a file that was edited or deleted.",
        asked=given,
    )
