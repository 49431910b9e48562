# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A plugin's repository in a temporary directory, and the stack that it has."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any, Callable

import hypothesis
import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack, resolve

# A busy machine is no failure.
FULL = bool(os.environ.get("NETBOX_DEV_TEST_FULL"))
hypothesis.settings.register_profile("unit", deadline=None, max_examples=1000 if FULL else 100)
hypothesis.settings.load_profile("unit")

INIT = """\
from netbox.plugins import PluginConfig


class ExampleConfig(PluginConfig):
    name = "{package}"


config = ExampleConfig
"""
COMPOSE_BASE: dict[str, Any] = {
    "name": "netbox-docker",
    "services": {
        "netbox": {
            "image": "docker.io/netboxcommunity/netbox:v4.3-3.3.0",
            "user": "unit:root",
            "command": None,
            "healthcheck": {"test": ["CMD-SHELL", "curl -f http://localhost:8080/login/ || exit 1"]},
            "volumes": [
                {"type": "bind", "source": "/co/configuration", "target": "/etc/netbox/config", "read_only": True},
                {"type": "volume", "source": "netbox-media-files", "target": "/opt/netbox/netbox/media", "volume": {}},
            ],
        },
        "netbox-worker": {
            "image": "docker.io/netboxcommunity/netbox:v4.3-3.3.0",
            "command": ["/opt/netbox/venv/bin/python", "/opt/netbox/netbox/manage.py", "rqworker"],
            "healthcheck": {"test": ["CMD-SHELL", "ps -aux | grep -v grep | grep -q rqworker || exit 1"]},
        },
        "netbox-housekeeping": {
            "image": "docker.io/netboxcommunity/netbox:v4.3-3.3.0",
            "command": ["/opt/netbox/housekeeping.sh"],
            "healthcheck": {"test": ["CMD-SHELL", "ps -aux | grep -v grep | grep -q housekeeping || exit 1"]},
        },
        "postgres": {"image": "docker.io/postgres:17-alpine"},
        "redis": {"image": "docker.io/valkey/valkey:8.1-alpine"},
        "redis-cache": {"image": "docker.io/valkey/valkey:8.1-alpine"},
    },
}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def git(root: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    identity = ["-c", "user.name=Dev", "-c", "user.email=dev@example.com"]
    done = subprocess.run(
        ["git", "-C", str(root), *identity, *arguments], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the state of the person who runs it."""
    home = tmp_path / "state-home"
    monkeypatch.setenv("NETBOX_DEV_STATE_HOME", str(home))
    return home


@pytest.fixture
def make_plugin(tmp_path: Path) -> Callable[..., Path]:
    """Write a plugin: ``make_plugin(package_path="src/x", repository="name", files={path: text})``."""

    def make(
        package_path: str = "netbox_example", repository: str = "plugin", files: dict[str, str] | None = None
    ) -> Path:
        root = tmp_path / repository
        package = package_path.rsplit("/", 1)[-1]
        write(root / package_path / "__init__.py", INIT.format(package=package))
        for name, text in (files or {}).items():
            write(root / name, text)
        return root

    return make


@pytest.fixture
def make_stack(make_plugin: Callable[..., Path]) -> Callable[..., Stack]:
    """A plugin's stack: ``make_stack(options={…}, **make_plugin's)``."""

    def make(options: dict[str, Any] | None = None, **plugin: Any) -> Stack:
        return resolve(str(make_plugin(**plugin)), options)

    return make


@pytest.fixture
def compose_base() -> dict[str, Any]:
    """What ``docker compose config`` says of netbox-docker's own file."""
    import copy

    return copy.deepcopy(COMPOSE_BASE)


@pytest.fixture
def run_git() -> Callable[..., str]:
    return git


@pytest.fixture
def write_file() -> Callable[[Path, str], Path]:
    return write
