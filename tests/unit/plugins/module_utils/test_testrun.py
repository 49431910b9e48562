# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, cast

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.engine import Engine
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import StackLocked
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.safety import Database
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.testrun import RUNS, PluginTests, summarize


class FakeEngine:
    def __init__(self, tests: dict[str, str]) -> None:
        self.tests = tests
        self.commands: list[tuple[str, ...]] = []

    def labelled(self, _label: str) -> dict[str, str]:
        return dict(self.tests)

    def remove(self, container: str) -> None:
        del self.tests[container]

    def containers(self) -> dict[str, Any]:
        def one(host: str, paused: bool) -> dict[str, Any]:
            return {"Id": f"id-{host}", "Config": {"Hostname": host}, "State": {"Running": True, "Paused": paused}}

        return {"netbox": one("web", False), "netbox-worker": one("worker", False), "old": one("old", True)}

    def execute(self, container: str, *command: str) -> tuple[int, bytes]:
        self.commands.append((container, *command[-2:]))
        return 0, b""


class FakeDatabase:
    name = "netbox"

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def ask(self, _statement: str) -> str:
        return "\n".join(self.names)

    def drop(self, name: str) -> None:
        self.names.remove(name)


@contextmanager
def held(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def numbered(stack: Stack, containers: dict[str, str], names: list[str]) -> Iterator[int]:
    engine, database = FakeEngine(containers), FakeDatabase(names)
    with PluginTests(stack, Reporter(), False, 1.0)._numbered(cast(Engine, engine), cast(Database, database)) as number:
        yield number


OTHERS = ["netbox", "postgres", "netbox_tests_0123", "test_netbox", "netbox_branch_1", "other_test_1", "netbox_test_x"]


def test_a_run_takes_the_first_number_that_is_free_and_leaves_nothing(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    names = [*OTHERS]
    with held(stack.state / "tests/1.lock"), numbered(stack, {}, names) as number:
        assert number == 2
        names += ["netbox_test_2", "netbox_test_2_1", "netbox_test_2_gw0"]
    assert names == OTHERS


def test_what_dead_runs_left_goes_and_what_live_ones_have_stays(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    containers = {"a": "1", "b": "2", "c": "4"}
    names = [*OTHERS, "netbox_test_1", "netbox_test_2_1", "netbox_test_3"]
    with held(stack.state / "tests/2.lock"), numbered(stack, containers, names) as number:
        assert number == 1
        assert containers == {"b": "2"}
        assert names == [*OTHERS, "netbox_test_2_1"]


def test_what_a_dead_run_began_in_a_service_is_ended_there(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    folder = stack.state / "run"
    folder.mkdir(parents=True)
    for name in ("tests-1-web-9", "tests-3-web-10", "tests-3-gone-7", "tests-4-old-8", "task-web-5", "netbox.json"):
        (folder / name).touch()
    engine = FakeEngine({})
    runs = PluginTests(stack, Reporter(), False, 1.0)
    with held(stack.state / "tests/1.lock"):
        with runs._numbered(cast(Engine, engine), cast(Database, FakeDatabase([]))) as number:
            assert number == 2
            assert engine.commands == [("id-web", "end", "3")]
            left = sorted(path.name for path in folder.iterdir())
            assert left == ["netbox.json", "task-web-5", "tests-1-web-9"]
            (folder / "tests-2-web-11").touch()
        assert engine.commands[1:] == [("id-web", "end", "2")]


def test_there_is_an_end_to_runs_at_a_time(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()

    def nested(left: int) -> None:
        if left:
            with held(stack.state / f"tests/{left}.lock"):
                nested(left - 1)
        else:
            with pytest.raises(StackLocked, match="let one end"), numbered(stack, {}, []):
                pass

    nested(RUNS)


def outcomes(count: int, outcome: str) -> list[dict[str, Any]]:
    return [
        {"test": f"a.T.test_{n}", "outcome": outcome, "message": "x" * 500, "path": "a.py", "line": n}
        for n in range(count)
    ]


def test_a_summary_fits_a_screen_with_failures_first() -> None:
    bad = outcomes(50, "failed")
    result = {
        "tests": [*outcomes(1, "passed"), *bad],
        "stopped": "",
        "database": {"how": "copied", "seconds": 0.3},
        "coverage": {"percent": 81.5},
        "listed": [],
    }
    lines = summarize(result, bad, ["coverage.xml"], 3.0, False, 60.0)
    assert lines[0] == "FAILED a.T.test_0"
    assert lines[1].startswith("  a.py:0: xxx")
    assert len(lines) <= 24
    assert max(map(len, lines)) < 240
    assert "51 tests: 1 passed, 50 failed [3.0 s; test database copied in 0.30 s]" in lines
    assert "coverage: 81.5 %" in lines


def test_in_check_mode_the_summary_lists_tests() -> None:
    result: dict[str, Any] = {"tests": [], "listed": [f"a.T.test_{n}" for n in range(40)], "coverage": {}}
    lines = summarize(result, [], [], 1.0, True, 60.0)
    assert lines[0] == "would run 40 tests"
    assert lines[-1] == "  … and 25 more"
