# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A look that need not search every folder, nor read every file, finds what one does that takes nothing for granted."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import changes, manifest, tree, untracked
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.categories import _LITTER, _MODULES, is_litter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.differences import (
    Difference,
    differences,
    since_reference,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.git import Repository
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.object_ids import UNREAD, Content, content_id
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.tree import Tree
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.looks import (
    Look,
    few_and_quick,
    grow_old,
    looked,
    make_twins,
    record,
    write_look,
)
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.plain_plugin import (
    PACKAGE,
    Git,
    MakeStack,
    make,
)
from hypothesis import given
from hypothesis import strategies as st

FULL = bool(os.environ.get("NETBOX_DEV_TEST_FULL"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    few_and_quick(monkeypatch, tmp_path)


@pytest.fixture
def stack(make_stack: MakeStack, run_git: Git) -> Stack:
    made = make(make_stack, run_git)
    (made.plugin.root / "new.py").write_text("N = 1\n")
    return made


def test_a_look_at_what_nobody_touched_searches_no_folder(stack: Stack) -> None:
    record(stack)
    assert looked(stack).is_quick
    assert looked(stack).found == []


def test_files_that_are_written_in_place_are_found_without_a_search(stack: Stack) -> None:
    record(stack)
    for name in ("new.py", "README.md"):
        (stack.plugin.root / name).write_text("other\n")
    one = looked(stack)
    assert (one.is_quick, one.names, one.late) == (True, ["README.md", "new.py"], {"README.md"})
    record(stack)
    assert looked(stack).found == []


def write(path: str, text: str = "other\n") -> Callable[[Stack, Git], Any]:
    def do(stack: Stack, _git: Git) -> None:
        (stack.plugin.root / path).parent.mkdir(parents=True, exist_ok=True)
        (stack.plugin.root / path).write_text(text)

    return do


def in_git(*arguments: str) -> Callable[[Stack, Git], Any]:
    return lambda stack, git: git(stack.plugin.root, *arguments)


def in_turn(*steps: Callable[[Stack, Git], Any]) -> Callable[[Stack, Git], Any]:
    def do(stack: Stack, git: Git) -> None:
        for step in steps:
            step(stack, git)

    return do


def link_for_folder(stack: Stack, _git: Git) -> None:
    folder = stack.plugin.root / "plain"
    folder.rename(stack.plugin.root.parent / "plain")
    folder.symlink_to("../plain")


def folder_for_link(stack: Stack, _git: Git) -> None:
    link = stack.plugin.root / "link"
    link.unlink()
    link.mkdir()
    (link / "a.py").write_text("A = 1\n")


def as_it_was(stack: Stack, _git: Git) -> None:
    times = stack.plugin.root.stat()
    write("a.py")(stack, _git)
    os.utime(stack.plugin.root, ns=(times.st_atime_ns, times.st_mtime_ns))


def another_folder(stack: Stack, _git: Git) -> None:
    """As a mount does, with no other name in the folder above, and its time stamps."""
    above, folder = stack.plugin.root, stack.plugin.root / "plain"
    times = above.stat()
    shutil.rmtree(folder)
    write("plain/b.py", "B = 1\n")(stack, _git)
    os.utime(above, ns=(times.st_atime_ns, times.st_mtime_ns))


def another_commit(stack: Stack, git: Git) -> None:
    inner = stack.plugin.root / "plain"
    write("plain/a.py")(stack, git)
    git(inner, "init", "-q")
    for where in (inner, stack.plugin.root):
        git(where, "add", "-A")
        git(where, "commit", "-qm", "a commit")


def without_checksum(stack: Stack, _git: Git) -> None:
    index = stack.plugin.root / ".git/index"
    index.write_bytes(index.read_bytes()[:-20] + bytes(20))


def nested(stack: Stack, git: Git) -> None:
    git(stack.plugin.root / "plain", "init", "-q")
    (stack.plugin.root / "plain/b.py").write_text("B = 1\n")


def in_home(path: str, text: str) -> Callable[[Stack, Git], Any]:
    def do(_stack: Stack, _git: Git) -> None:
        place = Path(os.environ["HOME"], path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    return do


def masked_by(attribute: str) -> Callable[[Stack, Git], Any]:
    """A file of which git does not see all."""
    return in_turn(
        in_git("config", "filter.mask.clean", "sed s/KEY.*/KEY/"),
        write(".gitattributes", f"key.py {attribute}\n"),
        in_git("add", "-A"),
    )


def twins(stack: Stack, _git: Git) -> None:
    make_twins(stack.plugin.root)


def to(stack: Stack, here: str, there: str) -> None:
    (stack.plugin.root / here).rename(stack.plugin.root / there)


def swap_twins(stack: Stack, _git: Git) -> None:
    for here, there in (("one", "three"), ("two", "one"), ("three", "two")):
        to(stack, here, there)


def nothing(_stack: Stack, _git: Git) -> None:
    """Before the change."""


TRAPS: dict[str, tuple[Callable[[Stack, Git], Any], Callable[[Stack, Git], Any], list[str]]] = {
    "a file in an empty folder": (
        lambda stack, _git: (stack.plugin.root / "empty").mkdir(),
        write("empty/a.py"),
        ["empty/a.py"],
    ),
    "a file in a folder that has ignored ones only": (write("logs/a.log"), write("logs/a.py"), ["logs/a.py"]),
    "a file in a new folder": (nothing, write("some/where/a.py"), ["some/where/a.py"]),
    "rules in a folder": (
        write(f"{PACKAGE}/a.log"),
        write(f"{PACKAGE}/.gitignore", "!*.log\n"),
        [f"{PACKAGE}/.gitignore", f"{PACKAGE}/a.log"],
    ),
    "rules that are ignored themselves": (
        in_turn(write("own/.gitignore", "*\n"), write("own/a.py")),
        write("own/.gitignore", "*.log\n"),
        ["own/.gitignore", "own/a.py"],
    ),
    "rules that are tracked": (write("a.log"), write(".gitignore", "/gitignore/\n"), [".gitignore", "a.log"]),
    "rules that git was told not to look at": (
        in_turn(write("a.log"), in_git("update-index", "--assume-unchanged", ".gitignore")),
        write(".gitignore", "/gitignore/\n"),
        [".gitignore", "a.log"],
    ),
    "rules of this copy": (
        in_turn(write("a.py"), write(".git/info/exclude", "a.py\n")),
        write(".git/info/exclude", "none\n"),
        ["a.py"],
    ),
    "rules of the user, by default": (
        in_turn(write("a.py"), in_home(".config/git/ignore", "a.py\n")),
        in_home(".config/git/ignore", "b.py\n"),
        ["a.py"],
    ),
    "rules of the user that come": (
        in_turn(write("a.py"), in_home("r1", "a.py\n"), in_home(".gitconfig", "[core]\nexcludesFile = ~/r1\n")),
        in_home(".gitconfig", "[core]\nexcludesFile = ~/r2\n"),
        ["a.py"],
    ),
    "rules of the user that are configured": (
        in_turn(write("a.py"), in_home("r1", "a.py\n"), in_home(".gitconfig", "[core]\nexcludesFile = ~/r1\n")),
        in_home("r1", "b.py\n"),
        ["a.py"],
    ),
    "a folder whose name has a meaning to git": (
        in_turn(write(".git/info/exclude", "/x\n"), write("x/a.py"), write(":/x/a.py")),
        write(":/x/b.py", "B = 1\n"),
        [":/x/b.py"],
    ),
    "a file whose name differs in case, where git was told that these are one": (
        in_git("config", "core.ignoreCase", "true"),
        write("readme.md", "another\n"),
        ["readme.md"],
    ),
    "a folder that is renamed in case, where git was told that these are one": (
        in_git("config", "core.ignoreCase", "true"),
        lambda stack, _git: (stack.plugin.root / PACKAGE / "templates").rename(
            stack.plugin.root / PACKAGE / "Templates"
        ),
        [f"{PACKAGE}/Templates/a.html"],
    ),
    "rules of a branch's configuration": (
        in_turn(
            write("a.py"),
            in_home("r1", "a.py\n"),
            in_home("c1", "[core]\nexcludesFile = ~/r1\n"),
            in_home(".gitconfig", '[includeIf "onbranch:main"]\npath = ~/c1\n'),
        ),
        in_git("checkout", "-q", "-b", "other"),
        ["a.py"],
    ),
    "a file that git forgets": (nothing, in_git("rm", "-q", "--cached", "README.md"), []),
    "a file that git forgets and that is changed": (
        nothing,
        in_turn(in_git("rm", "-q", "--cached", "README.md"), write("README.md")),
        ["README.md"],
    ),
    "a file that is forgotten and then changed": (
        in_git("rm", "-q", "--cached", "README.md"),
        write("README.md"),
        ["README.md"],
    ),
    "a file that was added and is reset": (
        in_turn(write("a.py"), in_git("add", "a.py")),
        in_turn(in_git("reset", "-q"), write("a.py", "A = 2\n")),
        ["a.py"],
    ),
    "a file that was ignored, is added by force, and reset": (
        write("a.log"),
        in_turn(in_git("add", "-f", "a.log"), in_git("reset", "-q")),
        [],
    ),
    "a file that git is told not to look at": (
        nothing,
        in_turn(in_git("update-index", "--assume-unchanged", "README.md"), write("README.md")),
        ["README.md"],
    ),
    "a file that git is to look at again": (
        in_git("update-index", "--skip-worktree", "README.md"),
        in_turn(in_git("update-index", "--no-skip-worktree", "README.md"), write("README.md")),
        ["README.md"],
    ),
    "a file that git was told not to look at": (
        in_git("update-index", "--skip-worktree", "README.md"),
        write("README.md"),
        ["README.md"],
    ),
    "a link for a folder": (write("plain/a.py"), link_for_folder, ["plain"]),
    "a folder for a link": (
        lambda stack, _git: (stack.plugin.root / "link").symlink_to("README.md"),
        folder_for_link,
        ["link", "link/a.py"],
    ),
    "another folder in its place": (write("plain/a.py"), another_folder, ["plain/a.py", "plain/b.py"]),
    "a repository in a folder": (write("plain/a.py"), nested, ["plain/b.py"]),
    "a repository that appears where one was half": (
        in_turn(write("plain/a.log"), lambda stack, _git: (stack.plugin.root / "plain/.git").mkdir()),
        lambda stack, git: git(stack.plugin.root / "plain", "init", "-q"),
        ["plain/a.log"],
    ),
    "a file in a repository in this one": (
        in_turn(write("plain/a.py"), lambda stack, git: git(stack.plugin.root / "plain", "init", "-q")),
        write("plain/b.py"),
        ["plain/b.py"],
    ),
    "a file in a folder of which git keeps another's commit": (
        in_turn(another_commit, lambda stack, _git: shutil.rmtree(stack.plugin.root / "plain/.git")),
        write("plain/b.py"),
        ["plain/b.py"],
    ),
    "a file in a repository of which git keeps the commit": (another_commit, write("plain/b.py"), ["plain/b.py"]),
    "a commit of all": (write("a.py"), in_turn(in_git("add", "-A"), in_git("commit", "-qm", "all")), []),
    "a commit that leaves the index as it is": (
        in_turn(write("a.py"), in_git("add", "-A"), in_git("status")),
        in_turn(in_git("commit", "-qm", "all"), write("b.py")),
        ["b.py"],
    ),
    "a reset of the branch alone": (
        in_turn(write("a.py"), in_git("add", "-A"), in_git("commit", "-qm", "all")),
        in_turn(in_git("reset", "-q", "--soft", "HEAD~1"), write("README.md")),
        ["README.md"],
    ),
    "what is stashed": (
        in_turn(write("README.md"), write("a.py")),
        in_git("stash", "-q", "-u"),
        ["README.md", "a.py", "new.py"],
    ),
    "an index without a checksum": (
        in_turn(write("a.py"), in_git("add", "a.py"), without_checksum),
        in_turn(in_git("rm", "-q", "--cached", "a.py"), without_checksum, write("a.py", "A = 2\n")),
        ["a.py"],
    ),
    "an index in two parts": (
        in_turn(in_git("config", "core.splitIndex", "true"), in_git("update-index", "--split-index")),
        in_turn(in_git("rm", "-q", "--cached", "README.md"), write("README.md"), write("b.py")),
        ["README.md", "b.py"],
    ),
    "a sparse checkout": (
        in_git("sparse-checkout", "set", "--no-cone", "/*", "!/README.md"),
        in_turn(write("README.md"), write("b.py")),
        ["README.md", "b.py"],
    ),
    "a file with an old time": (
        nothing,
        in_turn(write("new.py", "N = 2\n"), lambda s, _g: os.utime(s.plugin.root / "new.py", (10**9, 10**9))),
        ["new.py"],
    ),
    "a folder with its old time": (nothing, as_it_was, ["a.py"]),
    "a sparse checkout that begins": (
        nothing,
        in_git("sparse-checkout", "set", "--no-cone", "/*", "!/README.md"),
        ["README.md"],
    ),
    "a sparse checkout that ends": (
        in_git("sparse-checkout", "set", "--no-cone", "/*", "!/README.md"),
        in_git("sparse-checkout", "disable"),
        ["README.md"],
    ),
    "a file that a sparse checkout leaves out, and that is there": (
        in_turn(in_git("sparse-checkout", "set", "--no-cone", "/*", "!/README.md"), write("README.md", "hello\n")),
        lambda stack, _git: (stack.plugin.root / "README.md").unlink(),
        ["README.md"],
    ),
    "folders that a sparse checkout leaves out as a whole": (
        in_turn(
            write("one/two/a.py"),
            in_git("add", "-A"),
            in_git("commit", "-qm", "all"),
            in_git("sparse-checkout", "set", "--cone", "--sparse-index", PACKAGE),
        ),
        in_turn(write("one/two/a.py", "A = 2\n"), write("one/two/b.py")),
        ["one/two/a.py", "one/two/b.py"],
    ),
    "a file that git was told not to look at, and that goes": (
        in_git("update-index", "--assume-unchanged", "README.md"),
        lambda stack, _git: (stack.plugin.root / "README.md").unlink(),
        ["README.md"],
    ),
    "a file that git was told not to look at, and that comes back": (
        in_turn(
            in_git("update-index", "--assume-unchanged", "README.md"),
            lambda stack, _git: (stack.plugin.root / "README.md").unlink(),
        ),
        write("README.md", "hello\n"),
        ["README.md"],
    ),
    "what a filter takes out": (
        in_turn(write("key.py", "KEY = 1\n"), masked_by("filter=mask"), in_git("commit", "-qm", "all")),
        write("key.py", "KEY = 2\n"),
        ["key.py"],
    ),
    "what a filter takes out, added": (
        in_turn(write("key.py", "KEY = 1\n"), masked_by("filter=mask"), in_git("commit", "-qm", "all")),
        in_turn(write("key.py", "KEY = 22\n"), in_git("add", "-A")),
        ["key.py"],
    ),
    "what git writes into files itself": (
        in_turn(write("key.py", "KEY = '$Id: 1 $'\n"), masked_by("ident"), in_git("commit", "-qm", "all")),
        write("key.py", "KEY = '$Id: 2 $'\n"),
        ["key.py"],
    ),
    "time stamps that git is told to leave out": (
        in_turn(
            in_git("config", "core.trustctime", "false"),
            in_git("config", "core.checkStat", "minimal"),
            lambda stack, _git: os.utime(stack.plugin.root / "README.md", (10**9, 10**9)),
            in_git("update-index", "--refresh", "-q"),
            # Git compares whole seconds of them.
            lambda _stack, _git: time.sleep(1.1),
        ),
        in_turn(write("README.md", "hallo\n"), lambda s, _git: os.utime(s.plugin.root / "README.md", (10**9, 10**9))),
        ["README.md"],
    ),
    "folders that change places": (twins, swap_twins, ["one/a.py", "two/a.py"]),
    "a folder that takes another's place": (
        twins,
        in_turn(lambda s, _git: shutil.rmtree(s.plugin.root / "one"), lambda s, _git: to(s, "two", "one")),
        ["one/a.py", "two/a.py"],
    ),
    "tracked folders that change places, where git is told to leave stamps out": (
        in_turn(
            in_git("config", "core.checkStat", "minimal"), twins, in_git("add", "-A"), in_git("commit", "-qm", "all")
        ),
        swap_twins,
        ["one/a.py", "two/a.py"],
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_whatever_comes_is_found(stack: Stack, run_git: Git, trap: str) -> None:
    first, then, names = TRAPS[trap]
    first(stack, run_git)
    record(stack)
    assert looked(stack).found == []
    then(stack, run_git)
    assert looked(stack).names == names
    record(stack)
    assert looked(stack).found == []


def test_a_file_that_git_calls_clean_by_its_times_is_what_it_was_on_disk(stack: Stack, run_git: Git) -> None:
    root = stack.plugin.root
    (root / "key.py").write_text("KEY = 1\n")
    # Older than the index, or git reads it again.
    os.utime(root / "key.py", (10**9, 10**9))
    masked_by("filter=mask")(stack, run_git)
    run_git(root, "commit", "-qm", "all")
    record(stack)
    (root / ".gitattributes").write_text("")
    record(stack)
    assert looked(stack).found == []
    (root / "key.py").unlink()
    run_git(root, "checkout", "--", "key.py")
    assert (root / "key.py").read_text() == "KEY\n"
    assert looked(stack).names == ["key.py"]
    record(stack)
    assert looked(stack).found == []
    assert "key.py" not in record(stack).files


@pytest.mark.parametrize("young", ["a folder", "rules in a folder", "rules outside", "a time to come"])
def test_what_is_as_young_as_the_record_is_not_taken_for_known(stack: Stack, young: str) -> None:
    root = stack.plugin.root
    one = Look(stack)
    one.tree.pin(one.now)
    grow_old()
    if young == "a folder":
        (root / "empty").mkdir()
    elif young == "rules in a folder":
        (root / ".gitignore").write_text("*.log\n/gitignore/\n#\n")
    elif young == "rules outside":
        (root / ".git/info/exclude").write_text("none\n")
    else:
        os.utime(root, (4 * 10**9, 4 * 10**9))
        grow_old()
    write_look(one, one.scanned_ns)
    found = manifest.read_manifest(stack)[0]
    assert found
    assert found.untracked
    assert not found.untracked.marks


def test_what_is_listed_of_another_index_is_not_taken_for_known(stack: Stack, run_git: Git) -> None:
    made = record(stack, lambda: run_git(stack.plugin.root, "add", "new.py"))
    assert made.untracked
    assert not made.untracked.marks
    assert looked(stack).found == []


def test_rules_that_are_others_while_files_are_applied_are_not_taken_for_those_of_the_look(
    stack: Stack, run_git: Git
) -> None:
    root = stack.plugin.root
    in_home("rules", "hidden.py\n")(stack, run_git)
    record(stack)
    # A search is needed, and git lists by other rules when it is recorded.
    write("more/a.py")(stack, run_git)

    def meanwhile() -> None:
        run_git(root, "config", "core.excludesFile", os.environ["HOME"] + "/rules")
        write("hidden.py")(stack, run_git)

    record(stack, meanwhile)
    run_git(root, "config", "--unset", "core.excludesFile")
    assert looked(stack).names == ["hidden.py"]
    record(stack)
    write("hidden.py", "more\n")(stack, run_git)
    assert looked(stack).names == ["hidden.py"]


def test_rules_that_are_others_while_git_lists_are_not_taken_for_known(
    stack: Stack, run_git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Repository.untracked

    def listed(repository: Repository) -> list[bytes]:
        run_git(stack.plugin.root, "config", "core.excludesFile", os.environ["HOME"] + "/rules")
        return real(repository)

    monkeypatch.setattr(Repository, "untracked", listed)
    made = record(stack)
    assert made.untracked
    assert not made.untracked.marks


@pytest.mark.parametrize(
    ("mounts", "late"),
    [
        ("/ ext4", False),
        ("/ ext4, {above} vfat", True),
        ("/ nfs4, {above} xfs", False),
        ("/ ext4, {root}/plain fuse.sshfs", True),
        ("/ ext4, {root} 9p, {root} ext4", False),
        ("/ ext4, {root}-beside cifs", False),
        ("", False),
    ],
)
def test_on_a_file_system_that_tells_new_names_late_nothing_is_taken_for_known(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mounts: str, late: bool
) -> None:
    table = tmp_path / "mountinfo"
    told = [one.rsplit(" ", 1) for one in mounts.format(root=stack.plugin.root, above=tmp_path).split(", ") if one]
    table.write_text("".join(f"36 35 98:0 / {place} rw - {kind} none rw\n" for place, kind in told))
    record(stack)
    monkeypatch.setattr(untracked, "_MOUNTS", str(table))
    assert looked(stack).is_quick != late
    made = record(stack).untracked
    assert made
    assert bool(made.marks) != late


def test_a_folder_that_a_rule_takes_out_again_is_looked_into_whatever_git_tells_of_it(
    stack: Stack, run_git: Git, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_turn(write(".gitignore", "/lib/*\n!/lib/keep/\n"), write("lib/keep/a.py"), write("lib/not/a.py"))(stack, run_git)
    # Before 2.26, it named such a folder.
    old = tmp_path / "bin/git"
    old.parent.mkdir()
    real = shutil.which("git")
    old.write_text(
        f'#!/bin/sh\ncase "$*" in\n*check-ignore*-v*|*rev-parse*|*status*|*ls-files*|*config*) ;;\n'
        f'*check-ignore*) exec cat ;;\nesac\nexec {real} "$@"\n'
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    made = record(stack).untracked
    assert made
    assert ("lib/keep/" in made.places, "lib/not/" in made.places) == (True, False)
    write("lib/keep/b.py")(stack, run_git)
    assert looked(stack).names == ["lib/keep/b.py"]


def test_an_index_that_is_written_during_the_look_is_not_taken_for_known(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = iter("abcd")
    monkeypatch.setattr(Repository, "index_state", lambda _self: next(states))
    assert record(stack).untracked is None


def test_a_file_system_that_keeps_whole_seconds_has_young_time_stamps_for_longer() -> None:
    now = 10**18 + 7 * 10**8

    def young(mtime_ns: int, ctime_ns: int) -> bool:
        return untracked.is_young(type("Status", (), {"st_mtime_ns": mtime_ns, "st_ctime_ns": ctime_ns}), now)  # type: ignore[arg-type]

    old = 10**18 - 3 * 10**9
    assert not young(old, old)
    assert young(10**18, old)
    assert young(old, 10**18 - 10**9)
    assert not young(10**18 + 1, old)
    assert young(old, now + 10**12)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_not_taken_for_known(stack: Stack, run_git: Git) -> None:
    write("plain/a.py")(stack, run_git)
    (stack.plugin.root / "plain").chmod(0)
    try:
        made = record(stack)
        assert made.untracked
        assert not made.untracked.marks
    finally:
        (stack.plugin.root / "plain").chmod(0o755)
    assert looked(stack).names == ["plain/a.py"]


def test_rules_that_are_a_link_are_not_taken_for_known(stack: Stack) -> None:
    (stack.plugin.root / PACKAGE / ".gitignore").symlink_to("../.gitignore")
    made = record(stack)
    assert made.untracked
    assert not made.untracked.marks


def test_an_ignored_folder_and_litter_are_not_searched(stack: Stack, run_git: Git) -> None:
    for name in ("gitignore/a", f"{PACKAGE}/__pycache__/a.pyc", ".venv/lib/a.py"):
        write(name)(stack, run_git)
    made = record(stack)
    assert made.untracked
    assert set(made.untracked.places) == {"", ".gitignore", f"{PACKAGE}/", f"{PACKAGE}/templates/"}
    for name in ("gitignore/b", f"{PACKAGE}/__pycache__/b.pyc", ".venv/lib/b.py"):
        write(name)(stack, run_git)
    one = looked(stack)
    assert (one.is_quick, one.found) == (True, [])


def test_a_worktree_of_a_repository_is_looked_at_alike(make_stack: MakeStack, run_git: Git, tmp_path: Path) -> None:
    main = make(make_stack, run_git)
    run_git(main.plugin.root, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "tree")
    made = make_stack(repository="tree")
    write(".git/info/exclude", "a.py\n")(main, run_git)
    write("a.py")(made, run_git)
    record(made)
    assert looked(made).is_quick
    write("README.md")(made, run_git)
    one = looked(made)
    assert (one.is_quick, one.names) == (True, ["README.md"])
    write(".git/info/exclude", "none\n")(main, run_git)
    assert looked(made).names == ["README.md", "a.py"]


def test_a_plugin_below_its_repositorys_top_obeys_the_rules_above(
    make_stack: MakeStack, run_git: Git, tmp_path: Path
) -> None:
    made = make_stack(repository="above/plugin", files={"b.py": "B = 1\n"})
    above = tmp_path / "above"
    run_git(above, "init", "-q")
    run_git(above, "add", "-A")
    run_git(above, "commit", "-qm", "first")
    (made.plugin.root / "a.py").write_text("A = 1\n")
    (above / ".gitignore").write_text("a.py\n")
    record(made)
    (made.plugin.root / "b.py").write_text("B = 2\n")
    one = looked(made)
    assert (one.is_quick, one.names) == (True, ["b.py"])
    (above / ".gitignore").write_text("none\n")
    assert looked(made).names == ["a.py", "b.py"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("untracked"),
        lambda data: data.update(untracked=None),
        lambda data: data["untracked"].pop("marks"),
        lambda data: data["untracked"].update(places=[1]),
        lambda data: data["untracked"].update(odd=["x"]),
        lambda data: data["untracked"].update(more=1),
        lambda data: data["untracked"]["places"].append("a\0b"),
        lambda data: data["untracked"]["paths"].append("a\0b"),
        lambda data: data["untracked"]["paths"].append("\ud800"),
        lambda data: data["untracked"]["odd"].append(["H", "\ud800", "x"]),
    ],
)
def test_a_manifest_of_an_older_version_or_a_damaged_part_of_it_means_a_search(
    stack: Stack, damage: Callable[[dict[str, Any]], Any]
) -> None:
    record(stack)
    path = stack.state / manifest.FILE
    data = json.loads(path.read_text())
    damage(data)
    path.write_text(json.dumps(data))
    one = looked(stack)
    assert (one.is_quick, one.found) == (False, [])
    assert changes.find_changes(stack).notices == []


def test_the_checkout_that_does_not_matter_may_be_another_one(stack: Stack, make_stack: MakeStack) -> None:
    (stack.plugin.root / ".gitignore").write_text("*.log\n")
    (stack.checkout / "more").mkdir(parents=True)
    (stack.checkout / "more/a.py").write_text("A = 1\n")
    record(stack)
    known = manifest.read_manifest(stack)[0]
    assert known
    other = Tree(stack)
    other._checkout = "elsewhere/"
    now = other.read(known)
    assert [one.path for one in differences(other, known, now) if isinstance(one, Difference)] == [
        "gitignore/netbox-docker/more/a.py"
    ]


class TestReadLater:
    """Contents that were not needed to tell that a file is other."""

    @pytest.fixture
    def stack(self, stack: Stack) -> Stack:
        record(stack)
        (stack.plugin.root / "README.md").write_text("other\n")
        grow_old()
        return stack

    def test_what_is_written_after_the_look_is_not_taken_as_applied(self, stack: Stack) -> None:
        readme = stack.plugin.root / "README.md"
        # Also when it is written back, or to the same size.
        for text in ("third\n", "much longer\n", "other\n"):
            record(stack, lambda text=text: readme.write_text(text))  # type: ignore[misc]
            assert looked(stack).names == ["README.md"]
            readme.write_text("hello\n")
            record(stack)
            readme.write_text("other\n")
            grow_old()

    @pytest.mark.parametrize("gone", ["deleted", "a folder"])
    def test_what_is_gone_after_the_look_is_not_taken_as_applied(self, stack: Stack, gone: str) -> None:
        readme = stack.plugin.root / "README.md"

        def go() -> None:
            readme.unlink()
            if gone == "a folder":
                readme.mkdir()

        record(stack, go)
        assert looked(stack).names == ["README.md"]

    def test_what_is_written_while_it_is_read_is_not_taken_as_applied(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        readme = stack.plugin.root / "README.md"
        real = tree.object_id

        def slow(path: bytes, *more: Any) -> tuple[str, bool]:
            if path.endswith(b"README.md"):
                readme.write_text("third\n")
            return real(path, *more)

        one = Look(stack)
        one.tree.pin(one.now)
        monkeypatch.setattr(tree, "object_id", slow)
        write_look(one, one.scanned_ns)
        monkeypatch.setattr(tree, "object_id", real)
        assert looked(stack).names == ["README.md"]

    def test_what_is_as_young_as_the_look_is_read_at_once(self, stack: Stack) -> None:
        (stack.plugin.root / "README.md").write_text("third\n")
        one = Look(stack)
        one.tree.pin(one.now)
        assert one.now.files["README.md"].name == content_id(b"third\n", "sha1")

    def test_what_was_not_looked_at_to_be_recorded_stays_a_change(self, stack: Stack) -> None:
        one = Look(stack)
        write_look(one, one.scanned_ns)
        assert looked(stack).names == ["README.md"]

    def test_it_is_recorded_by_an_apply(self, stack: Stack) -> None:
        found = changes.find_changes(stack, to_record=True)
        assert [change.path for change in found.changes] == ["README.md"]
        assert Content(UNREAD) in {difference.new for difference in found.differences}
        found.record(time.time_ns())
        assert looked(stack).found == []

    @pytest.mark.parametrize("path", [f"{PACKAGE}/models.py", "requirements.txt", "netbox-dev.yml"])
    def test_what_it_says_is_told_by_its_content(self, stack: Stack, run_git: Git, path: str) -> None:
        file = stack.plugin.root / path
        text = file.read_text() if file.exists() else ""
        file.write_text(text)
        run_git(stack.plugin.root, "add", "-A")
        run_git(stack.plugin.root, "commit", "-qm", "second")
        changes.find_changes(stack, to_record=True).record(time.time_ns())
        file.write_text(f"{text}# A comment\n")
        found = changes.find_changes(stack)
        assert [one.new for one in found.differences] == [Content(UNREAD)]
        assert [(change.path, change.category) for change in found.changes] == [(path, "ignored")]

    def test_one_that_is_committed_since_then_is_no_change(self, stack: Stack, run_git: Git) -> None:
        record(stack)
        run_git(stack.plugin.root, "commit", "-qam", "second")
        assert looked(stack).found == []

    def test_it_is_compared_with_another_commit_by_its_content(self, stack: Stack, run_git: Git) -> None:
        root = stack.plugin.root
        run_git(root, "commit", "-qam", "second")
        record(stack)
        (root / "README.md").write_text("hello\n")
        one = Look(stack)
        assert one.late == {"README.md"}
        assert [found.path for found in since_reference(one.tree, "HEAD", one.now)] == ["README.md", "new.py"]
        assert [found.path for found in since_reference(one.tree, "HEAD~1", one.now)] == ["new.py"]

    @pytest.mark.parametrize("how", ["core.autocrlf", "text=auto", "eol=crlf", "filter=x", "-text"])
    def test_what_git_may_convert_is_read(self, stack: Stack, run_git: Git, how: str) -> None:
        root = stack.plugin.root
        if how == "core.autocrlf":
            run_git(root, "config", "core.autocrlf", "input")
        else:
            (root / ".gitattributes").write_text(f"*.md {how}\n")
        one = looked(stack)
        assert ("README.md" in one.late) == (how == "-text")

    def test_only_other_ends_of_lines_are_no_change(self, stack: Stack, run_git: Git) -> None:
        run_git(stack.plugin.root, "config", "core.autocrlf", "true")
        (stack.plugin.root / "README.md").write_bytes(b"hello\r\n")
        assert looked(stack).found == []

    def test_a_link_in_its_place_is_read(self, stack: Stack) -> None:
        readme = stack.plugin.root / "README.md"
        readme.unlink()
        readme.symlink_to("new.py")
        one = looked(stack)
        assert (one.names, one.late) == (["README.md"], set())
        record(stack)
        assert looked(stack).found == []

    def test_a_link_that_comes_before_it_is_recorded_is_no_file(self, stack: Stack) -> None:
        readme = stack.plugin.root / "README.md"
        one = Look(stack)
        readme.unlink()
        readme.symlink_to("new.py")
        grow_old()
        one.tree.pin(one.now)
        assert one.now.files["README.md"].name == content_id(b"new.py", "sha1")


@given(
    st.text("ab/.~#\n", max_size=8), st.sampled_from(["", "venv", "build", "node_modules", "static/", "x.pyc", ".git"])
)
def test_litter_is_told_by_the_folder_and_the_name(start: str, end: str) -> None:
    for path in (start + end, f"{end}/{start}", f"{start}/{end}", f"{start}/{end}/{start}"):
        assert is_litter(path) == bool(_LITTER.search(path) or _MODULES.match(path)), path
