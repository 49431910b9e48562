# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are other than they were: than a manifest has them, or than a commit does."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from .answers import Unreadable
from .change import printable
from .errors import InvalidReference
from .git import encoded
from .git_references import base_of
from .manifest import ABSENT, Entry, Manifest
from .object_ids import CRLF, LINK, OTHER, REGULAR, REPOSITORY, UNREAD, Content, content_id
from .tree import CHECKOUT, Tree

_UNREAD = Content(UNREAD)


class Difference(NamedTuple):
    """A file that is other than it was: what it was and is, None for nothing, and its name before if it was renamed."""

    path: str
    old: Content | None
    new: Content | None
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
        late = [path for path, entry in now.files.items() if entry.kind == UNREAD and path not in before.files]
        paths.difference_update(late)
        old = _contents(tree, before, late)
        found = [Difference(path, old.get(path), _UNREAD) for path in late]
    old, new = _contents(tree, before, paths), _contents(tree, now, paths)
    for path in sorted(paths):
        was, is_now = old.get(path), new.get(path)
        if is_now is None and was is not None and path not in now.files:
            # Git ignores it since then, but it is there; or nobody may look into its folder.
            is_now = tree.content(path)
        if was != is_now and not _is_converted(tree, path, was, is_now):
            found.append(Difference(path, was, is_now))
    return _with_renames(sorted(found))


def _is_converted(tree: Tree, path: str, was: Content | None, is_now: Content | None) -> bool:
    """Whether two contents are one, as it is on disk and as git keeps it, with other ends of lines."""
    if not was or not is_now or {was.kind, is_now.kind} != {REGULAR}:
        return False
    text = tree.text(path) if tree.has_crlf.get(path, True) else None
    if not text or CRLF not in text:
        return False
    prefix, repository = tree.repository_of(path)
    ids = {content_id(text, tree.kind), content_id(text.replace(CRLF, b"\n"), tree.kind)}
    return {was.name, is_now.name} == ids and repository is not None and repository.converts(path[len(prefix) :])


def _contents(tree: Tree, manifest: Manifest, paths: Iterable[str]) -> dict[str, Content]:
    """What is at ``paths`` as a manifest has them; files and links alone, not repositories."""
    contents: dict[str, Content] = {}
    committed: dict[str, list[str]] = {}
    for path in paths:
        entry = manifest.files.get(path)
        if entry:
            content = tree.content(path) or Content(OTHER) if entry.kind == UNREAD else entry.content
            if content:
                contents[path] = content
        elif not path.startswith(CHECKOUT):
            prefix, repository = tree.repository_of(path)
            if repository:
                committed.setdefault(prefix, []).append(path)
    for prefix, wanted in committed.items():
        names = encoded([path[len(prefix) :] for path in wanted] if prefix else wanted)
        found = tree.repositories[prefix].contents_of(manifest.heads[prefix], names)
        contents.update({p: found[n] for p, n in zip(wanted, names) if n in found and found[n].kind != REPOSITORY})
    return contents


def since_reference(tree: Tree, reference: str, now: Manifest) -> list[Difference]:
    """Files that are other than the commit has them that ``reference`` names.

    Raises InvalidReference when there is no such commit, or git cannot compare with it.
    """
    try:
        return _since(tree, reference, now)
    except Unreadable as error:
        raise InvalidReference(f"since: '{reference}' cannot be compared: {error}.", asked=reference) from None


def _since(tree: Tree, reference: str, now: Manifest) -> list[Difference]:
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
    compared = _compared(tree, Manifest({**known, **empty}), told)
    if isinstance(compared, str):
        raise Unreadable(compared)
    # The base has nothing of the checkout's configuration to compare with.
    found = [difference for difference in compared if not difference.path.startswith(CHECKOUT)]
    return [*found, *_gone_repositories(tree, known, now)]


def _gone_repositories(tree: Tree, heads: Mapping[str, str], now: Manifest) -> list[Difference]:
    """Repositories inside that these commits name and that are not there: deleted, with all that was in them."""
    found = []
    for prefix, base in heads.items():
        repository = tree.repositories[prefix]
        for path, content in sorted(repository.repositories_of(base).items()):
            folder = f"{prefix}{os.fsdecode(path)}/"
            has_files = folder in tree.folders and any(name.startswith(folder) for name in now.files)
            is_there = folder in tree.repositories or has_files
            if not is_there and tree.matters(folder[:-1]):
                found.append(Difference(folder[:-1], content, None))
    return found


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
        return before is not None and path in _contents(tree, before, [path])
    return False


def _with_renames(found: list[Difference]) -> list[Difference]:
    """A deleted and an added file of the same content are one renamed file."""
    gone: dict[Content, list[Difference]] = {}
    for difference in found:
        if difference.new is None and difference.old and difference.old.kind in (REGULAR, LINK):
            gone.setdefault(difference.old, []).append(difference)
    if not gone:
        return found
    result = []
    taken = set()
    for difference in found:
        old = gone.get(difference.new) if difference.new and difference.old is None else None
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
        files[difference.path] = Entry(ABSENT)
        if difference.old:
            files[difference.previous or difference.path] = Entry(*difference.old)
    return replace(now, files=files)
