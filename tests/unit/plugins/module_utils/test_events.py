# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter


def told(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_step_is_told_as_it_ends_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "events"
    reporter = Reporter(str(path))
    with reporter.step("reload", ("netbox", "netbox-worker")) as step:
        reporter.say("line\nbreak ü")
        assert told(path) == ["line\nbreak ü"]
        step.changed, step.detail = True, "other code"
    with reporter.step("prove"):
        pass
    first, *rest = [line.rpartition(" [")[0] for line in told(path)[1:]]
    assert first == "reload (netbox, netbox-worker): other code"
    assert rest == ["prove"]
    assert reporter.changed
    described = reporter.describe()[0]
    assert described.pop("seconds") >= 0
    assert described == {
        "step": "reload",
        "services": ["netbox", "netbox-worker"],
        "changed": True,
        "detail": "other code",
    }


def test_a_step_that_raises_is_told_as_failed_and_is_none_of_the_steps_done(tmp_path: Path) -> None:
    reporter = Reporter(str(tmp_path / "events"))
    with pytest.raises(KeyError), reporter.step("build"):
        raise KeyError
    assert told(tmp_path / "events")[0].startswith("build: failed after 0.")
    assert reporter.describe() == []
    assert not reporter.changed


def test_without_a_file_nothing_is_told() -> None:
    reporter = Reporter()
    reporter.say("x")
    with reporter.step("a"):
        pass
    assert [step.name for step in reporter.steps] == ["a"]


def test_a_name_that_is_no_utf8_is_told_escaped(tmp_path: Path) -> None:
    path = tmp_path / "events"
    Reporter(str(path)).say("folder caf\udce9 is ü\nand on")
    assert told(path) == ["folder caf\\xe9 is ü\nand on"]


def test_nothing_that_is_told_moves_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "events"
    Reporter(str(path)).say("\x1b[31mred\x1b[0m\x1b[2J\rover\x9b2J\nnext\tone")
    assert told(path) == ["redover2J\nnext    one"]
