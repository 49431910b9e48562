# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import queues


class NoSuchJobError(Exception):
    pass


class DeserializationError(Exception):
    pass


class Failed:
    """A job as rq gives it: what it was called with is read when its function's name is asked for."""

    def __init__(self, number: str, description: str = "", readable: bool = True) -> None:
        self.id, self.description, self._readable = number, description, readable
        self.exc_info = f"ValueError: {number}"

    @property
    def func_name(self) -> str:
        if not self._readable:
            raise DeserializationError
        return "plugin.jobs.run"


JOBS = {
    "gone-class": Failed("gone-class", "plugin.jobs.old(<plugin.models.Gone>)", readable=False),
    "nameless": Failed("nameless", readable=False),
    "good": Failed("good"),
}


def fetch(number: str, connection: object) -> Failed:
    if number == "torn":
        raise EOFError("Ran out of input")
    if number not in JOBS:
        raise NoSuchJobError
    return JOBS[number]


def made(name: str, **content: Any) -> Any:
    module: Any = ModuleType(name)
    vars(module).update(content)
    return module


@pytest.mark.parametrize(
    ("failed", "told"),
    [
        (["good"], [("plugin.jobs.run", "ValueError: good")]),
        (
            ["gone-class", "good"],
            [("plugin.jobs.old", "ValueError: gone-class"), ("plugin.jobs.run", "ValueError: good")],
        ),
        (["nameless"], [("unknown", "ValueError: nameless")]),
        (["torn", "removed"], [("unknown", "EOFError: Ran out of input")]),
    ],
)
def test_a_failed_job_that_cannot_be_read_is_told_as_far_as_it_can(
    monkeypatch: pytest.MonkeyPatch, failed: list[str], told: list[tuple[str, str]]
) -> None:
    queue = SimpleNamespace(
        count=2,
        started_job_registry=[],
        scheduled_job_registry=[],
        failed_job_registry=SimpleNamespace(get_job_ids=lambda: failed),
    )
    monkeypatch.setitem(sys.modules, "rq", made("rq", Queue=lambda *_, **_more: queue))
    monkeypatch.setitem(sys.modules, "rq.job", made("rq.job", Job=SimpleNamespace(fetch=fetch)))
    monkeypatch.setitem(sys.modules, "rq.exceptions", made("rq.exceptions", NoSuchJobError=NoSuchJobError))
    found = queues._queue("default", object(), 1)
    assert (found["failed"], found["length"]) == (len(failed), 2)
    assert [(one["function"], one["error"]) for one in found["failures"]] == told
