# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Nothing is typed: whatever is saved is applied by a playbook that stays."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .stack import Stack
from .test_bad_input import lock_is_free
from .test_schema import DESCRIPTION, MODELS, columns

VIEWS = "netbox_example/views.py"
TITLE = r'^TITLE = ".*"$'


def until(process: subprocess.Popen[str], text: str) -> str:
    """The line in which a playbook tells this."""
    assert process.stdout
    shown = []
    for line in process.stdout:
        shown.append(line)
        if text in line:
            return line
    raise AssertionError(f"'{text}' was never told:\n{''.join(shown)}")


@contextmanager
def watching(stack: Stack, **options: object) -> Iterator[subprocess.Popen[str]]:
    _arguments, process = stack.start_playbook("watch.yml", **{"limit": 300, **options})
    try:
        until(process, f"watching {stack.plugin}")
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)


def task_containers(stack: Stack, since: float) -> list[str]:
    """One-off containers that were made for tasks since then."""
    labels = (f"com.docker.compose.project={stack.project}", "hedgehog.netbox_dev.task")
    filters = [part for label in labels for part in ("--filter", f"label={label}")]
    moments = ("--since", f"{since:.3f}", "--until", f"{time.time():.3f}")
    command = ["docker", "events", *moments, "--filter", "event=create", *filters, "--format", "{{.Actor.Attributes}}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_each_burst_is_applied_and_told_in_a_line_and_broken_code_waits_for_the_next_save(stack: Stack) -> None:
    with stack.kept(VIEWS), watching(stack) as process:
        stack.replace(VIEWS, TITLE, 'TITLE = "Watched"')
        assert "reload netbox" in until(process, "views.py: ")
        assert stack.http("/plugins/example/info/").json()["title"] == "Watched"
        generation = stack.told("netbox")["generation"]
        stack.write(VIEWS, f"# Nothing.\n{(stack.plugin / VIEWS).read_text(encoding='utf-8')}")
        assert "every service is fresh" in until(process, "views.py: ")
        assert stack.told("netbox")["generation"] == generation
        good = (stack.plugin / VIEWS).read_text(encoding="utf-8")
        stack.write(VIEWS, f"{good}\ndef broken(:\n")
        assert f"{VIEWS}, line" in until(process, f"{VIEWS}, line")
        until(process, "waiting for the next save")
        assert stack.http("/plugins/example/info/").json()["title"] == "Watched"
        stack.write(VIEWS, good.replace("Watched", "Mended"))
        until(process, "views.py: ")
        assert stack.http("/plugins/example/info/").json()["title"] == "Mended"
    assert lock_is_free(stack)
    stack.must_apply()


def test_models_whose_migration_is_refused_are_not_loaded(stack: Stack) -> None:
    generation = stack.told("netbox")["generation"]
    with watching(stack) as process:
        with stack.kept(MODELS):
            stack.replace(MODELS, DESCRIPTION, "    asks = models.IntegerField()\n    description = models")
            until(process, "waiting for the next save")
            assert stack.http("/plugins/example/").status == 200
            assert stack.told("netbox")["generation"] == generation
            told = stack.playbook("status.yml")
            assert "watch: runs and refuses what was saved:" in told.output
            assert "asks" in told.output, str(told)
        until(process, "what was saved: ")


def test_once_waits_for_a_change_and_its_schema_step_is_in_it(stack: Stack) -> None:
    started = time.time()
    with watching(stack, once=True) as process, stack.polling("/plugins/example/", 0.05) as found:
        stack.replace(
            MODELS, DESCRIPTION, "    watched = models.IntegerField(null=True, blank=True)\n    description = models"
        )
        line = until(process, "models.py: ")
        assert "makemigrations, migrate" in line
        assert re.search("reload netbox(, netbox-housekeeping)?, netbox-worker", line)
        assert process.wait(60) == 0
    assert "watched" in columns(stack).split(",")
    assert set(found) == {200}, found
    assert not task_containers(stack, started), "what serves is asked for tasks"
    stack.assert_fresh()
