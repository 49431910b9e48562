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
        self.started = "then"
        self.databases = ["netbox", "netbox_safety_1"]
        self.free = 10**10
        # Others may only read.
        self.held = False

    def config(self) -> dict[str, Any]:
        return CONFIG

    def containers(self) -> dict[str, Any]:
        state = {"Running": True, "StartedAt": self.started, "Status": "running"}
        environment = {"Env": ["POSTGRES_DB=netbox", "POSTGRES_USER=netbox"]}
        return {
            n: {"Id": n, "State": {**state, "Paused": n in self.paused and n != "postgres"}, "Config": environment}
            for n in CONFIG["services"]
        }

    def pause(self, name: str) -> None:
        if self.fails == f"pause {name}":
            raise OSError("no freezer")
        self.paused.add(name)

    def unpause(self, name: str) -> None:
        self.paused.discard(name)

    def execute(self, _container: str, *command: str, limit_s: float = 60) -> tuple[int, bytes]:
        script = command[-1]
        if self.fails and self.fails in script:
            return 1, b"ERROR: refused"
        if "state <> 'idle'" in script:
            return 0, (self.busy.pop(0) if self.busy else "").encode()
        if script == "SELECT datname FROM pg_database":
            return 0, "\n".join(self.databases).encode()
        if "df -Pk" in script:
            return 0, f"100000000 {self.free}".encode()
        if "pg_db_role_setting" in script:
            return 0, b"default_transaction_read_only=on" if self.held else b""
        for statement in script.splitlines():
            if "default_transaction_read_only" in statement:
                self.held = " SET " in statement
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
        assert world.held
    assert not world.held
    assert not world.paused
    assert not (guard.stack.state / safety.FILE).exists()
    assert not [one for one in world.done if one.startswith("BEGIN")]


def test_what_fails_inside_is_followed_by_the_copy_and_services_go_on(guard: safety.Safety, world: World) -> None:
    with pytest.raises(ZeroDivisionError), guard.guarded():
        raise ZeroDivisionError
    assert [one for one in world.done if one.startswith("BEGIN")] == ["BEGIN; paused"]
    assert not world.paused


@pytest.mark.parametrize("fails", ["pause worker", "state <> 'idle'", "CREATE DATABASE"])
def test_services_go_on_when_the_copy_cannot_be_made(guard: safety.Safety, world: World, fails: str) -> None:
    world.fails = fails
    with pytest.raises((OSError, SchemaFailed)), guard.guarded():
        pytest.fail("nothing may run over a database that was not copied")
    assert not world.paused
    assert not world.held


@pytest.mark.parametrize(("free", "copies"), [(206, 1), (316, 2)])
def test_a_full_disk_is_told_before_anything_is_touched(
    guard: safety.Safety, world: World, free: int, copies: int
) -> None:
    world.free = free * 10**6
    with pytest.raises(SchemaFailed, match="no room: a copy of the database takes"), guard.guarded(copies=copies):
        pytest.fail("there is no copy")
    assert not world.done
    assert not (guard.stack.state / safety.FILE).exists()
    world.free += 10**7
    with guard.guarded(copies=copies):
        pass


def test_what_nobody_could_write_to_since_is_put_back_whoever_restarted_services(
    guard: safety.Safety, world: World
) -> None:
    state.write_json(guard.stack.state / safety.FILE, {"copy": "netbox_safety_1", "paused": HELD})
    world.started, world.held = "later", True
    assert guard.recover() is True
    assert [one for one in world.done if one.startswith("BEGIN")]
    assert not world.held


def test_a_container_that_does_not_freeze_at_once_is_tried_again(
    guard: safety.Safety, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause, fails = world.pause, ["worker"]

    def sometimes(name: str) -> None:
        if name in fails:
            fails.remove(name)
            raise OSError("unable to freeze")
        pause(name)

    monkeypatch.setattr(world, "pause", sometimes)
    with guard.guarded():
        assert world.paused == {"netbox", "worker"}
    assert not world.paused


def test_a_transaction_is_waited_for_and_then_said(guard: safety.Safety, world: World) -> None:
    world.busy = ["job active: UPDATE x"]
    with guard.guarded():
        pass
    world.busy = ["job active: UPDATE x"] * 100
    with pytest.raises(DatabaseBusy, match="job active: UPDATE x"), guard.guarded():
        pytest.fail("somebody is writing")
    assert not world.paused


HELD = {"netbox": "then", "worker": "then"}


@pytest.mark.parametrize("fails", ["BEGIN", "DROP DATABASE"])
def test_where_even_putting_back_fails_services_stay_paused_and_the_next_run_does_it(
    guard: safety.Safety, world: World, fails: str
) -> None:
    guard.stack.state.mkdir(parents=True)
    (guard.stack.state / "schema.json").write_text("before")

    def spoil() -> None:
        with guard.guarded("schema.json", "none.json"):
            (guard.stack.state / "schema.json").write_text("after")
            (guard.stack.state / "none.json").write_text("after")
            world.fails = fails
            raise ZeroDivisionError("division by zero")

    with pytest.raises(SchemaFailed, match=r"division by zero\nThe database could not be put back") as caught:
        spoil()
    assert world.paused == {"netbox", "worker"}
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    world.fails = ""
    assert guard.recover() is True
    assert [one for one in world.done if one.startswith("BEGIN")]
    assert not world.paused
    # What the state says of the database is as old as the database.
    assert (guard.stack.state / "schema.json").read_text() == "before"
    assert not (guard.stack.state / "none.json").exists()


def test_a_copy_that_could_not_be_made_is_not_put_back_later(guard: safety.Safety, world: World) -> None:
    world.fails = "CREATE DATABASE"
    with pytest.raises(SchemaFailed), guard.guarded():
        pytest.fail("there is no copy")
    world.fails = ""
    assert guard.recover() is False


@pytest.mark.parametrize(
    ("paused", "started", "copy", "asked", "put_back"),
    [
        ({"netbox", "worker"}, "then", "netbox_safety_1", None, True),
        ({"netbox", "worker"}, "then", "gone", None, False),
        # Somebody restarted one, or let it go on.
        ({"netbox", "worker"}, "later", "netbox_safety_1", None, "undecided"),
        ({"worker"}, "then", "netbox_safety_1", None, "undecided"),
        (set(), "then", "netbox_safety_1", None, "undecided"),
        (set(), "later", "netbox_safety_1", True, True),
        (set(), "later", "netbox_safety_1", False, False),
        ({"netbox", "worker"}, "then", "netbox_safety_1", False, False),
    ],
)
def test_the_run_after_one_that_was_killed_puts_back_what_nobody_wrote_to_since(
    guard: safety.Safety,
    world: World,
    paused: set[str],
    started: str,
    copy: str,
    asked: bool | None,
    put_back: bool | str,
) -> None:
    state.write_json(guard.stack.state / safety.FILE, {"copy": copy, "paused": HELD})
    world.paused, world.started = set(paused), started
    if put_back == "undecided":
        for _again in range(2):
            with pytest.raises(SchemaFailed, match="put_back=true"):
                guard.recover(asked)
        assert not [one for one in world.done if one.startswith("BEGIN")]
        assert world.paused == paused
        return
    assert guard.recover(asked) is True
    assert bool([one for one in world.done if one.startswith("BEGIN")]) is put_back
    assert not world.paused
    assert guard.recover(asked) is False
