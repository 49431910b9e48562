# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What is read of files, of the checkout and of the machine."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor import facts, files
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.checkout import (
    look_at_checkout,
    newer_releases,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('class C(PluginConfig):\n    version = "1"\n    name = "netbox_x"\n', "netbox_x"),
        ('class C(plugins.PluginConfig):\n    name = "netbox_x"\n', "netbox_x"),
        ("class C(PluginConfig):\n    name = __name__\n", ""),
        ('class C:\n    name = "other"\n', ""),
        ("class C(PluginConfig:\n", ""),
    ],
)
def test_the_name_of_a_plugin_config_is_read_without_importing_it(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "__init__.py"
    path.write_text(text, encoding="utf-8")
    assert files.configured_name(path) == name


def test_files_of_the_future_and_folders_are_seen(make_stack: MakeStack) -> None:
    stack = make_stack(files={"netbox_example/a.py": "", "netbox_example/inner/b.py": "", "elsewhere/c.py": ""})
    ahead = time.time() + 900
    for name in ("netbox_example/a.py", "elsewhere/c.py"):
        os.utime(stack.plugin.root / name, (ahead, ahead))
    found = files.look_at_files(stack)
    assert list(found.future) == ["netbox_example/a.py"]
    assert found.folders == 2
    assert found.foreign == ()
    assert found.inode == stack.plugin.package_dir.stat().st_ino


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), ("no certificate\n", "cannot be read")])
def test_a_bundle_that_is_of_no_use_says_why(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert words in files.wrong_bundle(path)


@pytest.mark.parametrize(
    ("tags", "newer"),
    [
        (["3.2.0", "3.3.0"], ()),
        (["3.3.2", "3.3.10", "3.3.0", "3.4.0", "3.3.11-rc1"], ("3.3.2", "3.3.10")),
        ([], ()),
    ],
)
def test_only_newer_releases_of_the_same_line_count(tags: list[str], newer: tuple[str, ...]) -> None:
    assert newer_releases("3.3.0", tags) == newer


def test_a_checkout_is_looked_at(make_stack: MakeStack, tmp_path: Path, run_git: Callable[..., str]) -> None:
    source = tmp_path / "source"
    source.mkdir()
    run_git(source, "init", "-q")
    (source / "docker-compose.yml").write_text("services: {}\n", encoding="utf-8")
    run_git(source, "add", ".")
    run_git(source, "commit", "-qm", "one")
    for tag in ("3.3.0", "3.3.1"):
        run_git(source, "tag", tag)
    stack = make_stack({"netbox_docker_url": str(source)})
    assert not look_at_checkout(stack).exists
    run_git(tmp_path, "clone", "-q", str(source), str(stack.checkout))
    found = look_at_checkout(stack)
    assert (found.exists, found.edits, found.newer, found.override) == (True, (), ("3.3.1",), "")
    (stack.checkout / "docker-compose.yml").write_text("services: {a: {}}\n", encoding="utf-8")
    (stack.checkout / "docker-compose.override.yml").write_text("services: {}\n", encoding="utf-8")
    found = look_at_checkout(stack)
    assert (found.edits, found.override) == (("docker-compose.yml",), "foreign")


def test_the_memory_that_is_available_is_read_where_the_system_tells_it(tmp_path: Path) -> None:
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:  100 kB\nMemAvailable:   2 kB\n", encoding="ascii")
    assert facts.memory_free(str(path)) == 2048
    assert facts.memory_free(str(tmp_path / "none")) is None


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("until", "error", "waited"),
    [
        # From nothing a big plugin is a minute in failing, where every service tries it at the same time.
        (45.0, "Traceback\nModuleNotFoundError: No module named 'nowhere'", 45.0),
        (45.0, "", 45.0),
        (1000.0, "", 120.0),
    ],
)
def test_who_takes_up_a_save_is_waited_for_until_it_says_how_that_went(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, until: float, error: str, waited: float
) -> None:
    clock = Clock()
    busy = {"since": 1.0, "code": "old", "attempted": "new", "busy": True, "error": ""}
    monkeypatch.setattr(facts, "time", clock)
    monkeypatch.setattr(facts, "disk_code", lambda _stack: "new")

    def told(_stack: Stack, service: str) -> dict[str, Any]:
        done = clock.now >= until and (service == "netbox" or not error)
        return {**busy, "busy": False, "error": error} if done else busy

    monkeypatch.setattr(facts, "told_by", told)
    containers = {name: {"State": {"Running": True}} for name in ("netbox", "netbox-worker")}
    found = facts.Facts(roles={"netbox": "web", "netbox-worker": "worker"}, containers=containers)
    running = SimpleNamespace(stack=make_stack(), engine=SimpleNamespace(containers=lambda: containers))
    said: list[str] = []
    facts._wait_while_busy(found, running, said.append)
    assert waited <= clock.now < waited + 1
    assert said == ["waiting for netbox, netbox-worker to take up what was saved, 120 s at most"]


def test_an_error_that_is_told_while_others_are_asked_is_not_missed() -> None:
    before, now = {"error": "", "since": 1.0}, {"error": "Traceback", "since": None}
    assert facts._later(before, now) == now
    assert facts._later({"error": "one", "since": 1.0}, {"error": "", "since": 2.0})["error"] == "one"
    assert facts._later(before, {"error": "", "since": 2.0}) == before
