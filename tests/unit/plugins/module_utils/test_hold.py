# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
import os
import time
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import hold
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack


def test_a_hold_is_renewed_as_long_as_it_lasts_and_leaves_nothing(
    make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = make_stack()
    monkeypatch.setattr(hold, "HOLD_S", 0.1)
    path = stack.state / "run" / hold.HOLD
    with hold.held_reloads(stack):
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 5
        while path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert time.time() - path.stat().st_mtime < 5
    assert not path.exists()


def test_a_run_that_fails_holds_nothing_afterwards(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    with pytest.raises(RuntimeError), hold.held_reloads(stack):
        raise RuntimeError
    assert os.listdir(stack.state / "run") == []


def test_what_may_be_loaded_is_said_where_a_watch_runs_and_nowhere_else(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    path = stack.state / "run" / hold.WATCHED
    hold.allow(stack, "a")
    assert not path.exists()
    with hold.watching(stack):
        hold.allow(stack, "b", ["a"])
        hold.allow(stack, "b")
        assert json.loads(path.read_text()) == {"code": "b", "same": ["a"]}
        hold.allow(stack, "a")
        assert json.loads(path.read_text()) == {"code": "a", "same": []}
    assert not hold.watched(stack)


def test_a_watch_that_ends_while_it_is_asked_is_none(
    make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = make_stack()
    (stack.state / "run").mkdir(parents=True, exist_ok=True)
    # It was there a moment ago.
    monkeypatch.setattr(hold, "watched", lambda _stack: True)
    hold.allow(stack, "a")
    hold.tell_error(stack, "")


def test_a_link_that_a_container_put_there_is_not_followed(
    make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = make_stack()
    monkeypatch.setattr(hold, "HOLD_S", 0.05)
    victim = stack.plugin.root / "victim"
    victim.write_text("precious")
    os.utime(victim, (1, 1))
    path = stack.state / "run" / hold.HOLD
    path.parent.mkdir(parents=True)
    path.symlink_to(victim)
    with hold.held_reloads(stack):
        assert not path.is_symlink()
        path.unlink()
        path.symlink_to(victim)
        time.sleep(0.1)
    assert (victim.read_text(), victim.stat().st_mtime) == ("precious", 1)
