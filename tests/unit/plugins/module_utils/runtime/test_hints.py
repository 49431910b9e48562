# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import hints
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime.hints import Hints

MOUNTS = """\
21 1 8:1 / / rw - ext4 /dev/sda rw
22 21 0:5 / /home/a\\040b rw shared:1 - 9p host rw
23 21 0:6 / /srv rw - nfs4 server:/ rw
24 23 0:7 / /srv/fast rw - xfs /dev/sdb rw
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Hints]:
    (tmp_path / "a.py").write_text("1")
    one = Hints(str(tmp_path))
    one.trusted = True
    one.follow([str(tmp_path)])
    one.looked(0.0, 0.1)
    yield one
    one.close()


def test_without_a_hint_nobody_looks_for_a_while(made: Hints, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not made.due()
    monkeypatch.setattr(hints, "IDLE_S", 0.05)
    made.looked(0.0, 0.1)
    assert not made.due()
    time.sleep(0.06)
    assert made.due()


def test_whatever_is_done_to_a_file_is_a_hint_that_ends_a_pause(made: Hints, tmp_path: Path) -> None:
    file, other, folder = tmp_path / "a.py", tmp_path / "b.py", tmp_path / "c"
    for act in (
        *(partial(file.write_text, "2"), file.touch, partial(file.chmod, 0o600), partial(file.rename, other)),
        *(partial(other.rename, file), file.unlink, folder.mkdir, folder.rmdir),
    ):
        act()
        started = time.monotonic()
        made.pause(5)
        assert time.monotonic() - started < 1, act
        assert made.due(), act
        made.looked(0.0, 0.1)
        assert not made.due(), act
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_one_that_is_gone_is_followed(made: Hints, tmp_path: Path) -> None:
    for number in range(2):
        folder = tmp_path / "inner"
        folder.mkdir()
        made.follow([str(folder)])
        made.due()
        made.looked(0.0, 0.1)
        (folder / "x.py").write_text("1")
        assert made.due(), number
        folder.rename(tmp_path / f"other{number}")
        assert made.due()
        made.looked(0.0, 0.1)


def test_looking_is_no_more_than_a_part_of_what_is_done(made: Hints, tmp_path: Path) -> None:
    made.looked(0.05, 0.1)
    (tmp_path / "a.py").write_text("2")
    assert not made.due()
    started = time.monotonic()
    while not made.due():
        made.pause(0.01)
    assert 0.1 < time.monotonic() - started < 0.5


def test_where_there_are_no_hints_files_are_looked_at_as_often_as_is_asked(made: Hints, tmp_path: Path) -> None:
    made.follow([str(tmp_path / "nothing-there")])
    assert made.trusted
    made.close()
    made.follow([str(tmp_path)])
    made.looked(0.0, 0.05)
    assert not made.due()
    started = time.monotonic()
    made.pause(0.06)
    assert time.monotonic() - started >= 0.05
    assert made.due()


@pytest.mark.parametrize(
    ("path", "local"),
    [("/opt/x", True), ("/home/a b/x", False), ("/home/a bc/x", True), ("/srv/x", False), ("/srv/fast", True)],
)
def test_the_kernels_word_is_relied_on_where_the_files_are_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str, local: bool
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr(hints, "_MOUNTS", str(mounts))
    assert hints._is_local(path) is local
