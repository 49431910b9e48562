# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import changes, tree
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.changes import Wanted
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import UnknownCategory
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.looks import refuse_mode_0

MakeStack = Callable[..., Stack]
Git = Callable[..., str]
MODEL = "from django.db import models\n\n\nclass M(models.Model):\n    a = models.IntegerField(default={})\n"
ID = "0123456789" * 4
MIGRATION = "netbox_example/migrations/0001_initial.py"
FILES = {
    "netbox_example/models.py": MODEL.format(1),
    "netbox_example/views.py": "V = 1\n",
    "netbox_example/static/netbox_example/dist/app.js": "1\n",
    "README.md": "hello\n",
    ".gitignore": "*.log\n/gitignore/\n",
    "noise.log": "x\n",
}


@pytest.fixture(params=["git", "no git"])
def stack(request: pytest.FixtureRequest, make_stack: MakeStack, run_git: Git) -> Stack:
    made = make_stack(files=FILES, repository="ein Plugin ü")
    if request.param == "git":
        run_git(made.plugin.root, "init", "-q")
        run_git(made.plugin.root, "add", "-A")
        run_git(made.plugin.root, "commit", "-qm", "first")
    configuration = made.checkout / "configuration" / "plugins.py"
    configuration.parent.mkdir(parents=True)
    configuration.write_text("PLUGINS = []\n")
    (made.checkout / "docker-compose.yml").write_text("services: {}\n")
    return made


def apply(stack: Stack, later_s: int = 0) -> None:
    scanned = time.time_ns() + later_s * 10**9
    changes.find_changes(stack).record(scanned)


def found(stack: Stack) -> list[tuple[str | None, str, str]]:
    return [(c.path, c.change, c.category) for c in changes.find_changes(stack).changes]


def in_git(stack: Stack) -> bool:
    return (stack.plugin.root / ".git").exists()


def test_before_the_first_apply_everything_counts_as_changed(stack: Stack) -> None:
    assert [c.category for c in changes.find_changes(stack).changes] == list(changes.ALL)
    assert all(
        c.path is None and c.reason == "nothing was applied to this stack yet"
        for c in changes.find_changes(stack).changes
    )


def test_after_an_apply_nothing_is_changed(stack: Stack) -> None:
    apply(stack)
    assert found(stack) == []


def edit(path: str, text: str = "other\n") -> Callable[[Path], Any]:
    def do(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    return do


def rename(root: Path) -> None:
    (root / "netbox_example/views.py").rename(root / "netbox_example/urls.py")


EDITS: list[Any] = [
    (edit("netbox_example/models.py"), [("netbox_example/models.py", "modified", "models")]),
    (edit("netbox_example/models.py", MODEL.format(2)), [("netbox_example/models.py", "modified", "models")]),
    (edit("netbox_example/new.py"), [("netbox_example/new.py", "added", "python")]),
    (edit("netbox_example/ü b.py"), [("netbox_example/ü b.py", "added", "python")]),
    (lambda root: (root / "netbox_example/views.py").unlink(), [("netbox_example/views.py", "deleted", "views")]),
    (rename, [("netbox_example/views.py", "deleted", "views"), ("netbox_example/urls.py", "added", "urls")]),
    (edit("README.md"), [("README.md", "modified", "docs")]),
    (edit("netbox-dev.yml", "port: 8000\n"), [("netbox-dev.yml", "added", "settings")]),
    (
        edit("netbox_example/static/netbox_example/dist/app.js", "2\n"),
        [("netbox_example/static/netbox_example/dist/app.js", "modified", "static")],
    ),
    (
        edit("gitignore/netbox-docker/configuration/plugins.py"),
        [("netbox-docker:configuration/plugins.py", "modified", "settings")],
    ),
    (edit("gitignore/netbox-docker/env/netbox.env"), [("netbox-docker:env/netbox.env", "added", "settings")]),
    (edit("gitignore/netbox-docker/docker-compose.yml"), []),
    (edit("netbox_example/models.py", FILES["netbox_example/models.py"]), []),
    (edit("netbox_example/__pycache__/models.cpython-312.pyc"), []),
    (edit("netbox_example/.models.py.swp"), []),
    (edit("netbox_example/models.py~"), []),
    (lambda root: os.utime(root / "netbox_example/models.py", (1, 1)), []),
    (lambda root: (root / "netbox_example/models.py").chmod(0o755), []),
    (lambda root: (root / "netbox_example/empty").mkdir(), []),
    (lambda root: os.mkfifo(root / "netbox_example/pipe"), []),
]


@pytest.mark.parametrize(("change", "expected"), EDITS)
def test_an_edit_is_found_by_content_with_its_kind_and_category(
    stack: Stack, change: Callable[[Path], Any], expected: list[tuple[str, str, str]]
) -> None:
    apply(stack)
    change(stack.plugin.root)
    assert found(stack) == expected
    apply(stack)
    assert found(stack) == []


def test_what_git_ignores_is_no_change(stack: Stack) -> None:
    apply(stack)
    (stack.plugin.root / "noise.log").write_text("y\n")
    assert found(stack) == ([] if in_git(stack) else [("noise.log", "modified", "ignored")])


@pytest.mark.parametrize("stack", ["git"], indirect=True)
def test_switching_branches_is_found_like_any_edit(stack: Stack, run_git: Git) -> None:
    root = stack.plugin.root
    apply(stack)
    run_git(root, "checkout", "-qb", "other")
    (root / "netbox_example/views.py").write_text("V = 2\n")
    run_git(root, "commit", "-qam", "second")
    assert found(stack) == [("netbox_example/views.py", "modified", "views")]
    run_git(root, "checkout", "-q", "-")
    assert found(stack) == []


def test_an_edit_that_keeps_size_and_time_within_the_clocks_granularity_is_found(stack: Stack) -> None:
    path = stack.plugin.root / "netbox_example/models.py"
    apply(stack)
    before = path.stat()
    path.write_text(MODEL.format(9))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found(stack) == [("netbox_example/models.py", "modified", "models")]


def test_an_old_file_of_the_same_size_and_time_is_not_read_again(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for here, _folders, names in os.walk(stack.plugin.root):
        for name in names:
            os.utime(os.path.join(here, name), (1_000_000, 1_000_000))
    # Their inodes are as young as this test.
    apply(stack, later_s=5)
    read = []
    monkeypatch.setattr(tree, "object_id", lambda path, *_more: read.append(path) or "0")
    assert found(stack) == []
    assert read == []


def test_a_file_that_cannot_be_read_is_said_to_be_so(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(stack)
    real = tree.object_id

    def refuse(path: bytes, *more: Any) -> str:
        if path.endswith(b"views.py"):
            raise PermissionError(13, "Permission denied", os.fsdecode(path))
        return real(path, *more)

    monkeypatch.setattr(tree, "object_id", refuse)
    (stack.plugin.root / "netbox_example/views.py").write_text("V = 2\n")
    (change,) = changes.find_changes(stack).changes
    assert (change.category, change.reason) == ("views", "netbox_example/views.py cannot be read")


def test_a_links_target_is_its_content(stack: Stack) -> None:
    link = stack.plugin.root / "netbox_example" / "linked.py"
    link.symlink_to("models.py")
    apply(stack)
    link.unlink()
    link.symlink_to("views.py")
    path = "netbox_example/linked.py"
    assert found(stack) == [(path, "modified", "models"), (path, "modified", "plugin_config")]


def test_named_categories_are_the_changes_whatever_the_files_say(stack: Stack) -> None:
    apply(stack)
    named = changes.find_changes(stack, Wanted.of(["models", "static", "models"])).changes
    assert [(c.path, c.change, c.category) for c in named] == [(None, "named", "models"), (None, "named", "static")]
    assert [c.category for c in changes.find_changes(stack, Wanted.of(["docs", "all"])).changes] == list(changes.ALL)
    with pytest.raises(UnknownCategory, match="did you mean 'models'"):
        Wanted.of(["model"])


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "{",
        lambda _: "",
        lambda _: "[]",
        lambda data: json.dumps({**data, "version": 99}),
        lambda data: json.dumps({**data, "root": "/another/plugin"}),
        lambda data: json.dumps({"version": 1, "root": data["root"]}),
        lambda data: json.dumps({**data, "files": []}),
        lambda data: json.dumps({**data, "files": {"a": 1}}),
        lambda data: json.dumps({**data, "files": {"a": ["x"]}}),
        lambda data: json.dumps({**data, "scanned_ns": "now"}),
        lambda data: json.dumps({**data, "files": {"a\0b": ["absent"]}}),
        lambda data: json.dumps({**data, "files": {"\ud800": ["absent"]}}),
        lambda data: json.dumps({**data, "files": {"a": ["file", ID, "1", 1, 1, 1]}}),
        lambda data: json.dumps({**data, "files": {"a": ["file", ID, True, 1, 1, 1]}}),
        lambda data: json.dumps({**data, "files": {"a": ["file", ID, 1, 1.5, 1, 1]}}),
        lambda data: json.dumps({**data, "files": {"a": ["file", ID, 1, 1, 1, 1, "of a newer version"]}}),
        lambda data: json.dumps({**data, "files": {"a": ["file", "a\nb", 1, 1, 1, 1]}}),
        lambda data: json.dumps({**data, "files": {"a": ["unreadable", {}, 1, 1, 1, 1]}}),
        lambda data: json.dumps({**data, "files": {"a": "abcde"}}),
        lambda data: json.dumps({**data, "files": {"a": [[], ID]}}),
        lambda data: json.dumps({**data, "heads": {"": "a\0b"}}),
        lambda data: json.dumps({**data, "heads": {"": "--output=x"}}),
        lambda data: json.dumps({**data, "heads": {"": ["a"]}}),
        lambda data: json.dumps({**data, "heads": {"a\0b": ID}}),
        lambda data: json.dumps({**data, "heads": [1]}),
        lambda data: json.dumps({**data, "scanned_ns": float("inf")}),
        lambda data: json.dumps(data)[:-1] + ', "more": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
)
def test_a_manifest_that_cannot_be_used_makes_everything_count_as_changed(
    stack: Stack, damage: Callable[[dict[str, Any]], str]
) -> None:
    apply(stack)
    path = stack.state / "manifest.json"
    path.write_text(damage(json.loads(path.read_text())))
    result = changes.find_changes(stack)
    assert [c.category for c in result.changes] == list(changes.ALL)
    assert re.match("what was applied last is (not known|that of another)", result.changes[0].reason)
    apply(stack)
    assert found(stack) == []


@pytest.mark.parametrize("packed", [[ID, 1, 1, 1, 1], [ID, 1, 1, 1], None])
def test_a_manifest_that_an_older_version_wrote_is_not_used_and_that_is_said(stack: Stack, packed: Any) -> None:
    apply(stack)
    path = stack.state / "manifest.json"
    data = json.loads(path.read_text())
    data["files"]["new.py"] = packed
    path.write_text(json.dumps(data))
    result = changes.find_changes(stack)
    assert {one.path for one in result.changes} == {None}
    assert "or of another version" in result.notices[-1]
    assert result.notices[-1].endswith("everything is checked")
    apply(stack)
    assert found(stack) == []


def test_files_that_a_copy_of_the_repository_has_with_other_inodes_are_read_and_are_no_change(stack: Stack) -> None:
    new = stack.plugin.root / "new.py"
    new.write_text("N = 1\n")
    os.utime(new, (1_000_000, 1_000_000))
    apply(stack, later_s=5)
    path = stack.state / "manifest.json"
    data = json.loads(path.read_text())
    data["files"]["new.py"][5] += 1
    path.write_text(json.dumps(data))
    assert found(stack) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"projects": ["a"]},
        {"projects": 1},
        {"imported": None},
        {"imported": {"a": 1}},
        {"imported": ["netbox_example/\ud800.py", "a\0b", 1]},
        {"meanings": []},
        {"sources": {"a": 1}},
    ],
)
def test_facts_that_are_damaged_are_had_again(stack: Stack, damage: dict[str, Any]) -> None:
    apply(stack)
    path = stack.state / "facts.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **damage}))
    (stack.plugin.root / "netbox_example/views.py").write_text("V = 2\n")
    result = changes.find_changes(stack)
    assert [(one.path, one.category) for one in result.changes] == [("netbox_example/views.py", "views")]
    assert all(name.isascii() for name in result.facts.loaded())
    apply(stack)
    assert found(stack) == []


@pytest.mark.parametrize("named", [(), ("views",)])
def test_what_a_run_wrote_itself_is_no_change_of_the_next_one(stack: Stack, named: tuple[str, ...]) -> None:
    apply(stack)
    (stack.plugin.root / "netbox_example/views.py").write_text("V = 2\n")
    result = changes.find_changes(stack, Wanted.of(named))
    edit(MIGRATION, "M = 1\n")(stack.plugin.root)
    result.record(time.time_ns(), {MIGRATION: "M = 1\n"})
    assert found(stack) == []
    edit(MIGRATION, "M = 2\n")(stack.plugin.root)
    assert found(stack) == [(MIGRATION, "modified", "migrations")]


def test_an_edit_of_what_a_run_wrote_that_comes_before_it_is_recorded_is_a_change(stack: Stack) -> None:
    apply(stack)
    result = changes.find_changes(stack)
    edit(MIGRATION, "M = 1\n# Edited while it was applied.\n")(stack.plugin.root)
    gone = MIGRATION.replace("0001", "0002")
    result.record(time.time_ns(), {MIGRATION: "M = 1\n", gone: "M = 2\n"})
    assert found(stack) == [(MIGRATION, "modified", "migrations"), (gone, "deleted", "migrations")]


def test_a_file_of_the_name_of_one_that_a_run_wrote_is_not_taken_for_it(stack: Stack) -> None:
    other = "netbox_example/other/migrations/0001_initial.py"
    edit(other, "O = 1\n")(stack.plugin.root)
    apply(stack)
    result = changes.find_changes(stack)
    edit(MIGRATION, "M = 1\n")(stack.plugin.root)
    edit(other, "O = 2\n")(stack.plugin.root)
    result.record(time.time_ns(), {MIGRATION: "M = 1\n"})
    assert found(stack) == [(other, "modified", "migrations")]


@pytest.mark.parametrize("path", ["netbox_example/views.py", "new.py"])
def test_a_file_that_cannot_be_read_is_a_change_whenever_it_was_written(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    refuse_mode_0(monkeypatch)
    file = stack.plugin.root / path
    file.write_text("V = 2\n")
    file.chmod(0)
    apply(stack)
    assert found(stack) == []
    replacement = file.with_name("saved")
    replacement.write_text("V = 3\n")
    replacement.chmod(0)
    replacement.replace(file)
    assert [(name, kind) for name, kind, _category in found(stack)] == [(path, "modified")]
    apply(stack)
    assert found(stack) == []
    file.chmod(0o644)
    assert [(name, kind) for name, kind, _category in found(stack)] == [(path, "modified")]


def test_names_that_are_no_text_are_found_and_printed_in_one_line(stack: Stack) -> None:
    apply(stack)
    folder = os.fsencode(stack.plugin.root / "netbox_example")
    for name in (b"a\xff.py", b"b\nc.py"):
        with open(os.path.join(folder, name), "wb"):
            pass
    assert [c.reason for c in changes.find_changes(stack).changes] == [
        "netbox_example/a\\xff.py added",
        "netbox_example/b\\nc.py added",
    ]
    apply(stack)
    assert found(stack) == []


def test_a_plugin_below_a_folder_that_an_outer_repository_ignores_is_walked(
    make_stack: MakeStack, run_git: Git, tmp_path: Path
) -> None:
    made = make_stack(files=FILES)
    run_git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("/plugin/\n")
    apply(made)
    (made.plugin.root / "netbox_example/views.py").write_text("V = 2\n")
    assert [c.category for c in changes.find_changes(made).changes] == ["views"]


def test_without_a_git_command_the_repository_is_walked(
    make_stack: MakeStack, run_git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_stack(files=FILES)
    run_git(made.plugin.root, "init", "-q")
    monkeypatch.setenv("PATH", str(made.state))
    result = changes.find_changes(made)
    assert "noise.log" in result.now.files
    assert not [name for name in result.now.files if name.startswith(".git/")]
    assert result.notices == [
        "git is not installed on this node: every file was looked at, also those that git would ignore",
        "nothing was applied to this stack yet: everything is checked",
    ]


def test_a_hostile_repositorys_configuration_is_not_executed(
    make_stack: MakeStack, run_git: Git, tmp_path: Path
) -> None:
    made = make_stack(files=FILES)
    run_git(made.plugin.root, "init", "-q")
    run_git(made.plugin.root, "config", "core.fsmonitor", f"touch {tmp_path}/executed; false")
    changes.find_changes(made)
    assert not (tmp_path / "executed").exists()


def test_a_named_category_settles_its_own_files_only(stack: Stack) -> None:
    apply(stack)
    for name in ("models", "views"):
        (stack.plugin.root / f"netbox_example/{name}.py").write_text("EDITED = 1\n")
    result = changes.find_changes(stack, Wanted.of(["views"]))
    assert [change.category for change in result.changes] == ["views"]
    result.record(time.time_ns())
    assert found(stack) == [("netbox_example/models.py", "modified", "models")]
