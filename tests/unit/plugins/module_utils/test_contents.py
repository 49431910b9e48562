# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import contents
from hypothesis import given
from hypothesis import strategies as st

NAMES = ["pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "MANIFEST.in", "Dockerfile", "uv.lock"]
Write = Callable[[Path, str], Path]


@given(st.sampled_from(NAMES), st.one_of(st.binary(), st.text().map(str.encode)), st.booleans())
def test_no_file_is_too_strange(name: str, text: bytes, versioned: bool) -> None:
    assert contents.meaning(name, text, versioned) == contents.meaning(name, text, versioned)


@given(st.sampled_from(["a", "b # c", "-r x.txt", "# d", "", "e \\", "f --hash=g"]), st.integers(0, 3))
def test_a_comment_line_in_requirements_says_nothing(line: str, where: int) -> None:
    lines = ["one", line, "two"]
    commented = [*lines[:where], "  # a comment", *lines[where:]]
    if where != 2 or not line.endswith("\\"):
        assert contents.meaning("requirements.txt", "\n".join(commented).encode()) == contents.meaning(
            "requirements.txt", "\n".join(lines).encode()
        )


@pytest.mark.parametrize("text", ["-r r.txt\n", "-r ../outside.txt\n", "-r /etc/hostname\n", "-r\n", "-r 'a b.txt'\n"])
def test_what_requirements_take_in_stays_in_the_repository(tmp_path: Path, write_file: Write, text: str) -> None:
    root = tmp_path / "plugin"
    write_file(root / "r.txt", "x\n")
    write_file(tmp_path / "outside.txt", "x\n")
    write_file(root / "requirements.txt", text)
    assert contents.included(root) == {
        name for name in ("r.txt", "a b.txt") if name in text and not text.startswith("-r .")
    }


def test_requirements_that_take_each_other_in_end(tmp_path: Path, write_file: Write) -> None:
    write_file(tmp_path / "requirements.txt", "-r more.txt\n")
    write_file(tmp_path / "more.txt", "-r requirements.txt\n-c more.txt\n")
    assert contents.packaging_files(tmp_path) == ["more.txt", "requirements.txt"]


@pytest.mark.parametrize(
    ("text", "asks"),
    [("from importlib.metadata import version", True), ("import pkg_resources", True), ("VERSION = '1'", False)],
)
def test_whether_the_package_asks_for_its_version(tmp_path: Path, write_file: Write, text: str, asks: bool) -> None:
    write_file(tmp_path / "deep" / "version.py", text)
    write_file(tmp_path / "notes.txt", "importlib.metadata")
    assert contents.reads_metadata(tmp_path) is asks


def test_what_is_too_deep_is_compared_as_it_is() -> None:
    text = ("a." * 3000 + "b = 1\n").encode()
    assert contents.meaning("pyproject.toml", text, True) == text
