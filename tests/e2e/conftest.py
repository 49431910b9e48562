# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""One stack on the sandbox for the whole session."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .stack import DEVELOPER, EXTRA_SERVICES, PROJECT_FILE, ROOT, Stack, free_port

# The files in the order in which they run: later ones leave traces that earlier ones would trip over.
ORDER = (
    "test_generated",
    "test_setup",
    "test_security",
    "test_status",
    "test_doctor",
    "test_snapshots",
    "test_migrations",
    "test_tests",
    "test_matrix",
    "test_document",
    "test_operate",
    # From here on without the extra services: each costs a start of NetBox whenever something is reloaded.
    "test_warm",
    "test_watch",
    "test_refresh",
    "test_soak",
    "test_engine",
    "test_schema",
    "test_branches",
    "test_bad_input",
    "test_faults",
    # It leaves no stack.
    "test_teardown",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: ORDER.index(item.path.stem))


def build_sandbox(folder: Path) -> None:
    arguments = [sys.executable, str(ROOT / "tests/sandbox/build.py"), "--out", str(folder)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A stack that dev-setup.yml brought up, in a folder with a space and letters that are not ASCII.

    With NETBOX_DEV_E2E_KEEP the folder has that name, and the stack stays for the next session.
    """
    keep = os.environ.get("NETBOX_DEV_E2E_KEEP")
    home = Path(keep) if keep else Path(tempfile.mkdtemp(prefix="netbox-dev e2e ünï-"))
    home.mkdir(exist_ok=True)
    home.chmod(0o755)
    sandbox = home / "sand box"
    made = Stack(sandbox / "plugin", home / "state", sandbox, kept_port(home))
    try:
        if not made.plugin.exists():
            build_sandbox(sandbox)
            for path in (made.plugin, *made.plugin.rglob("*")):
                os.lchown(path, DEVELOPER, DEVELOPER)
            made.write("netbox-dev.yml", PROJECT_FILE)
        play = made.setup()
        assert play.status == 0, str(play)
        yield made
    finally:
        if not keep:
            made.remove()
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def services(request: pytest.FixtureRequest) -> None:
    """Bring the stack to the services that the module's tests look at."""
    items = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    if not any("stack" in item.fixturenames for item in items):
        return
    made: Stack = request.getfixturevalue("stack")
    wanted = PROJECT_FILE
    if ORDER.index(request.path.stem) >= ORDER.index("test_warm"):
        wanted = wanted.replace(EXTRA_SERVICES, "")
    if (made.plugin / "netbox-dev.yml").read_text(encoding="utf-8") != wanted:
        made.write("netbox-dev.yml", wanted)
        made.must_apply()


def kept_port(home: Path) -> int:
    file = home / "port"
    if not file.exists():
        file.write_text(str(free_port()), encoding="ascii")
    return int(file.read_text(encoding="ascii"))
