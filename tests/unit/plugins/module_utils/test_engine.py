# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import engine as module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.engine import READING, TASK_LABEL, Engine
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import TimeLimit


def engine_with(*removed: Exception | None, task: str = "schema", status: str = "running") -> tuple[Engine, list[int]]:
    """An engine with one task's container for each way in which its removal ends."""
    tried: list[int] = []

    def container(number: int, error: Exception | None) -> Any:
        def remove(force: bool) -> None:
            assert force
            tried.append(number)
            if error:
                raise error

        return SimpleNamespace(id=str(number), remove=remove, labels={TASK_LABEL: task}, status=status)

    found = [container(number, error) for number, error in enumerate(removed)]
    engine = Engine.__new__(Engine)
    engine.project_name = "project"
    engine._client = SimpleNamespace(
        containers=SimpleNamespace(list=lambda **_filters: found, get=lambda name: found[int(name)])
    )
    return engine, tried


def failure(status: int) -> docker.errors.APIError:
    return docker.errors.APIError("no", response=SimpleNamespace(status_code=status))


def test_a_task_that_somebody_else_is_removing_is_left_to_them() -> None:
    engine, tried = engine_with(None, failure(409), docker.errors.NotFound("gone"), None)
    engine.remove_tasks()
    assert tried == [0, 1, 2, 3]


def test_a_task_that_cannot_be_removed_is_an_error() -> None:
    engine, _tried = engine_with(failure(500))
    with pytest.raises(docker.errors.APIError):
        engine.remove_tasks()


@pytest.mark.parametrize(("status", "removed"), [("created", []), ("running", []), ("exited", [0])])
def test_a_task_that_only_reads_is_somebody_elses_until_it_ended(status: str, removed: list[int]) -> None:
    engine, tried = engine_with(None, task=READING, status=status)
    engine.remove_tasks()
    assert tried == removed


@pytest.mark.parametrize(
    ("name", "status", "removed"),
    [
        ("6d6f3c103e99_project-netbox-worker-1", "created", [0]),
        # It has been started: it is the service.
        ("6d6f3c103e99_project-netbox-worker-1", "running", []),
        ("project-netbox-worker-1", "created", []),
        ("6d6f3c103e99_projects-netbox-worker-1", "created", []),
    ],
)
def test_what_compose_was_making_when_it_was_killed_is_removed(name: str, status: str, removed: list[int]) -> None:
    engine, tried = engine_with(None, status=status)
    engine._client.containers.list()[0].name = name
    engine.remove_half_made()
    assert tried == removed


class Commands:
    """An engine's API whose container is this machine: a command's output comes when all that it began has ended."""

    def __init__(self) -> None:
        self.begun: list[tuple[list[str], dict[str, str]]] = []
        self.status: dict[str, int] = {}
        self.broken: Exception | None = None

    def exec_create(
        self, _container: str, command: list[str], stderr: bool = True, user: str = "", environment: Any = ()
    ) -> dict[str, str]:
        if self.begun and self.broken:
            raise self.broken
        self.begun.append((command, dict(one.split("=") for one in environment)))
        return {"Id": str(len(self.begun) - 1)}

    def exec_start(self, number: str) -> bytes:
        command, environment = self.begun[int(number)]
        done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=False)
        self.status[number] = done.returncode
        return done.stdout

    def exec_inspect(self, number: str) -> dict[str, int]:
        return {"ExitCode": self.status[number]}


def engine_of(api: Commands) -> Engine:
    engine = Engine.__new__(Engine)
    engine._client = SimpleNamespace(api=api)
    return engine


def test_a_command_is_run_to_its_end() -> None:
    assert engine_of(Commands()).execute("c", "sh", "-c", "echo out; echo err >&2; exit 3") == (3, b"out\n")


def alive(pid: str) -> bool:
    """Whether a process does anything; one that only waits to be seen ended does not."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


@pytest.mark.parametrize("trap", ["", "trap '' INT; "])
def test_a_command_that_hangs_ends_at_its_limit_with_all_that_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    # This machine has more processes than a container, and more to do.
    monkeypatch.setattr(module, "_END_S", 60.0)
    pids = tmp_path / "pids"
    begin = f"{trap}echo begun; sleep 300 & echo $! $$ > '{pids}'; sleep 300"
    started = time.monotonic()
    with pytest.raises(TimeLimit, match=r"did not end within 1 s in its container and was ended.*\n.*begun$"):
        engine_of(Commands()).execute("c", "sh", "-c", begin, limit_s=1)
    assert time.monotonic() - started < 80
    assert [pid for pid in pids.read_text(encoding="ascii").split() if alive(pid)] == []


def test_a_container_that_answers_nothing_at_all_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_END_S", 0.2)
    api, let_go = Commands(), threading.Event()
    api.exec_start = lambda _number: bytes(let_go.wait(20))  # type: ignore[method-assign]
    with pytest.raises(TimeLimit, match="could not be ended there: the engine does not answer"):
        engine_of(api).execute("c", "true", limit_s=0.1)
    api.begun, api.broken = [], OSError("it is paused")
    with pytest.raises(TimeLimit, match="could not be ended there: it is paused"):
        engine_of(api).execute("c", "true", limit_s=0.1)
    let_go.set()
