# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are other than they were: than a manifest has them, or than a commit does."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from .answers import Unreadable
from .change import printable
from .errors import InvalidReference
from .git import encoded
from .git_references import base_of
from .manifest import OTHER, UNREAD, Manifest, is_unread, unseen
from .object_ids import CRLF, content_id
from .tree import CHECKOUT, Tree


class Difference(NamedTuple):
    """A file that is other than it was: its object ids before and now, and its name before if it was renamed.

    The one now may be UNREAD, of a file that is there.
    """

    path: str
    old: str | None
    new: str | None
    previous: str | None = None

    @property
    def change(self) -> str:
        if self.previous:
            return "renamed"
        return "added" if self.old is None else "deleted" if self.new is None else "modified"


def differences(tree: Tree, before: Manifest, now: Manifest) -> list[Difference] | str:
    """Files that are other ``now``; or why that cannot be told, in words."""
    try:
        return _compared(tree, before, now)
    except Unreadable as error:
        return str(error)


def _compared(tree: Tree, before: Manifest, now: Manifest) -> list[Difference] | str:
    if before.heads.keys() != now.heads.keys():
        if ("" in before.heads) != ("" in now.heads):
            return "git tells about this repository now, and did not before, or the other way round"
        return "a submodule came or went"
    paths = before.files.keys() | now.files.keys()
    for prefix, head in before.heads.items():
        repository = tree.repositories[prefix]
        if head == now.heads[prefix]:
            continue
        if not repository.has(head):
            return f"the commit that was applied last, {head[:10]}, is no longer in the repository"
        paths |= {prefix + os.fsdecode(path) for path in repository.differing(head, now.heads[prefix])}
    paths = {path for path in paths if path in now.files or path.startswith(CHECKOUT) or tree.matters(path)}
    found = []
    if before.heads == now.heads:
        late = [path for path, entry in now.files.items() if is_unread(entry) and path not in before.files]
        paths.difference_update(late)
        old = _ids(tree, before, late)
        found = [Difference(path, old.get(path), UNREAD) for path in late]
    old, new = _ids(tree, before, paths), _ids(tree, now, paths)
    for path in sorted(paths):
        was, is_now = old.get(path), new.get(path)
        if is_now is None and was is not None and path not in now.files and tree.repositories:
            # Git ignores it since then, but it is there.
            is_now = tree.id_now(path)
        if was != is_now and not (was and is_now and _is_converted(tree, path, {was, is_now})):
            found.append(Difference(path, was, is_now))
    return _with_renames(sorted(found))


def _is_converted(tree: Tree, path: str, both: set[str]) -> bool:
    """Whether two contents are one, as it is on disk and as git keeps it, with other ends of lines."""
    text = tree.text(path) if tree.has_crlf.get(path, True) else None
    if not text or CRLF not in text:
        return False
    prefix, repository = tree.repository_of(path)
    ids = {content_id(text, tree.kind), content_id(text.replace(CRLF, b"\n"), tree.kind)}
    return both == ids and repository is not None and repository.converts(path[len(prefix) :])


def _ids(tree: Tree, manifest: Manifest, paths: Iterable[str]) -> dict[str, str]:
    """Object ids of ``paths`` as a manifest has them."""
    ids: dict[str, str] = {}
    committed: dict[str, list[str]] = {}
    for path in paths:
        if path in manifest.files:
            entry = manifest.files[path]
            if entry:
                ids[path] = tree.id_now(path) or OTHER if is_unread(entry) else entry[0]
        elif not path.startswith(CHECKOUT):
            prefix, repository = tree.repository_of(path)
            if repository:
                committed.setdefault(prefix, []).append(path)
    for prefix, wanted in committed.items():
        names = encoded([path[len(prefix) :] for path in wanted] if prefix else wanted)
        found = tree.repositories[prefix].blobs(manifest.heads[prefix], names)
        ids.update({path: found[name] for path, name in zip(wanted, names) if name in found})
    return ids


def since_reference(tree: Tree, reference: str, now: Manifest) -> list[Difference]:
    """Files that are other than the commit has them that ``reference`` names.

    Raises InvalidReference when there is no such commit.
    """
    repository = tree.repositories.get("")
    if repository is None:
        why = tree.notice.partition(":")[0] or "no git repository holds this plugin"
        raise InvalidReference(f"since: '{reference}' cannot be looked up: {why}.", asked=reference)
    base = base_of(repository, reference)
    inner = [prefix for prefix in tree.repositories if prefix]
    heads = {"": base}
    for prefix in inner:
        commit = repository.ask("rev-parse", "--verify", "-q", f"{base}:./{prefix.rstrip('/')}")
        heads[prefix] = commit.decode().strip() if commit else ""
    known = {prefix: head for prefix, head in heads.items() if head and tree.repositories[prefix].has(head)}
    empty = {prefix: tree.repositories[prefix].empty_tree() for prefix in heads if prefix not in known}
    # Of what git makes of contents, only git can tell.
    told = replace(now, files={path: entry for path, entry in now.files.items() if path not in tree.masked})
    compared = differences(tree, Manifest({**known, **empty}), told)
    if isinstance(compared, str):
        raise InvalidReference(f"since: '{reference}' cannot be compared: {compared}.", asked=reference)
    # The base has nothing of the checkout's configuration to compare with.
    return [difference for difference in compared if not difference.path.startswith(CHECKOUT)]


def untold(tree: Tree, since: Iterable[Difference]) -> list[str]:
    """Of which folders no commit tells what was in them, in words."""
    added = [difference.path for difference in since if difference.old is None]
    return [
        f"{printable(folder[:-1])} is another repository's commit to git, and no repository is in it: what its "
        "files were is not known, they count as added"
        for folder in sorted(tree.folders)
        if any(path.startswith(folder) for path in added)
    ]


def knew(tree: Tree, path: str, before: Manifest | None) -> bool:
    """Whether a manifest has the file; False where git cannot tell any more."""
    with contextlib.suppress(Unreadable):
        return before is not None and path in _ids(tree, before, [path])
    return False


def _with_renames(found: list[Difference]) -> list[Difference]:
    """A deleted and an added file of the same content are one renamed file."""
    gone: dict[str, list[Difference]] = {}
    for difference in found:
        if difference.new is None and difference.old:
            gone.setdefault(difference.old, []).append(difference)
    if not gone:
        return found
    result = []
    taken = set()
    for difference in found:
        old = gone.get(difference.new or "") if difference.old is None else None
        if old:
            match = old.pop(0)
            taken.add(match.path)
            result.append(Difference(difference.path, match.old, difference.new, match.path))
        else:
            result.append(difference)
    return [d for d in result if not (d.new is None and d.path in taken)]


def without_waiting(now: Manifest, waiting: Iterable[Difference]) -> Manifest:
    """``now``, but for the differences that still wait to be applied: they stay differences."""
    files = dict(now.files)
    for difference in waiting:
        files[difference.path] = None
        if difference.old:
            files[difference.previous or difference.path] = unseen(difference.old)
    return replace(now, files=files)
