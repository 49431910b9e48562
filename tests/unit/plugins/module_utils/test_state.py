# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import state
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidState, StackLocked

HOLDER = """\
import subprocess, sys, time
from pathlib import Path
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock
with lock(Path(sys.argv[1]), 0, "the other run"):
    # What a holder starts, and what outlives it, does not inherit the lock.
    child = subprocess.Popen(["sleep", "30"], close_fds=False)
    print(child.pid, flush=True)
    time.sleep(30)
"""


def test_a_file_is_written_once_and_again_only_when_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    assert state.write_atomic(path, "x")
    assert not state.write_atomic(path, "x")
    assert path.stat().st_mode & 0o777 == 0o600
    assert state.write_atomic(path, "y")
    path.chmod(0o644)
    assert state.write_atomic(path, "y"), "the mode is part of what was asked"
    assert path.read_text() == "y"
    assert os.listdir(path.parent) == ["b"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b"
    state.write_atomic(path, "before")

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        state.write_atomic(path, "after")
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["b"]


def test_a_damaged_text_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\xff\xfe")
    assert state.write_atomic(tmp_path / "b", "x")


def test_json_comes_back_with_its_version(tmp_path: Path) -> None:
    assert state.read_json(tmp_path / "none") is None
    state.write_json(tmp_path / "x", {"a": 1, "path": "\udcff"})
    assert state.read_json(tmp_path / "x") == {"version": state.VERSION, "a": 1, "path": "\udcff"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is damaged"),
        (b'{"version": 1, "a"', "is damaged"),
        (b"[]", "version 1 was expected, None was found"),
        (b"{}", "version 1 was expected, None was found"),
        (json.dumps({"version": state.VERSION + 1}).encode(), "version 1 was expected, 2 was found"),
        (b"\xff", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InvalidState) as caught:
        state.read_json(tmp_path / "x")
    assert said in caught.value.message
    assert caught.value.details == {"path": str(tmp_path / "x")}


def test_the_stack_of_a_plugin_is_a_hash_of_its_real_path(tmp_path: Path, state_home: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "p")
    assert state.stack_id(tmp_path / "p") == state.stack_id(tmp_path / "link")
    assert state.state_dir(tmp_path / "p") == state_home / state.stack_id(tmp_path / "p")


def test_state_is_at_home_when_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NETBOX_DEV_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state.state_home() == tmp_path / ".local/state/hedgehog.netbox_dev"


def test_a_held_lock_says_who_holds_it_and_is_free_when_the_holder_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    try:
        started = time.monotonic()
        with pytest.raises(StackLocked) as caught, state.lock(tmp_path, 0.3, "this run"):
            pytest.fail("two runs at once")
        assert 0.3 <= time.monotonic() - started < 5
        assert f"the other run, pid {holder.pid}, since " in caught.value.message
        holder.kill()
        holder.wait(10)
        with state.lock(tmp_path, 0, "this run"):
            assert f"pid {os.getpid()}" in (tmp_path / "lock").read_text()
    finally:
        holder.kill()
        holder.wait(10)
        os.kill(child, signal.SIGKILL)
        holder.stdout.close()


def test_a_lock_is_free_after_a_failure_and_can_be_taken_again(tmp_path: Path) -> None:
    with pytest.raises(KeyError), state.lock(tmp_path / "new", 0, "one"):
        raise KeyError
    with state.lock(tmp_path / "new", 0, "two"):
        pass
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["lock", "under way"])
def test_a_link_in_the_place_of_a_lock_is_not_followed(tmp_path: Path, name: str) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "state"
    victim.write_text("precious")
    folder.mkdir(mode=0o700)
    (folder / name).symlink_to(victim)
    held: AbstractContextManager[object] = state.shared(folder / name)
    if name == "lock":
        held = state.lock(folder, 0, "one")
    with pytest.raises(InvalidState, match="is a symbolic link"), held:
        pytest.fail("it was followed")
    assert victim.read_text() == "precious"
    (folder / "other").symlink_to(victim)
    state.write_json(folder / "other", {"a": 1})
    assert victim.read_text() == "precious"


def _linked(folder: Path) -> Path:
    (folder.parent / "link").symlink_to(folder)
    return folder.parent / "link"


def _writable(folder: Path) -> Path:
    folder.chmod(0o777)
    return folder


def _foreign(folder: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(folder, 12345, 12345)
    (folder / "run").symlink_to("/etc")
    return folder


@pytest.mark.parametrize(
    ("make", "said"),
    [(_linked, "is a symbolic link"), (_writable, "can be written by others"), (_foreign, "'run' in it is a symbolic")],
)
def test_state_that_somebody_else_can_write_is_not_used(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    with pytest.raises(InvalidState, match=said), state.lock(make(folder), 0, "one"):
        pytest.fail("it was used")
    assert not (folder / "lock").exists()


def test_state_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(InvalidState, match="belongs to the user with the number"), state.lock(tmp_path, 0, "one"):
        pytest.fail("it was used")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_folder_that_is_a_link_is_not_given_away(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / "link").symlink_to("victim")
    state.make_dir(tmp_path / "link", (12345, 12345))
    assert (tmp_path / "victim").stat().st_uid == 0
