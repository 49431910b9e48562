# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Whatever a developer does, every change of a content on disk is found, and nothing else."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.categories import is_litter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.changes import Found
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.facts import _SKIPPED, Facts
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.manifest import Entry
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.object_ids import LINK, OTHER, REGULAR, content_id
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.versions import Versions
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.looks import (
    SECONDS_NS,
    TICK_NS,
    Look,
    few_and_quick,
    grow_old,
    look_from_scratch,
    make_twins,
    record,
)
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.plain_plugin import (
    FILES,
    PACKAGE,
    Git,
    MakeStack,
    make,
)

FULL = bool(os.environ.get("NETBOX_DEV_TEST_FULL"))
FOLDERS = ("", f"{PACKAGE}/", f"{PACKAGE}/templates/", "own/", "own/deep/er/", "logs/")
TRACKED = ("README.md", f"{PACKAGE}/models.py", f"{PACKAGE}/views.py", f"{PACKAGE}/templates/a.html")
# Names that a migration may have that a run writes, in any folder.
MIGRATIONS = ("0001.py", "0002.py")
RULES = ("", "*.log\n", "*.txt\n", "own/\n", "*\n", "!a.py\n", "/logs\n", "deep\n", "/gitignore/\n*.log\n")
TEXTS = ("1\n", "2\n", "33\n", "1\r\n", "", "$Id: 1 $\n", "$Id: 2 $\n")
ATTRIBUTES = ("*.md text=auto\n", "* -text\n", "*.py filter=mask\n", "* ident\n", "* filter=mask ident\n", "", "", "")
# Settings by which git looks less closely, or takes names for one.
SETTINGS = (
    ("core.symlinks", "false"),
    ("core.trustctime", "false"),
    ("core.checkStat", "minimal"),
    ("core.ignoreCase", "true"),
    ("core.untrackedCache", "true"),
    ("core.ignoreStat", "true"),
)

# Names in the package of links, and what they lead to.
LINKS = ("linked.py", "fields.py", "views.py", "compat", "models")
TARGETS = ("views.py", "models.py", "linked.py", "templates", "templates/a.py", "../own", "../own/deep", "compat/a.py")
NOBODY = 65534

Content = tuple[str, bytes]
# What Python has of a file, and the links and the file that lead to it.
Module = tuple[bytes, frozenset[str]]


def on_disk(root: Path, path: str) -> Content | None:
    """What anybody has who opens the path; nothing for what is no file."""
    place = root / path
    seen = ""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        try:
            if place.is_symlink():
                return "link", os.fsencode(os.readlink(place))
            if place.is_file():
                seen = str(place.stat())
                return "file", place.read_bytes()
        except PermissionError:
            return "unreadable", seen.encode()
    return None


def below(root: Path) -> set[str]:
    return {os.path.relpath(place, root) for place in root.rglob("*")}


def listed(root: Path) -> set[str]:
    """Files that git does not ignore, asked in the plainest way; all where it keeps nothing."""
    if not (root / ".git/HEAD").exists():
        files = (path for path in below(root) if os.path.lexists(root / path) and not is_litter(path))
        return {path for path in files if os.path.islink(root / path) or not os.path.isdir(root / path)}
    asked = ["git", "-c", "core.ignoreCase=false", "-c", "core.untrackedCache=false", "ls-files", "-z"]
    asked += ["--cached", "--others", "--exclude-standard"]
    done = subprocess.run(asked, cwd=root, capture_output=True, check=True)
    found = {os.fsdecode(path) for path in done.stdout.split(b"\0") if path}
    for folder in [path for path in found if path.endswith("/")]:
        found.remove(folder)
        found |= {folder + path for path in below(root / folder)}
    return {path for path in found if not is_litter(path)}


def modules(root: Path) -> dict[str, Module]:
    """Files in the package that may be modules."""
    found: dict[str, Module] = {}

    def take(folder: Path, around: frozenset[str], way: frozenset[str]) -> None:
        real = os.path.realpath(folder)
        if real in around or not f"{real}/".startswith(f"{root}/"):
            return
        for place in folder.iterdir() if os.access(folder, os.R_OK | os.X_OK, effective_ids=True) else ():
            path = os.path.relpath(place, root)
            links = way | ({path} if place.is_symlink() else set())
            with contextlib.suppress(OSError):
                if os.path.isdir(place):
                    if place.name.isidentifier() and place.name not in _SKIPPED:
                        take(place, around | {real}, links)
                elif place.suffix == ".py" and place.stem.isidentifier():
                    content = place.read_bytes().replace(b"\r\n", b"\n")
                    found[path] = (content, links | {os.path.relpath(os.path.realpath(place), root)})

    take(root / PACKAGE, frozenset(), frozenset())
    return found


def contents(root: Path) -> dict[str, Content | None]:
    """Of all files, those that git ignores as well."""
    paths = listed(root) | below(root)
    return {path: on_disk(root, path) for path in paths}


def is_other(one: Content | None, other: Content | None) -> bool:
    """More than the ends of lines."""
    contents = [(it[0], it[1].replace(b"\r\n", b"\n")) if it else None for it in (one, other)]
    return contents[0] != contents[1]


class Developer:
    """Does this and that, as a seed says."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.root = stack.plugin.root
        self.random = random.Random(seed)
        self.did: list[str] = []
        self.touched = 10**9
        one_of = self.random.choice
        self.git("config", "filter.mask.clean", "tr -d 0-9")
        self.deeds: list[Callable[[], Any]] = [
            *[self.save] * 6,
            *[self.edit] * 6,
            *[self.delete, self.rename, self.rename_folder, self.remove_folder, self.make_folder, self.link] * 2,
            *[self.rules] * 4,
            self.touch,
            self.change_mode,
            lambda: self.write(Path(os.environ["HOME"], ".config/git/ignore"), one_of(RULES)),
            lambda: self.write(self.root / ".git/info/exclude", one_of(RULES)),
            lambda: self.write(self.root / ".gitattributes", one_of(ATTRIBUTES)),
            lambda: self.git("config", "core.autocrlf", one_of(["false", "false", "input"])),
            *[lambda: self.git("config", *one_of(SETTINGS))] * 2,
            lambda: self.git("config", "--unset", one_of(SETTINGS)[0]),
            *[self.restore_time, self.make_twins, self.swap_twins] * 2,
            lambda: self.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{self.path()}"),
            lambda: self.git("sparse-checkout", "disable"),
            *[lambda: self.git("add", "-A")] * 2,
            *[self.commit_masked] * 2,
            lambda: self.git("add", "-f", self.path()),
            lambda: self.git("rm", "-q", "--cached", self.path()),
            lambda: self.git("update-index", one_of(["--assume-unchanged", "--skip-worktree"]), self.path()),
            lambda: self.git("update-index", one_of(["--no-assume-unchanged", "--no-skip-worktree"]), self.path()),
            lambda: self.git("commit", "-qam", "all"),
            lambda: self.git("commit", "-qm", "staged"),
            lambda: self.git("reset", "-q", one_of(["--hard", "--soft", "--mixed"]), one_of(["HEAD", "HEAD~1"])),
            lambda: self.git("reset", "-q", "--", self.path()),
            lambda: self.git("stash", "-q", *one_of([(), ("-u",)])),
            lambda: self.git("stash", "pop", "-q"),
            lambda: self.git("checkout", "-q", one_of(["main", "v1"])),
            lambda: self.git("checkout", "-q", "--", self.path()),
            lambda: self.git("clean", "-qfd"),
            lambda: self.git("status"),
            *[self.link_module, self.swap_link] * 3,
            self.lock_folder,
            *[self.unlock_folders] * 2,
            lambda: self.git("-C", one_of(FOLDERS) or PACKAGE, "init", "-q"),
            *[self.remove_repositories] * 3,
        ]

    @property
    def story(self) -> str:
        return "\n".join(self.did)

    def do(self) -> None:
        deed = self.random.choice(self.deeds)
        with contextlib.suppress(OSError, shutil.Error):
            deed()

    def path(self) -> str:
        if self.random.random() < 0.5:
            return self.random.choice(TRACKED)
        return self.random.choice(FOLDERS) + self.random.choice(["a.py", "A.py", "b.txt", "c.log", "models.py"])

    def folder(self) -> Path:
        return self.root / self.random.choice(FOLDERS[1:])

    def tell(self, *words: object) -> None:
        self.did.append(" ".join(map(str, words)).replace(f"{self.root}/", ""))

    def write(self, path: Path, text: str) -> None:
        self.tell("write", path, repr(text))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def save(self) -> None:
        path, text = self.root / self.path(), self.random.choice(TEXTS)
        if self.random.random() < 0.3:
            self.write(path.with_name("saved.tmp"), text)
            path.with_name("saved.tmp").replace(path)
            self.tell("onto", path)
        else:
            self.write(path, text)

    def edit(self, *more: str) -> None:
        self.write(self.root / self.random.choice([*TRACKED, *MIGRATIONS, *more]), self.random.choice(TEXTS))

    def rules(self) -> None:
        path = self.root / self.random.choice(FOLDERS) / ".gitignore"
        if self.random.random() < 0.2:
            self.tell("unlink", path)
            path.unlink()
        else:
            self.write(path, self.random.choice(RULES))

    def delete(self) -> None:
        path = self.root / self.path()
        self.tell("unlink", path)
        path.unlink()

    def rename(self) -> None:
        here, there = self.root / self.path(), self.root / self.path()
        self.tell("rename", here, there)
        here.rename(there)

    def rename_folder(self) -> None:
        here, there = self.folder(), self.folder()
        self.tell("rename", here, there)
        here.rename(there)

    def remove_folder(self) -> None:
        path = self.folder()
        self.tell("rmtree", path)
        if path.is_symlink():
            path.unlink()
        else:
            shutil.rmtree(path)

    def remove_repositories(self) -> None:
        self.tell("no repositories")
        for folder in FOLDERS[1:]:
            shutil.rmtree(self.root / folder / ".git", ignore_errors=True)

    def make_folder(self) -> None:
        path = self.folder()
        self.tell("mkdir", path)
        path.mkdir(parents=True)

    def link(self) -> None:
        path = self.root / self.random.choice([self.path(), self.random.choice(FOLDERS[3:])[:-1]])
        self.tell("link", path)
        path.symlink_to(self.random.choice(["README.md", PACKAGE, "nowhere"]))

    def link_module(self) -> None:
        path, target = self.root / PACKAGE / self.random.choice(LINKS), self.random.choice(TARGETS)
        self.tell("link", path, target)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def swap_link(self) -> None:
        """A link becomes a file of its text, and the other way round."""
        path = self.root / self.random.choice([*TRACKED, *(f"{PACKAGE}/{name}" for name in LINKS), "own/b.txt"])
        self.tell("swap", path)
        if path.is_symlink():
            text = os.readlink(path)
            path.unlink()
            path.write_text(text)
        else:
            text = path.read_text()
            path.unlink()
            path.symlink_to(text or "nowhere")

    def lock_folder(self) -> None:
        path = self.root / self.random.choice(FOLDERS[2:])
        self.tell("lock", path)
        path.chmod(self.random.choice([0, 0o600]))

    def unlock_folders(self) -> None:
        self.tell("unlock")
        for folder in FOLDERS[2:]:
            with contextlib.suppress(OSError):
                (self.root / folder).chmod(0o755)

    def touch(self) -> None:
        path = self.root / self.path()
        self.tell("touch", path)
        # Git, which compares whole seconds, would see none of two such times.
        self.touched += 1
        os.utime(path, (self.touched, self.touched))

    def restore_time(self) -> None:
        path = self.root / self.random.choice(TRACKED)
        status, text = path.stat(), path.read_text()
        self.git("status")
        # Of the time of an inode git compares whole seconds.
        time.sleep(1.05)
        self.write(path, text.translate(str.maketrans("123V", "213W")))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.tell("as old as before")

    def commit_masked(self) -> None:
        self.write(self.root / ".gitattributes", self.random.choice(ATTRIBUTES))
        self.git("add", "-A")
        self.git("commit", "-qm", "masked")

    def make_twins(self) -> None:
        self.tell("make twins")
        make_twins(self.root)

    def swap_twins(self) -> None:
        self.tell("swap twins")
        for here, there in (("one", "three"), ("two", "one"), ("three", "two")):
            (self.root / here).rename(self.root / there)

    def change_mode(self) -> None:
        path = self.root / self.path()
        self.tell("chmod", path)
        path.chmod(self.random.choice([0o644, 0o755, 0o600, 0]))

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com")
        done = subprocess.run(["git", *identity, *arguments], cwd=self.root, capture_output=True, check=False)
        self.tell("git", *arguments, done.returncode)


@pytest.fixture
def tmp_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of somebody whom modes keep from reading; the test works as that."""
    with tempfile.TemporaryDirectory() as made:
        monkeypatch.setattr(tempfile, "tempdir", made)
        if os.geteuid() == 0:
            os.chown(made, NOBODY, NOBODY)
            os.seteuid(NOBODY)
            yield Path(made)
            os.seteuid(0)
        else:
            yield Path(made)
            subprocess.run(["chmod", "-R", "u+rwX", made], check=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    few_and_quick(monkeypatch, tmp_path)


@pytest.fixture(params=["git", "no git"])
def stack(request: pytest.FixtureRequest, make_stack: MakeStack, run_git: Git) -> Stack:
    return make(make_stack, run_git) if request.param == "git" else make_stack(files=FILES)


def told(look: Look) -> set[str]:
    """Files that came, went or are other."""
    return {path for one in look.found for path in (one.path, one.previous) if path}


def unjudged(one: Look, then: dict[str, Module], now: dict[str, Module], known: set[str]) -> set[str]:
    """Modules that are other, by a file and links that git knows, and of which no change says so."""
    others = {path for path in then.keys() | now.keys() if then.get(path, (b"",))[0] != now.get(path, (b"",))[0]}
    if not others:
        return set()
    changed = Versions(Facts(one.tree), one.found).changed
    links = {d.path for d in one.found if LINK in [content.kind for content in (d.old, d.new) if content]}
    left = set()
    for path in others:
        ways = [content[path][1] for content in (then, now) if path in content]
        is_known = all(way <= known and not way & links for way in ways)
        if is_known and path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") not in changed:
            left.add(path)
    return left


def apply(developer: Developer, one: Look) -> dict[str, bytes]:
    """Record a look, with what happens meanwhile; return what the run wrote itself."""
    developer.tell("record")
    one.tree.pin(one.now)
    written = {}
    if developer.random.random() < 0.3:
        path, text = developer.random.choice(FOLDERS) + developer.random.choice(MIGRATIONS), f"# {len(developer.did)}\n"
        with contextlib.suppress(OSError):
            developer.write(developer.root / path, text)
            written[path] = text
    for _edit in range(developer.random.choice([0, 0, 1, 2])):
        with contextlib.suppress(OSError):
            developer.edit(*written)
        grow_old()
    by_others = developer.random.random() < 0.3
    if by_others:
        # Git goes by other rules when it is recorded than before and after.
        developer.write(Path(os.environ["HOME"], "others"), developer.random.choice(RULES))
        developer.git("config", "core.excludesFile", os.environ["HOME"] + "/others")
        developer.do()
        grow_old()
    found = Found([], one.tree, Facts(one.tree), one.now)
    found.record(one.scanned_ns + SECONDS_NS - TICK_NS, written)
    if by_others:
        developer.git("config", "--unset", "core.excludesFile")
    return {path: text.encode() for path, text in written.items()}


@pytest.mark.parametrize("seed", range(20 if FULL else 2))
def test_whatever_a_developer_does_every_change_is_found(stack: Stack, seed: int) -> None:
    developer = Developer(stack, seed)
    root = stack.plugin.root
    quick = late = 0
    # What was taken as applied, all of it listed and read.
    applied, known_then, was, loaded_then = record(stack), listed(root), contents(root), modules(root)
    for _turn in range(40):
        for _deed in range(developer.random.choice([1, 1, 1, 3])):
            developer.do()
        grow_old()
        one = Look(stack)
        quick += one.is_quick
        late += bool(one.late)
        assert one.read == look_from_scratch(stack).found, developer.story
        known = {path for path, entry in one.before.files.items() if entry.kind == OTHER}
        sure = look_from_scratch(stack, applied)
        assert told(sure) <= told(one) <= told(sure) | known, developer.story
        known_now, now = listed(root), contents(root)
        other = {path for path in known_then | known_now if is_other(was.get(path), on_disk(root, path))}
        assert other <= told(one), developer.story
        assert [d.path for d in one.found if d.new is None and on_disk(root, d.path)] == [], developer.story
        loaded = modules(root)
        assert unjudged(one, loaded_then, loaded, known_then | known_now) == set(), developer.story
        if developer.random.random() < 0.4:
            loaded_then = loaded
            written = apply(developer, one)
            entries = {path: Entry(REGULAR, content_id(text, "sha1")) for path, text in written.items()}
            applied = replace(sure.now, files={**sure.now.files, **entries})
            known_then = known_now.union(written)
            was = {**now, **{path: ("file", text) for path, text in written.items()}}
    assert quick + late or not (root / ".git/HEAD").exists()
