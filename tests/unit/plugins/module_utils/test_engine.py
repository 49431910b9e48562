# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.engine import READING, TASK_LABEL, Engine


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
