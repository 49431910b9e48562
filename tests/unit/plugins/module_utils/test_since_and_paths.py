# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Changes against a git reference, files that are named, and both together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import change, changes, git, manifest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.changes import Wanted
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidPath, InvalidReference
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.git_opening import open_repository
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.object_ids import content_id
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack, resolve
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.plain_plugin import (
    FILES,
    MODEL,
    PACKAGE,
    Git,
    MakeStack,
    apply,
    commit,
    found,
    make,
    names,
)


@pytest.fixture
def stack(make_stack: MakeStack, run_git: Git) -> Stack:
    return make(make_stack, run_git)


def test_since_a_reference_commits_and_the_work_tree_count(stack: Stack, run_git: Git) -> None:
    root = stack.plugin.root
    commit(stack, run_git, f"{PACKAGE}/models.py", MODEL.format(2))
    (root / PACKAGE / "views.py").write_text("V = 2\n")
    (root / PACKAGE / "new.py").write_text("")
    (root / "README.md").unlink()
    (root / "noise.log").write_text("ignored\n")
    for reference in ("v1", "HEAD~1", "v1..", "v1..HEAD", "main~1...HEAD", run_git(root, "rev-parse", "v1").strip()):
        assert found(stack, since=reference) == [
            ("README.md", "deleted", "docs"),
            (f"{PACKAGE}/models.py", "modified", "models"),
            (f"{PACKAGE}/new.py", "added", "python"),
            (f"{PACKAGE}/views.py", "modified", "views"),
        ]
    (one, *_rest) = changes.find_changes(stack, Wanted.of(since="v1")).changes
    assert one.sources == ("since",)


def test_three_dots_are_where_both_began_to_differ(stack: Stack, run_git: Git) -> None:
    root = stack.plugin.root
    run_git(root, "checkout", "-qb", "topic")
    commit(stack, run_git, f"{PACKAGE}/views.py", "V = 2\n")
    run_git(root, "checkout", "-q", "main")
    commit(stack, run_git, f"{PACKAGE}/models.py", MODEL.format(2))
    run_git(root, "checkout", "-q", "topic")
    assert names(stack, since="main...HEAD") == names(stack, since="main...") == [f"{PACKAGE}/views.py"]
    assert names(stack, since="main") == [f"{PACKAGE}/models.py", f"{PACKAGE}/views.py"]


def test_a_renamed_file_is_one_change_and_one_that_changes_its_category_two(stack: Stack, run_git: Git) -> None:
    root = stack.plugin.root
    run_git(root, "mv", f"{PACKAGE}/views.py", f"{PACKAGE}/urls.py")
    run_git(root, "mv", f"{PACKAGE}/templates/a.html", f"{PACKAGE}/templates/b.html")
    result = changes.find_changes(stack, Wanted.of(since="HEAD")).changes
    assert [(c.path, c.change, c.category, c.previous) for c in result] == [
        (f"{PACKAGE}/templates/b.html", "renamed", "templates", f"{PACKAGE}/templates/a.html"),
        (f"{PACKAGE}/views.py", "deleted", "views", None),
        (f"{PACKAGE}/urls.py", "added", "urls", None),
    ]


def test_a_detached_head_and_a_branch_without_commits_are_branches_like_others(
    stack: Stack, make_stack: MakeStack, run_git: Git
) -> None:
    root = stack.plugin.root
    commit(stack, run_git, f"{PACKAGE}/views.py", "V = 2\n")
    run_git(root, "checkout", "-q", "--detach")
    assert names(stack, since="v1") == [f"{PACKAGE}/views.py"]
    run_git(root, "checkout", "-q", "--orphan", "unborn")
    assert names(stack, since="v1") == [f"{PACKAGE}/views.py"]
    with pytest.raises(InvalidReference, match="'HEAD' is no commit"):
        found(stack, since="HEAD")
    apply(stack)
    assert found(stack) == []
    (root / PACKAGE / "views.py").write_text("V = 3\n")
    assert names(stack) == [f"{PACKAGE}/views.py"]


def test_a_shallow_clone_is_compared_as_far_as_it_goes(stack: Stack, run_git: Git, make_stack: MakeStack) -> None:
    commit(stack, run_git, f"{PACKAGE}/views.py", "V = 2\n")
    made = make_stack(repository="clone of it", files={})
    root = made.plugin.root
    subprocess.run(["rm", "-r", str(root)], check=True)
    run_git(stack.plugin.root.parent, "clone", "-q", "--depth", "1", f"file://{stack.plugin.root}", str(root))
    (root / PACKAGE / "views.py").write_text("V = 3\n")
    assert names(made, since="HEAD") == [f"{PACKAGE}/views.py"]
    with pytest.raises(InvalidReference, match="git fetch --unshallow"):
        found(made, since="HEAD~1")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("nonsense", "'nonsense' is no commit of this repository. Branches and tags: main, old, v1"),
        ("^HEAD", r"'\^HEAD' is no commit of this repository"),
        ("--help", "'--help' is no commit"),
        ("$(touch x)", r"'\$\(touch x\)' is no commit"),
        ("main..nonsense", "'nonsense' is no commit"),
        ("v1..old", "ends in .* is checked out"),
        ("HEAD:README.md", "is no commit"),
    ],
)
def test_a_reference_that_cannot_be_used_says_why(stack: Stack, run_git: Git, reference: str, message: str) -> None:
    run_git(stack.plugin.root, "branch", "old")
    commit(stack, run_git, f"{PACKAGE}/views.py", "V = 2\n")
    with pytest.raises(InvalidReference, match=message):
        found(stack, since=reference)


def test_since_needs_a_repository(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_stack(files=FILES)
    with pytest.raises(InvalidReference, match="no git repository holds this plugin"):
        found(made, since="HEAD")
    (made.plugin.root / ".git").mkdir()
    monkeypatch.setenv("PATH", str(made.state))
    with pytest.raises(InvalidReference, match="git is not installed"):
        found(made, since="HEAD")


def test_histories_without_a_common_commit_are_told(stack: Stack, run_git: Git) -> None:
    run_git(stack.plugin.root, "checkout", "-q", "--orphan", "other")
    run_git(stack.plugin.root, "commit", "-qm", "other")
    with pytest.raises(InvalidReference, match="have no common commit"):
        found(stack, since="main...HEAD")


def test_named_files_count_whether_they_changed_or_not(stack: Stack) -> None:
    apply(stack)
    root = stack.plugin.root
    (root / PACKAGE / "models.py").write_text(MODEL.format(2))
    (root / "README.md").unlink()
    named = [f"{PACKAGE}/models.py", str(root / PACKAGE / "views.py"), "README.md"]
    assert sorted(found(stack, paths=named)) == [
        ("README.md", "deleted", "docs"),
        (f"{PACKAGE}/models.py", "modified", "models"),
        (f"{PACKAGE}/views.py", "named", "views"),
    ]
    assert set(names(stack, paths=[PACKAGE])) == {
        f"{PACKAGE}/__init__.py",
        f"{PACKAGE}/models.py",
        f"{PACKAGE}/views.py",
        f"{PACKAGE}/templates/a.html",
    }


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../outside.py", "is not in the plugin"),
        (f"{PACKAGE}/../../outside.py", "is not in the plugin"),
        ("/etc/passwd", "is not in the plugin"),
        ("nowhere.py", "there is no file 'nowhere.py'"),
        (f"{PACKAGE}/out.py", "is not in the plugin"),
        (f"{PACKAGE}/loop.py", "cannot be followed|there is no file"),
        (f"{PACKAGE}/away/passwd", "is not in the plugin"),
        ("empty", "there is no file 'empty'"),
        ("a\nb", r"there is no file 'a\\nb'"),
        ("nul\0", "cannot be followed"),
    ],
)
def test_a_path_that_leaves_the_plugin_or_names_nothing_is_refused(stack: Stack, path: str, message: str) -> None:
    root = stack.plugin.root
    (root / PACKAGE / "out.py").symlink_to("/etc/passwd")
    (root / PACKAGE / "loop.py").symlink_to("loop.py")
    (root / PACKAGE / "away").symlink_to("/etc")
    (root / "empty").mkdir()
    with pytest.raises(InvalidPath, match=message):
        found(stack, paths=[path])


def test_sources_are_taken_together_and_said(stack: Stack, run_git: Git) -> None:
    apply(stack)
    (stack.plugin.root / PACKAGE / "views.py").write_text("V = 2\n")
    (stack.plugin.root / PACKAGE / "models.py").write_text(MODEL.format(2))
    asked = Wanted.of(["static"], since="HEAD", paths=[f"{PACKAGE}/views.py"])
    result = changes.find_changes(stack, asked)
    assert [(c.path, c.category, c.sources) for c in result.changes] == [
        (None, "static", ("changed",)),
        (f"{PACKAGE}/models.py", "models", ("since",)),
        (f"{PACKAGE}/views.py", "views", ("since", "paths")),
    ]


def test_only_what_was_asked_for_is_settled(stack: Stack) -> None:
    apply(stack)
    root = stack.plugin.root
    for name, text in (("views", "V = 2\n"), ("models", MODEL.format(2)), ("new", "N = 1\n")):
        (root / PACKAGE / f"{name}.py").write_text(text)
    (root / "README.md").unlink()
    apply(stack, paths=[f"{PACKAGE}/views.py"])
    assert names(stack) == ["README.md", f"{PACKAGE}/models.py", f"{PACKAGE}/new.py"]
    (root / PACKAGE / "models.py").write_text(MODEL.format(1))
    assert names(stack) == ["README.md", f"{PACKAGE}/new.py"]
    apply(stack, since="HEAD")
    assert names(stack) == []


@pytest.mark.parametrize("asked", [{}, {"changed": ["models"]}, {"paths": [f"{PACKAGE}/views.py"]}])
@pytest.mark.parametrize("known", [True, False])
def test_an_edit_is_one_whatever_was_named_and_whether_it_was_committed(
    stack: Stack, run_git: Git, asked: dict[str, list[str]], known: bool
) -> None:
    apply(stack)
    run_git(stack.plugin.root, "checkout", "-qb", "topic")
    commit(stack, run_git, f"{PACKAGE}/models.py", MODEL.format(2))
    if not known:
        (stack.state / manifest.FILE).write_text("damaged")
    commit_id = run_git(stack.plugin.root, "rev-parse", "HEAD").strip()
    assert not changes.find_changes(stack, Wanted.of(**asked)).edited(commit_id, "models")
    (stack.plugin.root / PACKAGE / "models.py").write_text(MODEL.format(3))
    assert changes.find_changes(stack, Wanted.of(**asked)).edited(commit_id, "models")
    # Committed since it was checked out, it is an edit still.
    commit(stack, run_git, f"{PACKAGE}/models.py", MODEL.format(4))
    assert changes.find_changes(stack, Wanted.of(**asked)).edited(commit_id, "models")


def test_naming_something_before_anything_was_applied_settles_nothing(stack: Stack) -> None:
    apply(stack, changed=["views"])
    assert [c.reason for c in changes.find_changes(stack).changes][:1] == ["nothing was applied to this stack yet"]


def add_submodule(root: Path, run_git: Git, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run_git(other, "init", "-q")
    (other / "inner.py").write_text("I = 1\n")
    run_git(other, "add", "-A")
    run_git(other, "commit", "-qm", "first")
    run_git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), f"{PACKAGE}/sub")
    run_git(root, "commit", "-qm", "sub")


def test_submodules_are_looked_into(stack: Stack, run_git: Git, tmp_path: Path) -> None:
    root = stack.plugin.root
    add_submodule(root, run_git, tmp_path)
    apply(stack)
    assert found(stack) == []
    (root / PACKAGE / "sub/inner.py").write_text("I = 2\n")
    assert names(stack) == [f"{PACKAGE}/sub/inner.py"]
    assert names(stack, since="HEAD") == [f"{PACKAGE}/sub/inner.py"]
    run_git(root / PACKAGE / "sub", "commit", "-qam", "second")
    assert names(stack) == [f"{PACKAGE}/sub/inner.py"]
    apply(stack)
    assert found(stack) == []


def test_a_repository_inside_that_is_no_submodule_is_looked_into(stack: Stack, run_git: Git) -> None:
    inner = stack.plugin.root / PACKAGE / "vendored"
    inner.mkdir()
    run_git(inner, "init", "-q")
    (inner / "x.py").write_text("X = 1\n")
    run_git(inner, "add", "-A")
    run_git(inner, "commit", "-qm", "first")
    apply(stack)
    (inner / "x.py").write_text("X = 2\n")
    assert names(stack) == [f"{PACKAGE}/vendored/x.py"]


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_was_told_not_to_look_at_is_looked_at(stack: Stack, run_git: Git, flag: str) -> None:
    run_git(stack.plugin.root, "update-index", flag, f"{PACKAGE}/views.py")
    apply(stack)
    (stack.plugin.root / PACKAGE / "views.py").write_text("V = 2\n")
    assert names(stack) == [f"{PACKAGE}/views.py"]


def test_what_was_committed_reverted_or_amended_since_is_no_change(stack: Stack, run_git: Git) -> None:
    root = stack.plugin.root
    (root / PACKAGE / "views.py").write_text("V = 2\n")
    (root / PACKAGE / "new.py").write_text("N = 1\n")
    apply(stack)
    run_git(root, "add", "-A")
    run_git(root, "commit", "-qm", "second")
    assert names(stack) == []
    run_git(root, "commit", "-q", "--amend", "-m", "second, mended")
    assert names(stack) == []
    run_git(root, "revert", "--no-edit", "HEAD")
    assert names(stack) == [f"{PACKAGE}/new.py", f"{PACKAGE}/views.py"]


def test_a_commit_that_stands_for_another_hides_nothing(stack: Stack, run_git: Git) -> None:
    root = stack.plugin.root
    apply(stack)
    applied = run_git(root, "rev-parse", "HEAD").strip()
    commit(stack, run_git, f"{PACKAGE}/views.py", "V = 3\n")
    run_git(root, "replace", applied, "HEAD")
    run_git(root, "reset", "-q", "--hard", applied)
    assert (root / PACKAGE / "views.py").read_text() == "V = 3\n"
    assert names(stack) == [f"{PACKAGE}/views.py"]


def test_a_commit_that_is_gone_makes_everything_count_and_says_so(stack: Stack, run_git: Git) -> None:
    root = stack.plugin.root
    commit(stack, run_git, f"{PACKAGE}/views.py", "V = 2\n")
    apply(stack)
    run_git(root, "reset", "-q", "--hard", "v1")
    run_git(root, "reflog", "expire", "--expire=now", "--all")
    run_git(root, "gc", "-q", "--prune=now")
    result = changes.find_changes(stack).changes
    assert [c.category for c in result] == list(changes.ALL)
    assert "is no longer in the repository" in result[0].reason


def test_a_damaged_index_makes_everything_count_and_says_so(stack: Stack) -> None:
    apply(stack)
    (stack.plugin.root / ".git/index").write_bytes(b"")
    (stack.plugin.root / f"{PACKAGE}/views.py").write_text("V = 2\n")
    result = changes.find_changes(stack)
    assert "git cannot read the repository" in result.notices[0]
    assert {change.category for change in result.changes} >= {"models", "dependencies"}
    assert all("git tells about this repository" in change.reason for change in result.changes)


def test_a_repository_that_was_made_since_makes_everything_count_and_says_so(
    make_stack: MakeStack, run_git: Git
) -> None:
    made = make_stack(files=FILES)
    apply(made)
    run_git(made.plugin.root, "init", "-q")
    assert "git tells about this repository now" in changes.find_changes(made).changes[0].reason


def test_a_file_that_git_ignores_from_now_on_is_not_deleted(stack: Stack) -> None:
    (stack.plugin.root / PACKAGE / "new.py").write_text("N = 1\n")
    apply(stack)
    (stack.plugin.root / ".gitignore").write_text("*.log\n/gitignore/\nnew.py\n")
    assert names(stack) == [".gitignore"]


def test_a_directory_where_a_file_was_is_a_deletion_and_what_is_in_it(stack: Stack) -> None:
    apply(stack)
    path = stack.plugin.root / PACKAGE / "views.py"
    path.unlink()
    path.mkdir()
    (path / "inner.py").write_text("")
    assert found(stack) == [
        (f"{PACKAGE}/views.py", "deleted", "views"),
        (f"{PACKAGE}/views.py/inner.py", "added", "python"),
    ]


def test_a_loop_of_links_is_a_file_like_others(stack: Stack) -> None:
    (stack.plugin.root / PACKAGE / "loop.py").symlink_to("loop.py")
    (stack.plugin.root / PACKAGE / "up").symlink_to("..")
    assert set(names(stack, since="HEAD")) == {f"{PACKAGE}/loop.py", f"{PACKAGE}/up"}


def test_a_plugin_below_its_repositorys_top_is_compared_alone(
    make_stack: MakeStack, run_git: Git, tmp_path: Path
) -> None:
    made = make_stack(files=FILES)
    run_git(tmp_path, "init", "-q")
    run_git(tmp_path, "add", "plugin")
    run_git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "elsewhere.py").write_text("")
    (made.plugin.root / PACKAGE / "views.py").write_text("V = 2\n")
    assert names(made, since="HEAD") == [f"{PACKAGE}/views.py"]
    apply(made)
    run_git(tmp_path, "add", "-A")
    run_git(tmp_path, "commit", "-qm", "second")
    assert found(made) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users' repositories")
def test_root_asks_git_as_the_repositorys_owner(stack: Stack) -> None:
    for path in (stack.plugin.root, *stack.plugin.root.rglob("*")):
        os.lchown(path, 4321, 4321)
    for folder in [*stack.plugin.root.parents][:4]:
        folder.chmod(0o755)
    apply(stack)
    (stack.plugin.root / PACKAGE / "views.py").write_text("V = 2\n")
    result = changes.find_changes(stack)
    assert result.notices == []
    assert [c.path for c in result.changes] == [f"{PACKAGE}/views.py"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_users_repository_is_walked_and_the_reason_said(stack: Stack) -> None:
    script = (
        "import os, pathlib, sys; os.setgid(4322); os.setuid(4322)\n"
        "from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.git_opening import open_repository\n"
        "print(open_repository(pathlib.Path(sys.argv[1])))"
    )
    for folder in [*stack.plugin.root.parents][:4]:
        folder.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(stack.plugin.root)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert "git does not trust the repository" in done.stdout, done.stderr


HOSTILE = [
    b"new\nline.py",
    b"$(touch executed).py",
    b"`touch executed`.py",
    b"; touch executed;.py",
    b"-rf.py",
    b"--help",
    b"not utf8 \xff\xfe.py",
    b"\xc3\xbc.py",
    b"tab\there.py",
    b"'quo\"te.py",
    b"x" * 252 + b".py",
    b"%s{}*?[a].py",
]


@pytest.mark.parametrize("in_git", [True, False])
def test_hostile_names_are_found_and_break_nothing(make_stack: MakeStack, run_git: Git, in_git: bool) -> None:
    made = make_stack(files=FILES)
    root = made.plugin.root
    if in_git:
        run_git(root, "init", "-q")
        run_git(root, "add", "-A")
        run_git(root, "commit", "-qm", "first")
    apply(made)
    folder = os.fsencode(root / PACKAGE)
    for name in HOSTILE:
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(name)
    result = changes.find_changes(made).changes
    assert {os.fsencode(c.path or "") for c in result} == {os.fsencode(PACKAGE) + b"/" + name for name in HOSTILE}
    lines = [change.printable(c.path or "") for c in result] + [c.reason for c in result]
    assert all(line.isprintable() for line in lines)
    json.dumps([c.describe() for c in result]).encode("ascii")
    apply(made)
    assert found(made) == []
    if in_git:
        run_git(root, "add", "-A")
        run_git(root, "commit", "-qm", "second")
        assert found(made) == []
        assert len(names(made, since="HEAD~1")) == len(HOSTILE)
    assert not list(root.rglob("executed*"))


def test_nothing_of_a_hostile_repositorys_configuration_is_executed(stack: Stack, run_git: Git, tmp_path: Path) -> None:
    root = stack.plugin.root
    for key in ("core.fsmonitor", "diff.external", "core.pager", "core.sshCommand", "diff.evil.textconv"):
        run_git(root, "config", key, f"touch {tmp_path}/executed; false")
    (root / ".gitattributes").write_text("* diff=evil\n")
    (root / PACKAGE / "views.py").write_text("V = 2\n")
    apply(stack)
    names(stack, since="v1")
    assert not (tmp_path / "executed").exists()


def test_what_git_answers_is_split_into_objects(stack: Stack) -> None:
    repository, why = open_repository(stack.plugin.root)
    assert repository, why
    blobs = repository.contents_of("HEAD", [b"README.md", f"{PACKAGE}/views.py".encode(), b"none"])
    assert blobs.keys() == {b"README.md", f"{PACKAGE}/views.py".encode()}
    missing = "0" * 40
    readme, views = blobs[b"README.md"].name, blobs[f"{PACKAGE}/views.py".encode()].name
    assert dict(repository.contents([readme, views, missing])) == {readme: b"hello\n", views: b"V = 1\n"}
    assert content_id(b"hello\n", "sha1") == readme


def test_a_repository_with_sha256_is_read_alike(make_stack: MakeStack, run_git: Git) -> None:
    made = make_stack(files=FILES)
    run_git(made.plugin.root, "init", "-q", "--object-format=sha256")
    run_git(made.plugin.root, "add", "-A")
    run_git(made.plugin.root, "commit", "-qm", "first")
    (made.plugin.root / PACKAGE / "views.py").write_text("V = 2\n")
    apply(made)
    run_git(made.plugin.root, "commit", "-qam", "second")
    assert found(made) == []
    assert names(made, since="HEAD~1") == [f"{PACKAGE}/views.py"]


@pytest.mark.parametrize("broken", ["no repository", "a way that leads nowhere"])
def test_a_submodule_that_git_cannot_tell_about_is_looked_at_file_by_file(
    stack: Stack, run_git: Git, tmp_path: Path, broken: str
) -> None:
    root, inner = stack.plugin.root, stack.plugin.root / PACKAGE / "sub"
    add_submodule(root, run_git, tmp_path)
    apply(stack)
    (inner / ".git").unlink()
    if broken == "no repository":
        (inner / ".git").mkdir()
    else:
        (inner / ".git").write_text("gitdir: ../nowhere\n")
    apply(stack)
    assert found(stack) == []
    (inner / "inner.py").write_text("I = 2\n")
    assert names(stack) == [f"{PACKAGE}/sub/inner.py"]


def test_a_pipe_among_the_requirements_is_not_waited_for(stack: Stack) -> None:
    apply(stack)
    os.mkfifo(stack.plugin.root / "requirements-x.txt")
    (stack.plugin.root / "requirements.txt").write_text("-r requirements-x.txt\n")
    assert "requirements.txt" in names(stack)


def test_what_a_rule_of_the_project_asks_for_is_not_done_by_naming_the_category(stack: Stack) -> None:
    (stack.plugin.root / PACKAGE / "data").mkdir()
    data = stack.plugin.root / PACKAGE / "data" / "a.yaml"
    data.write_text("a: 1\n")
    rule = "rules:\n  - path: '*/data/*'\n    actions:\n      recreate: [web]\n"
    (stack.plugin.root / "netbox-dev.yml").write_text(rule)
    stack = resolve(str(stack.plugin.root))
    apply(stack)
    data.write_text("a: 2\n")
    (before,) = changes.find_changes(stack).changes
    assert before.actions
    apply(stack, changed=[before.category])
    assert changes.find_changes(stack).changes == [before]


def test_a_file_of_the_checkouts_configuration_is_known_by_its_path(stack: Stack) -> None:
    configuration = stack.checkout / "configuration" / "extra.py"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text("X = 1\n")
    apply(stack)
    configuration.write_text("X = 2\n")
    automatic = changes.find_changes(stack).changes
    assert [one.category for one in automatic] == ["settings"]
    named = changes.find_changes(stack, Wanted.of(paths=[str(configuration)])).changes
    assert [(one.path, one.category) for one in named] == [(one.path, one.category) for one in automatic]


@pytest.mark.parametrize("reference", ["\ud800", "x" * 300_000], ids=["half a pair", "long"])
def test_what_can_be_no_reference_is_told(stack: Stack, reference: str) -> None:
    with pytest.raises(InvalidReference, match="no reference"):
        changes.find_changes(stack, Wanted.of(since=reference))


@pytest.mark.parametrize("path", ["\ud800", "x" * 300, "a/" + "x" * 300_000], ids=["half a pair", "long", "very long"])
def test_what_can_be_no_path_is_told(stack: Stack, path: str) -> None:
    with pytest.raises(InvalidPath):
        changes.find_changes(stack, Wanted.of(paths=[path]))


def test_a_partial_clone_without_what_it_lacks_goes_without(stack: Stack, run_git: Git, tmp_path: Path) -> None:
    root = stack.plugin.root
    commit(stack, run_git, f"{PACKAGE}/models.py", MODEL.format(2))
    run_git(root, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    run_git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-local", f"file://{root}", str(clone))
    root.rename(tmp_path / "away")
    partial = resolve(str(clone))
    apply(partial)
    assert f"{PACKAGE}/models.py" in {one.path for one in changes.find_changes(partial, Wanted.of(since="v1")).changes}


def test_a_name_that_means_something_to_git_is_a_name(stack: Stack, run_git: Git) -> None:
    name = ":(exclude)a.py"
    commit(stack, run_git, name, "A = 1\n")
    repository = git.Repository(stack.plugin.root)
    assert set(repository.contents_of("HEAD", [name.encode(), b"README.md"])) == {name.encode(), b"README.md"}


def test_a_tree_that_cannot_be_read_is_not_taken_for_an_empty_one(stack: Stack) -> None:
    repository = git.Repository(stack.plugin.root)
    for _again in range(2):
        with pytest.raises(git.Unreadable):
            repository.contents_of("0" * 40, [b"README.md"])
