# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one adapter to git. Paths are bytes, relative to the directory that was asked about."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from .errors import InvalidReference, TimeLimit

# Nothing is written, and nothing that the repository's configuration names is executed.
_SAFE = ("--no-optional-locks", "-c", "core.fsmonitor=false")
_PLAIN_DIFF = (
    *("--raw", "--no-abbrev", "--no-renames", "-z", "--relative"),
    *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
)
_STATUS = (
    *("status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind", "--no-renames"),
    *("--untracked-files=all", "--ignore-submodules=all", "--", "."),
)
_NOTHING, _SUBMODULE, _LINK = b"000000", b"160000", b"120000"
# How git lists a file like most.
_USUAL = b"H 10"
# Bytes of an answer that are read at once.
_BLOCK = 1 << 20
# Seconds for an answer, and for one about all files or all commits.
ANSWER_S, LISTING_S = 60.0, 900.0
# As many paths as surely fit a command line.
_FEW = 500


class _Entry(NamedTuple):
    flag: bytes
    mode: bytes
    path: bytes


class Unreadable(Exception):
    """Git cannot tell about a repository; the text says why."""


class Repository:
    """The git repository that ``root`` is in, or a part of."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Where the root is in the work tree, with a slash; empty at its top.
        self.prefix = b""
        self._user = _owner(root)
        # What trees are known to have, by path: an object id, or None for nothing.
        self._blobs: dict[str, dict[bytes, str | None]] = {}

    def _start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        command = ["git", *_SAFE, "-C", str(self.root), *arguments]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        environment.update(LC_ALL="C", GIT_TERMINAL_PROMPT="0")
        environment.update(self._user.get("env", {}))
        who = {key: value for key, value in self._user.items() if key != "env"}
        options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options}
        # A session of its own, so that what git runs can be ended with it.
        options["start_new_session"] = True
        return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, **who, **options)

    def ask(self, *arguments: str, stdin: bytes | None = None, limit_s: float = 0) -> bytes | None:
        """Git's answer, or None when it fails. Raises TimeLimit when it gives none in time."""
        process = self._start(*arguments, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        answer = _answer(process, limit_s or ANSWER_S, stdin)[0]
        return answer if process.returncode == 0 else None

    def _begin(self, *arguments: str) -> Iterator[bytes]:
        """Git begins at once; what it answers, each ended by a null character, comes as it is asked for.

        Raises Unreadable at the end, and TimeLimit.
        """
        errors = tempfile.TemporaryFile()  # noqa: SIM115 _records closes it
        process = self._start(*arguments, stderr=errors)
        return _records(process, errors, _Limit(process))

    def head(self) -> str:
        """The commit that is checked out, or the empty tree's id on a branch without one."""
        found = self.ask("rev-parse", "--verify", "-q", "HEAD^{commit}")
        if found:
            return found.decode().strip()
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
        """The id of a tree without any file."""
        return (self.ask("hash-object", "-t", "tree", "--stdin", stdin=b"") or b"").decode().strip()

    def has(self, commit: str) -> bool:
        return self.ask("cat-file", "-e", commit) is not None

    def listed(self) -> tuple[str, set[bytes]]:
        """The commit that is checked out, and paths whose contents on disk may be other than it has them.

        Files that git was told not to look at are among them, as far as they are there. Raises Unreadable.
        """
        status = self._begin(*_STATUS)
        # It works meanwhile.
        unusual = self._unusual
        head, found = self._read_status(status)
        hidden = {entry.path for entry in unusual if entry.flag.islower() or entry.flag == b"S"}
        return head, found | {path for path in hidden if os.path.lexists(os.path.join(os.fsencode(self.root), path))}

    def _read_status(self, status: Iterator[bytes]) -> tuple[str, set[bytes]]:
        """The commit and the paths of a status; which objects the commit has there is kept."""
        head, committed, others = "", {}, set()
        skip = len(self.prefix)
        for line in status:
            if line.startswith(b"1 "):
                _kind, _xy, _sub, mode, _index, _disk, name, _staged, path = line.split(b" ", 8)
                committed[path[skip:]] = None if mode in (_NOTHING, _SUBMODULE) else name.decode()
            elif line.startswith(b"u "):
                others.add(line.split(b" ", 10)[10][skip:])
            elif line.startswith(b"? "):
                others.add(line[2 + skip :])
                committed.setdefault(line[2 + skip :])
            elif line.startswith(b"# branch.oid "):
                head = line[13:].decode()
        if head in ("", "(initial)"):
            head = self.empty_tree()
        self._blobs.setdefault(head, {}).update(committed)
        return head, committed.keys() | others

    def _keep(self, raw: Iterator[bytes], base: str, other: str | None = None) -> set[bytes]:
        """Paths of a raw diff; which objects it names is kept."""
        before = self._blobs.setdefault(base, {})
        after = self._blobs.setdefault(other, {}) if other else {}
        paths = set()
        for about, path in zip(raw, raw):
            paths.add(path)
            modes, old, new = about[1:14].split(b" "), *about.split(b" ")[2:4]
            before[path], after[path] = (
                None if mode in (_NOTHING, _SUBMODULE) else name.decode() for mode, name in zip(modes, (old, new))
            )
        return paths

    def files(self) -> set[bytes]:
        """Paths that git tracks or does not ignore."""
        return _split(
            self.ask("ls-files", "-z", "--cached", "--others", "--exclude-standard", limit_s=LISTING_S) or b""
        )

    def differing(self, base: str, other: str) -> set[bytes]:
        """Paths that two commits (or trees) have differently. Raises Unreadable."""
        if base == other:
            return set()
        return self._keep(self._begin("diff", *_PLAIN_DIFF, base, other, "--"), base, other)

    def blobs(self, tree: str, paths: Iterable[bytes]) -> dict[bytes, str]:
        """``{path: object id}`` of those paths that a commit or tree has. Raises Unreadable."""
        known = self._blobs.setdefault(tree, {})
        wanted = set(paths)
        asked = wanted - known.keys()
        if asked:
            few = [os.fsdecode(path) for path in asked] if len(asked) <= _FEW else []
            known.update(dict.fromkeys(asked))
            for line in self._begin("ls-tree", "-r", "-z", tree, "--", *few):
                about, _tab, path = line.partition(b"\t")
                if path in asked and not about.startswith(_SUBMODULE):
                    known[path] = about.split(b" ")[2].decode()
        return {path: name for path in wanted if (name := known[path])}

    def contents(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Pairs of (object id, content); an object that is not there is left out."""
        wanted = sorted(set(names))
        asked = "".join(f"{name}\n" for name in wanted).encode()
        answer = self.ask("cat-file", "--batch", stdin=asked, limit_s=LISTING_S) or b""
        at = 0
        for name in wanted:
            line, at = answer[at : answer.index(b"\n", at)], answer.index(b"\n", at) + 1
            if line.endswith(b" missing"):
                continue
            size = int(line.rsplit(b" ", 1)[1])
            yield name, answer[at : at + size]
            at += size + 1

    def base_of(self, reference: str) -> str:
        """The commit to compare with: of ``A``, of ``A..`` and ``A..HEAD`` A itself, of ``A...`` the merge base.

        Raises InvalidReference when there is no such commit, or the range ends elsewhere than in HEAD.
        """
        if "\0" in reference:
            raise InvalidReference("since: no reference has a null character in it.", asked=reference)
        ends = re.fullmatch(r"(.*?)(\.{2,3})(.*)", reference, re.DOTALL)
        if not ends:
            return self._commit(reference, reference)
        first, dots, last = ends.groups()
        start, end = self._commit(first or "HEAD", reference), self._commit(last or "HEAD", reference)
        if end != self.head():
            raise InvalidReference(
                f"since: '{reference}' ends in {end[:10]}, and {self.head()[:10]} is checked out: changes are found up "
                f"to the files on disk. Switch to '{last}', or end the range with HEAD.",
                asked=reference,
            )
        if dots == "..":
            return start
        base = self.ask("merge-base", start, end)
        if not base:
            raise InvalidReference(
                f"since: '{first or 'HEAD'}' and '{last or 'HEAD'}' have no common commit{self._shallow()}.",
                asked=reference,
            )
        return base.decode().split()[0]

    def _commit(self, name: str, reference: str) -> str:
        found = self.ask("rev-parse", "--verify", "-q", "--end-of-options", f"{name}^{{commit}}")
        if not found:
            known = (self.ask("for-each-ref", "--format=%(refname:short)", "--count=8") or b"").decode(
                "utf-8", "replace"
            )
            listed = ", ".join(known.split()) or "none: nothing was committed yet"
            raise InvalidReference(
                f"since: '{name}' is no commit of this repository{self._shallow()}. Branches and tags: {listed}.",
                asked=reference,
            )
        return found.decode().strip()

    def _shallow(self) -> str:
        shallow = self.ask("rev-parse", "--is-shallow-repository") == b"true\n"
        return " (the clone is shallow: 'git fetch --unshallow' brings its history)" if shallow else ""

    def submodules(self) -> list[bytes]:
        """Paths of the repositories below ``root`` that this one names by their commits, as far as they are there."""
        return [path for path in self._of_mode(_SUBMODULE) if self._is_there(path, b".git")]

    def plain_folders(self) -> list[bytes]:
        """Paths of folders for which only a commit is kept, though no repository is in them: git looks into none."""
        inner = [path for path in self._of_mode(_SUBMODULE) if not self._is_there(path, b".git")]
        return [path for path in inner if self._is_there(path, b"")]

    def links(self) -> list[bytes]:
        """Paths of the symbolic links that git tracks."""
        return self._of_mode(_LINK)

    def _of_mode(self, mode: bytes) -> list[bytes]:
        return [entry.path for entry in self._unusual if entry.mode == mode]

    @cached_property
    def _unusual(self) -> list[_Entry]:
        """What of the index is no file like others: links, repositories, and what git was told not to look at.

        Raises Unreadable.
        """
        told = (line.partition(b"\t") for line in self._begin("ls-files", "-z", "-s", "-v") if line[:4] != _USUAL)
        return [_Entry(about[:1], about.split(b" ")[1], path) for about, _tab, path in told]

    def _is_there(self, path: bytes, name: bytes) -> bool:
        return os.path.exists(os.path.join(os.fsencode(self.root), path, name))

    def converts(self, path: str) -> bool:
        """Whether git keeps the ends of a file's lines otherwise than they are on disk."""
        answer = (self.ask("check-attr", "-z", "text", "eol", "--", path) or b"").split(b"\0")
        text, end = (answer[2], answer[5]) if len(answer) > 5 else (b"", b"")
        if text in (b"set", b"unset", b"auto") or end in (b"lf", b"crlf"):
            return text != b"unset"
        return (self.ask("config", "core.autocrlf") or b"").strip() in (b"true", b"input")


def open_repository(root: Path) -> tuple[Repository | None, str]:
    """The repository that ``root`` is in; or None and the reason why git cannot tell about it, in words.

    It cannot, either, where an outer repository ignores all of ``root``: there is no reason to give then.
    """
    if shutil.which("git") is None:
        return None, "git is not installed on this node" if _inside(root) else ""
    repository = Repository(root)
    process = repository._start("rev-parse", "--is-inside-work-tree", "--show-prefix")
    answer, errors = _answer(process, ANSWER_S)
    inside, _newline, prefix = answer.partition(b"\n")
    if process.returncode or inside != b"true":
        text = errors.decode("utf-8", "replace").strip()
        if "dubious ownership" in text:
            return None, (
                "git does not trust the repository, another user owns it; "
                f"'git config --global --add safe.directory {root}' makes it"
            )
        return None, _cannot_read(errors) if text and _inside(root) else ""
    repository.prefix = prefix.removesuffix(b"\n")
    if repository.prefix and repository.ask("check-ignore", "-q", str(root)) is not None:
        return None, ""
    return repository, ""


def _answer(process: subprocess.Popen[bytes], limit_s: float, stdin: bytes | None = None) -> tuple[bytes, bytes]:
    try:
        return process.communicate(stdin, timeout=limit_s)
    except subprocess.TimeoutExpired:
        _end(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=5)
        raise _too_long(process, limit_s) from None


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _too_long(process: subprocess.Popen[bytes], limit_s: float) -> TimeLimit:
    words = [str(word) for word in cast("list[str]", process.args)]
    place = words[words.index("-C") + 1]
    asked = " ".join(words[words.index("-C") + 2 :])[:80]
    return TimeLimit(
        f"'git {asked}' gave no answer within {limit_s:.0f} s, and was ended. What hangs may be the file system of "
        f"'{place}', or what git runs by its configuration (a filter, say): try 'git -C {place} status'. Nothing was "
        "changed."
    )


class _Limit:
    """Ends a git that goes on for too long, be it that nobody reads yet what it answers."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.late = False
        self.timer = threading.Timer(LISTING_S, self._end)
        self.timer.daemon = True
        self.timer.start()

    def _end(self) -> None:
        self.late = True
        _end(self.process)


def _records(process: subprocess.Popen[bytes], errors: IO[bytes], limit: _Limit) -> Iterator[bytes]:
    # An answer for all files is long: it is not kept.
    with process, errors:
        output, rest = cast("IO[bytes]", process.stdout), b""
        try:
            for block in iter(partial(output.read, _BLOCK), b""):
                *records, rest = (rest + block).split(b"\0")
                yield from records
            status = process.wait()
        finally:
            limit.timer.cancel()
        if limit.late:
            raise _too_long(process, LISTING_S)
        if status:
            errors.seek(0)
            raise Unreadable(_cannot_read(errors.read()))


def _cannot_read(errors: bytes) -> str:
    text = errors.decode("utf-8", "replace").strip() or "no reason given"
    return f"git cannot read the repository: {text.splitlines()[0]}"


def _inside(root: Path) -> bool:
    return any((folder / ".git").exists() for folder in [root, *root.parents])


def _owner(root: Path) -> dict[str, Any]:
    """Root asks git as the repository's owner: git trusts it then, and runs no code of its configuration as root."""
    status = root.stat()
    if os.geteuid() != 0 or status.st_uid == 0:
        return {}
    try:
        home = pwd.getpwuid(status.st_uid).pw_dir
    except KeyError:
        home = "/nonexistent"
    return {"user": status.st_uid, "group": status.st_gid, "extra_groups": [], "env": {"HOME": home}}


def _split(answer: bytes) -> set[bytes]:
    return {name for name in answer.split(b"\0") if name}
