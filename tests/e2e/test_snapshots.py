# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Snapshots, restore, reset and dumps: rows come back byte for byte, nobody's request fails, killed runs are ended."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .long import long
from .stack import DEVELOPER, ROOT, Stack, free_port

TOKEN = "0123456789abcdef0123456789abcdef01234567"


def run(stack: Stack, state: str, moment: int = 0, **options: Any) -> dict[str, Any]:
    """What a run told; empty when it ended itself."""
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "tests/e2e/one_snapshot.py"),
            str(stack.plugin),
            state,
            json.dumps(options),
            str(moment),
        ],
        env={
            **os.environ,
            "NETBOX_DEV_STATE_HOME": str(stack.state_home),
            "PYTHONPATH": str(ROOT / ".venv/collections"),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == -signal.SIGKILL and moment:
        return {}
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def did(stack: Stack, state: str, **options: Any) -> bool:
    told = run(stack, state, **options)
    assert "failed" not in told, told["message"]
    return bool(told["changed"])


def data(stack: Stack, database: str = "netbox") -> str:
    """All rows of a database, sorted."""
    text = stack.exec("postgres", "pg_dump", "-U", "netbox", "--data-only", "--inserts", database)
    lines = sorted(
        line for line in text.splitlines() if not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog.set_"))
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() + f" {len(lines)}"


def databases(stack: Stack) -> list[str]:
    return stack.psql("SELECT datname FROM pg_database WHERE datname LIKE 'netbox%' ORDER BY 1").splitlines()


def fabrics(stack: Stack, count: int, first: int = 0) -> None:
    stack.psql(
        "INSERT INTO netbox_example_fabric (created, custom_field_data, name, description) "
        f"SELECT now(), '{{}}', 'snap ' || n, '' FROM generate_series({first}, {first + count - 1}) AS n"
    )


def damage(stack: Stack) -> None:
    """What no transaction takes back."""
    stack.psql("DROP TABLE netbox_example_switch_tags; TRUNCATE netbox_example_fabric CASCADE; DELETE FROM users_user")


@pytest.fixture(scope="module")
def start(stack: Stack) -> Iterator[str]:
    """A database with rows of its own; afterwards it is as it was, and no snapshot is left."""
    did(stack, "present", name="before-tests", replace=True)
    fabrics(stack, 40)
    did(stack, "present", name="start", replace=True)
    yield data(stack)
    did(stack, "restored", name="before-tests")
    drop(stack, "")


@pytest.fixture
def rows(stack: Stack, start: str) -> Iterator[str]:
    """What the rows of that are, which a test finds and may damage."""
    if data(stack) != start:
        did(stack, "restored", name="start")
    yield start
    drop(stack, "before-tests", "start")


def drop(stack: Stack, *kept: str) -> None:
    """Remove snapshots; their files go with the next run."""
    names = [f"netbox_snapshot_{name}" for name in kept]
    for name in databases(stack):
        if name.startswith("netbox_snapshot_") and name not in names:
            stack.psql(f'DROP DATABASE "{name}"')


def test_rows_survive_damage_and_a_second_run_of_anything_changes_nothing(stack: Stack, rows: str) -> None:
    check = stack.playbook("snapshot.yml", "--check", snapshot="kept", comment="forty")
    assert (check.status, check.changed) == (0, 1), str(check)
    assert "netbox_snapshot_kept" not in databases(stack)
    assert stack.playbook("snapshot.yml", snapshot="kept", comment="forty").changed == 1
    assert stack.playbook("snapshot.yml", snapshot="kept").changed == 0
    listed = stack.playbook("snapshot.yml", list=True)
    assert "forty" in listed.flat, str(listed)
    damage(stack)
    before = stack.processes()
    check = stack.playbook("restore.yml", "--check", "--diff", snapshot="kept")
    assert (check.status, check.changed) == (0, 1), str(check)
    assert "+ comment: forty" in check.flat, str(check)
    play = stack.playbook("restore.yml", snapshot="kept")
    assert (play.status, play.changed) == (0, 1), str(play)
    assert data(stack) == rows
    assert stack.processes() == before
    assert "netbox_replaced" not in databases(stack)
    assert stack.http("/plugins/example/").status == 200
    assert stack.playbook("restore.yml", snapshot="kept").changed == 0
    fabrics(stack, 1, first=100)
    assert did(stack, "restored", name="kept")
    assert data(stack) == rows
    assert stack.job_result().startswith("synced")


class Client:
    """Reads a page, or adds fabrics, all the while."""

    def __init__(self, stack: Stack, writes: bool) -> None:
        self.stack, self.writes = stack, writes
        self.failed: list[str] = []
        self.longest = 0.0
        self.count = 0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self.done.wait(0.02):
            began = time.monotonic()
            try:
                status, text = self._request()
                if status not in (200, 201):
                    self.failed.append(f"{status} {text[-300:]}")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
            self.longest = max(self.longest, time.monotonic() - began)
            self.count += 1

    def _request(self) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=60)
        try:
            if not self.writes:
                connection.request("GET", "/plugins/example/")
            else:
                body = json.dumps({"name": f"load {time.time_ns()}"})
                headers = {"Content-Type": "application/json", "Authorization": f"Token {TOKEN}"}
                connection.request("POST", "/api/plugins/example/fabrics/", body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()


@contextlib.contextmanager
def load(stack: Stack) -> Iterator[list[Client]]:
    clients = [Client(stack, writes=False), Client(stack, writes=False), Client(stack, writes=True)]
    for client in clients:
        client.thread.start()
    try:
        yield clients
    finally:
        for client in clients:
            client.done.set()
        for client in clients:
            client.thread.join()


def test_no_request_fails_while_snapshots_are_made_and_restored(stack: Stack, rows: str) -> None:
    stack.psql(
        "INSERT INTO users_token (created, key, write_enabled, user_id, description) "
        f"SELECT now(), '{TOKEN}', true, id, '' FROM users_user LIMIT 1"
    )
    with load(stack) as clients:
        time.sleep(1)
        assert did(stack, "present", name="loaded")
        assert did(stack, "restored", name="loaded")
        assert did(stack, "restored", name="loaded")
        time.sleep(1)
    assert [client.failed[:3] for client in clients] == [[], [], []]
    assert min(client.count for client in clients) > 10
    assert max(client.longest for client in clients) < 20


@long
def test_a_run_that_is_killed_leaves_one_database_whole_and_the_next_one_ends_it(stack: Stack, rows: str) -> None:
    assert did(stack, "present", name="kept")
    damage(stack)
    damaged = data(stack)
    calls = run(stack, "restored", name="kept")["calls"]
    _kill_at(stack, rows, damaged, range(calls - 6, calls, 3))


@long
def test_killed_at_every_step(stack: Stack, rows: str) -> None:
    assert did(stack, "present", name="kept")
    damage(stack)
    damaged = data(stack)
    calls = run(stack, "restored", name="kept")["calls"]
    _kill_at(stack, rows, damaged, range(1, calls + 1))
    for moment in range(1, run(stack, "present", name="again")["calls"] + 1):
        run(stack, "present", moment, name="made")
        assert data(stack) == rows
        told = run(stack, "present", name="made")
        assert "failed" not in told, told["message"]
        assert data(stack, "netbox_snapshot_made") == rows
        did(stack, "absent", name="made")


def _kill_at(stack: Stack, rows: str, damaged: str, moments: range) -> None:
    """Killed before each of these calls; what is there is the one or the other, and the next run ends it."""
    for moment in moments:
        damage(stack) if "netbox_example_switch_tags" in stack.psql("\\dt") else None
        assert run(stack, "restored", moment, name="kept") == {}, moment
        assert data(stack) in (rows, damaged), moment
        assert did(stack, "restored", name="kept") or data(stack) == rows
        assert data(stack) == rows, moment
        assert not {"netbox_next", "netbox_replaced"} & set(databases(stack)), moment
        assert stack.http("/plugins/example/").status == 200
        assert not [name for name, c in stack.containers().items() if c["State"]["Paused"]]


def test_reset_goes_back_to_what_the_migrations_make(stack: Stack, rows: str) -> None:
    play = stack.playbook("reset.yml")
    assert (play.status, play.changed) == (0, 1), str(play)
    left = stack.psql(
        "SELECT (SELECT count(*) FROM netbox_example_fabric WHERE name LIKE 'snap %'), "
        "(SELECT count(*) FROM users_user), (SELECT count(*) FROM django_session), (SELECT count(*) FROM dcim_site)"
    )
    assert left == "0|1|0|0"
    assert stack.http("/plugins/example/").status == 200
    assert stack.playbook("reset.yml").changed == 0
    fabrics(stack, 3)
    stack.psql("UPDATE users_user SET first_name = 'stays'")
    play = stack.playbook("reset.yml", app="netbox_example")
    assert (play.status, play.changed) == (0, 1), str(play)
    assert stack.psql("SELECT count(*) FROM netbox_example_fabric WHERE name LIKE 'snap %'") == "0"
    assert stack.psql("SELECT first_name FROM users_user") == "stays"
    play = stack.playbook("reset.yml", app="netbox_exampel")
    assert "it has: netbox_example." in play.flat, str(play)
    stack.assert_fresh()


@pytest.fixture
def dump(stack: Stack, tmp_path: Path) -> Path:
    return tmp_path / "team.dump"


def test_a_dump_brings_all_back_and_a_damaged_one_touches_nothing(stack: Stack, rows: str, dump: Path) -> None:
    stack.exec("netbox", "sh", "-c", "rm -rf media/*; echo picture > media/kept.png")
    play = stack.playbook("snapshot.yml", dump=str(dump), media=True)
    assert (play.status, play.changed) == (0, 1), str(play)
    assert stack.playbook("snapshot.yml", dump=str(dump)).changed == 0
    stack.exec("netbox", "sh", "-c", "rm media/kept.png; echo other > media/other.png")
    damage(stack)
    damaged = data(stack)
    whole = dump.read_bytes()
    for other, what in (
        (whole[:-1], "cut off"),
        (whole[: len(whole) // 2], "cut off"),
        (b"PGDMP" + whole, "one of pg_dump's own"),
        (whole.replace(b"netbox_dev dump 1 ", b"netbox_dev dump 2 ", 1), "newer than"),
        (_flipped(whole, len(whole) // 2), "damaged"),
    ):
        dump.write_bytes(other)
        told = run(stack, "restored", dump=str(dump))
        assert what in told["message"], told
        assert data(stack) == damaged
    dump.write_bytes(whole)
    assert did(stack, "restored", dump=str(dump), media=True)
    assert data(stack) == rows
    assert stack.exec("netbox", "sh", "-c", "ls -A media").split() == ["kept.png"]
    assert not did(stack, "restored", dump=str(dump), media=True)
    stack.exec("netbox", "rm", "media/kept.png")


def _flipped(text: bytes, offset: int) -> bytes:
    return text[:offset] + bytes([text[offset] ^ 1]) + text[offset + 1 :]


@long
def test_a_dump_that_is_damaged_anywhere_is_refused(stack: Stack, rows: str, dump: Path) -> None:
    assert did(stack, "present", dump=str(dump))
    whole = dump.read_bytes()
    offsets = [0, 25, 60, 200, *random.Random(5).sample(range(300, len(whole)), 5), len(whole) - 1]
    for offset in offsets:
        dump.write_bytes(_flipped(whole, offset))
        told = run(stack, "restored", dump=str(dump))
        assert told.get("failed") == "invalid_dump", (offset, told)
        assert data(stack) == rows


def test_what_cannot_be_restored_is_said_before_anything_is_touched(stack: Stack, rows: str) -> None:
    did(stack, "present", name="kept")
    for state, options, what in (
        ("restored", {"name": "kpet"}, "did you mean 'kept'?"),
        ("restored", {"name": "kept", "redis": True}, "was made without redis"),
        ("restored", {}, "3 are there: before-tests, kept, start"),
        ("present", {"name": "../x"}, "is no name for a snapshot"),
        ("present", {"name": "x" * 48}, "leaves room for 47"),
        ("present", {"name": "kept", "keep": 0}, "at least 1"),
        ("restored", {"dump": "/nowhere/x"}, "cannot be read"),
        ("present", {"dump": "/nowhere/x"}, "is no folder"),
    ):
        told = run(stack, state, **options)
        assert what in told.get("message", ""), told
    assert data(stack) == rows


def queue(stack: Stack, code: str) -> str:
    """Do something to the queues' Redis, or ask it; ``q`` is a queue that no worker looks at."""
    return stack.python(
        "netbox", f"from netbox_dev_runtime.beside import connect; r = connect('tasks'); q = 'rq:queue:nobody'; {code}"
    )


def test_queues_and_media_are_part_of_a_snapshot_when_asked_for(stack: Stack, rows: str) -> None:
    stack.exec("netbox", "sh", "-c", "echo picture > media/kept.png")
    queue(stack, "r.rpush(q, 'a job'); r.sadd('rq:queues', q)")
    try:
        assert did(stack, "present", name="whole", redis=True, media=True)
        queue(stack, "r.rpush(q, 'another')")
        stack.exec("netbox", "rm", "media/kept.png")
        damage(stack)
        told = run(stack, "restored", name="whole")
        assert "2 jobs wait in Redis" in told["notices"][0], told
        assert did(stack, "restored", name="whole", redis=True, media=True)
        assert queue(stack, "print(r.lrange(q, 0, -1))") == "[b'a job']"
        assert stack.exec("netbox", "cat", "media/kept.png") == "picture\n"
        assert stack.job_result().startswith("synced")
    finally:
        queue(stack, "r.delete(q); r.srem('rq:queues', q)")
        stack.exec("netbox", "rm", "-f", "media/kept.png")


@long
def test_twenty_snapshots_and_only_as_many_as_are_to_be_kept(stack: Stack, rows: str) -> None:
    for number in range(20):
        assert did(stack, "present", name=f"s{number:02}")
    assert len(run(stack, "list")["snapshots"]) == 22
    assert did(stack, "present", name="last", keep=5)
    assert [one["name"] for one in run(stack, "list")["snapshots"]] == ["last", "s19", "s18", "s17", "s16"]
    damage(stack)
    assert did(stack, "restored", name="s16")
    assert data(stack) == rows
    # Those of the other tests went with them.
    did(stack, "present", name="start")
    stack.psql("DELETE FROM netbox_example_fabric WHERE name LIKE 'snap %'")
    did(stack, "present", name="before-tests")
    did(stack, "restored", name="start")


@long
def test_an_older_snapshot_is_migrated_and_a_newer_one_is_refused(stack: Stack, rows: str, dump: Path) -> None:
    did(stack, "present", name="newer")
    stack.exec("netbox", "python", "manage.py", "migrate", "netbox_example", "0001")
    did(stack, "present", name="older")
    did(stack, "present", dump=str(dump))
    assert stack.must_apply().changed == 1
    play = stack.playbook("restore.yml", snapshot="older")
    assert "1 migrations applied to it" in play.flat, str(play)
    assert stack.psql("SELECT count(*) FROM django_migrations WHERE app = 'netbox_example'") == "2"
    assert stack.http("/plugins/example/").status == 200
    stack.assert_fresh()
    assert did(stack, "restored", dump=str(dump))
    assert stack.psql("SELECT count(*) FROM django_migrations WHERE app = 'netbox_example'") == "2"
    migration = next(stack.package.glob("migrations/0002_*.py"))
    aside = migration.rename(migration.with_suffix(".aside"))
    try:
        stack.exec("netbox", "sh", "-c", "true")
        stack.psql("DELETE FROM django_migrations WHERE app = 'netbox_example' AND name LIKE '0002%'")
        told = run(stack, "restored", name="newer")
        assert "has migrations that the code on disk lacks: netbox_example.0002" in told["message"], told
    finally:
        aside.rename(migration)
        did(stack, "restored", name="newer")


@long
def test_a_dump_begins_another_stack_with_another_name(stack: Stack, rows: str, dump: Path, tmp_path: Path) -> None:
    assert did(stack, "present", dump=str(dump), media=True)
    other = Stack(tmp_path / "other" / "plugin", tmp_path / "state", stack.sandbox, free_port())
    other.plugin.parent.mkdir()
    shutil.copytree(stack.plugin, other.plugin, ignore=shutil.ignore_patterns("gitignore"))
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_mode & 0o005 != 0o005:
            path.chmod(path.stat().st_mode | 0o055)
    for path in (other.plugin, *other.plugin.rglob("*")):
        os.lchown(path, DEVELOPER, DEVELOPER)
    try:
        play = other.setup(dump=str(dump))
        assert play.status == 0, str(play)
        assert other.project != stack.project
        assert other.psql("SELECT count(*) FROM netbox_example_fabric") == stack.psql(
            "SELECT count(*) FROM netbox_example_fabric"
        )
        assert other.setup(dump=str(dump)).changed == 0
        fabrics(other, 5, first=500)
        assert did(other, "restored", dump=str(dump), media=True)
        assert data(other) == rows
    finally:
        other.remove()


@contextlib.contextmanager
def small_disk(stack: Stack, spare: int) -> Iterator[None]:
    """PostgreSQL on a disk on which so many bytes are free."""
    asked = ["docker", "volume", "inspect", "-f", "{{.Mountpoint}}", f"{stack.project}_netbox-postgres-data"]
    folder = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    stack.compose("stop", "postgres")
    used = int(subprocess.run(["du", "-sk", folder], check=True, capture_output=True, text=True).stdout.split()[0])
    size = used * 1024 + spare
    subprocess.run(["cp", "-a", folder, f"{folder}.kept"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder], check=True)
    try:
        subprocess.run(["cp", "-a", f"{folder}.kept/.", folder], check=True)
        subprocess.run(["chown", "--reference", f"{folder}.kept", folder], check=True)
        stack.must_apply()
        yield
    finally:
        stack.compose("stop", "postgres")
        subprocess.run(["umount", folder], check=True)
        shutil.rmtree(f"{folder}.kept")
        stack.must_apply()


@long
def test_a_full_disk_is_told_and_leaves_the_database_and_no_half_of_anything(stack: Stack, rows: str) -> None:
    with small_disk(stack, 140 << 20):
        message = ""
        for number in range(20):
            told = run(stack, "present", name=f"full{number}")
            if "failed" in told:
                message = told["message"]
                break
        assert "no room" in message, message
        assert data(stack) == rows
        told = run(stack, "restored", name="full0")
        assert not told.get("changed"), told
        assert data(stack) == rows
        assert did(stack, "absent", name="full0")
        assert "netbox_next" not in databases(stack)
        assert stack.http("/plugins/example/").status == 200


@long
def test_a_dump_that_finds_no_room_is_told_and_not_there(stack: Stack, rows: str, tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(tmp_path)], check=True)
    try:
        told = run(stack, "present", dump=str(tmp_path / "team.dump"))
        assert "No space left on device" in told["message"], told
        assert list(tmp_path.iterdir()) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
