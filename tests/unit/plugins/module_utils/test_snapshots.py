# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Names, lists and refusals of snapshots; that PostgreSQL makes them is seen end to end."""

from __future__ import annotations

import re
import time
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import quiet, snapshot_list, snapshots
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.database import Content, Described, Look
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import (
    InvalidDump,
    InvalidSnapshot,
    SnapshotFailed,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.snapshots import Asked, Snapshots
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]
SERVICES = {
    "netbox": {"image": "x", "labels": {"hedgehog.netbox_dev.role": "web"}},
    "netbox-worker": {"image": "x", "labels": {"hedgehog.netbox_dev.role": "worker"}},
    "postgres": {"image": "postgres:17"},
}


def described(name: str, age_s: float = 0, **said: Any) -> Described:
    base = {
        "snapshot": name,
        "comment": "",
        "made": time.time() - age_s,
        "netbox": "4.3.7",
        "state": snapshot_list.state_of(["app.0001"]),
        "types": "t",
        "parts": [],
        "folder": f"{name}.1",
        "branch": "main",
        "head": "0123456789abcdef",
    }
    return Described(f"netbox_snapshot_{name}", 9_000_000, {**base, **said})


class FakeDatabase:
    name, next, replaced = "netbox", "netbox_next", "netbox_replaced"

    def __init__(self, *found: Described) -> None:
        live = [Described("netbox", 9_000_000, {})]
        self.databases = {one.name: one for one in [*live, *found]}
        self.done: list[str] = []
        self.room = 10**12

    def look(self) -> Look:
        return Look("netbox", 170004, dict(self.databases), Content(["app.0001"], "1 0 x", "t"), self.room)

    def drop(self, name: str) -> None:
        self.done.append(f"drop {name}")
        self.databases.pop(name, None)

    def rename(self, name: str, to: str) -> None:
        self.done.append(f"rename {name} {to}")
        found = self.databases.pop(name)
        self.databases[to] = Described(to, found.size, found.said)

    def describe(self, name: str, said: dict[str, Any]) -> None:
        self.done.append(f"describe {name}")
        self.databases[name] = Described(name, self.databases[name].size, said)

    def busy(self, among: Any = None) -> str:
        return ""


class FakeRunning:
    """A stack of which nothing runs but what a test gives it."""

    def __init__(self, stack: Stack, check: bool = False) -> None:
        self.stack, self.check, self.reporter = stack, check, Reporter()
        self.engine, self.compose, self.safety = self, self, self
        self.roles: dict[str, str] = {}
        self.found: dict[str, Any] = {}
        self.calls: list[str] = []
        self.busy: list[list[str]] = []

    def config(self) -> dict[str, Any]:
        return {"services": SERVICES}

    def containers(self) -> dict[str, Any]:
        return self.found

    def backing_down(self) -> list[str]:
        return []

    def up_backing(self) -> bool:
        return False

    def recover(self) -> bool:
        return False

    def pause(self, container: str) -> None:
        self.calls.append(f"pause {container}")

    def unpause(self, container: str) -> None:
        self.calls.append(f"unpause {container}")

    def signal(self, container: str, number: str) -> None:
        self.calls.append(f"{number} {container}")


@pytest.fixture
def made(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Snapshots, FakeDatabase]]:
    def make(*found: Described, check: bool = False) -> tuple[Snapshots, FakeDatabase]:
        database = FakeDatabase(*found)
        monkeypatch.setattr(snapshots, "Database", lambda *_: database)
        running: Any = FakeRunning(make_stack(), check)
        return Snapshots(running), database

    return make


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is no name for a snapshot"),
        ("../up", "is no name for a snapshot"),
        ("-x", "is no name for a snapshot"),
        ("a b", "is no name for a snapshot"),
        ('x"; DROP', "is no name for a snapshot"),
        ("x" * 48, "has 48 characters; PostgreSQL leaves room for 47"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(made: Any, name: str, said: str) -> None:
    with pytest.raises(InvalidSnapshot, match=re.escape(said)):
        made()[0].bring("present", Asked(name=name))


def test_an_unknown_snapshot_is_told_with_the_nearest_and_all_others(made: Any) -> None:
    found, _database = made(described("before-import"), described("other"))
    with pytest.raises(InvalidSnapshot, match=r"did you mean 'before-import'\? There are: before-import, other\."):
        found.bring("restored", Asked(name="before-imprt"))
    with pytest.raises(InvalidSnapshot, match="2 are there: before-import, other"):
        found.bring("restored", Asked())
    with pytest.raises(InvalidSnapshot, match="none yet"):
        made()[0].bring("restored", Asked())


@pytest.mark.parametrize(
    ("state", "asked", "said"),
    [
        ("present", Asked(dump="/x", redis=True), "job queues are of one machine"),
        ("absent", Asked(dump="/x"), "a dump is a file of yours"),
        ("restored", Asked(dump="x"), "is not absolute"),
    ],
)
def test_what_a_dump_cannot_do_is_said(made: Any, state: str, asked: Asked, said: str) -> None:
    with pytest.raises(InvalidDump, match=said):
        made()[0].bring(state, asked)


def test_a_snapshot_that_is_there_stays_and_only_its_comment_is_written(made: Any) -> None:
    found, database = made(described("kept", comment="old"))
    assert not found.make("kept", None, []).changed
    result = found.make("kept", None, ["redis"])
    assert (result.changed, result.notices) == (False, ["'kept' was made without redis; replace=true makes it anew"])
    assert found.make("kept", "new", []).changed
    assert database.done == ["describe netbox_snapshot_kept"]


def test_without_room_for_a_copy_nothing_is_begun(made: Any) -> None:
    found, database = made()
    database.room = 9_000_000
    found.look = database.look()
    with pytest.raises(SnapshotFailed, match=r"takes 9 MB, .* 9 MB are free"):
        found.make("new", None, [])
    assert database.done == []


def test_a_database_that_somebody_made_by_hand_is_neither_listed_nor_taken(made: Any) -> None:
    foreign = Described("netbox_snapshot_mine", 1, {})
    found, database = made(foreign)
    assert found.all()["snapshots"] == []
    with pytest.raises(InvalidSnapshot, match="this collection did not make"):
        found.make("mine", None, [])
    assert not found.remove("mine").changed
    assert database.done == []


def test_check_mode_predicts_and_does_nothing(made: Any) -> None:
    found, database = made(described("kept"), check=True)
    result = found.make("new", "why", [])
    assert (result.changed, result.after["name"], result.after["comment"]) == (True, "new", "why")
    assert found.remove("kept").changed
    assert found.make("new", None, [], keep=1).notices == ["'kept' was among more than 1 and would go"]
    assert database.done == []


def test_a_copy_that_was_described_when_its_run_was_killed_gets_its_name_and_half_a_copy_goes(made: Any) -> None:
    whole = described("made")
    _found, database = made(Described("netbox_next", 1, whole.said))
    assert database.done == ["rename netbox_next netbox_snapshot_made"]
    _found, database = made(Described("netbox_next", 1, whole.said), whole)
    assert database.done == ["drop netbox_next"]
    _found, database = made(Described("netbox_next", 1, {}))
    assert database.done == ["drop netbox_next"]


def test_what_another_took_the_place_of_goes_when_no_run_is_under_way(made: Any) -> None:
    _found, database = made(Described("netbox_replaced", 1, {}))
    assert database.done == ["drop netbox_replaced"]


def test_files_of_snapshots_that_are_gone_go_too(make_stack: MakeStack, made: Any) -> None:
    folder = make_stack().state / snapshots.FOLDER
    for name in ("kept.1", "gone.1"):
        (folder / name).mkdir(parents=True)
    made(described("kept"))
    assert [path.name for path in folder.iterdir()] == ["kept.1"]


def test_the_list_says_what_there_is_the_newest_first(made: Any) -> None:
    old = described("old", age_s=7200, comment="forty", state="000000000000", parts=["redis"])
    found, _database = made(old, described("new"))
    told = found.all()
    assert [one["name"] for one in told["snapshots"]] == ["new", "old"]
    header, first, second, total = told["summary"]
    assert header.split() == ["snapshot", "age", "size", "branch", "commit", "migrations", "NetBox", "with"]
    assert first.split()[:6] == ["new", "0", "s", "9", "MB", "main"]
    assert second.endswith("000000000000 (other than now)  4.3.7   redis  forty")
    assert total == "2 snapshots, 17 MB"


class TestQuiet:
    """Who is held, and that everybody goes on."""

    @pytest.fixture
    def running(self, make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> FakeRunning:
        running = FakeRunning(make_stack())
        networks = {"NetworkSettings": {"Networks": {"x": {"IPAddress": "10.0.0.2"}}}}
        state = {"State": {"Running": True, "Paused": False}}
        running.found = {name: {"Id": f"{name}-id", **networks, **state} for name in SERVICES}
        monkeypatch.setattr(quiet, "LIMIT_S", 0.4)
        monkeypatch.setattr(quiet, "jobs", lambda *_: {"busy": running.busy.pop(0) if running.busy else []})
        return running

    def test_workers_are_paused_and_requests_are_held_and_all_go_on(self, running: Any) -> None:
        database: Any = FakeDatabase()
        with quiet.quiet(running, database):
            assert running.calls == ["pause netbox-worker-id", "SIGUSR1 netbox-id"]
            assert (running.stack.state / "run" / "quiet").is_file()
        assert running.calls[-1] == "unpause netbox-worker-id"
        assert list((running.stack.state / "run").iterdir()) == []

    def test_a_worker_at_a_job_is_let_go_on_and_asked_again(self, running: Any) -> None:
        running.busy = [["netbox-worke"], []]
        database: Any = FakeDatabase()
        with quiet.quiet(running, database):
            worker = [call for call in running.calls if "worker" in call]
            assert worker == ["pause netbox-worker-id", "unpause netbox-worker-id", "pause netbox-worker-id"]

    def test_somebodys_transaction_is_an_error_after_a_while(
        self, running: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(FakeDatabase, "busy", lambda self, among=None: "" if among else "psql active: UPDATE x")
        database: Any = FakeDatabase()
        with pytest.raises(quiet.DatabaseBusy, match="psql active: UPDATE x"), quiet.quiet(running, database):
            pytest.fail("somebody is writing")
        assert running.calls[-1] == "unpause netbox-worker-id"
