# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one adapter to git. Paths are bytes, relative to the directory that was asked about."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from .answers import LISTING_S, Answer, Unreadable, cannot_read, scratch, whole
from .git_process import Git
from .git_status import SUBMODULE, SYMLINK, Odd, Status, content_of, doubted, read_status, unseen
from .object_ids import REPOSITORY, Content

_PLAIN_DIFF = (
    *("--raw", "--no-abbrev", "--no-renames", "-z", "--relative"),
    *("--no-ext-diff", "--no-textconv", "--ignore-submodules=none"),
)
_STATUS = ("status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind", "--no-renames", "--ignore-submodules=all")
# How git lists a file like most.
_USUAL = b"H 10"
# Attributes by which git may keep a content otherwise than it is on disk.
_CONVERTING = frozenset([b"crlf", b"eol", b"filter", b"ident", b"text", b"working-tree-encoding"])
# Files with attributes by which git may take two contents for one; and for one that differ by more than ends of lines.
_CONVERTED = ":(exclude,attr:!crlf !eol !filter !ident !text !working-tree-encoding)"
_MASKED = ":(exclude,attr:!filter !ident !working-tree-encoding)"
# As many paths as surely fit a command line.
_FEW = 500


class Repository(Git):
    """The git repository that ``root`` is in, or a part of."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        # Where the root is in the work tree, with a slash; empty at its top.
        self.prefix = b""
        # Of object ids.
        self.kind = "sha1"
        # The index, and the repository's own file of rules about what is ignored.
        self.index = self.exclude = b""
        # What trees are known to have, by path.
        self._known: dict[str, dict[bytes, Content | None]] = {}

    def head(self) -> str:
        """The commit that is checked out, or the empty tree's id on a branch without one. Raises Unreadable."""
        found = self.ask("rev-parse", "--verify", "-q", "HEAD^{commit}")
        if found:
            return found.decode().strip()
        if self.ask("rev-parse", "--verify", "-q", "HEAD"):
            raise Unreadable("git cannot read the repository: the commit that is checked out is not in it")
        return self.empty_tree()

    def branch(self) -> str:
        """The branch that is checked out; empty for none."""
        return (self.ask("symbolic-ref", "--short", "-q", "HEAD") or b"").decode("utf-8", "replace").strip()

    def came_to(self, since: str) -> str:
        """The commit to which HEAD came from that one by more than new commits: by a checkout, a pull, a reset.

        Those that were made after it are not counted. Empty where it only got such, or nobody kept how it moved.
        """
        told = self.ask("log", "-g", "-500", "--format=%H %gs", "HEAD") or b""
        entries = [line.partition(" ")[::2] for line in told.decode("utf-8", "replace").splitlines()]
        for commit, how in entries:
            if commit == since:
                return ""
            if not how.startswith("commit") or how.startswith("commit (merge)"):
                return commit
        return entries[-1][0] if entries else ""

    def last_text(self, path: str) -> bytes | None:
        """A file's content as the last commit of any branch, or stash, has it; None where none had it."""
        commit = (
            (self.ask("log", "--all", "-1", "--format=%H", "--diff-filter=AMR", "--", path, limit_s=LISTING_S) or b"")
            .decode()
            .strip()
        )
        return self.ask("show", f"{commit}:./{path}") if commit else None

    def empty_tree(self) -> str:
        """The id of a tree without any file. Raises Unreadable."""
        return self.told("hash-object", "-t", "tree", "--stdin").decode().strip()

    def has(self, commit: str) -> bool:
        return self.ask("cat-file", "-e", commit) is not None

    def index_state(self) -> str:
        """The index's own checksum; empty where git writes none."""
        try:
            with open(self.index, "rb") as stream:
                stream.seek(-32 if self.kind == "sha256" else -20, os.SEEK_END)
                checksum = stream.read()
        except OSError:
            return ""
        return checksum.hex() if any(checksum) else ""

    def settings(self) -> dict[str, str] | None:
        """Git's settings, as they are now, of how it looks at files: ``core.…`` in small letters.

        None where they cannot be told.
        """
        answer = self.ask("config", "-z", "--type=path", "--get-regexp", r"^core\.")
        if answer is None:
            return None
        return {name: value for name, _line, value in (one.partition("\n") for one in os.fsdecode(answer).split("\0"))}

    def rule_files(self, settings: dict[str, str]) -> list[bytes]:
        """Where rules about what is ignored may be by these settings, besides those in ``root`` and below."""
        root = os.path.join(os.path.realpath(os.fsencode(self.root)), b"")
        top = root[: len(root) - len(self.prefix)]
        environment = self.environment()
        configured = environment.get("XDG_CONFIG_HOME") or os.path.join(environment.get("HOME", ""), ".config")
        given = settings.get("core.excludesfile", os.path.join(configured, "git/ignore"))
        ends = [at for at in range(len(top) - 1, len(root) - 1) if root[at : at + 1] == b"/"]
        return [
            self.exclude,
            os.path.join(top, os.fsencode(given)),
            *(os.path.join(root[: end + 1], b".gitignore") for end in ends),
        ]

    def begin_status(self, untracked: bool = True) -> Answer:
        """Git begins to look for what is other than the commit has it, ``untracked`` files as well."""
        here = ("--", ".") if self.prefix else ()
        return self.begin(*_STATUS, f"--untracked-files={'all' if untracked else 'no'}", *here)

    def status(self, answer: Answer, untracked: Iterable[bytes] = ()) -> Status:
        """What git has found, with the files that are known to be ``untracked``.

        Those that it was told not to look at are among the paths, there or not, and those of which it says no more than
        what it makes of their contents; links as well, which it may keep as texts on disk. Raises Unreadable.
        """
        with self.begin("ls-files", "-z", "--", ".", _CONVERTED) as converted:
            # It works meanwhile.
            odd = self.odd
            status, committed = read_status(answer, untracked, self.kind, len(self.prefix))
            if not status.head:
                status = status._replace(head=self.empty_tree())
            self._known.setdefault(status.head, {}).update(committed)
            attributed = set(converted)
        if attributed:
            status.attributed.update(attributed.intersection(status.rewritten))
            status.masked.update(self.records("ls-files", "-z", "--", ".", _MASKED))
        if answer.complained:
            # Of what it cannot look at it says nothing else.
            status.paths.update(unseen(os.fsencode(self.root), self.records("ls-files", "-z")))
        hidden = {e.path for e in odd if e.flag.islower() or e.flag == b"S" or e.mode == SYMLINK}
        status.masked.difference_update(status.paths, hidden)
        status.paths.update(status.masked, hidden)
        return status

    def doubtful(self) -> set[bytes]:
        """Paths of files that git takes for what it has read only because it compares whole seconds. Raises Unreadable.

        One that is written after git has read it, in the same second, and before it ends to write its index, is none of
        those that it reads again.
        """
        return doubted(os.fsencode(self.root), self.told("ls-files", "-z", "--debug"))

    def untracked(self) -> list[bytes]:
        """Paths of the untracked files, and of folders that are repositories. Raises Unreadable."""
        return self.records("ls-files", "-z", "--others", "--exclude-standard")

    def ignored(self, folders: list[bytes]) -> set[bytes]:
        """Which of the folders git looks into for nothing that is untracked. Raises Unreadable."""
        process = self.start("check-ignore", "-z", "-v", "--stdin", "--no-index", stdin=subprocess.PIPE)
        # A colon at the start of a path has a meaning.
        answer, errors = whole(process, LISTING_S, b"".join(b"./" + folder + b"\0" for folder in folders))
        if process.returncode not in (0, 1):
            raise Unreadable(cannot_read(errors))
        # With the rule that decided: a git before 2.26 names those that a rule takes out again, too.
        told = iter(answer.split(b"\0"))
        return {path[2:] for _file, _line, rule, path in zip(told, told, told, told) if not rule.startswith(b"!")}

    def begin_attributes(self, paths: Iterable[bytes]) -> Answer:
        """Git begins to tell, for ``converted``, which attributes the paths have."""
        with scratch(b"".join(path + b"\0" for path in paths)) as names:
            return self.begin("check-attr", "-z", "--stdin", "--all", stdin=names)

    @staticmethod
    def converted(answer: Answer, paths: Iterable[bytes]) -> set[bytes]:
        """Of the paths that were asked about, those whose contents git may keep otherwise than they are on disk."""
        records = iter(answer)
        triples = zip(records, records, records)
        try:
            return {path for path, name, value in triples if name in _CONVERTING and value != b"unset"}
        except Unreadable:
            return set(paths)

    def _keep(self, answer: Answer, base: str, other: str | None = None) -> set[bytes]:
        """Paths of a raw diff; what it says of them is kept."""
        raw = iter(answer)
        before = self._known.setdefault(base, {})
        after = self._known.setdefault(other, {}) if other else {}
        paths = set()
        for about, path in zip(raw, raw):
            paths.add(path)
            modes, old, new = about[1:14].split(b" "), *about.split(b" ")[2:4]
            before[path], after[path] = content_of(modes[0], old), content_of(modes[1], new)
        return paths

    def files(self) -> set[bytes]:
        """Paths that git tracks or does not ignore, and of folders that are repositories. Raises Unreadable."""
        listed = set(self.records("ls-files", "-z", "--cached", "--others", "--exclude-standard"))
        return listed.difference(self.gitlinks())

    def differing(self, base: str, other: str) -> set[bytes]:
        """Paths that two commits (or trees) have differently. Raises Unreadable."""
        if base == other:
            return set()
        with self.begin("diff", *_PLAIN_DIFF, base, other, "--") as answer:
            return self._keep(answer, base, other)

    def repositories_of(self, tree: str) -> dict[bytes, Content]:
        """Commits of other repositories that a commit or tree has, by their paths. Raises Unreadable."""
        raw = iter(self.records("diff", *_PLAIN_DIFF, "--cached", tree, "--"))
        gone = {path: content_of(about[1:7], about.split(b" ")[2]) for about, path in zip(raw, raw)}
        found = {**self.contents_of(tree, self.gitlinks()), **gone}
        return {path: content for path, content in found.items() if content and content.kind == REPOSITORY}

    def contents_of(self, tree: str, paths: Iterable[bytes]) -> dict[bytes, Content]:
        """What a commit or tree has at those of the paths that it has. Raises Unreadable."""
        known = self._known.setdefault(tree, {})
        wanted = set(paths)
        asked = wanted - known.keys()
        if asked:
            # A colon at the start of a path has a meaning.
            few = ["./" + os.fsdecode(path) for path in asked] if len(asked) <= _FEW else []
            found: dict[bytes, Content | None] = dict.fromkeys(asked)
            with self.begin("ls-tree", "-r", "-z", tree, "--", *few) as answer:
                for line in answer:
                    about, _tab, path = line.partition(b"\t")
                    if path in asked:
                        mode, _type, name = about.split(b" ")
                        found[path] = content_of(mode, name)
            known.update(found)
        return {path: content for path in wanted if (content := known[path])}

    def contents(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Pairs of (object id, content); an object that is not there is left out."""
        wanted = sorted(set(names))
        asked = "".join(f"{name}\n" for name in wanted).encode()
        answer = self.ask("cat-file", "--batch", stdin=asked, limit_s=LISTING_S)
        if answer is None:
            # A partial clone does not get what it lacks.
            return
        at = 0
        for name in wanted:
            line, at = answer[at : answer.index(b"\n", at)], answer.index(b"\n", at) + 1
            if line.endswith(b" missing"):
                continue
            size = int(line.rsplit(b" ", 1)[1])
            yield name, answer[at : at + size]
            at += size + 1

    def gitlinks(self) -> list[bytes]:
        """Paths at which the index has the commit of another repository. Raises Unreadable."""
        return self._of_mode(SUBMODULE)

    def submodules(self) -> list[bytes]:
        """Paths of the repositories below ``root`` that this one names by their commits, as far as they are there."""
        return [path for path in self.gitlinks() if self._is_there(path, b".git")]

    def plain_folders(self) -> list[bytes]:
        """Paths of folders for which only a commit is kept, though no repository is in them: git looks into none."""
        inner = [path for path in self.gitlinks() if not self._is_there(path, b".git")]
        return [path for path in inner if self._is_there(path, b"")]

    def links(self) -> list[bytes]:
        """Paths of the symbolic links that git tracks."""
        return self._of_mode(SYMLINK)

    def _of_mode(self, mode: bytes) -> list[bytes]:
        return [entry.path for entry in self.odd if entry.mode == mode]

    @cached_property
    def odd(self) -> list[Odd]:
        """What of the index is no file like others. Raises Unreadable."""
        with self.begin("ls-files", "-z", "-s", "-v") as answer:
            told = (line.partition(b"\t") for line in answer if line[:4] != _USUAL)
            return [Odd(about[:1], about.split(b" ")[1], path) for about, _tab, path in told]

    def _is_there(self, path: bytes, name: bytes) -> bool:
        return os.path.exists(os.path.join(os.fsencode(self.root), path, name))

    def converts(self, path: str) -> bool:
        """Whether git keeps the ends of a file's lines otherwise than they are on disk. Raises Unreadable."""
        _path, _text, text, _path, _eol, end, *_rest = self.told("check-attr", "-z", "text", "eol", "--", path).split(
            b"\0"
        )
        if text in (b"set", b"unset", b"auto") or end in (b"lf", b"crlf"):
            return text != b"unset"
        return (self.ask("config", "core.autocrlf") or b"").strip() in (b"true", b"input")


def encoded(paths: list[str]) -> list[bytes]:
    """All of them at once, which is much faster."""
    return os.fsencode("\0".join(paths)).split(b"\0") if paths else []


def decoded(paths: list[bytes]) -> list[str]:
    """All of them at once, which is much faster."""
    return os.fsdecode(b"\0".join(paths)).split("\0") if paths else []
