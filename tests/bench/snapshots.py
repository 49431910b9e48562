# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Snapshot and restore of a filled database, against pg_dump and pg_restore, and against DSLR, on the same server.

Theirs are whole processes, as typed. Ours is told twice: ``…_playbook`` is the whole of ansible-playbook, as typed, and
the other is of the same run what the module's steps took, without the start of Ansible and of Python. Arguments of
measure: a stack that is set up.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from e2e.stack import Stack

# It wants another version of a package than the tools here do, so it has an environment of its own.
DSLR = "DSLR[psycopg2-binary]==0.6.0"
TABLE = "bench_filler"
DUMP = "/tmp/bench.dump"
_PG = ("-U", "netbox")
_NAMES = (
    "snapshot_1gb",
    "snapshot_1gb_playbook",
    "snapshot_pg_dump",
    "restore_1gb",
    "restore_1gb_playbook",
    "restore_pg_restore",
)
_STEP = re.compile(r"\[([\d.]+) s\]$", re.M)


def fill(stack: Stack, megabytes: int) -> None:
    """Rows of about a kilobyte that do not compress to nothing, with an index."""
    stack.psql(f"DROP TABLE IF EXISTS {TABLE}")
    stack.psql(
        f"CREATE TABLE {TABLE} AS SELECT n AS id, (SELECT string_agg(md5(n::text || m), '') FROM "
        f"generate_series(1, 28) AS m) AS text FROM generate_series(1, {megabytes * 1000}) AS n"
    )
    stack.psql(f"ALTER TABLE {TABLE} ADD PRIMARY KEY (id)")
    stack.psql("CHECKPOINT")


@contextmanager
def dslr(stack: Stack) -> Iterator[Callable[..., None]]:
    """The command, in an environment of its own, speaking to the stack's server."""
    networks = stack.containers()["postgres"]["NetworkSettings"]["Networks"]
    network, *_others = networks.values()
    address = network["IPAddress"]
    password = stack.exec("postgres", "printenv", "POSTGRES_PASSWORD").strip()
    with tempfile.TemporaryDirectory(prefix="netbox-dev-dslr-") as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([f"{folder}/bin/pip", "install", "--quiet", DSLR], check=True)

        def call(*arguments: str) -> None:
            url = f"postgres://netbox:{password}@{address}:5432/netbox"
            subprocess.run(
                [f"{folder}/bin/dslr", "--url", url, *arguments],
                check=True,
                capture_output=True,
                env={**os.environ, "PGPASSWORD": password},
            )

        yield call


def written(stack: Stack) -> None:
    """So that there is something to restore."""
    stack.psql(f"UPDATE {TABLE} SET text = '' WHERE id = 1")


def timed(stack: Stack, work: Callable[[], Any]) -> float:
    stack.psql("CHECKPOINT")
    started = time.monotonic()
    work()
    return time.monotonic() - started


def playbook(stack: Stack, name: str, **variables: Any) -> tuple[float, float]:
    """Seconds of the module's steps, and of all."""
    stack.psql("CHECKPOINT")
    play = stack.playbook(name, **variables)
    assert (play.status, play.changed) == (0, 1), str(play)
    return sum(float(seconds) for seconds in _STEP.findall(play.output)), play.seconds


def dump(stack: Stack) -> None:
    stack.exec("postgres", "pg_dump", *_PG, "-Fc", "-f", DUMP, "netbox")


def restore_dump(stack: Stack) -> None:
    """The field's way: into a new database, which nobody has yet."""
    stack.exec("postgres", "createdb", *_PG, "bench_restored")
    stack.exec("postgres", "pg_restore", *_PG, "-j2", "-d", "bench_restored", DUMP)


def measure(stack: Stack, repetitions: int, megabytes: int = 1000) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds of ours and of theirs, by name."""
    fill(stack, megabytes)
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in _NAMES}

    def note(name: str, ours: float, theirs: float) -> None:
        times[name][0].append(ours)
        times[name][1].append(theirs)

    try:
        with dslr(stack) as call:
            for _turn in range(repetitions):
                own, whole = playbook(stack, "snapshot.yml", snapshot="bench", replace=True)
                other = timed(stack, lambda: call("snapshot", "-y", "bench"))
                note("snapshot_1gb", own, other)
                note("snapshot_1gb_playbook", whole, other)
                note("snapshot_pg_dump", whole, timed(stack, lambda: dump(stack)))
                written(stack)
                own, whole = playbook(stack, "restore.yml", snapshot="bench")
                note("restore_pg_restore", whole, timed(stack, lambda: restore_dump(stack)))
                stack.exec("postgres", "dropdb", *_PG, "bench_restored")
                other = timed(stack, lambda: call("restore", "bench"))
                note("restore_1gb", own, other)
                note("restore_1gb_playbook", whole, other)
                call("delete", "bench")
    finally:
        stack.playbook("snapshot.yml", remove="bench")
        stack.psql(f"DROP TABLE IF EXISTS {TABLE}")
        stack.exec("postgres", "rm", "-f", DUMP)
    return times
