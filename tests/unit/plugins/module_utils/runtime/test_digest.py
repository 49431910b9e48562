# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import digest


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name in ("models.py", "sub/views.py", "data.yaml", "templates/a.html", "static/a.css", "migrations/0001.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def put(name: str, text: str = "other") -> Callable[[Path], Any]:
    def do(top: Path) -> None:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)

    return do


@pytest.mark.parametrize(
    ("edit", "code", "tree"),
    [
        (put("models.py"), True, True),
        (put("data.yaml"), True, True),
        (put("new.py", ""), True, True),
        (lambda top: (top / "models.py").unlink(), True, True),
        (lambda top: (top / "models.py").rename(top / "sub" / "models.py"), True, True),
        (put("models.py", "models.py"), False, False),
        (lambda top: os.utime(top / "models.py", (1, 1)), False, False),
        (put("templates/a.html"), False, True),
        (put("static/a.css"), False, True),
        (put("migrations/0002.py"), False, True),
        (put("tests/test_a.py"), False, True),
        (put("README.md"), True, True),
        (put("docs/index.md"), True, True),
        (put("locale/de/django.po"), False, True),
        (put("__pycache__/models.pyc"), False, False),
        (put(".models.py.swp"), False, False),
        (put("#models.py#"), False, False),
        (put("4913"), False, False),
        (lambda top: (top / "empty").mkdir(), False, False),
        (lambda top: (top / "dangling.py").symlink_to("nowhere"), False, False),
    ],
)
def test_a_digest_differs_when_what_it_stands_for_does(
    package: Path, edit: Callable[[Path], Any], code: bool, tree: bool
) -> None:
    before = digest.code_digest(str(package), "/nonexistent"), digest.tree_digest(str(package))
    edit(package)
    assert (digest.code_digest(str(package), "/nonexistent") != before[0]) is code
    assert (digest.tree_digest(str(package)) != before[1]) is tree


def test_contents_are_not_confused_with_names_nor_one_directory_with_another(tmp_path: Path) -> None:
    for top, name, text in (("a", "x", "yz"), ("b", "xy", "z")):
        (tmp_path / top).mkdir()
        (tmp_path / top / name).write_text(text)
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    assert len({digest.tree_digest(*tops) for tops in ((a,), (b,), (a, b), (b, a), ())}) == 5
    assert digest.tree_digest(str(tmp_path / "none")) == digest.tree_digest(str(tmp_path / "neither"))


def test_a_file_saved_through_another_is_seen(package: Path) -> None:
    before = digest.signature(str(package))
    stamp = (package / "models.py").stat()
    (package / "models.new").write_text("models.py")
    os.utime(package / "models.new", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    (package / "models.new").replace(package / "models.py")
    assert digest.signature(str(package)) != before
    assert "templates/a.html" not in before
    assert "templates/a.html" in digest.signature(str(package), code_only=False)


def test_a_test_that_is_imported_is_code(package: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    run = tmp_path_factory.mktemp("run")
    put("tests/helpers.py", "a")(package)
    put("test_run.py", "a")(package)
    before, seen = digest.code_digest(str(package), str(run)), digest.signature(str(package))
    (run / digest.LOADED).write_text("tests/helpers.py\ntest_run.py\ngone.py\n")
    also = digest.loaded(str(run))
    assert digest.code_digest(str(package), str(run)) != before
    assert digest.signature(str(package), also=also).keys() - seen == {"tests/helpers.py", "test_run.py"}
    before = digest.code_digest(str(package), str(run))
    put("tests/helpers.py", "b")(package)
    assert digest.code_digest(str(package), str(run)) != before


def test_a_pipe_is_no_file_to_wait_for(package: Path) -> None:
    before = digest.code_digest(str(package), "/nonexistent")
    os.mkfifo(package / "pipe.py")
    assert digest.code_digest(str(package), "/nonexistent") == before


def test_folders_are_those_in_which_what_a_signature_tells_of_is_done(tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    for path in ("api/a.py", "tests/used.py", "tests/deep/b.py", "static/c.css", ".git/d"):
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text("")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "linked.py").write_text("")
    (package / "linked.py").symlink_to(tmp_path / "shared" / "linked.py")
    expected = {package, package / "api", package / "tests", tmp_path / "shared"}
    assert digest.folders(str(package), ["tests/used.py"]) == set(map(str, expected))
