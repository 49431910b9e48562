# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import child


def test_templates_are_watched_in_every_app_that_the_plugin_brings() -> None:
    apps = (
        "/opt/netbox/netbox/dcim",
        "/opt/netbox/netbox/pkg",
        "/opt/netbox/netbox/pkg/inner",
        "/opt/netbox/netbox/pkgother",
        "/opt/netbox-dev/dist/beside",
    )
    assert child.folders("templates", "/opt/netbox/netbox/pkg", apps) == [
        "/opt/netbox/netbox/pkg/templates",
        "/opt/netbox/netbox/pkg/inner/templates",
        "/opt/netbox-dev/dist/beside/templates",
    ]


class Held:
    """An application that holds requests for as long as a file is there."""

    def __init__(self, folder: Path) -> None:
        self.lease, self.since = folder / child.QUIET, folder / child.QUIET_SINCE
        self.cleared = 0
        self.application = child._Application(lambda environ, start: iter([b"answer"]), [])

    def begin(self) -> threading.Thread:
        self.lease.write_text("token", encoding="ascii")
        thread = threading.Thread(target=self.application.hold)
        thread.start()
        return thread

    def request(self) -> tuple[threading.Thread, list[Any]]:
        answers: list[Any] = []
        thread = threading.Thread(target=lambda: answers.append(self.application({}, lambda *_: None)))
        thread.start()
        return thread, answers

    def quiet(self) -> bool:
        return self.since.exists() and self.since.read_text(encoding="ascii") == "token"


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Held:
    monkeypatch.setattr(child, "RUN_DIR", str(tmp_path))
    made = Held(tmp_path)

    def clear() -> None:
        made.cleared += 1

    managers = [SimpleNamespace(), SimpleNamespace(clear_cache=clear)]
    models = [SimpleNamespace(_meta=SimpleNamespace(managers=managers))]
    django = ModuleType("django.apps")
    django.apps = SimpleNamespace(get_models=lambda: models)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "django", ModuleType("django"))
    monkeypatch.setitem(sys.modules, django.__name__, django)
    return made


def wait(thread: threading.Thread, seconds: float = 5) -> bool:
    thread.join(seconds)
    return not thread.is_alive()


def until(probe: Any) -> None:
    deadline = time.monotonic() + 5
    while not probe():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_requests_wait_while_they_are_held_and_are_answered_afterwards(held: Held) -> None:
    holding = held.begin()
    until(held.quiet)
    thread, answers = held.request()
    assert not wait(thread, 0.2)
    held.lease.unlink()
    assert wait(thread)
    assert wait(holding)
    assert len(answers) == held.cleared == 1


def test_it_is_quiet_when_the_last_answer_is_sent_and_not_before(held: Held) -> None:
    _thread, answers = held.request()
    until(lambda: answers)
    holding = held.begin()
    time.sleep(0.2)
    assert not held.quiet()
    answers[0].close()
    until(held.quiet)
    held.lease.unlink()
    assert wait(holding)


def test_the_hold_of_a_run_that_was_killed_ends_by_itself(held: Held) -> None:
    holding = held.begin()
    until(held.quiet)
    os.utime(held.lease, (0, 0))
    assert wait(holding)
    assert wait(held.request()[0])
