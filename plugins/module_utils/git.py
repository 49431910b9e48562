# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one adapter to git. Paths are bytes, relative to the directory that was asked about."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from .answers import ANSWER_S, LISTING_S, Answer, Unreadable, cannot_read, scratch, whole
from .change import printable
from .errors import InvalidReference

# Nothing is written; of what the repository's configuration names, git executes the filters that it needs to compare
# contents, and nothing else. It does not make git look less closely, either: no time stamp is left out, no cache of
# names trusted, and what the index has as not wanted on disk stays so when it is there after all, for it is looked at
# here.
_SAFE = (
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.trustctime=true"),
    *("-c", "core.checkStat=default"),
    *("-c", "sparse.expectFilesOutsideOfPatterns=true"),
    *("-c", "log.showSignature=false"),
)
# Where the file system tells names apart that differ in case alone, so does git, whatever it was told: of two such
# files it would know one. Where they are one, it may go by what it was told.
_CASES = ("-c", "core.ignoreCase=false")
_PLAIN_DIFF = (
    *("--raw", "--no-abbrev", "--no-renames", "-z", "--relative"),
    *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
)
_STATUS = ("status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind", "--no-renames", "--ignore-submodules=all")
_NOTHING, _SUBMODULE, _LINK = b"000000", b"160000", b"120000"
# Lines of what it tells about a repository.
_TOLD = 5
# How git lists a file like most.
_USUAL = b"H 10"
# How a status begins for a file whose content alone is other than the commit and the index have it.
_REWRITTEN = tuple(b"1 .M N... %s %s %s " % (mode, mode, mode) for mode in (b"100644", b"100755"))
# Attributes by which git may keep a content otherwise than it is on disk.
_CONVERTING = frozenset([b"crlf", b"eol", b"filter", b"ident", b"text", b"working-tree-encoding"])
# Files with attributes by which git may take two contents for one; and for one that differ by more than ends of lines.
_CONVERTED = ":(exclude,attr:!crlf !eol !filter !ident !text !working-tree-encoding)"
_MASKED = ":(exclude,attr:!filter !ident !working-tree-encoding)"
# As many paths as surely fit a command line.
_FEW = 500
# Of a reference's characters: longer ones fit no command line.
_LONGEST = 1000


class Odd(NamedTuple):
    """What of an index is no file like others: a link, a repository, or what git was told not to look at."""

    flag: bytes
    mode: bytes
    path: bytes


class Status(NamedTuple):
    """The commit that is checked out, and paths whose contents on disk may be other than it has them.

    ``rewritten`` are those of which git has found so itself, in files of the same kind; a conversion it does not count,
    and ``attributed`` are those among them whose attributes may say one. ``masked`` are those that it takes for what
    the commit has, by what it makes of their contents.
    """

    head: str
    paths: set[bytes]
    untracked: list[bytes]
    rewritten: list[bytes]
    attributed: set[bytes]
    masked: set[bytes]


class Repository:
    """The git repository that ``root`` is in, or a part of."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Where the root is in the work tree, with a slash; empty at its top.
        self.prefix = b""
        # Of object ids.
        self.kind = "sha1"
        # The index, and the repository's own file of rules about what is ignored.
        self.index = self.exclude = b""
        # Whether the file system tells names apart that differ in case alone.
        self.has_cases = False
        self._user = _owner(root)
        # What trees are known to have, by path: an object id, or None for nothing.
        self._blobs: dict[str, dict[bytes, str | None]] = {}

    def _start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        command = ["git", *_SAFE, *(_CASES if self.has_cases else ()), "-C", str(self.root), *arguments]
        who = {key: value for key, value in self._user.items() if key != "env"}
        options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options}
        # A session of its own, so that what git runs can be ended with it.
        options["start_new_session"] = True
        environment = self._environment()
        if "ls-remote" not in arguments[:2]:
            # What is missing is fetched by no older git either: how, the repository's configuration would say.
            environment["GIT_ALLOW_PROTOCOL"] = "none"
        return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, **who, **options)

    def _environment(self) -> dict[str, str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        return {
            **environment,
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            **self._user.get("env", {}),
        }

    def ask(self, *arguments: str, stdin: bytes | None = None, limit_s: float = 0) -> bytes | None:
        """Git's answer, or None when it fails. Raises TimeLimit when it gives none in time."""
        process = self._start(*arguments, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE)
        answer = whole(process, limit_s or ANSWER_S, stdin)[0]
        return answer if process.returncode == 0 else None

    def _begin(self, *arguments: str, **options: Any) -> Answer:
        errors = scratch()
        try:
            return Answer(self._start(*arguments, stderr=errors, **options), errors)
        except BaseException:
            errors.close()
            raise

    def _list(self, *arguments: str) -> list[bytes]:
        """All that git answers. Raises Unreadable."""
        with self._begin(*arguments) as answer:
            return list(answer)

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
        environment = self._environment()
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
        return self._begin(*_STATUS, f"--untracked-files={'all' if untracked else 'no'}", *here)

    def status(self, answer: Answer, untracked: Iterable[bytes] = ()) -> Status:
        """What git has found, with the files that are known to be ``untracked``.

        Those that it was told not to look at are among the paths, there or not, and those of which it says no more than
        what it makes of their contents. Raises Unreadable.
        """
        with self._begin("ls-files", "-z", "--", ".", _CONVERTED) as converted:
            # It works meanwhile.
            odd = self.odd
            status = self._read_status(answer, untracked)
            attributed = set(converted)
        if attributed:
            status.attributed.update(attributed.intersection(status.rewritten))
            status.masked.update(self._list("ls-files", "-z", "--", ".", _MASKED))
        hidden = {entry.path for entry in odd if entry.flag.islower() or entry.flag == b"S"}
        status.masked.difference_update(status.paths, hidden)
        status.paths.update(status.masked, hidden)
        return status

    def _read_status(self, answer: Answer, known: Iterable[bytes]) -> Status:
        """Which objects the commit has at the paths is kept."""
        committed: dict[bytes, str | None] = {}
        head, others, rewritten = "", set(), []
        untracked = list(known)
        skip = len(self.prefix)
        # Of such a line, where the object's id is, and the path.
        start = len(_REWRITTEN[0])
        id_end = start + (64 if self.kind == "sha256" else 40)
        rest = id_end * 2 - start + 2 + skip
        for line in answer:
            if line.startswith(_REWRITTEN):
                path = line[rest:]
                committed[path] = line[start:id_end].decode()
                rewritten.append(path)
            elif line.startswith(b"1 "):
                _kind, _xy, _sub, mode, _index, _disk, name, _staged, path = line.split(b" ", 8)
                committed[path[skip:]] = None if mode in (_NOTHING, _SUBMODULE) else name.decode()
            elif line.startswith(b"u "):
                others.add(line.split(b" ", 10)[10][skip:])
            elif line.startswith(b"? "):
                untracked.append(line[2 + skip :])
            elif line.startswith(b"# branch.oid "):
                head = line[13:].decode()
        if head in ("", "(initial)"):
            head = self.empty_tree()
        for path in untracked:
            committed.setdefault(path, None)
        self._blobs.setdefault(head, {}).update(committed)
        return Status(head, committed.keys() | others, untracked, rewritten, set(), set())

    def untracked(self) -> list[bytes]:
        """Paths of the untracked files, and of folders that are repositories. Raises Unreadable."""
        return self._list("ls-files", "-z", "--others", "--exclude-standard")

    def ignored(self, folders: list[bytes]) -> set[bytes]:
        """Which of the folders git looks into for nothing that is untracked. Raises Unreadable."""
        process = self._start("check-ignore", "-z", "-v", "--stdin", "--no-index", stdin=subprocess.PIPE)
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
            return self._begin("check-attr", "-z", "--stdin", "--all", stdin=names)

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
        """Paths of a raw diff; which objects it names is kept."""
        raw = iter(answer)
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
        with self._begin("diff", *_PLAIN_DIFF, base, other, "--") as answer:
            return self._keep(answer, base, other)

    def blobs(self, tree: str, paths: Iterable[bytes]) -> dict[bytes, str]:
        """``{path: object id}`` of those paths that a commit or tree has. Raises Unreadable."""
        known = self._blobs.setdefault(tree, {})
        wanted = set(paths)
        asked = wanted - known.keys()
        if asked:
            # A colon at the start of a path has a meaning.
            few = ["./" + os.fsdecode(path) for path in asked] if len(asked) <= _FEW else []
            found: dict[bytes, str | None] = dict.fromkeys(asked)
            with self._begin("ls-tree", "-r", "-z", tree, "--", *few) as answer:
                for line in answer:
                    about, _tab, path = line.partition(b"\t")
                    if path in asked and not about.startswith(_SUBMODULE):
                        found[path] = about.split(b" ")[2].decode()
            known.update(found)
        return {path: name for path in wanted if (name := known[path])}

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

    def base_of(self, reference: str) -> str:
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
        return [entry.path for entry in self.odd if entry.mode == mode]

    @cached_property
    def odd(self) -> list[Odd]:
        """What of the index is no file like others. Raises Unreadable."""
        with self._begin("ls-files", "-z", "-s", "-v") as answer:
            told = (line.partition(b"\t") for line in answer if line[:4] != _USUAL)
            return [Odd(about[:1], about.split(b" ")[1], path) for about, _tab, path in told]

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
    process = repository._start(
        *("rev-parse", "--is-inside-work-tree", "--show-object-format"),
        *("--git-path", "index", "--git-path", "info/exclude", "--show-prefix"),
    )
    answer, errors = whole(process, ANSWER_S)
    inside, *told = answer.split(b"\n")
    if process.returncode or inside != b"true":
        text = errors.decode("utf-8", "replace").strip()
        if "dubious ownership" in text:
            return None, (
                "git does not trust the repository, another user owns it; "
                f"'git config --global --add safe.directory {root}' makes it"
            )
        return None, cannot_read(errors) if text and _inside(root) else ""
    repository.kind = "sha256" if told[0] == b"sha256" else "sha1"
    if len(told) == _TOLD:
        _kind, index, exclude, repository.prefix, _end = told
        repository.index, repository.exclude = (os.path.join(os.fsencode(root), path) for path in (index, exclude))
    else:
        # A folder's name has several lines.
        repository.prefix = (repository.ask("rev-parse", "--show-prefix") or b"").removesuffix(b"\n")
    repository.has_cases = _has_cases(repository)
    if repository.prefix and repository.ask("check-ignore", "-q", str(root)) is not None:
        return None, ""
    return repository, ""


def _has_cases(repository: Repository) -> bool:
    """Whether names that differ in case alone are names of two files where the repository is."""
    root = os.path.join(os.path.realpath(os.fsencode(repository.root)), b"")
    top = root[: len(root) - len(repository.prefix)]
    try:
        return not os.path.samefile(os.path.join(top, b".git"), os.path.join(top, b".GIT"))
    except OSError:
        return True


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


def _stands_for_bytes(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def encoded(paths: list[str]) -> list[bytes]:
    """All of them at once, which is much faster."""
    return os.fsencode("\0".join(paths)).split(b"\0") if paths else []


def decoded(paths: list[bytes]) -> list[str]:
    """All of them at once, which is much faster."""
    return os.fsdecode(b"\0".join(paths)).split("\0") if paths else []
