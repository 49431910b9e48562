# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``since`` may be: a commit, or a range that ends in what is checked out."""

from __future__ import annotations

import os
import re

from .change import printable
from .errors import InvalidReference
from .git import Repository

# Of a reference's characters: longer ones fit no command line.
_LONGEST = 1000


def base_of(repository: Repository, reference: str) -> str:
    """The commit to compare with: of ``A``, of ``A..`` and ``A..HEAD`` A itself, of ``A...`` the merge base.

    Raises InvalidReference when there is no such commit, or the range ends elsewhere than in HEAD.
    """
    if "\0" in reference or len(reference) > _LONGEST or not _stands_for_bytes(reference):
        raise InvalidReference(
            f"since: no reference has a null character or half of a surrogate pair in it, or more than {_LONGEST} "
            "characters.",
            asked=printable(reference[:_LONGEST]),
        )
    ends = re.fullmatch(r"(.*?)(\.{2,3})(.*)", reference, re.DOTALL)
    if not ends:
        return _commit(repository, reference, reference)
    first, dots, last = ends.groups()
    start, end = _commit(repository, first or "HEAD", reference), _commit(repository, last or "HEAD", reference)
    if end != repository.head():
        raise InvalidReference(
            f"since: '{reference}' ends in {end[:10]}, and {repository.head()[:10]} is checked out: changes are found "
            f"up to the files on disk. Switch to '{last}', or end the range with HEAD.",
            asked=reference,
        )
    if dots == "..":
        return start
    base = repository.ask("merge-base", start, end)
    if not base:
        raise InvalidReference(
            f"since: '{first or 'HEAD'}' and '{last or 'HEAD'}' have no common commit{_shallow(repository)}.",
            asked=reference,
        )
    return base.decode().split()[0]


def _commit(repository: Repository, name: str, reference: str) -> str:
    found = repository.ask("rev-parse", "--verify", "-q", "--end-of-options", f"{name}^{{commit}}")
    # Of what leaves a commit out git tells which, with a sign before it.
    if not found or found.startswith(b"^"):
        known = (repository.ask("for-each-ref", "--format=%(refname:short)", "--count=8") or b"").decode(
            "utf-8", "replace"
        )
        listed = ", ".join(known.split()) or "none: nothing was committed yet"
        raise InvalidReference(
            f"since: '{name}' is no commit of this repository{_shallow(repository)}. Branches and tags: {listed}.",
            asked=reference,
        )
    return found.decode().strip()


def _shallow(repository: Repository) -> str:
    shallow = repository.ask("rev-parse", "--is-shallow-repository") == b"true\n"
    return " (the clone is shallow: 'git fetch --unshallow' brings its history)" if shallow else ""


def _stands_for_bytes(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
