# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import fcntl
import os
import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import watch
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.change import Change
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.converge import Outcome
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.watch import Terse, Watched, _done, _files

MakeStack = Callable[..., Stack]


@pytest.fixture
def watched(make_stack: MakeStack) -> Watched:
    return Watched(make_stack())


def moves(watched: Watched) -> bool:
    """Whether it is seen, before anybody would look without a hint."""
    deadline = time.monotonic() + 1
    while not watched.moved():
        if time.monotonic() > deadline:
            return False
        watched.hints.pause(0.01)
    return True


def package(watched: Watched) -> Path:
    return Path(watched.stack.plugin.package_dir)


def test_a_file_that_is_saved_made_or_removed_is_seen_and_then_settled(watched: Watched) -> None:
    assert not watched.moved()
    file = package(watched) / "__init__.py"
    new, folder = package(watched) / "new.py", package(watched) / "sub"
    for act in (partial(file.write_text, "x = 1\n"), partial(new.write_text, "x = 1\n"), folder.mkdir, new.unlink):
        act()
        assert moves(watched)
        watched.settle()
        assert not watched.moved()


def test_a_file_in_a_new_folder_is_watched_once_it_settled(watched: Watched) -> None:
    folder = package(watched) / "deep" / "er"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("x = 1\n")
    watched.settle()
    (folder / "a.py").write_text("x = 22\n")
    assert moves(watched)


def test_a_stacks_configuration_is_watched(make_stack: MakeStack) -> None:
    stack = make_stack()
    configuration = stack.checkout / "configuration"
    configuration.mkdir(parents=True)
    (configuration / "extra.py").write_text("A = 1\n")
    watched = Watched(stack)
    (configuration / "extra.py").write_text("A = 22\n")
    assert moves(watched)


def test_what_is_replaced_by_a_file_of_the_same_size_and_time_is_seen(watched: Watched) -> None:
    file = package(watched) / "__init__.py"
    status = file.stat()
    other = file.with_suffix(".tmp")
    other.write_text(file.read_text())
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)
    assert moves(watched)


def test_a_burst_is_named_by_its_first_files() -> None:
    def change(path: str) -> Change:
        return Change(path, "modified", "views", "")

    assert _files([change("p/a.py"), change("p/b.py")]) == "a.py, b.py"
    assert _files([change(f"p/{n}.py") for n in range(9)]) == "0.py, 1.py, 2.py and 6 more"


def test_what_was_done_is_a_line_and_notices_are_further_ones() -> None:
    terse = Terse(Reporter())
    for name, services, changed in (("check", (), False), ("migrate", (), True), ("reload", ("netbox",), True)):
        with terse.step(name, services) as step:
            step.changed, step.detail = changed, "applied 0002_x"
    outcome: Any = Outcome(notices=["three things are left"])
    assert _done(outcome, terse) == "migrate (applied 0002_x); reload netbox\nnote: three things are left"
    assert _done(Outcome(), Terse(Reporter())) == "every service is fresh"


def test_what_another_run_keeps_from_being_applied_is_applied_when_it_ends(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, told, applied, free = make_stack(), [], [], threading.Event()
    monkeypatch.setattr(watch, "load", lambda _path: stack)
    monkeypatch.setattr(watch, "find_changes", lambda _stack: SimpleNamespace(changes=[]))
    monkeypatch.setattr(watch, "wishes_of", lambda _stack: None)

    def run(_wanted: Any) -> Outcome:
        applied.append(free.is_set())
        return Outcome(changed=True)

    monkeypatch.setattr(watch, "Converger", lambda *_: SimpleNamespace(run=run, roles={}))

    class Told(Reporter):
        def say(self, text: str) -> None:
            told.append(text)
            if "waits for" in text:
                timer.start()

    with lock(stack.state, 0, "a build"):
        timer = threading.Timer(0.3, lambda: (free.set(), held.close()))
        # The lock is the open file's: another description of it is held beyond this block.
        held = (stack.state / "lock").open()
    fcntl.flock(held, fcntl.LOCK_EX)
    watching = watch.Watch(None, Told(), lock_s=0, step_s=10)
    watching.run(once=True, limit_s=20)
    assert applied == [True]
    assert [text for text in told if "waits for another run: a build, pid " in text]
    assert watching.failed == 0
