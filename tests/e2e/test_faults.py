# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Runs that are killed, and what machines do to a stack: the next run repairs it, or says what is wrong."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .long import FULL, long
from .stack import Stack
from .test_bad_input import insert_fabric, refused
from .test_branches import rows
from .test_schema import DESCRIPTION, MODELS, columns, migrations

STYLE = "netbox_example/static/netbox_example/killed.css"
# With a new dependency, and with another configuration file beside the model and the static file that all have.
BUILDING = (
    "say build: ",
    "after build",
    "before recreate",
    "before check",
    "before build",
    "after check",
    "after recreate",
)
RESTARTING = (
    "say migration 1 of",
    "before restart",
    "after collectstatic",
    "before prove",
    "before makemigrations",
    "after makemigrations",
    "after restart",
    "before collectstatic",
    "after prove",
    "say waiting for",
)
MOMENTS = [
    *((moment, True) for moment in BUILDING[: None if FULL else 1]),
    *((moment, False) for moment in RESTARTING[: None if FULL else 1]),
]


@dataclass
class Edit:
    """A change of everything, and the proof that it is in force."""

    stack: Stack
    building: bool
    number: int

    @property
    def file(self) -> Path:
        return self.stack.checkout / "configuration" / "zz_killed.py"

    @property
    def field(self) -> str:
        return f"killed_{self.number}"

    def make(self) -> None:
        stack = self.stack
        line = f"    {self.field} = models.IntegerField(null=True, blank=True)\n    description = models"
        stack.replace(MODELS, DESCRIPTION, line)
        stack.write(STYLE, f"a {{ width: {self.number}px }}\n")
        if self.building:
            text = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
            has = "  - toolz\n" in text
            text = text.replace("  - toolz\n", "") if has else text.replace("packages:\n", "packages:\n  - toolz\n")
            stack.write("netbox-dev.yml", text)
        else:
            self.file.write_text(f"CHANGELOG_RETENTION = {self.number}\n", encoding="utf-8")

    def prove(self) -> None:
        stack = self.stack
        assert self.field in columns(stack).split(",")
        assert len([name for name in migrations(stack) if self.field in name]) == 1
        assert stack.http("/static/netbox_example/killed.css").text == f"a {{ width: {self.number}px }}\n"
        wanted = "  - toolz\n" in (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        asked = "import importlib.util as u; print(bool(u.find_spec('toolz')))"
        for service in stack.python_services:
            assert stack.python(service, asked) == str(wanted), service
        assert stack.http("/plugins/example/").status == 200
        assert stack.job_result().endswith("switches")
        foreign = [path for path in stack.package.rglob("*") if path.lstat().st_uid != stack.owner[0]]
        assert not foreign
        stack.assert_fresh()


@pytest.fixture
def edit(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Edit]:
    number = 10 + len([name for name in migrations(stack) if "killed_" in name])
    made = Edit(stack, bool(getattr(request, "param", False)), number)
    yield made
    # The column stays: later edits add to it.
    made.file.unlink(missing_ok=True)
    (stack.plugin / STYLE).unlink(missing_ok=True)
    stack.must_apply()


def die(stack: Stack, moment: str) -> bool:
    """Start a run that kills itself then; whether it came to that."""
    status, told = stack.run_once(moment)
    assert status in (0, -signal.SIGKILL), "\n".join(told)
    return status != 0


@pytest.mark.parametrize(("moment", "edit"), MOMENTS, indirect=["edit"])
def test_a_run_that_is_killed_at_any_step_is_repaired_by_the_next(stack: Stack, edit: Edit, moment: str) -> None:
    edit.make()
    assert die(stack, moment)
    assert stack.http("/login/").status == 200
    stack.must_apply()
    edit.prove()


@long
@pytest.mark.parametrize("seed", range(12))
def test_a_run_that_is_killed_at_a_random_moment_is_repaired_by_the_next(stack: Stack, seed: int) -> None:
    chance = random.Random(seed)
    number = 100 + seed
    one = Edit(stack, chance.random() < 0.4, number)
    one.make()
    while die(stack, f"{chance.uniform(0.3, 14):.2f}") and chance.random() < 0.7:
        pass
    stack.must_apply()
    one.prove()
    one.file.unlink(missing_ok=True)
    stack.must_apply()


@long
def test_a_migration_that_drops_a_column_may_be_killed_before_every_call(stack: Stack) -> None:
    line = "    dropped_1 = models.IntegerField(default=7)\n"
    stack.replace(MODELS, DESCRIPTION, f"{line}    description = models")
    stack.must_apply()
    insert_fabric(stack, "survivor", "text", dropped_1=1)
    before = rows(stack)
    stack.replace(MODELS, re.escape(line), "")
    assert stack.killed_before_each_call() > 5
    assert "dropped_1" not in columns(stack)
    assert rows(stack) == before
    assert len([name for name in migrations(stack) if "remove_fabric_dropped_1" in name]) == 1, migrations(stack)
    assert stack.http("/plugins/example/").status == 200
    assert stack.job_result().endswith("switches")
    stack.psql("DELETE FROM netbox_example_fabric WHERE name = 'survivor'")
    stack.assert_fresh()


@long
def test_a_disk_that_is_full_is_told_and_leaves_no_half_of_anything(stack: Stack, edit: Edit) -> None:
    folder = stack.package / "migrations"
    before = migrations(stack)
    size = sum(path.stat().st_size // 4096 * 4096 + 4096 for path in folder.rglob("*")) + 16384
    held = {path.name: path.read_bytes() for path in folder.glob("*.py")}
    edit.make()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)], check=True)
    try:
        os.chown(folder, *stack.owner)
        for name, content in held.items():
            (folder / name).write_bytes(content)
            os.chown(folder / name, *stack.owner)
        filler = folder / "filler.bin"
        filled = subprocess.run(["dd", "if=/dev/zero", f"of={filler}"], capture_output=True, text=True, check=False)
        assert "No space left" in filled.stderr
        play = stack.apply()
        refused(play.status, play.flat, "schema_failed", "No space left on device")
        assert migrations(stack) == before
        assert not list(folder.glob("*.tmp"))
        assert stack.http("/login/").status == 200
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    stack.must_apply()
    edit.prove()


def test_all_containers_dead_as_an_engine_leaves_them_that_was_restarted(stack: Stack) -> None:
    identifiers = [container["Id"] for container in stack.containers().values()]
    subprocess.run(["docker", "kill", *identifiers], check=True, capture_output=True)
    stack.must_apply()
    assert stack.http("/plugins/example/").status == 200
    assert stack.job_result().endswith("switches")
    stack.assert_fresh()


@long
def test_a_stacks_network_that_is_gone_is_made_again(stack: Stack) -> None:
    network = f"{stack.project}_default"
    for container in stack.containers().values():
        subprocess.run(["docker", "network", "disconnect", "-f", network, container["Id"]], check=True)
    subprocess.run(["docker", "network", "rm", network], check=True, capture_output=True)
    looked = stack.playbook("status.yml")
    assert "its network is gone" in looked.flat, str(looked)
    stack.must_apply()
    assert stack.http("/plugins/example/").status == 200
    assert stack.job_result().endswith("switches")
    stack.assert_fresh()


@long
def test_a_clock_that_was_set_back_hides_no_edit(stack: Stack) -> None:
    stack.must_apply()
    ahead = (
        "import time\nreal, in_ns = time.time, time.time_ns\n"
        "time.time, time.time_ns = lambda: real() + 3600, lambda: in_ns() + 3600 * 10**9\n"
    )
    text = (stack.package / "choices.py").read_text(encoding="utf-8")
    stack.write("netbox_example/choices.py", f"{text}\n")
    status, told = stack.run_once(code=ahead)
    assert status == 0, "\n".join(told)
    stack.assert_fresh()
    with stack.kept("netbox_example/views.py"):
        stack.replace("netbox_example/views.py", r'^TITLE = ".*"$', 'TITLE = "switcheS"')
        play = stack.must_apply()
        assert "1 views" in play.output, str(play)
        assert stack.http("/plugins/example/info/").json()["title"] == "switcheS"
    stack.must_apply()
    stack.assert_fresh()


@long
def test_a_database_volume_that_was_removed_is_told_and_set_up_again(stack: Stack) -> None:
    stack.compose("rm", "-sf", "postgres")
    volumes = stack.compose("config", "--volumes").stdout.split()
    (volume,) = [name for name in volumes if "postgres" in name]
    subprocess.run(["docker", "volume", "rm", f"{stack.project}_{volume}"], check=True, capture_output=True)
    play = stack.apply()
    refused(play.status, play.flat, "stack_not_set_up", "was its volume removed?", "hedgehog.netbox_dev.dev_setup")
    play = stack.setup()
    assert play.status == 0, str(play)
    assert stack.http("/plugins/example/").status == 200
    stack.assert_fresh()
