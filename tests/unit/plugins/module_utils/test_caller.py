# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import caller

SOON = 0.01


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(caller, "PATIENCE", 5)
    path = tmp_path / "events.jsonl"
    path.write_text("", encoding="ascii")
    return path


def read(path: Path) -> None:
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def test_who_goes_on_following_is_there(events: Path) -> None:
    gone = threading.Event()
    with caller.missed(str(events), gone.set, SOON):
        for _again in range(30):
            read(events)
            time.sleep(SOON)
        assert not gone.is_set()


def test_who_never_followed_is_not_missed(events: Path) -> None:
    gone = threading.Event()
    for path in (str(events), None, f"{events}.none"):
        with caller.missed(path, gone.set, SOON):
            assert not gone.wait(20 * SOON)


@pytest.mark.parametrize("way", ["removes the file", "is silent"])
def test_who_says_so_or_is_silent_is_gone(events: Path, way: str) -> None:
    gone: list[int] = []
    with caller.missed(str(events), lambda: gone.append(1), SOON):
        time.sleep(3 * SOON)
        if way == "is silent":
            read(events)
        else:
            events.unlink()
        deadline = time.monotonic() + 5
        while len(gone) < 2 and time.monotonic() < deadline:
            time.sleep(SOON)
        assert len(gone) > 1, "it is done again until the work has ended"
    time.sleep(5 * SOON)
    number = len(gone)
    time.sleep(5 * SOON)
    assert len(gone) == number


def test_a_process_whose_own_caller_was_killed_sees_it(tmp_path: Path) -> None:
    told = tmp_path / "told"
    inner = (
        f"import pathlib, runpy, time; missed = runpy.run_path({caller.__file__!r})['missed']\n"
        f"with missed(None, lambda: pathlib.Path({str(told)!r}).touch(), 0.01):\n    print(flush=True); time.sleep(20)"
    )
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    with subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            assert not told.exists()
            os.kill(process.pid, signal.SIGKILL)
            deadline = time.monotonic() + 10
            while not told.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            assert told.exists()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
