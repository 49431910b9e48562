# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Who is paused and resumed, and when a copy is put back; that PostgreSQL does it is seen end to end."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import safety, state
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import DatabaseBusy, SchemaFailed
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]
CONFIG = {
    "services": {
        "netbox": {"image": "x", "labels": {"hedgehog.netbox_dev.role": "web"}},
        "worker": {"image": "x", "labels": {"hedgehog.netbox_dev.role": "worker"}},
        "postgres": {"image": "postgres:17"},
    }
}


class World:
    """An engine with two services and a database, and what was done to them."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.paused: set[str] = set()
        self.busy: list[str] = []
        self.fails = ""
        self.databases = ["netbox", "netbox_safety_1"]

    def config(self) -> dict[str, Any]:
        return CONFIG

    def containers(self) -> dict[str, Any]:
        return {n: {"Id": n, "State": {"Running": True, "Paused": n in self.paused}} for n in CONFIG["services"]}

    def pause(self, name: str) -> None:
        if self.fails == f"pause {name}":
            raise OSError("no freezer")
        self.paused.add(name)

    def unpause(self, name: str) -> None:
        self.paused.discard(name)

    def execute(self, _container: str, *command: str) -> tuple[int, bytes]:
        statement = command[-1]
        if "POSTGRES_DB" in statement and len(command) == 3:
            return 0, b"netbox"
        if self.fails and self.fails in statement:
            return 1, b"ERROR: refused"
        if "state <> 'idle'" in statement:
            return 0, (self.busy.pop(0) if self.busy else "").encode()
        if statement == "SELECT datname FROM pg_database":
            return 0, "\n".join(self.databases).encode()
        if "count(*)" in statement:
            return 0, b"0"
        if statement.startswith("CREATE DATABASE"):
            self.databases.append(statement.split('"')[1])
        self.done.append(f"{statement.split('(')[0][:24].strip()} {'paused' if self.paused else 'running'}")
        return 0, b""


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def guard(make_stack: MakeStack, world: World, monkeypatch: pytest.MonkeyPatch) -> safety.Safety:
    monkeypatch.setattr(safety, "_BUSY_LIMIT_S", 0.5)
    anything: Any = world
    return safety.Safety(make_stack(), anything, anything, Reporter())


def test_services_are_paused_while_the_database_is_guarded_and_go_on_after_it(
    guard: safety.Safety, world: World
) -> None:
    with guard.guarded():
        assert world.paused == {"netbox", "worker"}
        assert (guard.stack.state / safety.FILE).is_file()
    assert not world.paused
    assert not (guard.stack.state / safety.FILE).exists()
    assert not [one for one in world.done if one.startswith("BEGIN")]


def test_what_fails_inside_is_followed_by_the_copy_and_services_go_on(guard: safety.Safety, world: World) -> None:
    with pytest.raises(ZeroDivisionError), guard.guarded():
        raise ZeroDivisionError
    assert [one for one in world.done if one.startswith("BEGIN")] == ['BEGIN; ALTER DATABASE "n paused']
    assert not world.paused


@pytest.mark.parametrize("fails", ["pause worker", "state <> 'idle'", "CREATE DATABASE"])
def test_services_go_on_when_the_copy_cannot_be_made(guard: safety.Safety, world: World, fails: str) -> None:
    world.fails = fails
    with pytest.raises((OSError, SchemaFailed)), guard.guarded():
        pytest.fail("nothing may run over a database that was not copied")
    assert not world.paused


def test_a_transaction_is_waited_for_and_then_said(guard: safety.Safety, world: World) -> None:
    world.busy = ["job active: UPDATE x"]
    with guard.guarded():
        pass
    world.busy = ["job active: UPDATE x"] * 100
    with pytest.raises(DatabaseBusy, match="job active: UPDATE x"), guard.guarded():
        pytest.fail("somebody is writing")
    assert not world.paused


@pytest.mark.parametrize(
    ("paused", "copy", "put_back"),
    [({"netbox", "worker"}, "netbox_safety_1", True), (set(), "netbox_safety_1", False), ({"netbox"}, "gone", False)],
)
def test_the_run_after_one_that_was_killed_puts_back_what_nobody_wrote_to_since(
    guard: safety.Safety, world: World, paused: set[str], copy: str, put_back: bool
) -> None:
    state.write_json(guard.stack.state / safety.FILE, {"copy": copy})
    world.paused = set(paused)
    assert guard.recover() is True
    assert bool([one for one in world.done if one.startswith("BEGIN")]) is put_back
    assert not world.paused
    assert guard.recover() is False
